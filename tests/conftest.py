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
from tests.cluster.azure import AzureServer
from tests.cluster.azure import missing as missing_azure
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
    return _fresh(s3_server.environment, "s3://tests")


def _fresh(environment: dict[str, str], address: str) -> Callable[[], Store]:
    number = itertools.count()

    def fresh() -> Store:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return open_store(f"{address}/at-{next(number)}")

    return fresh


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[AzureServer]:
    """A real server of Azure's API with the bucket `tests`, started once. Installed into pytest's cache folder."""
    pytest.importorskip("obstore")
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    folder = (cache.mkdir("azure") if cache else tmp_path_factory.mktemp("npm")) / "azurite"
    reason = missing_azure(folder)
    if reason is not None:
        pytest.skip(f"no Azure server: {reason}")
    with AzureServer(tmp_path_factory.mktemp("azure"), folder) as server:
        server.make_bucket("tests")
        yield server


@pytest.fixture(scope="session")
def az(azure_server: AzureServer) -> Callable[[], Store]:
    """Empty stores in it."""
    return _fresh(azure_server.environment, "az://tests")


@pytest.fixture(params=["local", "memory", "object", "s3", "azure"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store that several nodes could share."""
    if request.param == "local":
        return LocalStore(tmp_path / "store")
    if request.param == "memory":
        return MemoryStore()
    if request.param == "object":
        remote = pytest.importorskip("obstore.store")
        return ObjectStore(remote.MemoryStore())
    fresh: Callable[[], Store] = request.getfixturevalue("az" if request.param == "azure" else "s3")
    return fresh()
