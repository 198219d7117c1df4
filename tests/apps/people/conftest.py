"""Invented people, built once in memory; and for tests that change them a client of either kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from qdrant_client import QdrantClient

from apps.people.people import People, build
from apps.people.profile import Profile, read_profile
from apps.people.sources.sample import invented
from tamis.qdrant import TamisClient
from tests.server.conftest import Served, serving

PROFILES = [read_profile(profile) for profile in invented(150, seed=11)]
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def profiles() -> list[Profile]:
    """The invented people."""
    return PROFILES


@pytest.fixture(scope="session")
def people() -> Iterator[People]:
    """All of them, in memory; for tests that change nothing."""
    with TamisClient(":memory:") as client:
        yield build(client, PROFILES)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A `tamis serve` for the tests of this folder."""
    with serving(tmp_path_factory.mktemp("people") / "data") as server:
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
def made(client: QdrantClient) -> Callable[[list[object]], People]:
    """Builds people under a name of their own."""
    return lambda profiles: build(client, profiles, f"people-{next(_NUMBERS)}")
