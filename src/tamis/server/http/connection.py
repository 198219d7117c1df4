"""One connection: bytes → exchanges, each answered in its turn → bytes.

    Receiver ─▶ received: an exchange waits for its turn ─▶ application ─▶ answered: head and body in one write

One exchange is answered at a time, and none while the client does not read: what a connection holds is one answer and
one buffer of requests. There is no task and no timer for an ordinary request; files and large compressions have a task.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import cast

from tamis.errors import Unavailable
from tamis.server.error_map import error_reply, refusal
from tamis.server.http.compress import compress, encoding_for
from tamis.server.http.exchange import Exchange
from tamis.server.http.file import opened, send
from tamis.server.http.receiver import Receiver
from tamis.server.http.response import CONTINUE
from tamis.server.http.shared import Shared
from tamis.server.request import Reply

__all__ = ["Connection"]

_COPIED_BYTES = 65_536  # a smaller body is copied behind its head
_PACKED_HERE_BYTES = 65_536  # a larger one is compressed by another thread
_UNSENT_BYTES_MAX = 1 << 20
_CUT_SHORT = "Bad request: the connection was closed before the whole request was here"


class Connection(asyncio.Protocol):
    """Made by the port for everyone who connects."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._receiver = Receiver(shared, self)
        self._transport: asyncio.Transport | None = None
        self._turn: Exchange | None = None  # the one that is answered now
        self._waiting: deque[Exchange] = deque()
        self._reads, self._stalled = True, False  # whether we read, and whether the client does not
        self._unsent, self._unsent_since = 0, 0.0  # bytes when that was looked at last, and when it changed
        self._room: asyncio.Future[None] | None = None  # for the next part of a file
        self._due = time.monotonic() + shared.limits.head_seconds  # of the next request
        self._closing: float | None = None  # when it is closed at the latest

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is here."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(_UNSENT_BYTES_MAX)
        if not self._shared.enter(self):
            self._receiver.refuse(self._shared.application.too_many())

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._receiver.feed(data)

    def eof_received(self) -> bool:
        """No more will come. Whether there is still something to say."""
        if self._receiver.receiving:
            self._receiver.refuse(refusal(400, _CUT_SHORT))
        self._receiver.stopped = True
        return (self._turn is not None or bool(self._waiting)) and not self._is_tls

    def pause_writing(self) -> None:
        """The client reads slower than it is answered."""
        self._stalled, self._unsent_since = True, time.monotonic()
        self._read_or_not()

    def resume_writing(self) -> None:
        """It has read most."""
        self._stalled = False
        self._wake()
        self._advance()

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody is here any more."""
        self._shared.leave(self)
        self._transport = self._turn = None
        self._waiting.clear()
        self._receiver.lose(refusal(400, _CUT_SHORT))
        self._wake()

    # what the port calls

    def check(self, now: float) -> None:
        """Close it if the client takes too long."""
        if self._transport is None:
            return
        unsent, limits = self._transport.get_write_buffer_size(), self._shared.limits
        if unsent:
            if unsent != self._unsent:
                self._unsent, self._unsent_since = unsent, now
            elif now - self._unsent_since > limits.stalled_seconds:
                self.abort()
        elif self._closing is not None:
            if now > self._closing:
                self.abort()
        elif self._turn is None and not self._receiver.check(now) and now > self._due:
            self._close(False)

    def stop(self) -> None:
        """Finish what was accepted, then close. What is not whole yet is refused."""
        idle = self._turn is None and not self._waiting
        if self._receiver.receiving and (idle or self._receiver.uploading):
            self._receiver.refuse(error_reply(Unavailable("the server is stopping")))
        elif idle:
            self._close(False)

    def abort(self) -> None:
        """Close it now."""
        if self._transport is not None:
            self._transport.abort()

    # what the receiver calls

    def received(self, exchange: Exchange) -> None:
        """The next in the queue."""
        if self._turn is None and not self._stalled:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self._read_or_not()

    def encourage(self) -> bool:
        """Say that a body is expected, unless something else is to be said first."""
        if self._transport is None or (self._turn is not None and not self._receiver.uploading) or self._waiting:
            return False
        self._transport.write(CONTINUE)
        return True

    def changed(self) -> None:
        """More, or no more, should be read."""
        self._read_or_not()

    # how an exchange is answered

    def answered(self, exchange: Exchange, reply: Reply) -> None:
        """The reply of the exchange whose turn it is, unless nobody is here any more."""
        if exchange is self._turn:
            self._send(exchange, reply)
            self._advance()
        else:
            self._shared.application.answered(exchange, reply)

    def _begin(self, exchange: Exchange) -> None:
        self._turn = exchange
        reply = exchange.refused or self._shared.application.ask(exchange)
        if reply is not None:
            self._send(exchange, reply)

    def _advance(self) -> None:
        while self._turn is None and self._waiting and not self._stalled:
            self._begin(self._waiting.popleft())
        if self._turn is None and not self._waiting:
            if self._shared.stopping:
                self.stop()
            else:
                self._receiver.resumed()
        self._read_or_not()

    def _send(self, exchange: Exchange, reply: Reply) -> None:
        self._receiver.abandon(exchange)
        if reply.file is not None:
            self._shared.application.begin(self._send_file(exchange, reply))
            return
        body = reply.body
        if len(body) >= self._shared.limits.compressed_from:
            encoding = encoding_for(exchange.header(b"accept-encoding"))
            if encoding is not None and len(body) >= _PACKED_HERE_BYTES:
                self._shared.application.begin(self._send_packed(exchange, reply, encoding))
                return
            if encoding is not None:
                reply = _packed(reply, compress(body, encoding), encoding)
        self._write(exchange, reply)

    async def _send_packed(self, exchange: Exchange, reply: Reply, encoding: str) -> None:
        body = await asyncio.to_thread(compress, reply.body, encoding)
        self._write(exchange, _packed(reply, body, encoding))
        self._advance()

    async def _send_file(self, exchange: Exchange, reply: Reply) -> None:
        try:
            file, size = opened(reply)
        except OSError as error:
            self._write(exchange, refusal(404, f"Not found: the file cannot be read: {error.strerror}"))
        else:
            with file:
                whole = await self.written(self._head(exchange, reply, size))
                if exchange.method != "HEAD":
                    whole = whole and await send(file, size, self)
            self._over(exchange, reply)
            if not whole:
                self.abort()
        self._advance()

    async def written(self, part: bytes) -> bool:
        """Send a part of a file. Return when there is room for the next; False if nobody reads any more."""
        if self._transport is not None:
            self._transport.write(part)
        while self._transport is not None and self._stalled:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        return self._transport is not None

    def _write(self, exchange: Exchange, reply: Reply) -> None:
        body, transport = reply.body, self._transport
        if transport is not None and not transport.is_closing():
            head = self._head(exchange, reply, len(body))
            if exchange.method == "HEAD":
                transport.write(head)
            elif len(body) < _COPIED_BYTES:
                transport.write(head + body)
            else:
                transport.writelines([head, body])
        self._over(exchange, reply)

    def _head(self, exchange: Exchange, reply: Reply, size: int) -> bytes:
        if exchange.keep and not self._waiting and (self._shared.stopping or self._receiver.stopped):
            exchange.keep = False  # it is the last
        kept = ("keep-alive" if b"connection" in exchange.headers else None) if exchange.keep else "close"
        return self._shared.heads.of(reply, size, kept)

    def _over(self, exchange: Exchange, reply: Reply) -> None:
        self._turn = None
        self._shared.application.answered(exchange, reply)
        if exchange.keep:
            self._due = time.monotonic() + self._shared.limits.idle_seconds
        else:
            self._close(exchange.cut)

    # how it reads and ends

    def _read_or_not(self) -> None:
        """Read on if what was read has been dealt with, or to the end if it does not matter."""
        reads = self._closing is not None or not (self._waiting or self._stalled or self._receiver.full)
        if reads is not self._reads and self._transport is not None and not self._transport.is_closing():
            self._reads = reads
            if reads:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _close(self, linger: bool) -> None:
        """linger: read what the client still sends. Closed at once, it might not get to see why it was refused."""
        if self._transport is None or self._closing is not None:
            return
        self._receiver.stopped = True
        self._closing = time.monotonic() + self._shared.limits.linger_seconds
        if linger and not self._is_tls:
            self._transport.write_eof()
            self._read_or_not()
        else:
            self._transport.close()

    @property
    def _is_tls(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("sslcontext") is not None

    def _wake(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)


def _packed(reply: Reply, body: bytes, encoding: str) -> Reply:
    more = (*reply.headers, ("content-encoding", encoding), ("vary", "accept-encoding"))
    return Reply(body, reply.status, reply.content_type, more)
