"""What HTTP requests mean here: one request → route, key, endpoint, reply.

    open    the head is here: its route, and whether it may and can be answered
    ask     all of it is here: hand it to the bridge; open routes (health, version) are answered at once, on the loop
    upload  the same for a body that is kept on disk while it arrives

Whatever goes wrong ends in a reply.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import unquote

from tamis.errors import Unavailable
from tamis.server.backend import Backend
from tamis.server.bridge import Bridge, Task, answer_now
from tamis.server.error_map import error_reply, refusal
from tamis.server.http.auth import Keys
from tamis.server.http.exchange import Exchange
from tamis.server.http.form import FormFile, received
from tamis.server.http.incoming import Cut
from tamis.server.http.limits import HttpLimits
from tamis.server.request import (
    AT_LEAST_HEADER,
    SHARD_HEADER,
    Reply,
    Request,
    plain_text,
    read_query_string,
    read_shard,
)
from tamis.server.routes import Router

__all__ = ["Application"]

_UNREADABLE = "\ufffd"  # what stands in a decoded path for bytes that are not UTF-8
_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
_SHARD, _AT_LEAST = SHARD_HEADER.encode(), AT_LEAST_HEADER.encode()


class Application:
    """Asked by every connection, on the event loop."""

    def __init__(
        self, backend: Backend, bridge: Bridge, keys: Keys, limits: HttpLimits, told: Callable[[str, int, float], None]
    ) -> None:
        self._backend = backend
        self._bridge = bridge
        self._keys = keys
        self._limits = limits
        self._told = told
        self._router = Router()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, exchange: Exchange) -> None:
        """The head is complete: give the exchange its route and request, or a refusal."""
        try:
            refused = self._refused(exchange)
        except Exception as error:  # noqa: BLE001 - the client is told
            refused = self._failed(exchange, error)
        if refused is not None:
            exchange.refuse(refused)

    def ask(self, exchange: Exchange) -> Reply | None:
        """The reply, or None if the exchange will be answered later."""
        route, request = exchange.route, exchange.request
        if route is None or request is None:
            return exchange.refused
        try:
            if route.access == "open":
                return answer_now(self._backend, route, request)
            request.deadline = time.monotonic() + self._seconds(request)
            if exchange.incoming is not None:
                self.begin(self._upload(exchange))
                return None
            if exchange.method in _WITH_BODY:
                request.body = exchange.body()
            self._bridge.put(Task(route, request, exchange.begin, exchange.answered))
        except Exception as error:  # noqa: BLE001 - the client is told
            return self._failed(exchange, error)
        return None

    def answered(self, exchange: Exchange, reply: Reply) -> None:
        """Count it."""
        seconds = time.perf_counter() - exchange.begin
        self._backend.metrics.answered(exchange.name, reply.status, seconds)
        self._told(exchange.name, reply.status, seconds)

    def too_large(self) -> Reply:
        """For a body beyond the limit."""
        self._backend.metrics.refused("size")
        mib = self._limits.body_bytes / 2**20
        return refusal(
            413, f"Bad request: the body is larger than {mib:g} MiB (service.max_request_size_mb); send smaller batches"
        )

    def too_slow(self, what: str, seconds: float) -> Reply:
        """For a request that is not here in time."""
        self._backend.metrics.refused("slow")
        return refusal(408, f"Timeout error: the {what} was not complete after {seconds:g} seconds")

    def too_many(self) -> Reply:
        """For a connection beyond the limit."""
        self._backend.metrics.refused("connections")
        return error_reply(Unavailable("too many connections are open; close some, or try later"))

    def failed(self, error: BaseException | None) -> Reply:
        """For what must not happen."""
        told = error if isinstance(error, Exception) else RuntimeError("a callback failed")
        self._backend.failed("none", told)
        return error_reply(told)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what takes longer than a moment."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def finished(self) -> None:
        """Return when everything that was begun is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failed(task.exception())

    def _failed(self, exchange: Exchange, error: Exception) -> Reply:
        reply = error_reply(error, time.perf_counter() - exchange.begin)
        if reply.status == 500:
            self._backend.failed(exchange.name, error)
        return reply

    def _refused(self, exchange: Exchange) -> Reply | None:
        method, headers = exchange.method, exchange.headers
        target, _, query = exchange.target.decode("latin-1").partition("?")
        if not target.startswith("/") and "://" in target:  # as a proxy is asked
            target = "/" + target.partition("://")[2].partition("/")[2]
        path = unquote(target) if "%" in target else target
        if _UNREADABLE in path:
            return refusal(400, "Wrong input: the path is not UTF-8")
        found = self._router.find("GET" if method == "HEAD" else method, path)
        if isinstance(found, frozenset):
            return self._not_found(exchange, path, found)
        route, values = found
        exchange.route = route
        refused = self._keys.refuse(route.access, exchange.header(b"api-key"), exchange.header(b"authorization"))
        if refused is not None:
            self._backend.metrics.refused("key")
            return plain_text(refused[1], refused[0])
        exchange.request = request = Request(path=values, query=read_query_string(query))
        if self._backend.is_one_of_several or _SHARD in headers:
            request.shard = read_shard(exchange.header(_SHARD))
            request.at_least = exchange.header(_AT_LEAST) or ""
        return None if route.access == "open" else self._refused_body(exchange, route.uploads)

    def _refused_body(self, exchange: Exchange, uploads: bool) -> Reply | None:
        encoding = exchange.header(b"content-encoding")
        if encoding not in (None, "", "identity"):
            text = f"Bad request: a body in the encoding {encoding!r} is not accepted; send it as it is"
            return refusal(415, text, headers=(("accept-encoding", "identity"),))
        length = exchange.headers.get(b"content-length")
        if length is not None and not uploads and int(length) > self._limits.body_bytes:
            return self.too_large()
        return None

    def _not_found(self, exchange: Exchange, path: str, allowed: frozenset[str]) -> Reply:
        if exchange.method == "OPTIONS" and self._limits.cors:
            asked = exchange.header(b"access-control-request-headers") or "*"
            more = (
                ("access-control-allow-methods", _METHODS),
                ("access-control-allow-headers", asked),
                ("access-control-max-age", "3600"),
            )
            return Reply(b"", 204, headers=more)
        if not allowed:
            return refusal(404, f"Not found: there is no {path} here")
        methods = ", ".join(sorted(allowed))
        text = f"Wrong input: {path} takes {methods}, not {exchange.method}"
        return refusal(405, text, headers=(("allow", methods),))

    async def _upload(self, exchange: Exchange) -> None:
        route, request, incoming = exchange.route, exchange.request, exchange.incoming
        assert route is not None
        assert request is not None
        assert incoming is not None
        request.deadline = None  # as long as it takes
        try:
            folder = self._backend.db.snapshots_folder
            wanted = FormFile(folder, "snapshot", self._limits.upload_bytes, self._limits.body_seconds)
            async with received(wanted, exchange.header(b"content-type"), incoming) as request.upload:
                reply = await self._bridge.answer(route, request, exchange.begin)
        except Cut as cut:
            reply = cut.reply
        except Exception as error:  # noqa: BLE001 - the client is told
            reply = self._failed(exchange, error)
        exchange.answered(reply)

    def _seconds(self, request: Request) -> float:
        given = request.timeout()
        most = self._limits.request_seconds
        return most if given is None else min(float(given), most)
