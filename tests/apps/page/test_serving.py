"""The application under every page: headers, bounds, refusals, and what a browser makes of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

pytest.importorskip("starlette")

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from apps.page.serving import application, asked, refused, serve
from tests.apps.browser import hosted

if TYPE_CHECKING:
    from playwright.sync_api import Page

BOUND = 1_000
INDEX = """<!doctype html><html lang="en"><title>t</title><link rel="icon" href="/page/icon.svg">
<link rel="stylesheet" href="/page/page.css"><main class="card" id="here"></main>
<script type="module" src="/own.js"></script></html>"""
SCRIPT = """import { ask, byId, element, fill } from "/page/element.js";
const said = await ask("/echo", { text: "<b>bold</b>" });
let words = "";
try { await ask("/echo", []); } catch (error) { words = error.message; }
const bar = element("p", { class: "bar", style: { "--share": 0.5 } });
fill(byId("here"), element("p", { class: "notice" }, said.text), null, bar, element("p", { id: "words" }, words));"""


async def echo(request: Request) -> Response:
    body = await asked(request)
    if "refuse" in body:
        raise refused("refuse: is not taken; leave it out", 422)
    return JSONResponse(body)


async def broken(request: Request) -> Response:
    raise RuntimeError("secret")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(INDEX)
    (folder / "own.js").write_text(SCRIPT)
    routes = [Route("/echo", echo, methods=["POST"]), Route("/broken", broken)]
    with hosted(application(routes, folder, BOUND)) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, verify=False) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/", "/own.js", "/page/page.css", "/nothing", "/broken"])
def test_every_reply_has_the_headers(url: str, path: str) -> None:
    reply = httpx.get(url + path, trust_env=False, verify=False)  # a bug closes its connection
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_files_are_asked_for_again_and_answers_are_not_kept(client: httpx.Client) -> None:
    page = client.get("/page/page.css")
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/page/page.css", headers={"If-None-Match": page.headers["etag"]}).status_code == 304
    assert client.post("/echo", json={}).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b'{"refuse": 1}', 422, "refuse: is not taken; leave it out"),
        (b"no", 400, "body: is not JSON; send an object"),
        (b"\xff", 400, "body: is not JSON; send an object"),
        (b"[" * 900, 400, "body: is not JSON; send an object"),
        (b"[]", 400, "body: must be a JSON object, got list"),
        (b'"' + b"x" * BOUND + b'"', 413, "body: larger than 1,000 bytes; send less at once"),
    ],
)
def test_refusals_are_json_with_words(client: httpx.Client, body: bytes, status: int, words: str) -> None:
    reply = client.post("/echo", content=body)
    assert (reply.status_code, reply.json()) == (status, {"error": words})


def test_a_body_without_a_length_is_bounded_too(client: httpx.Client) -> None:
    assert client.post("/echo", content=iter([b'"', b"x" * BOUND, b'"'])).status_code == 413
    assert client.post("/echo", content=iter([b'{"a"', b": 1}"])).json() == {"a": 1}


def test_other_refusals_are_json_too(client: httpx.Client) -> None:
    assert client.get("/nothing").json() == {"error": "/nothing is not here"}
    assert client.post("/nothing", json={}).json() == {"error": "/nothing does not answer POST"}
    assert client.get("/%2e%2e/serving.py").status_code == 404


def test_a_bug_tells_no_details(url: str) -> None:
    reply = httpx.get(url + "/broken", trust_env=False, verify=False)
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "RuntimeError" in reply.json()["error"]


def test_another_sites_page_cannot_write(client: httpx.Client, url: str) -> None:
    assert client.post("/echo", json={}, headers={"Origin": "http://example.org"}).status_code == 403
    assert client.post("/echo", json={}, headers={"Origin": "null"}).status_code == 403
    assert client.post("/echo", json={}, headers={"Origin": url}).status_code == 200


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: .* choose another --port"):
            serve(application([], tmp_path), port=port)


def test_text_stays_text_in_a_browser(desktop: Page, url: str) -> None:
    desktop.goto(url)
    assert desktop.locator("#here p.notice").inner_text() == "<b>bold</b>"
    assert desktop.locator("#words").inner_text() == "body: must be a JSON object, got list"
    assert desktop.locator(".bar").evaluate("bar => getComputedStyle(bar, '::before').width.replace('px', '')") == str(
        desktop.locator(".bar").evaluate("bar => bar.clientWidth / 2")
    )
