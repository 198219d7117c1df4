"""What must not bring a server down: it answers with a clear refusal, changes nothing, stays alive, logs no trace.

Everything here goes over sockets to a real server; what any body does to an endpoint is `test_fuzz`.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.conftest import Served, serving
from tests.server.raw import Answer, ask, request

COUNT = "/collections/docs/points/count"
POINTS = "/collections/docs/points?wait=true"
QUERY = "/collections/docs/points/query"
UPLOAD = "/collections/docs/snapshots/upload"
FORM = "content-type: multipart/form-data; boundary=x"
POINT = '{"points":[{"id":1,"vector":[1,2]%s}]}'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with little patience: 1 MiB, half a second. A collection with 3,000 points in it."""
    limits = {"SERVICE__MAX_REQUEST_SIZE_MB": "1", "SERVICE__BODY_TIMEOUT_SECS": "0.5"}
    with serving(tmp_path_factory.mktemp("hostile") / "data", **limits) as server:
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            config = {"vectors": {"size": 2, "distance": "Dot"}}
            client.put("/collections/docs", json=config).raise_for_status()
            points = [{"id": id, "vector": [id, 1], "payload": {"text": "word " * 40, "n": id}} for id in range(3_000)]
            for first in range(0, 3_000, 1_000):
                client.put(POINTS, json={"points": points[first : first + 1_000]}).raise_for_status()
        yield server


def state_of(server: Served) -> Any:
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        assert client.get("/livez").status_code == 200
        first = client.post("/collections/docs/points/scroll", json={"limit": 20, "with_vector": True}).json()["result"]
        count = client.post(COUNT, json={}).json()["result"]
        return first, count, client.get("/collections").json()["result"], client.get("/aliases").json()["result"]


@pytest.fixture
def port(small: Served) -> Iterator[int]:
    """Its port. Afterwards it lives, holds what it held, and has told of no error of its own."""
    before, told = state_of(small), len(small.log.read_text())
    yield small.port
    assert small.process.poll() is None
    assert state_of(small) == before
    log = small.log.read_text()[told:]
    assert "Traceback" not in log
    assert '"level": "error"' not in log
    assert "panicked" not in log


def refused(answer: Answer, *statuses: int) -> None:
    """A clear refusal: one of these, and words."""
    assert answer.status in statuses, answer
    assert len(answer.error) > 10


@pytest.mark.parametrize(
    ("method", "target", "body", "message"),
    [
        ("POST", QUERY, b"", "Input data was truncated"),
        ("POST", QUERY, b"{", "truncated"),
        ("POST", QUERY, b"[]", "Expected `object`"),
        ("POST", QUERY, b'"query"', "Expected `object`"),
        ("POST", QUERY, b'{"query":[1,2],}', "malformed"),
        ("POST", QUERY, b"{'query':[1,2]}", "malformed"),
        ("POST", QUERY, b'{"query":[1,2]} {}', "malformed"),
        ("POST", QUERY, b'{"query":[NaN,1]}', "malformed"),
        ("POST", QUERY, b'{"query":[Infinity,1]}', "malformed"),
        ("POST", QUERY, b'{"query":[1e999,1]}', "Number out of range"),
        ("POST", QUERY, b'{"query":[1e39,1]}', "1e+39"),
        ("POST", QUERY, b'{"query":[1,2],"limit":1e3}', "limit"),
        ("POST", QUERY, b'{"query":[1,2],"limit":-1}', "limit"),
        ("POST", QUERY, b'{"query":[1,2],"limit":99999999999999999999999}', "limit"),
        ("POST", QUERY, b'{"query":[1,2],"limt":1}', "limt"),
        ("POST", QUERY, b'{"query":[1,"2"]}', "query"),
        ("POST", QUERY, b'{"query":[[[1]]]}', "query"),
        ("POST", QUERY, b'{"query":18446744073709551616}', "18446744073709551616"),
        ("POST", QUERY, b'{"query":' + b"9" * 6_000 + b"}", "query"),
        ("POST", QUERY, b'{"query":[1,' + b"9" * 6_000 + b"]}", "query"),
        ("POST", QUERY, b'{"query":[1,2],"limit":' + b"9" * 6_000 + b"}", "limit"),
        ("PUT", POINTS, (POINT % f',"payload":{{"a":{"9" * 6_000}}}').encode(), "points[0]"),
        ("POST", QUERY, b'{"query":{"nearest":{"nearest":[1,2]}}}', "query.nearest"),
        ("POST", QUERY, b'{"query":[1,2],"filter":' + b'{"must":' * 10_000 + b"1" + b"}" * 10_001, "deep"),
        ("POST", QUERY, b'{"query":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "deep"),
        ("POST", QUERY, b'{"query":[1,2],"filter":{"must":[{"key":"\xff","match":{"value":1}}]}}', "Invalid UTF-8"),
        ("POST", QUERY, b"\xef\xbb\xbf{}", "malformed"),
        ("POST", QUERY, b"\x00\x01\x02", "malformed"),
        ("POST", QUERY, '{"query":[1,2]}'.encode("utf-16"), "malformed"),
        ("POST", QUERY, b'{"query":[1,2],"filter":{"must":[{"key":"a","match":{"value":"\\ud800"}}]}}', "surrogate"),
        ("PUT", POINTS, (POINT % ',"payload":{"a":"\\ud800","b":"more"}').encode(), "surrogate"),
        ("PUT", POINTS, (POINT % ',"payload":{"a":1e999}').encode(), "Number out of range"),
        ("PUT", POINTS, (POINT % ',"payload":{"a":NaN}').encode(), "malformed"),
        ("PUT", POINTS, (POINT % ',"payload":[1]').encode(), "payload"),
        ("PUT", POINTS, (POINT % f',"payload":{{"a":{"[" * 500}{"]" * 500}}}').encode(), "deep"),
        ("PUT", POINTS, b'{"points":[{"id":1.5,"vector":[1,2]}]}', "id"),
        ("PUT", POINTS, b'{"points":[{"id":true,"vector":[1,2]}]}', "id"),
        ("PUT", POINTS, b'{"points":[{"id":-1,"vector":[1,2]}]}', "id"),
        ("PUT", POINTS, b'{"points":[{"id":{},"vector":[1,2]}]}', "id"),
        ("PUT", POINTS, b'{"points":[{"id":1,"vector":[1,2]},{"id":2,"vector":[1]}]}', "points[1].vector"),
        ("PUT", POINTS, b'{"points":[{"id":1,"vector":[1e999,2]}]}', "points[0]"),
        ("PUT", POINTS, b'{"points":{"id":1}}', "points"),
        ("PUT", POINTS, b'{"batch":{"ids":[1,2],"vectors":[[1,2]]}}', "vectors"),
        ("POST", "/collections/docs/points/payload", b'{"payload":{"a":1},"points":[1],"key":"a..b"}', "a..b"),
        ("PUT", "/collections/new", b'{"vectors":{"size":0,"distance":"Dot"}}', "size"),
        ("PUT", "/collections/new", b'{"vectors":{"size":1e3,"distance":"Dot"}}', "size"),
        ("PUT", "/collections/new", b'{"vectors":{"a\\u0000b":{"size":2,"distance":"Dot"}}}', "vector name"),
        ("PUT", "/collections/new", b'{"vectors":{"\\ud800":{"size":2,"distance":"Dot"}}}', "surrogate"),
    ],
)
def test_bodies(port: int, method: str, target: str, body: bytes, message: str) -> None:
    answer = ask(port, request(method, target, body))
    refused(answer, 400, 422)
    assert message in answer.error


def test_of_a_doubled_key_the_last_counts(port: int) -> None:
    """JSON says nothing about them; what matters is that every reader agrees."""
    answer = ask(port, request("POST", QUERY, b'{"query":[1,2],"limit":5,"limit":2}'))
    assert len(json.loads(answer.body)["result"]["points"]) == 2


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/collections/%2e%2e", 400),
        ("/collections/../collections", 404),
        ("/collections/..%2f..%2fetc%2fpasswd", 404),
        ("/collections/%00", 400),
        ("/collections/%ff", 400),
        ("/collections/%", 404),
        ("/collections/%zz", 404),
        ("/collections/%2564ocs", 404),
        ("/collections//docs", 404),
        ("/collections/docs//points/1", 404),
        ("/collections/" + "a" * 300, 400),
        ("/collections/docs/snapshots/%2e%2e.snapshot", 400),
        ("/collections/docs/snapshots/..%2fcatalog.snapshot", 404),
        ("/collections/%2e%2e/snapshots", 400),
        ("/snapshots/..%2fx.snapshot", 404),
        ("/snapshots/x.snapshot%00", 400),
        ("/collections/docs/points/%2e%2e", 400),
        ("/collections/docs/points/1%00", 400),
        ("/collections/docs/points/99999999999999999999999999", 400),
        ("/collections/docs/points/" + "9" * 5_000, 400),
        ("/collections/docs/points/-1", 400),
        ("/collections?x=1", 400),
        ("/collections?%00=%ff", 400),
        ("/collections/docs/points/1?timeout=" + "9" * 400, 400),
        ("/collections/docs/points/1?timeout=0", 422),
        ("/collections/docs/points/1?timeout=%00", 400),
        ("/collections/docs/points/1?consistency=some", 400),
        ("/nowhere", 404),
        ("/" + "/".join("a" * 500), 404),
    ],
)
def test_targets(port: int, target: str, status: int) -> None:
    refused(ask(port, request("GET", target)), status)


@pytest.mark.parametrize("name", ["%2e%2e", ".", "a%00b", "a%3Ab", "a" * 256, "%ff", "a%2Fb", "%3Cscript%3E"])
def test_names_of_collections(port: int, name: str) -> None:
    body = b'{"vectors":{"size":2,"distance":"Dot"}}'
    refused(ask(port, request("PUT", f"/collections/{name}", body)), 400, 404)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS greeting\r\n\r\n", 400),
        (b"HELLO\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\n" + b"a: b\r\n" * 2_000 + b"\r\n", 431),
        (request("GET", "/" + "a" * 100_000), 414),
        (request("POST", COUNT, b"{}", "content-length: -1"), 400),
        (request("POST", COUNT, b"{}", "content-length: two"), 400),
        (request("POST", COUNT, b"{}", "content-length: " + "9" * 40), 400),
        (request("POST", COUNT, b"{}", "content-length: 2", "content-length: 3"), 400),
        (request("POST", COUNT, b"2\r\n{}\r\n0\r\n\r\n", "content-length: 2", "transfer-encoding: chunked"), 400),
        (request("POST", COUNT, b"{}", "transfer-encoding: gzip"), 400),
        (request("POST", COUNT, b"2\r\n{}\r\nx\r\n", "transfer-encoding: chunked"), 400),
        (request("POST", COUNT, b"{}", "upgrade: h2c", "connection: upgrade"), 400),
        (request("GET", "/livez", b"", "x: " + "a" * 100_000), 431),
        (request("GET", "/livez", b"", *["a: " + "b" * 2_000] * 50), 431),
        (request("GET", "/livez", b"", "x : y"), 400),
        (request("GET", "/livez", b"", "x: a\r\n b"), 400),
        (request("FROB", "/livez"), 400),
        (request("get", "/livez"), 400),
        (b"GET /livez HTTP/1.1\nhost: tamis\n\n", 400),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
def test_what_is_hardly_http(port: int, data: bytes, status: int) -> None:
    refused(ask(port, data), status)


def test_what_is_unusual_http(port: int) -> None:
    assert ask(port, b"GET /livez HTTP/1.0\r\n\r\n").status == 200
    old = ask(port, b"POST " + COUNT.encode() + b" HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}")
    assert json.loads(old.body)["result"] == {"count": 3_000}
    chunked = request("POST", COUNT, b"2\r\n{}\r\n0\r\n\r\n", "transfer-encoding: chunked")
    assert json.loads(ask(port, chunked).body)["result"] == {"count": 3_000}
    expecting = request("POST", COUNT, b"{}", "expect: 100-continue")
    assert json.loads(ask(port, expecting).body)["result"] == {"count": 3_000}
    trailing = request("POST", COUNT, b"2;x=y\r\n{}\r\n0\r\nx: y\r\n\r\n", "transfer-encoding: chunked")
    assert json.loads(ask(port, trailing).body)["result"] == {"count": 3_000}
    upgrading = request("GET", "/collections/docs/exists", b"", "upgrade: h2c", "connection: upgrade")
    assert json.loads(ask(port, upgrading).body)["result"] == {"exists": True}
    assert ask(port, request("GET", "/livez", b"", "x: " + "a" * 60_000)).status == 200
    assert ask(port, request("GET", "/collections/docs/exists/")).status == 200
    assert ask(port, request("GET", "http://tamis/livez")).status == 200


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "CONNECT", "DELETE"])
def test_methods(port: int, method: str) -> None:
    answer = ask(port, request(method, "/collections"))
    refused(answer, 405)
    assert answer.headers["allow"] == "GET"
    refused(ask(port, request(method, "/nowhere")), 404)


def test_a_body_that_is_too_large(port: int) -> None:
    body = b'{"ids":[' + b"1," * 600_000 + b"1]}"
    for data in (
        request("POST", "/collections/docs/points", body),
        request("POST", "/collections/docs/points", b"", "content-length: 99999999999"),
        request(
            "POST",
            "/collections/docs/points",
            (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 40,
            "transfer-encoding: chunked",
        ),
        request("DELETE", "/collections/docs", b"", "content-length: 1048577"),
    ):
        answer = ask(port, data)
        refused(answer, 413)
        assert "larger than 1 MiB (service.max_request_size_mb)" in answer.error
    exact = b'{"ids":[1]' + b" " * (2**20 - 11) + b"}"
    assert ask(port, request("POST", "/collections/docs/points", exact)).status == 200
    refused(ask(port, request("POST", "/collections/docs/points", exact + b" ")), 413)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, identity"])
def test_encoded_bodies_are_not_taken(port: int, encoding: str) -> None:
    answer = ask(port, request("POST", COUNT, b"\x1f\x8b\x08\x00", f"content-encoding: {encoding}"))
    refused(answer, 415)
    assert encoding in answer.error
    assert ask(port, request("POST", COUNT, b"{}", "content-encoding: identity")).status == 200


@pytest.mark.parametrize(
    "data",
    [
        request("POST", COUNT, b'{"exact":', "content-length: 100"),
        request("POST", COUNT, b"", "content-length: 2"),
        request("POST", COUNT, b'5\r\n{"exa\r\n', "transfer-encoding: chunked"),
        request("PUT", POINTS, (POINT % "").encode(), "content-length: 500"),
        request("POST", UPLOAD, b"--x\r\n", "content-length: 500", FORM),
    ],
    ids=str,
)
def test_bodies_that_do_not_come(port: int, data: bytes) -> None:
    answer = ask(port, data)
    refused(answer, 408)
    assert "0.5 seconds" in answer.error
    refused(ask(port, data, last=True), 400, 408)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"hello", ()),
        (b"hello", ("content-type: multipart/form-data",)),
        (b"hello", (FORM,)),
        (b"--x--\r\n", (FORM,)),
        (b'--x\r\ncontent-disposition: form-data; name="other"; filename="a"\r\n\r\nabc\r\n--x--\r\n', (FORM,)),
        (b'--x\r\ncontent-disposition: form-data; name="snapshot"; filename="a"\r\n\r\nabc\r\n--x--\r\n', (FORM,)),
        (b'--x\r\ncontent-disposition: form-data; name="snapshot"; filename="a"\r\n\r\nabc', (FORM,)),
        (b'--x\r\ncontent-disposition: form-data; name="snapshot"; filename="a"\r\n\r\n\r\n--x--\r\n', (FORM,)),
        (b"--x\r\n" + b"a: " + b"b" * 20_000 + b"\r\n\r\nabc\r\n--x--\r\n", (FORM,)),
    ],
)
def test_uploads_that_are_no_snapshot(small: Served, port: int, body: bytes, headers: tuple[str, ...]) -> None:
    refused(ask(port, request("POST", UPLOAD, body, *headers)), 400)
    assert not [path for path in (small.directory / "snapshots").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "file://../../catalog", "/etc/passwd", "ftp://127.0.0.1/x", "http://", "", "\0"]
)
def test_locations_of_snapshots(port: int, location: str) -> None:
    body = json.dumps({"location": location}).encode()
    refused(ask(port, request("PUT", "/collections/docs/snapshots/recover", body)), 400, 403)


def descriptors(server: Served) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def test_clients_that_go_away(small: Served, port: int) -> None:
    """While they send and while they are answered; nothing of them stays."""
    ask(port, request("GET", "/livez"))
    before = descriptors(small)
    everything = json.dumps({"limit": 3_000, "with_vector": True}).encode()
    for data in (
        request("PUT", POINTS, (POINT % "").encode()[:-1], "content-length: 500"),
        request("PUT", POINTS, b"5\r\n{", "transfer-encoding: chunked"),
        request("POST", UPLOAD, b"--x\r\n", "content-length: 500", FORM),
        request("POST", "/collections/docs/points/scroll", everything),
    ):
        for linger in (False, True):
            for _ in range(15):
                with socket.create_connection(("127.0.0.1", small.port), timeout=10) as connection:
                    connection.sendall(data)
                    if linger and b"scroll" in data:
                        connection.recv(1_000)
    with httpx.Client(base_url=small.url, timeout=30, trust_env=False) as client:
        for _ in range(1_000):
            client.get("/livez")
            if descriptors(small) <= before + 10:
                return
    raise AssertionError(f"{descriptors(small)} open files, {before} before")


def test_many_connections_that_say_nothing(port: int) -> None:
    silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(400)]
    try:
        for connection in silent[::2]:
            connection.sendall(b"POST " + COUNT.encode() + b" HTTP/1.1\r\n")
        assert ask(port, request("GET", "/livez")).status == 200
        assert ask(port, request("POST", COUNT, b"{}")).status == 200
    finally:
        for connection in silent:
            connection.close()


def test_many_at_once(port: int) -> None:
    """Good and bad ones beside each other: each gets its own answer."""
    wanted = {
        200: request("POST", QUERY, b'{"query":[1,2],"limit":3,"filter":{"must":[{"key":"n","range":{"lt":9}}]}}'),
        400: request("POST", QUERY, b'{"query":[1,2'),
        404: request("POST", "/collections/none/points/query", b'{"query":[1,2]}'),
        413: request("POST", QUERY, b"", "content-length: 2000000"),
        422: request("POST", QUERY, b'{"query":[1,2],"limit":0}'),
    }
    wrong: list[tuple[int, Answer]] = []

    def client() -> None:
        for _ in range(10):
            for status, data in wanted.items():
                answer = ask(port, data)
                if answer.status != status:
                    wrong.append((status, answer))

    threads = [threading.Thread(target=client) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    first = request("GET", "/collections/docs/exists").replace(b"connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(first * 5 + request("GET", "/nowhere"))
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    assert received.count(b"HTTP/1.1 200 OK") == 5
    assert received.index(b"HTTP/1.1 404") > received.rindex(b"HTTP/1.1 200 OK")


def test_a_log_level_of_debug_says_nothing_of_keys(tmp_path: Path) -> None:
    with serving(tmp_path / "data", LOG__LEVEL="DEBUG", SERVICE__API_KEY="swordfish") as server:
        for key in ("swordfish", "swordfisch"):
            httpx.get(server.url + "/collections", headers={"api-key": key}, trust_env=False)
    log = server.log.read_text()
    assert '"endpoint": "GET /collections"' in log
    assert "swordfi" not in log
