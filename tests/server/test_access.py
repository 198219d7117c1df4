"""Who may do what, how answers travel, and what a server that is busy says."""

from __future__ import annotations

import gzip
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import brotli
import httpx
import pytest
import zstandard

from tamis.server.route import Route
from tamis.server.routes import ROUTES
from tests.server.conftest import Served, serving
from tests.server.raw import Answer, ask, request

FULL, ALT, READ = "full:key~/+=", "other-key", "reading-key"
CONFIG = b'{"vectors":{"size":2,"distance":"Dot"}}'
SCROLL = "/collections/docs/points/scroll"
EVERYTHING = b'{"limit":3000,"with_vector":true}'


def filled(directory: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """A server with 3,000 points in the collection docs."""
    key = settings.get("SERVICE__API_KEY", "")
    with serving(directory, *arguments, **settings) as server:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False, headers=headers) as client:
            client.put("/collections/docs", content=CONFIG).raise_for_status()
            points = [{"id": id, "vector": [id, 1], "payload": {"text": "word " * 20}} for id in range(3_000)]
            client.put("/collections/docs/points", json={"points": points}).raise_for_status()
        yield server


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    keys = {"SERVICE__API_KEY": FULL, "SERVICE__ALT_API_KEY": ALT, "SERVICE__READ_ONLY_API_KEY": READ}
    yield from filled(tmp_path_factory.mktemp("locked") / "data", **keys)


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from filled(tmp_path_factory.mktemp("open") / "data")


def status(server: Served, route: Route, *headers: str) -> int:
    """Of a request that does nothing even where it is allowed: for a collection that does not exist, without a body."""
    target = route.pattern.format(name="none", id="1", field="f", vector="v", snapshot="none.snapshot", peer="1")
    body = b"{" if route.method != "GET" else b""
    return ask(server.port, request(route.method, target, body, *headers)).status


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_asks_for_the_key_of_its_class(locked: Served, route: Route) -> None:
    if (route.method, route.pattern) == ("POST", "/snapshots"):
        pytest.skip("it takes no body and would make a snapshot")
    none = status(locked, route)
    wrong = status(locked, route, "api-key: guess")
    reading = status(locked, route, f"api-key: {READ}")
    writing = {status(locked, route, f"api-key: {key}") for key in (FULL, ALT)}
    assert not writing & {401, 403, 500}
    if route.access == "open":
        assert (none, wrong, reading) == (200, 200, 200)
    elif route.access == "read":
        assert (none, wrong) == (401, 401)
        assert {reading} == writing
    else:
        assert route.access in ("write", "manage")
        assert (none, wrong, reading) == (401, 401, 403)


def test_routes_that_only_read_are_those_with_get_and_the_searches() -> None:
    reading = ("count", "scroll", "facet", "points", "query", "search", "recommend", "batch", "groups")
    for route in ROUTES:
        last = route.pattern.rpartition("/")[2]
        if route.method == "GET":
            assert route.access in ("open", "read"), route.name
        elif route.access == "read":
            assert route.method == "POST", route.name
            assert last in reading, route.name
    assert {route.pattern for route in ROUTES if route.access == "open"} == {
        "/",
        "/healthz",
        "/livez",
        "/readyz",
        "/openapi.json",
        "/docs",
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 401),
        (("api-key: ",), 401),
        (("api-key: \xff\xfe",), 401),
        ((f"api-key: {READ}x",), 401),
        ((f"api-key: {READ[:-1]}",), 401),
        (("authorization: Basic cmVhZGluZy1rZXk=",), 401),
        (("authorization: Bearer",), 401),
        ((f"authorization: {READ}",), 401),
        ((f"authorization: Bearer {READ}",), 200),
        ((f"authorization: bearer {READ}",), 200),
        ((f"api-key: {READ}",), 200),
        ((f"API-KEY: {ALT}",), 200),
        (("api-key: wrong", f"authorization: Bearer {FULL}"), 401),
    ],
)
def test_keys(locked: Served, headers: tuple[str, ...], status: int) -> None:
    answer = ask(locked.port, request("GET", "/collections", b"", *headers))
    assert answer.status == status
    if status != 200:
        assert answer.headers["content-type"].startswith("text/plain")
        assert b"docs" not in answer.body
    assert ask(locked.port, request("HEAD", "/collections", b"", *headers)).status == status


def test_a_refused_key_is_refused_before_the_body(locked: Served) -> None:
    data = request("PUT", "/collections/docs/points", b"", "content-length: 1000000")
    assert ask(locked.port, data).status == 401
    answer = ask(locked.port, request("DELETE", "/collections/docs", b"", f"api-key: {READ}"))
    assert (answer.status, answer.body) == (403, b"Forbidden: this key may only read")
    kept = ask(locked.port, request("GET", "/collections/docs/exists", b"", f"api-key: {READ}"))
    assert json.loads(kept.body)["result"] == {"exists": True}


def test_a_browser_may_ask_from_anywhere(locked: Served, tmp_path: Path) -> None:
    ask_first = ("origin: http://localhost:3000", "access-control-request-method: PUT")
    preflight = request("OPTIONS", SCROLL, b"", *ask_first, "access-control-request-headers: api-key, content-type")
    answer = ask(locked.port, preflight)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "api-key, content-type"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert ask(locked.port, request("GET", "/collections")).headers["access-control-allow-origin"] == "*"
    with serving(tmp_path / "data", SERVICE__ENABLE_CORS="false") as server:
        assert ask(server.port, preflight).status == 405
        assert "access-control-allow-origin" not in ask(server.port, request("GET", "/collections")).headers


def test_head_is_get_without_a_body(open_to_all: Served) -> None:
    for target in ("/", "/livez", "/collections", "/collections/docs", "/openapi.json", "/docs"):
        got, head = (ask(open_to_all.port, request(method, target)) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    assert ask(open_to_all.port, request("HEAD", "/collections/none")).status == 404
    assert ask(open_to_all.port, request("HEAD", "/collections/docs/facet")).status == 405


UNPACK = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda packed: zstandard.ZstdDecompressor().decompress(packed),
    None: bytes,
}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        (None, None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip, deflate, br", "br"),
        ("zstd;q=0, br;q=0, gzip", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("compress, \xff", None),
        ("," * 1_000, None),
    ],
)
def test_large_replies_are_packed_as_asked(open_to_all: Served, accepted: str | None, encoding: str | None) -> None:
    headers = () if accepted is None else (f"accept-encoding: {accepted}",)
    answer = ask(open_to_all.port, request("POST", SCROLL, EVERYTHING, *headers))
    assert answer.headers.get("content-encoding") == encoding
    assert int(answer.headers["content-length"]) == len(answer.body)
    points = json.loads(UNPACK[encoding](answer.body))["result"]["points"]
    assert [point["id"] for point in points] == list(range(3_000))
    if encoding is not None:
        assert "accept-encoding" in answer.headers["vary"]
        assert len(answer.body) < 200_000
    small = ask(open_to_all.port, request("GET", "/collections", b"", *headers))
    assert "content-encoding" not in small.headers


def test_the_page_may_only_talk_to_its_own_server(open_to_all: Served) -> None:
    answer = ask(open_to_all.port, request("GET", "/docs"))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from filled(tmp_path_factory.mktemp("narrow") / "data", SERVICE__MAX_QUEUE="1")


def test_a_busy_server_says_when_to_come_back(narrow: Served) -> None:
    """Refused at once; what was not refused is answered in full, and health all the while."""
    answers: list[Answer] = []
    enough = threading.Event()
    slow = request("POST", SCROLL, EVERYTHING, "accept-encoding: br")

    def client() -> None:
        while not enough.is_set():
            answers.append(ask(narrow.port, slow))
            if len(answers) > 2_000 or {200, 503} <= {answer.status for answer in answers}:
                enough.set()

    threads = [threading.Thread(target=client) for _ in range(32)]
    for thread in threads:
        thread.start()
    while not enough.is_set():
        assert ask(narrow.port, request("GET", "/livez")).status == 200
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200, 503}
    refused = next(answer for answer in answers if answer.status == 503)
    assert refused.headers["retry-after"] == "1"
    assert "as many as may wait" in refused.error
    assert ask(narrow.port, slow).status == 200
    assert "Traceback" not in narrow.log.read_text()


def certificate(folder: Path) -> tuple[Path, dict[str, str]]:
    """One that vouches for itself, for 127.0.0.1, and the settings of a server that shows it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*make, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, {"TLS__CERT": str(cert), "TLS__KEY": str(key), "SERVICE__ENABLE_TLS": "true"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_tls(tmp_path: Path) -> None:
    cert, files = certificate(tmp_path)
    server = Served(tmp_path / "data", scheme="https", **files)
    try:
        trusting = ssl.create_default_context(cafile=str(cert))
        server.wait(verify=trusting)
        with httpx.Client(base_url=server.url, verify=trusting, timeout=30, trust_env=False) as client:
            assert client.put("/collections/docs", content=CONFIG).json()["result"] is True
            assert client.get("/collections/docs/exists").json()["result"] == {"exists": True}
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url, trust_env=False)  # nobody vouches for it
        assert ask(server.port, request("GET", "/livez")).status != 200  # plain text is not answered
    finally:
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_only_clients_with_a_certificate(tmp_path: Path) -> None:
    cert, files = certificate(tmp_path)
    known, unknown = (ssl.create_default_context(cafile=str(cert)) for _ in range(2))
    known.load_cert_chain(cert, files["TLS__KEY"])
    server = Served(tmp_path / "data", scheme="https", **files, TLS__CA_CERT=str(cert))
    try:
        server.wait(verify=known)
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url + "/livez", verify=unknown, trust_env=False)
    finally:
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
