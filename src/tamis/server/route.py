"""One endpoint as the table of endpoints has it: what it answers to, what it takes, what it gives.

    method · pattern · endpoint · access · query parameters · body · result

The same entry finds the endpoint, refuses what it does not take, and describes it in the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tamis.server.backend import Backend
from tamis.server.query.search import Asked
from tamis.server.request import BadQuery, Reply, Request, Result
from tamis.server.strict_mode import check_timeout

__all__ = ["Endpoint", "Route"]

_CONSISTENCIES = ("majority", "quorum", "all")

Endpoint = Callable[[Backend, Request], "Asked | Result | Reply"]


class Route(msgspec.Struct, frozen=True):
    """One endpoint.

    access: open, read, write (points) or manage (collections, snapshots). query: the parameters it takes, None for any.
    body: the struct that reads it, or the name of its schema; None for no body. result: the name of the schema of its
    result, or "text", "html", "file". uploads: its body is a file, kept on disk and not in memory. searches: may be
    answered together with others.
    """

    method: str
    pattern: str
    endpoint: Endpoint
    access: str = "read"
    query: tuple[str, ...] | None = ()
    body: Any = None
    result: str = "text"
    uploads: bool = False
    searches: bool = False

    @property
    def name(self) -> str:
        """For metrics and logs."""
        return f"{self.method} {self.pattern}"

    @property
    def may_go_on(self) -> bool:
        """Whether a caller may ask not to wait until it is done: for snapshots, which have nothing to acknowledge."""
        return "/snapshots" in self.pattern and self.method != "GET" and "wait" in (self.query or ())

    def is_unawaited(self, request: Request) -> bool:
        """Whether the caller is only told that the request was accepted."""
        return self.may_go_on and request.query.get("wait") == "false"

    def answer(self, backend: Backend, request: Request) -> Asked | Result | Reply:
        """Ask the endpoint. BadQuery for a query parameter that it does not take."""
        if self.query is not None:
            request.only(*self.query)
        seconds = request.timeout()
        if seconds is not None and "name" in request.path and backend.exists(request.path["name"]):
            check_timeout(backend.collection(request.path["name"]), seconds)
        consistency = request.query.get("consistency", "1")
        if consistency not in _CONSISTENCIES and not (consistency.isdecimal() and int(consistency[:9]) > 0):
            raise BadQuery("consistency", f"must be majority, quorum, all or a number of replicas, got {consistency!r}")
        return self.endpoint(backend, request)
