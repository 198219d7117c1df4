"""A real browser for the tests of the pages: Debian's Chromium, headless, driven by playwright.

    def test_it(desktop): desktop.goto(url)      # a Page of 1280 × 800, fails if the page's console has an error
    def test_it(phone): phone.goto(url)          # 390 × 844, touch
    with hosted(app) as url: ...                 # an application on a free port, in a thread of this process

`missing()` says why there can be no browser here, after installing it where that is possible (root, apt-get).
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response
    from starlette.types import ASGIApp

__all__ = ["browser", "desktop", "hosted", "missing", "opened", "phone"]

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_SECONDS = 15


@functools.cache
def missing() -> str | None:
    """Why there can be no browser here; None if there can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "needs playwright; install it with: pip install playwright"
    if shutil.which("chromium"):
        return None
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "needs the Debian package chromium; install it, or run as root where apt-get is"
    try:
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            done = subprocess.run(
                ["apt-get", *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return "apt-get did not come to an end in five minutes"
    return None if done.returncode == 0 else f"apt-get cannot install chromium: {done.stderr.strip()[-200:]}"


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser with nothing open in it. Whoever calls it has asked `missing()`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module: while it is there, no other event loop can run in the thread."""
    reason = missing()
    if reason is not None:
        pytest.skip(f"no browser: {reason}")
    with opened() as running:
        yield running


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Page]:
    """A page as on a laptop."""
    yield from _page(browser, viewport={"width": 1280, "height": 800})


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page as on a phone."""
    yield from _page(
        browser, viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True
    )


def _page(browser: Browser, **settings: object) -> Iterator[Page]:
    """Nothing may fail in it: no uncaught error, no error in the console, no missing file, no request elsewhere.

    A refusal by the page's own API is no failure: what the page makes of it is for the test to look at.
    """
    context = browser.new_context(reduced_motion="reduce", **settings)  # type: ignore[arg-type]
    context.set_default_timeout(_SECONDS * 1000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if _is_bad(message) else None)
    page.on("request", lambda request: None if "//127.0.0.1:" in request.url else wrong.append(request.url))
    page.on("response", lambda reply: wrong.append(reply.url) if _is_lost(reply) else None)
    yield page
    context.close()
    assert not wrong, "\n".join(wrong)


def _is_bad(message: ConsoleMessage) -> bool:
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def _is_lost(reply: Response) -> bool:
    return reply.status >= 400 and reply.request.resource_type != "fetch"


@contextmanager
def hosted(app: ASGIApp) -> Iterator[str]:
    """The application on a free port of this machine, in a thread; its address."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_SECONDS)
