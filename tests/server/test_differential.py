"""The same calls of the official client against its own local mode and against tamis: the same answers.

TAMIS_EXAMPLES=n multiplies the number of examples. What fails is printed as a list of calls.
"""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient, models

from tamis.qdrant import TamisClient
from tests.server.conftest import Served
from tests.server.differential.mistakes import mistake
from tests.server.differential.pair import Pair
from tests.server.differential.reads import read
from tests.server.differential.step import Step
from tests.server.differential.world import COLLECTION, OTHER, Draw, World
from tests.server.differential.writes import fill, write

TIMES = int(os.environ.get("TAMIS_EXAMPLES", "1"))

worlds = st.integers(0, 2**32 - 1)
seeds = st.lists(st.integers(0, 2**48), min_size=15, max_size=30)


@pytest.fixture(scope="module")
def local() -> Iterator[QdrantClient]:
    """Local mode warns of much that it does not do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = QdrantClient(":memory:")
        yield client
        client.close()


@pytest.fixture(scope="module")
def embedded() -> Iterator[TamisClient]:
    client = TamisClient()
    yield client
    client.close()


@pytest.fixture(scope="module")
def remote(server: Served) -> Iterator[QdrantClient]:
    client = QdrantClient(url=server.url, timeout=30)
    yield client
    client.close()


def drawn(world: World, seed: int) -> Step:
    draw = Draw(world, seed)
    return draw.one_of([read, read, read, write, write, write, mistake])(draw)


def play(pair: Pair, world: World, seeds: list[int], between: Callable[[int], None] = lambda seed: None) -> None:
    steps = [fill(Draw(world, 0), COLLECTION), fill(Draw(world, 1), OTHER), *(drawn(world, seed) for seed in seeds)]
    note(f"{world}, seeds {seeds}")
    for step, seed in zip(steps, [0, 0, *seeds], strict=True):
        note(str(step))
        pair.run(step)
        between(seed)


@settings(max_examples=100 * TIMES)
@given(world=worlds.map(World.of), seeds=seeds)
def test_embedded(local: QdrantClient, embedded: TamisClient, world: World, seeds: list[int]) -> None:
    shard = lambda: embedded._database.get_collection(COLLECTION).stored._shard  # noqa: E731
    between = lambda seed: shard().seal() if seed % 16 == 1 else shard().merge() if seed % 16 == 2 else None  # noqa: E731
    play(Pair(local, embedded, world), world, seeds, between)


@settings(max_examples=25 * TIMES)
@given(world=worlds.map(World.of), seeds=seeds)
def test_served(local: QdrantClient, remote: QdrantClient, world: World, seeds: list[int]) -> None:
    play(Pair(local, remote, world), world, seeds)


def test_groups_whose_hits_are_far_apart(local: QdrantClient, embedded: TamisClient) -> None:
    """A rare value, whose hits are not among the first; some of its points hold what makes them belong to no group."""
    world = World({"": models.Distance.EUCLID}, {}, grid=True)
    pair = Pair(local, embedded, world)
    values = [1, "b", [1, 2], [1, 2.5], 1, [2, None], "b", ["b", True], 2, 1]
    points = [
        models.PointStruct(id=id, vector=[float(id), 0, 0, 0], payload={"g": "near" if id < 48 else values[id % 10]})
        for id in range(300)
    ]
    pair.run(Step("upsert", {"points": points}))
    for limit, size in itertools.product((1, 2, 5), (1, 2, 7, 100)):
        how = {"group_by": "g", "limit": limit, "group_size": size, "with_payload": True}
        pair.run(Step("query_points_groups", {"query": [0.0] * 4, **how}))
        pair.run(Step("query_points_groups", {"query": 150, **how}))


def test_a_queried_point_takes_no_place_among_candidates(local: QdrantClient, embedded: TamisClient) -> None:
    world = World({"": models.Distance.EUCLID}, {}, grid=False)
    pair = Pair(local, embedded, world)
    rows = np.random.default_rng(7).normal(size=(50, 4)).tolist()
    points = [models.PointStruct(id=id, vector=row, payload={"even": id % 2 == 0}) for id, row in enumerate(rows)]
    pair.run(Step("upsert", {"points": points}))
    for filter in (None, models.Filter(must_not=[models.HasIdCondition(has_id=[3])])):
        for most in (1, 2, 3, 10):
            query = models.NearestQuery(nearest=3, mmr=models.Mmr(diversity=0.8, candidates_limit=most))
            how = {"query_filter": filter, "limit": 5, "offset": None}
            pair.run(Step("query_points", {"query": query, **how}))
