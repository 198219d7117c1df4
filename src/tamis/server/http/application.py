"""The RSGI application: one HTTP request → route, key, body, endpoint, reply.

    scope ─▶ route ─▶ key ─▶ body (bounded in size and time) ─▶ endpoint, by way of the bridge ─▶ compress ─▶ send

Open routes (health, version) are answered on the loop itself, so they answer while everything else waits. Whatever goes
wrong ends in a reply; only a client that has gone away gets none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]

from tamis.errors import TamisError
from tamis.server.backend import Backend
from tamis.server.bridge import Bridge, answer_now
from tamis.server.error_map import error_reply, refusal
from tamis.server.http.auth import Keys
from tamis.server.http.compress import compress, encoding_for
from tamis.server.http.form import FormFile, received
from tamis.server.request import (
    AT_LEAST_HEADER,
    SHARD_HEADER,
    Reply,
    Request,
    plain_text,
    read_query_string,
    read_shard,
)
from tamis.server.route import Route
from tamis.server.routes import Router

__all__ = ["Application", "HttpLimits"]


_UNREADABLE = "\ufffd"  # what stands in a decoded path for bytes that are not UTF-8
_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"


class HttpLimits(msgspec.Struct, frozen=True):
    """What one request may cost."""

    body_bytes: int = 32 * 2**20
    upload_bytes: int = 1 << 40
    body_seconds: float = 30.0  # until the whole body is here; of an upload, until its next part is
    request_seconds: float = 60.0  # until the answer is complete, unless the request says otherwise
    compressed_from: int = 4_096  # bytes
    cors: bool = True


class Application:
    """Called by the server for every request."""

    def __init__(
        self, backend: Backend, bridge: Bridge, keys: Keys, limits: HttpLimits, told: Callable[[str, int, float], None]
    ) -> None:
        self._backend = backend
        self._bridge = bridge
        self._keys = keys
        self._limits = limits
        self._told = told
        self._router = Router()
        self._cors = (("access-control-allow-origin", "*"),) if limits.cors else ()

    async def __call__(self, scope: Any, proto: Any) -> None:
        begin = time.perf_counter()
        if scope.proto != "http":
            proto.close(None)
            return
        name = "none"
        try:
            route, request = self._routed(scope)
            name = route.name
            reply = await self._answer(route, request, scope, proto, begin)
        except _Refused as refused:
            reply = refused.reply
        except ProtocolClosed:  # perhaps nobody is there any more; perhaps only that direction is closed
            reply = refusal(400, "Bad request: the connection was closed before the whole body was here")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the client is told
            reply = error_reply(error, time.perf_counter() - begin)
            if reply.status == 500:
                self._backend.failed(name, error)
        self._send(reply, scope, proto)
        seconds = time.perf_counter() - begin
        self._backend.metrics.answered(name, reply.status, seconds)
        self._told(name, reply.status, seconds)

    def _routed(self, scope: Any) -> tuple[Route, Request]:
        method = scope.method
        if _UNREADABLE in scope.path:
            raise _Refused(refusal(400, "Wrong input: the path is not UTF-8"))
        found = self._router.find("GET" if method == "HEAD" else method, scope.path)
        if isinstance(found, frozenset):
            if method == "OPTIONS" and self._limits.cors:
                raise _Refused(self._preflight(scope))
            if not found:
                raise _Refused(refusal(404, f"Not found: there is no {scope.path} here"))
            allowed = ", ".join(sorted(found))
            text = f"Wrong input: {scope.path} takes {allowed}, not {method}"
            raise _Refused(refusal(405, text, headers=(("allow", allowed),)))
        route, values = found
        headers = scope.headers
        refused = self._keys.refuse(route.access, headers.get("api-key"), headers.get("authorization"))
        if refused is not None:
            self._backend.metrics.refused("key")
            raise _Refused(plain_text(refused[1], refused[0]))
        request = Request(path=values, query=read_query_string(scope.query_string))
        if self._backend.is_one_of_several or SHARD_HEADER in headers:
            request.shard = read_shard(headers.get(SHARD_HEADER))
            request.at_least = headers.get(AT_LEAST_HEADER) or ""
        return route, request

    async def _answer(self, route: Route, request: Request, scope: Any, proto: Any, begin: float) -> Reply:
        if route.access == "open":
            return answer_now(self._backend, route, request)
        request.deadline = time.monotonic() + self._seconds(request)
        if (encoding := scope.headers.get("content-encoding")) not in (None, "", "identity"):
            text = f"Bad request: a body in the encoding {encoding!r} is not accepted; send it as it is"
            raise _Refused(refusal(415, text, headers=(("accept-encoding", "identity"),)))
        if route.uploads:
            folder = self._backend.db.snapshots_folder
            async with received(
                FormFile(folder, "snapshot", self._limits.upload_bytes, self._limits.body_seconds), scope, proto
            ) as request.upload:
                request.deadline = None  # as long as it takes
                return await self._bridge.answer(route, request, begin)
        if scope.method in ("POST", "PUT", "PATCH", "DELETE"):
            request.body = await self._body(scope, proto)
        return await self._bridge.answer(route, request, begin)

    def _seconds(self, request: Request) -> float:
        given = request.timeout()
        most = self._limits.request_seconds
        return most if given is None else min(float(given), most)

    async def _body(self, scope: Any, proto: Any) -> bytes:
        """The whole body. Refuses one that is too large, as soon as that is known, and one that takes too long."""
        length = scope.headers.get("content-length")
        most = self._limits.body_bytes
        if length == "0":
            return b""
        if length is not None and (not length.isdecimal() or int(length) > most):
            self._backend.metrics.refused("size")
            raise _Refused(self._too_large())
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                if length is not None:
                    body: bytes = await proto()
                    return body
                chunks, size = [], 0
                async for chunk in proto:
                    size += len(chunk)
                    if size > most:
                        self._backend.metrics.refused("size")
                        raise _Refused(self._too_large())
                    chunks.append(chunk)
                return b"".join(chunks)
        except TimeoutError:
            self._backend.metrics.refused("slow")
            text = f"Timeout error: the body was not complete after {self._limits.body_seconds:g} seconds"
            raise _Refused(refusal(408, text)) from None

    def _too_large(self) -> Reply:
        mib = self._limits.body_bytes / 2**20
        return refusal(
            413, f"Bad request: the body is larger than {mib:g} MiB (service.max_request_size_mb); send smaller batches"
        )

    def _preflight(self, scope: Any) -> Reply:
        asked = scope.headers.get("access-control-request-headers") or "*"
        more = (
            ("access-control-allow-methods", _METHODS),
            ("access-control-allow-headers", asked),
            ("access-control-max-age", "3600"),
        )
        return Reply(b"", 204, headers=more)

    def _send(self, reply: Reply, scope: Any, proto: Any) -> None:
        headers = [("content-type", reply.content_type), *reply.headers, *self._cors]
        if reply.file is not None:
            proto.response_file(reply.status, headers, str(reply.file))
            return
        body = reply.body
        if len(body) >= self._limits.compressed_from:
            encoding = encoding_for(scope.headers.get("accept-encoding"))
            if encoding is not None:
                body = compress(body, encoding)
                headers += [("content-encoding", encoding), ("vary", "accept-encoding")]
        if scope.method == "HEAD" or reply.status == 204:
            proto.response_empty(reply.status, headers)
        else:
            proto.response_bytes(reply.status, headers, body)


class _Refused(TamisError):
    """A reply that ends the request before its endpoint is asked."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply
