"""The receiving half of a connection: bytes → exchanges, by the rules of HTTP/1.1 and within its limits.

    head     bounded in bytes, headers and time; opened by the application as soon as it is complete
    body     bounded in bytes and time, by its announced length or while its chunks arrive; uploads go on to a task
    refused  what cannot be read, or is refused before its body is here, is the last request of its connection

Trailers are read and dropped. A connection is not upgraded to anything.
"""

from __future__ import annotations

import time
from typing import Protocol

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from tamis.server.error_map import refusal
from tamis.server.http.exchange import Answers, Exchange
from tamis.server.http.incoming import Incoming
from tamis.server.http.shared import Shared
from tamis.server.request import Reply

__all__ = ["Receiver"]

_CHUNKING_MAX = 8  # bytes on the wire for one of a body


class _Receives(Answers, Protocol):
    """The connection."""

    def received(self, exchange: Exchange) -> None:
        """It can be answered; or its body is an upload that can be kept while it arrives."""
        ...

    def encourage(self) -> bool:
        """Say that the body is expected, unless something else is to be said first."""
        ...

    def changed(self) -> None:
        """More, or no more, should be read."""
        ...


class Receiver:
    """stopped: whatever else comes is ignored."""

    def __init__(self, shared: Shared, to: _Receives) -> None:
        self.stopped = False
        self._shared = shared
        self._limits = shared.limits
        self._to = to
        self._parser = HttpRequestParser(self)
        self._exchange: Exchange | None = None  # the one that is being received
        self._expects = False  # the client waits to be told that its body is wanted
        self._heavy = False  # the head may be too large
        self._fed = 0  # bytes since the exchange began, those of its first part not counted

    @property
    def full(self) -> bool:
        """Whether to read on later."""
        exchange = self._exchange
        return exchange is not None and exchange.incoming is not None and exchange.incoming.full

    @property
    def receiving(self) -> bool:
        """Whether a part of a request is here."""
        return self._exchange is not None

    @property
    def uploading(self) -> bool:
        """Whether a part of an upload is here."""
        return self._exchange is not None and self._exchange.incoming is not None

    def feed(self, data: bytes) -> None:
        """Bytes have come."""
        if self.stopped:
            return
        before, size = self._exchange, len(data)
        self._heavy = before is not None or size > self._limits.head_bytes
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self.stopped = True
        except HttpParserCallbackError as error:
            self.refuse(self._shared.application.failed(error.__context__))
        except HttpParserError as error:
            if not self.stopped:
                self.refuse(refusal(400, f"Bad request: this cannot be read as HTTP/1.1: {error}"))
        if (exchange := self._exchange) is None:
            self._fed = 0
        else:
            self._unfinished(exchange, size if exchange is before else 0)

    def refuse(self, reply: Reply) -> None:
        """Answer what is being received, or nothing in particular, with this. Nothing more is read."""
        exchange, self._exchange = self._exchange or Exchange(self._to), None
        self.stopped = True
        exchange.keep, exchange.cut = False, True
        if exchange.incoming is not None:
            exchange.incoming.cut(reply)
        else:
            exchange.refuse(reply)
            self._to.received(exchange)

    def abandon(self, exchange: Exchange) -> None:
        """It is answered now: the rest of it, if there is one, is not read."""
        if exchange is self._exchange:
            self._exchange, self.stopped = None, True
            exchange.keep, exchange.cut = False, True

    def lose(self, reply: Reply) -> None:
        """The connection is gone. reply: what an upload that is not whole ends with."""
        exchange, self._exchange = self._exchange, None
        self.stopped = True
        if exchange is not None and exchange.incoming is not None:
            exchange.incoming.cut(reply)
        del self._parser  # it holds this object

    def resumed(self) -> None:
        """Everything before it has been answered."""
        if self._exchange is not None:
            self._exchange.due = self._due(self._exchange)
            self._expects = self._expects and not self._to.encourage()

    def check(self, now: float) -> bool:
        """Refuse what takes too long. Whether anything is being received."""
        exchange = self._exchange
        if exchange is None:
            return False
        if now > exchange.due:
            what, seconds = (
                ("body", self._limits.body_seconds) if exchange.opened else ("head", self._limits.head_seconds)
            )
            self.refuse(self._shared.application.too_slow(what, seconds))
        return True

    def _unfinished(self, exchange: Exchange, size: int) -> None:
        """Nothing more has come for now."""
        limits = self._limits
        self._fed += size
        if exchange.refused is not None:
            self.refuse(exchange.refused)
        elif not exchange.opened and len(exchange.target) > limits.target_bytes:
            self.refuse(self._long_target())
        elif not exchange.opened and self._fed > limits.head_bytes:
            self.refuse(self._large_head())
        elif b"transfer-encoding" in exchange.headers and self._fed > limits.head_bytes + _CHUNKING_MAX * exchange.size:
            self.refuse(refusal(400, "Bad request: the chunks of the body are too small, or carry too much beside it"))
        else:
            exchange.due = exchange.due or self._due(exchange)
            self._expects = self._expects and not self._to.encourage()
            if exchange.incoming is not None:
                self._to.changed()

    def _due(self, exchange: Exchange) -> float:
        return time.monotonic() + (self._limits.body_seconds if exchange.opened else self._limits.head_seconds)

    def _long_target(self) -> Reply:
        return refusal(414, f"Bad request: the target is longer than {self._limits.target_bytes} bytes")

    def _large_head(self) -> Reply:
        most = f"{self._limits.head_bytes} bytes or {self._limits.headers} headers"
        return refusal(431, f"Bad request: the head of the request is larger than {most}")

    # what the parser calls

    def on_message_begin(self) -> None:
        """A head begins."""
        if not self.stopped:
            self._exchange = Exchange(self._to)

    def on_url(self, url: bytes) -> None:
        """The target, or a part of it."""
        if self._exchange is not None:
            self._exchange.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer."""
        exchange = self._exchange
        if exchange is not None and not exchange.opened:  # it is no trailer
            exchange.headers[name.lower()] = value
            exchange.lines += 1
            if self._heavy:
                exchange.size += len(name) + len(value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        exchange, parser = self._exchange, self._parser
        if exchange is None:
            return
        exchange.opened = True
        exchange.due = 0.0
        exchange.method = parser.get_method().decode()
        exchange.keep = parser.should_keep_alive()
        refused = self._refused(exchange)
        if refused is not None:
            exchange.keep = False
            exchange.refuse(refused)
            return
        self._shared.application.open(exchange)
        if exchange.refused is not None:
            return
        if b"expect" in exchange.headers:
            self._expects = (
                exchange.headers[b"expect"].lower() == b"100-continue" and parser.get_http_version() != "1.0"
            )
        if exchange.route is not None and exchange.route.uploads:
            exchange.incoming = Incoming(self._to.changed)
            self._to.received(exchange)

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        exchange = self._exchange
        if exchange is None or exchange.refused is not None:  # it has been answered, or will be
            return
        exchange.size += len(data)
        if exchange.incoming is not None:
            exchange.incoming.feed(data)
        elif exchange.size > self._limits.body_bytes:
            exchange.refuse(self._shared.application.too_large())
        else:
            exchange.parts.append(data)

    def on_message_complete(self) -> None:
        """All of it is here."""
        exchange, self._exchange = self._exchange, None
        self._expects = False
        if exchange is None:
            return
        if not exchange.keep:
            self.stopped = True
        if exchange.incoming is not None:
            exchange.incoming.end()
        else:
            self._to.received(exchange)

    def _refused(self, exchange: Exchange) -> Reply | None:
        """What HTTP itself has against a head."""
        limits, headers = self._limits, exchange.headers
        if len(exchange.target) > limits.target_bytes:
            return self._long_target()
        if exchange.lines > limits.headers:
            return self._large_head()
        if exchange.size > limits.head_bytes:
            return self._large_head()
        exchange.size = 0
        if self._parser.should_upgrade():
            exchange.keep = False  # what follows is not read
            if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
                return refusal(400, "Bad request: a request with a body cannot ask for another protocol")
        return None
