"""A listening socket: who may connect, who takes too long, and how it stops.

Once a second all connections are looked at: no request has a timer of its own.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

from tamis.server.http.application import Application
from tamis.server.http.connection import Connection
from tamis.server.http.limits import HttpLimits
from tamis.server.http.shared import Shared

__all__ = ["Port"]

_BACKLOG = 1_024


class Port:
    """Made on the event loop."""

    def __init__(self, application: Application, limits: HttpLimits) -> None:
        self._shared = Shared(application, limits)
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def open(self, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Answer whoever connects. listening: bound."""
        limits, loop = self._shared.limits, asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._shared),
            sock=listening,
            backlog=_BACKLOG,
            ssl=tls,
            ssl_handshake_timeout=limits.head_seconds if tls else None,
            ssl_shutdown_timeout=limits.linger_seconds if tls else None,
        )
        self._look()

    async def stop(self) -> None:
        """Accept nothing more, answer what was accepted, close."""
        shared = self._shared
        shared.stopping = True
        if self._server is not None:
            self._server.close()
        for connection in list(shared.connections):
            connection.stop()
        try:
            async with asyncio.timeout(shared.limits.request_seconds):
                await shared.emptied()
        except TimeoutError:
            for connection in list(shared.connections):
                connection.abort()
        await shared.application.finished()
        if self._sweep is not None:
            self._sweep.cancel()

    def _look(self) -> None:
        now = time.monotonic()
        self._shared.heads.tick()
        for connection in list(self._shared.connections):
            connection.check(now)
        self._sweep = asyncio.get_running_loop().call_later(self._shared.limits.patience, self._look)
