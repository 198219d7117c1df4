"""Placement is the same for whoever computes it, moves little, spreads evenly, and obeys roles and pins."""

from collections import Counter
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tamis.cluster.placement import replicas, shard_of, upkeep_home, write_home
from tamis.model.ids import IdArray
from tamis.model.role import Role
from tamis.model.siphash import hash_ids

SHARDS = [(number, shard) for number in range(1, 21) for shard in range(50)]
FULL = [(f"node-{number}", Role.FULL) for number in range(10)]

ids = st.text("abcdef0123456789", min_size=1, max_size=6)
nodes = st.dictionaries(ids, st.sampled_from(Role), max_size=12).map(lambda known: list(known.items()))
shards = st.tuples(st.integers(1, 10_000), st.integers(0, 500))


@given(shards, nodes, st.integers(1, 5), st.randoms(use_true_random=False))
def test_every_node_computes_the_same_from_the_same_nodes(shard, nodes, factor, random) -> None:
    shuffled = random.sample(nodes, len(nodes))
    assert replicas(shard, nodes, factor) == replicas(shard, shuffled, factor)
    assert upkeep_home(shard, nodes) == upkeep_home(shard, iter(shuffled))


@given(shards, nodes, st.integers(1, 5), st.lists(ids, max_size=4))
def test_roles(shard, nodes, factor, pins) -> None:
    roles = dict(nodes)
    full = [id for id, role in nodes if role is Role.FULL]
    chosen = replicas(shard, nodes, factor, pins)
    assert len(chosen) == len(set(chosen))
    assert [roles[id] for id in chosen].count(Role.FULL) == min(factor, len(full))
    assert {id for id in chosen if roles[id] is Role.READ} == {id for id, role in nodes if role is Role.READ}
    assert Role.INDEX not in [roles[id] for id in chosen]
    assert write_home(shard, nodes, pins) == (chosen[0] if full else None)
    index = [id for id, role in nodes if role is Role.INDEX]
    upkeep = upkeep_home(shard, nodes, pins)
    assert upkeep in index if index else upkeep == write_home(shard, nodes, pins)


@given(shards, nodes, st.integers(1, 5), ids)
def test_who_comes_takes_one_place_and_nobody_else_moves(shard, nodes, factor, newcomer) -> None:
    if newcomer in dict(nodes):
        return
    before = [id for id in replicas(shard, nodes, factor) if dict(nodes)[id] is Role.FULL]
    after = replicas(shard, [*((id, role) for id, role in nodes if role is Role.FULL), (newcomer, Role.FULL)], factor)
    assert [id for id in after if id != newcomer] == before[: len(after) - (newcomer in after)]


def test_a_node_that_dies_leaves_the_others_where_they_are() -> None:
    before = {shard: replicas(shard, FULL, 2) for shard in SHARDS}
    after = {shard: replicas(shard, FULL[1:], 2) for shard in SHARDS}
    moved = [shard for shard in SHARDS if before[shard] != after[shard]]
    assert moved == [shard for shard in SHARDS if "node-0" in before[shard]]
    assert len(Counter(after[shard][-1] for shard in moved)) == 9, "what it had is spread over all who remain"


def test_spread_is_even() -> None:
    homes = Counter(write_home(shard, FULL) for shard in SHARDS)  # 1000 shards on 10 nodes, binomial: sigma is 9.5
    assert min(homes.values()) > 60, homes
    assert max(homes.values()) < 140, homes


def test_pins_come_first_in_their_order_while_they_live() -> None:
    shard = (7, 3)
    natural = replicas(shard, FULL, 10)
    last, before_last = natural[-1], natural[-2]
    assert replicas(shard, FULL, 3, (last, before_last)) == [last, before_last, natural[0]]
    assert replicas(shard, FULL, 1, (last, before_last)) == [last]
    assert replicas(shard, FULL, 2, ("gone", last)) == [last, natural[0]]
    assert replicas(shard, FULL, 2, (last, last)) == [last, natural[0]]
    assert write_home(shard, FULL, (last,)) == last
    assert upkeep_home(shard, [*FULL, ("builder", Role.INDEX)], (last,)) == "builder"


EXPECTED = [7, 6, 1, 6, 6, 1, 2]


def test_shards_of_points_never_change() -> None:
    """Data lies where these say: other numbers here would lose every point of every cluster."""
    points = [0, 1, 2, 2**64 - 1, UUID(int=0), UUID(int=1), UUID("f47ac10b-58cc-4372-a567-0e02b2c3d479")]
    assert [shard_of(id, range(8)) for id in points] == EXPECTED
    together = (hash_ids(IdArray.of(points)) % np.uint64(8)).tolist()
    assert together == EXPECTED
    assert shard_of(1, (4, 5, 6, 7)) == 4 + shard_of(1, range(4)), "the shards of a key count from the first of them"
