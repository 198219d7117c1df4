"""The bytes of a response's head: what is the same for a second is put together once."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

from tamis.server.request import Reply

__all__ = ["CONTINUE", "Heads"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_END = {
    None: b"\r\n\r\n",
    "close": b"\r\nconnection: close\r\n\r\n",
    "keep-alive": b"\r\nconnection: keep-alive\r\n\r\n",
}


class Heads:
    """Of the answers of one server. cors: whether pages of other origins may read them."""

    def __init__(self, cors: bool) -> None:
        self._cors = "access-control-allow-origin: *\r\n" if cors else ""
        self._starts: dict[tuple[int, str], bytes] = {}
        self.tick()

    def tick(self) -> None:
        """The date is another one."""
        self._starts.clear()
        self._date = formatdate(time.time(), usegmt=True)

    def of(self, reply: Reply, length: int, connection: str | None, *more: tuple[str, str]) -> bytes:
        """length: of the body, none at 204. connection: what becomes of it, where it has to be said. more: headers."""
        start = self._starts.get((reply.status, reply.content_type))
        if start is None:
            start = self._start(reply.status, reply.content_type)
        end = _END[connection]
        if reply.headers or more:
            lines = "".join(f"\r\n{name}: {value}" for name, value in (*reply.headers, *more))
            end = lines.encode("latin-1", "replace") + end
        if reply.status == HTTPStatus.NO_CONTENT:
            return start[:-2] + end
        return b"%bcontent-length: %d%b" % (start, length, end)

    def _start(self, status: int, content_type: str) -> bytes:
        line = _LINES.get(status) or f"HTTP/1.1 {status}\r\n"
        start = f"{line}content-type: {content_type}\r\ndate: {self._date}\r\n{self._cors}".encode("latin-1")
        self._starts[status, content_type] = start
        return start
