"""ASGI layers around every page: what a browser is told, how large a body may be, who may write.

Headers      Content-Security-Policy and its kin on every reply
SameOrigin   a request that changes something and names another origin is refused
BodyBound    a body beyond the bound is refused, whether or not it says its length beforehand
"""

from __future__ import annotations

from starlette.datastructures import Headers as Received
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "BodyBound", "Headers", "SameOrigin"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Headers:
    """Adds the security headers; answers are not kept by caches, files are asked for again each time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def decorated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
            await send(message)

        await self._app(scope, receive, decorated)


class SameOrigin:
    """Refuses what changes something and comes from a page of another site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            headers = Received(scope=scope)
            origin, host = headers.get("origin"), headers.get("host", "")
            if origin is not None and origin.partition("://")[2] != host:
                refusal = {"error": f"origin: {origin} is not this server ({host}); open the page from here"}
                return await JSONResponse(refusal, 403)(scope, receive, send)
        return await self._app(scope, receive, send)


class BodyBound:
    """Reads a body of at most `bytes_max` before the application sees the request."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        told = Received(scope=scope).get("content-length", "0")
        body = None if not told.isdigit() or int(told) > self._bytes_max else await self._read(receive)
        if body is None:
            refusal = {"error": f"body: larger than {self._bytes_max:,} bytes; send less at once"}
            return await JSONResponse(refusal, 413, {"Connection": "close"})(scope, receive, send)
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        return await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body; None if it is too large. A client that left sends nothing more: what came is all there is."""
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._bytes_max:
                return None
            if not message.get("more_body", False):
                return bytes(body)
