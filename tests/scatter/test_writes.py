"""Writes to several shards leave what the same writes leave in one collection, and refuse what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tamis.server.request import Reply, envelope
from tests.scatter import world
from tests.scatter.sharded import Pair
from tests.scatter.world import P

SEED = 37
EXAMPLES = 40
POINTS = world.made_up(SEED, named=True)


def filled(count: int) -> Pair:
    """A pair with all points, of so many shards."""
    pair = Pair(count)
    pair.good("PUT", "/collections/docs", world.created("Euclid", named=True))
    pair.good("PUT", f"{P}?wait=true", {"points": POINTS})
    return pair


chosen = st.lists(world.ids, min_size=1, max_size=12).map(lambda ids: {"points": ids})
selection = chosen | st.builds(lambda some: {"filter": some}, world.filters)
payload = st.dictionaries(st.sampled_from(("city", "n", "x")), st.sampled_from((1, "Oslo", None, [1, {"a": 2}])))
named = st.fixed_dictionaries({"a": world.vector(3)}, optional={"b": world.vector(2)})
point = st.builds(
    lambda one, vector, payload: {"id": one, "vector": vector, "payload": payload},
    world.ids | st.integers(100, 120),
    named,
    payload | st.none(),
)
modes = st.fixed_dictionaries(
    {},
    optional={"update_mode": st.sampled_from(("upsert", "insert_only", "update_only")), "update_filter": world.filters},
)


def columns(points: list[dict[str, Any]]) -> dict[str, Any]:
    """The same points by column."""
    vectors = {name: [one["vector"].get(name) for one in points] for name in ("a", "b")}
    payloads = [one["payload"] for one in points]
    return {"batch": {"ids": [one["id"] for one in points], "vectors": vectors, "payloads": payloads}}


points = st.lists(point, min_size=1, max_size=8)
updates = st.lists(
    st.builds(lambda one, vector: {"id": one, "vector": vector}, world.ids, named), min_size=1, max_size=6
)
operations: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("upsert"), st.builds(lambda some, how: {"points": some, **how}, points, modes)),
    st.tuples(st.just("upsert"), st.builds(lambda some, how: {**columns(some), **how}, points, modes)),
    st.tuples(st.just("update_vectors"), st.builds(lambda some: {"points": some}, updates)),
    st.tuples(st.just("delete_vectors"), st.builds(lambda which: {"vector": ["b"], **which}, selection)),
    st.tuples(st.just("set_payload"), st.builds(lambda new, which: {"payload": new, **which}, payload, selection)),
    st.tuples(
        st.just("overwrite_payload"), st.builds(lambda new, which: {"payload": new, **which}, payload, selection)
    ),
    st.tuples(st.just("delete_payload"), st.builds(lambda which: {"keys": ["city", "x"], **which}, selection)),
    st.tuples(st.just("clear_payload"), selection),
)
deletions = st.tuples(st.just("delete"), selection)
ROUTES = {
    "upsert": ("PUT", P),
    "delete": ("POST", f"{P}/delete"),
    "update_vectors": ("PUT", f"{P}/vectors"),
    "delete_vectors": ("POST", f"{P}/vectors/delete"),
    "set_payload": ("POST", f"{P}/payload"),
    "overwrite_payload": ("PUT", f"{P}/payload"),
    "delete_payload": ("POST", f"{P}/payload/delete"),
    "clear_payload": ("POST", f"{P}/payload/clear"),
}


@settings(max_examples=EXAMPLES)
@given(
    count=st.integers(1, 4),
    steps=st.lists(operations, min_size=1, max_size=6),
    last=deletions,
    together=st.booleans(),
)
def test_writes(count: int, steps: list[Any], last: Any, together: bool) -> None:
    """One by one, or in one batch. Points are deleted last: what changes missing ids alone is partly done in shards."""
    pair = filled(count)
    steps = [*steps, last]
    note(steps)
    if together:
        done = pair.good("POST", f"{P}/batch?wait=true", {"operations": [{name: body} for name, body in steps]})
        assert done == [{"status": "completed"}] * len(steps)
    else:
        for name, body in steps:
            method, path = ROUTES[name]
            assert pair.good(method, f"{path}?wait=true", body) == {"status": "completed"}
    pair.everything()


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("upsert", {}),
    ("upsert", {"points": []}),
    ("upsert", {"points": [{"id": 1}, 3]}),
    ("upsert", {"points": [{"vector": {"a": [1, 2, 3]}}]}),
    ("upsert", {"points": [*POINTS[:9], {"id": 300, "vector": {"a": [1, 2]}}]}),
    ("upsert", {"points": [*POINTS[:9], {"id": "x", "vector": {"a": [1, 2, 3]}}]}),
    ("upsert", {"points": [*POINTS[:9], {"id": 300, "vector": {"c": [1]}}]}),
    ("upsert", {"points": [*POINTS[:9], {"id": 300, "vector": {"a": [1, 2, 3]}, "payload": 5}]}),
    ("upsert", {"points": POINTS[:9], "update_mode": "maybe"}),
    ("upsert", {"points": POINTS[:9], "shard_key": "a"}),
    ("upsert", {"points": POINTS[:9], "unknown": 1}),
    ("upsert", {"batch": {"ids": [1, 2, 3], "vectors": {"a": [[1, 2, 3]]}}}),
    ("upsert", {"batch": {"ids": [1, 2], "vectors": {"a": [[1, 2, 3], [1, 2]]}}}),
    ("upsert", {"batch": {"ids": [1, 2], "payloads": [{}]}}),
    ("upsert", {"batch": {"ids": [1, 2], "vectors": 5}}),
    ("delete", {}),
    ("delete", {"points": []}),
    ("delete", {"points": [1, 2.5]}),
    ("delete", {"points": [*world.IDS, -1]}),
    ("delete", {"points": [1], "filter": {}}),
    ("delete", {"filter": {"must": [{"nothing": 1}]}}),
    ("update_vectors", {"points": []}),
    ("update_vectors", {"points": [{"id": 1, "vector": {"a": [1, 2, 3]}}, {"id": 2, "vector": {}}]}),
    ("delete_vectors", {"points": [1, 2], "vector": []}),
    ("delete_vectors", {"points": [1, 2], "vector": ["c"]}),
    ("set_payload", {"points": world.IDS}),
    ("set_payload", {"points": world.IDS, "payload": {"a": 1}, "key": "a..b"}),
    ("overwrite_payload", {"points": world.IDS, "payload": {"a": 1}, "key": "a"}),
    ("delete_payload", {"points": world.IDS, "keys": []}),
    ("clear_payload", {"points": world.IDS, "payload": {}}),
]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return filled(3)


@pytest.mark.parametrize(("name", "body"), REFUSED)
def test_refused_before_any_shard_is_changed(pair: Pair, name: str, body: dict[str, Any]) -> None:
    before = pair.everything()
    method, path = ROUTES[name]
    status, told = pair.both(method, f"{path}?wait=true", body)
    assert status in (400, 422), told
    status, told = pair.both("POST", f"{P}/batch?wait=true", {"operations": [{name: body}]})
    assert status in (400, 422), told
    assert pair.everything() == before


@pytest.mark.parametrize("body", [{}, {"operations": 1}, {"operations": [{}]}, {"operations": [{"move": {}}]}, [], 3])
def test_no_list_of_operations(pair: Pair, body: Any) -> None:
    status, told = pair.both("POST", f"{P}/batch", body)
    assert status == 400, told


def test_what_comes_before_a_refused_operation_is_done() -> None:
    pair = filled(3)
    steps = [
        {"set_payload": {"payload": {"seen": 1}, "filter": {}}},
        {"delete": {"points": ["x"]}},
        {"delete": {"filter": {}}},
    ]
    status, _ = pair.both("POST", f"{P}/batch?wait=true", {"operations": steps})
    assert status == 400
    assert all(one["payload"]["seen"] == 1 for one in pair.everything()["points"])


def test_no_operations(pair: Pair) -> None:
    assert pair.good("POST", f"{P}/batch", {"operations": []}) == []


def test_missing_ids_are_named_where_somebody_waits(pair: Pair) -> None:
    body = {"payload": {"seen": 1}, "points": [777]}
    status, told = pair.both("POST", f"{P}/payload?wait=true", body)
    assert (status, "777" in told) == (404, True)
    assert pair.good("POST", f"{P}/payload", body) == {"status": "acknowledged"}


def test_indexes_vectors_and_settings_go_everywhere() -> None:
    pair = filled(3)
    pair.good("PUT", "/collections/docs/index?wait=true", {"field_name": "city", "field_schema": "keyword"})
    pair.good("PUT", "/collections/docs/vectors/c?wait=true", {"dense": {"size": 1, "distance": "Dot"}})
    assert pair.good("PATCH", "/collections/docs", {"optimizers_config": {"deleted_threshold": 0.3}}) is True
    pair.good("PUT", f"{P}?wait=true", {"points": [{"id": n, "vector": {"c": [n]}} for n in range(1, 30)]})
    pair.good("POST", f"{P}/query", {"query": [1.0], "using": "c", "limit": 30})
    alone, spread = (
        json.loads(one.call("GET", "/collections/docs", b"").body)["result"] for one in (pair.one, pair.sharded)
    )
    assert spread["points_count"] == len(world.IDS)
    assert spread["payload_schema"] == alone["payload_schema"]
    assert spread["config"] == alone["config"]
    pair.good("DELETE", "/collections/docs/vectors/c?wait=true")
    pair.good("DELETE", "/collections/docs/index/city?wait=true")
    pair.both("POST", f"{P}/query", {"query": [1.0], "using": "c"})
    pair.both("PUT", "/collections/docs/index", {"field_name": "city", "field_schema": "no such type"})


def test_a_schema_that_is_not_known_yet_refuses_nothing() -> None:
    pair = filled(3)
    pair.sharded.stale = pair.sharded.databases[0].get_collection("docs").stored.schema
    pair.good("PUT", "/collections/docs/vectors/c?wait=true", {"dense": {"size": 1, "distance": "Manhattan"}})
    new = [{"id": n, "vector": {"c": [n]}} for n in range(1, 30)]
    pair.good("PUT", f"{P}?wait=true", {"points": new})
    pair.good("POST", f"{P}/batch?wait=true", {"operations": [{"update_vectors": {"points": new}}]})
    search: dict[str, Any] = {"using": "c", "limit": 30}
    pair.good("POST", f"{P}/query", {"query": [1.0], **search})
    pair.good("POST", f"{P}/query", {"query": {"nearest": 3, "mmr": {}}, **search})
    pair.good("POST", f"{P}/query", {"query": 3, "lookup_from": {"collection": "docs", "vector": "c"}, **search})
    pair.good("POST", f"{P}/query/groups", {"query": [1.0], "using": "c", "group_by": "city"})
    status, told = pair.both("PUT", P, {"points": [{"id": 1, "vector": {"d": [1]}}]})
    assert (status, "'d'" in told) == (400, True)
    status, told = pair.both("POST", f"{P}/query", {"query": [1.0], "using": "d"})
    assert (status, "'d'" in told) == (400, True)


def test_of_equal_ids_in_one_write_the_last_counts() -> None:
    pair = filled(3)
    twice = [{"id": n % 20, "vector": {"a": [n, 0, 0]}, "payload": {"n": n}} for n in range(1, 60)]
    pair.good("PUT", f"{P}?wait=true", {"points": twice[:40]})
    pair.good("PUT", f"{P}?wait=true", columns(twice))
    assert {one["payload"]["n"] for one in pair.everything()["points"][:20]} == set(range(40, 60))


def test_vectors_and_payloads_arrive_as_they_were_sent() -> None:
    """A spelling that reading and writing would change tells whether they were read on their way."""
    pair = filled(3)
    raw = b'{"points": [{"id": 1, "payload": {"n": 1.50e2},  "vector": {"a": [1.0e0, 2, 3]}}]}'
    assert pair.sharded.call("PUT", P, raw).status == 200
    [(path, bodies)] = pair.sharded.asked[-1:]
    assert path == "/points"
    [body] = bodies.values()
    assert bytes(body["points"][0]) == b'{"id": 1, "payload": {"n": 1.50e2},  "vector": {"a": [1.0e0, 2, 3]}}'


def upserted(pair: Pair) -> tuple[int, dict[str, Any]]:
    """New points for every shard, written to the shards alone: the status and the answer."""
    body = {"points": [{"id": n, "vector": {"a": [n, 0, 0]}} for n in range(1_000, 1_030)]}
    reply = pair.sharded.call("PUT", f"{P}?wait=true", json.dumps(body).encode())
    return reply.status, json.loads(reply.body)


def test_the_largest_position_is_told() -> None:
    pair = filled(3)
    for _ in range(5):
        pair.sharded.databases[1].get_collection("docs").set_payload({"seen": 1}, filter={})
    last = [database.get_collection("docs").stored.position for database in pair.sharded.databases]
    assert upserted(pair)[1]["result"] == {"operation_id": max(last) + 1, "status": "completed"}


def test_what_is_not_done_in_time_is_not_called_done() -> None:
    done, waiting = ({"operation_id": 7, "status": "completed"}, {"operation_id": None, "status": "wait_timeout"})
    pair = Pair(2)
    pair.good("PUT", "/collections/docs", world.created("Euclid", named=True))
    for answer, shard in zip((done, waiting), pair.sharded.shards, strict=True):
        reply = Reply(envelope(json.dumps(answer).encode(), 0.0))
        shard.call = lambda *_, reply=reply: reply  # type: ignore[method-assign]
    assert upserted(pair)[1]["result"] == waiting


def test_a_shard_that_fails_alone_is_told_and_the_others_keep_theirs() -> None:
    pair = filled(3)
    before = [database.get_collection("docs").count() for database in pair.sharded.databases]
    strict = {"enabled": True, "upsert_max_batchsize": 1}
    pair.sharded.databases[1].get_collection("docs").update(strict_mode_config=strict)
    status, told = upserted(pair)
    assert (status, "upsert batch size" in told["status"]["error"]) == (400, True)
    after = [database.get_collection("docs").count() for database in pair.sharded.databases]
    assert [new > old for old, new in zip(before, after, strict=True)] == [True, False, True]
