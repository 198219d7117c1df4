"""The official client, sync or async, called the same way, and a record of the requests that it sends."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from qdrant_client import AsyncQdrantClient, QdrantClient

__all__ = ["FLAVOURS", "Asking", "asking"]

FLAVOURS = ("sync", "async")


class Blocking:
    """An async client whose methods are waited for."""

    def __init__(self, inner: Any, run: Callable[[Any], Any]) -> None:
        self._inner, self._run = inner, run

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "http" or name.endswith("_api"):
            return Blocking(found, self._run)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._run(_value(found(*args, **kwargs)))

        return call


async def _value(given: Any) -> Any:
    return await given if inspect.isawaitable(given) else given


class Asking:
    """client: the official one. http: for what it has no method for. sent: method and path of every request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent: list[tuple[str, str]] = []
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False, event_hooks={"request": [self._note]})
        self.client: Any = None

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path).raise_for_status()

    def post(self, path: str, body: Any) -> Any:
        """The result."""
        return self.http.post(path, json=body).raise_for_status().json()["result"]

    def _note(self, request: httpx.Request) -> None:
        self.sent.append((request.method, request.url.path))

    async def _note_async(self, request: httpx.Request) -> None:
        self._note(request)


@contextmanager
def asking(url: str, flavour: str) -> Iterator[Asking]:
    """Clients of a server, closed at the end."""
    asked = Asking(url)
    how: dict[str, Any] = {"url": url, "timeout": 30, "trust_env": False, "check_compatibility": False}
    with asked.http, asyncio.Runner() as runner:
        if flavour == "sync":
            asked.client = QdrantClient(**how, event_hooks={"request": [asked._note]})
        else:
            inner = AsyncQdrantClient(**how, event_hooks={"request": [asked._note_async]})
            asked.client = Blocking(inner, runner.run)
        yield asked
        asked.client.close()
