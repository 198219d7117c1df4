"""Settings of all tests, and the stores that what is shared between nodes is tried on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tamis.storage.local import LocalStore
from tamis.storage.memory import MemoryStore
from tamis.storage.object_store import ObjectStore, open_store
from tamis.storage.store import Store
from tests.cluster.s3 import S3Server, missing

# No deadline: the first example of a test may compile a kernel. The blob reproduces a failure on another machine.
settings.register_profile("tamis", deadline=None, print_blob=True)
settings.load_profile("tamis")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server with the bucket `tests`, started once."""
    pytest.importorskip("obstore")
    reason = missing()
    if reason is not None:
        pytest.skip(f"no S3 server: {reason}")
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        server.make_bucket("tests")
        yield server


@pytest.fixture(scope="session")
def s3(s3_server: S3Server) -> Callable[[], Store]:
    """Empty stores in it."""
    number = itertools.count()

    def fresh() -> Store:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in s3_server.environment.items():
                patch.setenv(name, value)
            return open_store(f"s3://tests/at-{next(number)}")

    return fresh


@pytest.fixture(params=["local", "memory", "object", "s3"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store that several nodes could share."""
    if request.param == "local":
        return LocalStore(tmp_path / "store")
    if request.param == "memory":
        return MemoryStore()
    if request.param == "object":
        remote = pytest.importorskip("obstore.store")
        return ObjectStore(remote.MemoryStore())
    fresh: Callable[[], Store] = request.getfixturevalue("s3")
    return fresh()
