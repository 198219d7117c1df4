"""What the store at gs:// asks, answered as Google documents its XML API.

No emulator that could be installed answers this API with conditions on a put, so the server here is our own: it shows
that the requests are those that Google documents, not that Google keeps its word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tamis.errors import Conflict, NotFound
from tamis.log.store_log import StoreLog
from tamis.storage.object_store import open_store
from tamis.storage.store import Store

pytest.importorskip("obstore")

CONDITION = "x-goog-if-generation-match"
DATE = "Wed, 25 Nov 2026 12:00:00 GMT"


class Bucket(ThreadingHTTPServer):
    """One bucket. puts: the condition of each put that came."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.objects: dict[str, bytes] = {}
        self.puts: list[str | None] = []
        self.mute = 0  # puts that are done and answered 503
        self.lock = threading.Lock()

    def put(self, key: str, body: bytes, condition: str | None) -> int:
        with self.lock:
            self.puts.append(condition)
            if condition == "0" and key in self.objects:
                return 412
            self.objects[key] = body
            if self.mute:
                self.mute -= 1
                return 503
            return 200


class Request(BaseHTTPRequestHandler):
    """One of the five that a store asks."""

    protocol_version = "HTTP/1.1"
    server: Bucket

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self._say(self.server.put(self._key(), body, self.headers[CONDITION]))

    def do_DELETE(self) -> None:
        found = self.server.objects.pop(self._key(), None)
        self._say(404 if found is None else 204)

    def do_GET(self) -> None:
        if "list-type" in self._query():
            self._list(self._query().get("prefix", [""])[0])
            return
        body = self.server.objects.get(self._key())
        if body is None:
            self._say(404)
        elif (asked := self.headers["range"]) is not None:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            part = body[int(first) : int(last) + 1]
            total = f"bytes {first}-{int(first) + len(part) - 1}/{len(body)}"
            self._say(206, part, total) if part else self._say(416)
        else:
            self._say(200, body)

    do_HEAD = do_GET

    def _list(self, prefix: str) -> None:
        rows = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-25T12:00:00.000Z</LastModified><Size>{len(body)}</Size>"
            '<ETag>"1"</ETag></Contents>'
            for key, body in sorted(self.server.objects.items())
            if key.startswith(prefix)
        )
        self._say(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode())

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/tests/")

    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    def _say(self, status: int, body: bytes = b"", part: str | None = None) -> None:
        self.send_response(status)
        for name, value in {"etag": '"1"', "last-modified": DATE, "x-goog-generation": "1"}.items():
            self.send_header(name, value)
        if part is not None:
            self.send_header("content-range", part)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        account = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
        (tmp_path / "account.json").write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_BASE_URL", address)
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(bucket: Bucket) -> Store:
    return open_store("gs://tests/below")


def test_a_create_asks_that_there_be_no_generation(bucket: Bucket, store: Store) -> None:
    store.put("a/k", [b"mi", b"ne"], if_absent=True)
    with pytest.raises(Conflict, match="a/k exists already"):
        store.put("a/k", [b"theirs"], if_absent=True)
    store.put("a/k", [b"other"])
    assert (bucket.puts, bucket.objects) == (["0", "0", None], {"below/a/k": b"other"})


def test_a_create_whose_answer_is_lost_is_ours(bucket: Bucket, store: Store) -> None:
    bucket.mute = 1
    store.put("k", [b"mine"], if_absent=True)
    assert bucket.puts[0] == "0"
    assert store.get("k") == b"mine"


def test_one_of_twenty_creates_wins(store: Store) -> None:
    won: list[int] = []

    def create(number: int) -> None:
        try:
            store.put("race", [bytes([number]) * 100], if_absent=True)
        except Conflict:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get("race") == bytes(won) * 100


def test_reading_listing_deleting(store: Store) -> None:
    for key in ("m/1", "m/2", "n"):
        store.put(key, [b"hello"], if_absent=True)
    assert (store.get("m/1", 1, 3), store.get("m/1", 9), store.size("n")) == (b"ell", b"", 5)
    assert (store.list("m/"), store.list("")) == (["m/1", "m/2"], ["m/1", "m/2", "n"])
    assert store.modified("n") > 1.7e9
    store.delete("m/1")
    store.delete("m/1")
    with pytest.raises(NotFound):
        store.get("m/1")


def test_a_log(store: Store) -> None:
    one, two = StoreLog(store), StoreLog(store)
    assert one.append([b"a", b"b"]) == 1
    two.refresh()
    assert two.append([b"c"]) == 3
    one.refresh()
    assert [record for _, record in one.read(0)] == [b"a", b"b", b"c"]
