"""One request as it arrives, and whom to tell the answer.

head ─▶ opened: route and key, or a refusal ─▶ body ─▶ its turn ─▶ answered
"""

from __future__ import annotations

import time
from typing import Protocol

from tamis.server.http.incoming import Incoming
from tamis.server.request import Reply, Request
from tamis.server.route import Route

__all__ = ["Answers", "Exchange"]


class Answers(Protocol):
    """The connection that a request came by."""

    def answered(self, exchange: Exchange, reply: Reply) -> None:
        """Send this, on the event loop."""
        ...


class Exchange:
    """Plain attributes: there is one of these per request.

    opened: the head is complete. refused: the reply that ends it before its endpoint is asked. route, request: of one
    that is not refused. incoming: the body of an upload. keep: the connection stays. cut: its body is not all here and
    never will be. size: bytes of the body, before that of a head that may be too large. due: when the rest of its head
    or body has to be here.
    """

    __slots__ = (
        "begin",
        "cut",
        "due",
        "headers",
        "incoming",
        "keep",
        "lines",
        "method",
        "opened",
        "parts",
        "refused",
        "request",
        "route",
        "size",
        "target",
        "to",
    )

    def __init__(self, to: Answers) -> None:
        self.to = to
        self.begin = time.perf_counter()
        self.method = ""
        self.target = b""
        self.headers: dict[bytes, bytes] = {}  # names in lower case; of a repeated one the last
        self.lines = 0  # of the head, repeated ones too
        self.opened = False
        self.refused: Reply | None = None
        self.route: Route | None = None
        self.request: Request | None = None
        self.incoming: Incoming | None = None
        self.parts: list[bytes] = []
        self.size = 0
        self.keep = False
        self.cut = False
        self.due = 0.0

    @property
    def name(self) -> str:
        """For metrics and logs."""
        return "none" if self.route is None else self.route.name

    def header(self, name: bytes) -> str | None:
        """A header as text."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def body(self) -> bytes:
        """All of it."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)

    def refuse(self, reply: Reply) -> None:
        """End it before its endpoint is asked."""
        self.refused = reply
        self.parts.clear()

    def answered(self, reply: Reply) -> None:
        """Send the reply."""
        self.to.answered(self, reply)
