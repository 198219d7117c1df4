"""What all connections of one port share."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tamis.server.http.application import Application
from tamis.server.http.limits import HttpLimits
from tamis.server.http.response import Heads

__all__ = ["Shared"]


class _Open(Protocol):
    """A connection."""

    def check(self, now: float) -> None:
        """Close it if it takes too long. now: of `time.monotonic`."""
        ...

    def stop(self) -> None:
        """Finish what was accepted, then close."""
        ...

    def abort(self) -> None:
        """Close it whatever is under way."""
        ...


class Shared:
    """Who is connected, and whether the port is stopping."""

    def __init__(self, application: Application, limits: HttpLimits) -> None:
        self.application = application
        self.limits = limits
        self.heads = Heads(limits.cors)
        self.stopping = False
        self.connections: set[_Open] = set()
        self._empty: asyncio.Future[None] | None = None

    def enter(self, connection: _Open) -> bool:
        """Whether there is room for this one; it has to leave in either case."""
        self.connections.add(connection)
        return len(self.connections) <= self.limits.connections

    def leave(self, connection: _Open) -> None:
        """It is closed."""
        self.connections.discard(connection)
        if not self.connections and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    async def emptied(self) -> None:
        """Return when nobody is connected."""
        if self.connections:
            self._empty = asyncio.get_running_loop().create_future()
            await self._empty
