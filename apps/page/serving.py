"""A page and the API under it: one Starlette application, and the server that runs it.

    /            index.html of the application's folder, and the other files beside it
    /page/       what all pages share
    the routes   the application's own API; its errors are JSON: {"error": "what, where, what to do"}

Bodies are bounded, and every reply carries a content security policy: nothing is loaded from elsewhere and no script or
style stands inline. Reading a body: `await asked(request)`, which refuses what is not a JSON object.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from apps.page.guards import HEADERS, BodyBound, Headers, SameOrigin

__all__ = ["BODY_BYTES_MAX", "application", "asked", "refused", "serve"]

BODY_BYTES_MAX = 256 * 1024
_SHARED = Path(__file__).parent / "static"


def application(routes: Sequence[BaseRoute], folder: Path, body_bytes_max: int = BODY_BYTES_MAX) -> Starlette:
    """The routes, the files of `folder`, and the shared files, behind the guards.

    folder: holds index.html. body_bytes_max: a larger body is answered 413. Endpoints refuse with `refused(...)`; any
    other exception is answered 500 without details; the server logs it.

    >>> app = application([], Path(__file__).parent / "static")
    >>> [type(route).__name__ for route in app.routes]
    ['Mount', 'Mount']
    """
    shared = Mount("/page", StaticFiles(directory=_SHARED))
    own = Mount("/", StaticFiles(directory=folder, html=True))
    layers = [Middleware(Headers), Middleware(SameOrigin), Middleware(BodyBound, bytes_max=body_bytes_max)]
    handlers: dict[Any, Callable[..., Response]] = {HTTPException: _refusal, Exception: _bug}
    return Starlette(routes=[*routes, shared, own], middleware=layers, exception_handlers=handlers)


def refused(message: str, status: int = 400) -> HTTPException:
    """What an endpoint raises when the caller has to change something: what, where, which limit, what to do."""
    return HTTPException(status, message)


async def asked(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body; anything else is refused with 400."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise refused("body: is not JSON; send an object") from None
    if not isinstance(body, dict):
        raise refused(f"body: must be a JSON object, got {type(body).__name__}")
    return body


def serve(app: Starlette, host: str = "127.0.0.1", port: int = 0, ready: Callable[[str], None] = print) -> None:
    """Serve until interrupted; `ready` is told the address first.

    port: 0 takes a free one. Raises OSError, with the address in it, when the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from None
    with listening:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listening.getsockname()[1]}")
        settings = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=3)
        try:
            uvicorn.Server(settings).run(sockets=[listening])
        except KeyboardInterrupt:
            return


def _refusal(request: Request, error: HTTPException) -> Response:
    words = error.detail if error.status_code not in (404, 405) else _lost(request, error)
    return JSONResponse({"error": words}, error.status_code, dict(error.headers or {}))


def _lost(request: Request, error: HTTPException) -> str:
    if error.detail not in ("Not Found", "Method Not Allowed"):
        return error.detail
    what = "is not here" if error.status_code == 404 else f"does not answer {request.method}"
    return f"{request.url.path} {what}"


def _bug(request: Request, error: Exception) -> Response:
    words = f"{type(error).__name__} inside, at {request.url.path}; the server's log has it"
    return JSONResponse({"error": words}, 500, HEADERS)  # Starlette answers this one outside of the layers
