"""The body of an upload, from the connection that receives it to the task that keeps it.

While more than `_HELD_MAX` bytes wait here, `full` asks the connection to read no further.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from tamis.errors import TamisError
from tamis.server.request import Reply

__all__ = ["Cut", "Incoming"]

_HELD_MAX = 1 << 20


class Cut(TamisError):
    """The rest will never be here. reply: what to say."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Incoming:
    """Chunks in their order. changed: called when it is not full any more."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._cut: Cut | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def full(self) -> bool:
        """Whether enough is waiting."""
        return self._held > _HELD_MAX

    def feed(self, chunk: bytes) -> None:
        """More has arrived."""
        self._chunks.append(chunk)
        self._held += len(chunk)
        self._wake()

    def end(self) -> None:
        """All has arrived."""
        self._ended = True
        self._wake()

    def cut(self, reply: Reply) -> None:
        """No more will arrive."""
        self._cut = Cut(reply)
        self._wake()

    async def next(self) -> bytes | None:
        """What arrived next; None at the end. Raises Cut."""
        while not self._chunks:
            if self._cut is not None:
                raise self._cut
            if self._ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = self._chunks.popleft()
        was_full, self._held = self.full, self._held - len(chunk)
        if was_full and not self.full:
            self._changed()
        return chunk

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
