"""What an object store answers, and does not answer, becomes an error that says who has to do what."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tamis.errors import Conflict, NotFound, Rejected, Unavailable
from tamis.storage import object_store
from tamis.storage.local import LocalStore
from tamis.storage.object_store import ObjectStore, open_store
from tamis.storage.store import Store
from tests.cluster.azure import AzureServer
from tests.cluster.s3 import S3Server

obstore = pytest.importorskip("obstore")
S3 = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_REGION": "us-east-1"}
AZURE = {"AZURE_STORAGE_ACCOUNT_KEY": "bm90aGluZw=="}


@pytest.fixture
def store() -> ObjectStore:
    return ObjectStore(obstore.store.MemoryStore())


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, *, first: bool) -> None:
    """Let puts fail, after they were done or instead of it."""
    put = obstore.put

    def fail(*given: Any, **more: Any) -> None:
        if first:
            put(*given, **more)
        raise error

    monkeypatch.setattr(obstore, "put", fail)


ERRORS = [
    obstore.exceptions.AlreadyExistsError("k", "exists"),
    obstore.exceptions.PreconditionError("k", "412"),
    obstore.exceptions.GenericError("operation timed out"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_create_that_got_through_is_one(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Its first try did, and the library was refused at the second; or the answer was lost."""
    failing(monkeypatch, error, first=True)
    store.put("k", [b"mi", b"ne"], if_absent=True)
    assert store.get("k") == b"mine"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_create_that_others_made(store: ObjectStore, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    store.put("k", [b"theirs"])
    failing(monkeypatch, error, first=False)
    with pytest.raises(Conflict, match="k exists already"):
        store.put("k", [b"mine"], if_absent=True)
    assert store.get("k") == b"theirs"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_create_that_is_not_there_is_not_known(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It may still be under way."""
    failing(monkeypatch, error, first=False)
    with pytest.raises(Unavailable, match=r"k: .*whether it was written is not known"):
        store.put("k", [b"mine"], if_absent=True)


def test_a_put_that_may_overwrite_is_not_read_back(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, obstore.exceptions.GenericError("503"), first=True)
    with pytest.raises(Unavailable, match=r"k: the store gives no answer .*503"):
        store.put("k", [b"x"])


def test_a_create_is_one_request(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that are joined later do not ask whether the key is taken."""
    seen: list[tuple[Any, Any]] = []
    monkeypatch.setattr(obstore, "put", lambda *_, mode, use_multipart: seen.append((mode, use_multipart)))
    store.put("k", [bytes(30 * 2**20)], if_absent=True)
    store.put("k", [b"x"])
    assert seen == [("create", False), ("overwrite", None)]


def test_too_large_for_one_request(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "CREATE_BYTES_MAX", 1_000)
    with pytest.raises(Rejected, match=r"k: 1,001 bytes cannot be created in one request; at most 1,000"):
        store.put("k", [bytes(1_000), b"x"], if_absent=True)
    store.put("k", [bytes(1_001)])
    store.put("new", [bytes(1_000)], if_absent=True)
    assert store.list("") == ["k", "new"]


@pytest.mark.parametrize("error", [obstore.exceptions.PermissionDeniedError, obstore.exceptions.UnauthenticatedError])
def test_credentials(store: ObjectStore, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error("403\nAccessDenied and much more")

    monkeypatch.setattr(obstore, "head", refuse)
    with pytest.raises(Unavailable, match=r"^k: the store refuses these credentials; check that they may .*403.*\)$"):
        store.size("k")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///tmp/x", "must be a directory or begin with s3://, gs:// or az://"),
        ("http://host/bucket", "must be a directory or begin with s3://"),
        ("s3://", "cannot be opened"),
    ],
)
def test_what_is_no_store(url: str, message: str) -> None:
    with pytest.raises(Rejected, match=message):
        open_store(url)


def test_a_directory(tmp_path: Path) -> None:
    assert isinstance(open_store(str(tmp_path)), LocalStore)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in held:
            connection.close()


def test_a_store_that_says_nothing(monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    for name, value in {**S3, "AWS_ENDPOINT": f"http://127.0.0.1:{silent}"}.items():
        monkeypatch.setenv(name, value)
    store = open_store("s3://bucket/prefix", timeout=0.2)
    with pytest.raises(Unavailable, match=r"a/k: the store gives no answer"):
        store.get("a/k")
    with pytest.raises(Unavailable, match="whether it was written is not known"):
        store.put("a/k", [b"x"], if_absent=True)


def test_a_store_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for name, value in {**S3, "AWS_ENDPOINT": f"http://127.0.0.1:{port}"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unavailable, match=r"a/k: the store gives no answer"):
        open_store("s3://bucket", timeout=0.2).get("a/k")


@pytest.mark.parametrize("server", ["s3", "az"])
def test_wrong_keys_at_a_real_server(
    server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: S3Server | AzureServer = request.getfixturevalue({"s3": "s3_server", "az": "azure_server"}[server])
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    good = open_store(f"{server}://tests/wrong-keys")
    good.put("k", [b"x"])
    for name, value in (S3 if server == "s3" else AZURE).items():
        monkeypatch.setenv(name, value)
    stranger = open_store(f"{server}://tests/wrong-keys")
    for call in (stranger.get, stranger.size, stranger.delete, lambda key: stranger.put(key, [b"y"], if_absent=True)):
        with pytest.raises(Unavailable, match="refuses these credentials"):
            call("k")
    assert good.get("k") == b"x"


@pytest.mark.parametrize("server", ["s3", "az"])
def test_many_and_large_at_a_real_server(server: str, request: pytest.FixtureRequest) -> None:
    store: Store = request.getfixturevalue(server)()
    large = bytes(range(256)) * 2**15  # 8 MiB
    store.put("large", [large], if_absent=True)
    with pytest.raises(Conflict):
        store.put("large", [large[::-1]], if_absent=True)
    store.put("large", [large], if_absent=True)
    assert store.map("large") == large
    keys = [f"many/{number:05d}" for number in range(1_100)]  # more than one page of a listing
    threads = [
        threading.Thread(target=lambda part: [store.put(key, [b"x"]) for key in part], args=(keys[at::8],))
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.list("many/") == keys
    assert store.list("many/0109") == keys[1090:1100]
    store.delete("many/00000")
    with pytest.raises(NotFound):
        store.get("many/00000")
