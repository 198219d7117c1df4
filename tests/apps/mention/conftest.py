"""Memories on either kind of client, with networks that can be understood."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient

from apps.mention.memory.memory import Memory
from tamis.qdrant import TamisClient
from tests.apps.mention.fakes import WEIGHTS, HashedWords, WordCategories
from tests.server.conftest import Served, serving

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A `tamis serve` for the tests of this folder; each uses collections of its own."""
    with serving(tmp_path_factory.mktemp("mention") / "data") as server:
        yield server


@pytest.fixture(params=["embedded", "served"])
def client(request: pytest.FixtureRequest) -> Iterator[QdrantClient]:
    """The two ways to the engine."""
    if request.param == "embedded":
        with TamisClient(":memory:") as inside:
            yield inside
    else:
        outside = QdrantClient(url=request.getfixturevalue("running").url, trust_env=False)
        yield outside
        outside.close()


@pytest.fixture
def prefix() -> str:
    """Another one for every test."""
    return f"test{next(_NUMBERS)}-"


@pytest.fixture
def memory(client: QdrantClient, prefix: str) -> Memory:
    """An empty memory."""
    memory = Memory(client, HashedWords(), WordCategories(), prefix)
    memory.linking.weights = WEIGHTS
    return memory
