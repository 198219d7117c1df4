"""The same calls of the official client against its own local mode and against tamis: the same answers.

TAMIS_EXAMPLES=n multiplies the number of examples. What fails is printed as a list of calls.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

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
seeds = st.lists(st.integers(0, 2**48), min_size=10, max_size=30)


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
