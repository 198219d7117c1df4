"""A port on a loop of the test's own, with an application that answers when it is told to, and clients."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import uvloop

from tamis.errors import Rejected
from tamis.server.backend import Backend
from tamis.server.bridge import Bridge
from tamis.server.error_map import error_reply
from tamis.server.http.application import Application
from tamis.server.http.auth import Keys
from tamis.server.http.exchange import Exchange
from tamis.server.http.limits import HttpLimits
from tamis.server.http.port import Port
from tamis.server.request import Reply, Request, Result
from tamis.server.route import Route

LIMITS = HttpLimits(
    head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2, linger_seconds=0.2, stalled_seconds=0.3, body_bytes=1 << 20
)
PATIENT = HttpLimits(linger_seconds=0.2, body_bytes=1 << 20)
MIB = 1 << 20
UPLOAD = Route("POST", "/upload", lambda backend, request: Result(b""), "manage", uploads=True)
PLAIN = Route("POST", "/", lambda backend, request: Result(b""))
SECONDS = 10.0  # nothing takes longer


class Told(Application):
    """/now is answered at once, /later by `reply`, /large with 4 MiB, /file with a file, /refused before its body."""

    def __init__(self, limits: HttpLimits, file: Path | None = None) -> None:
        super().__init__(Backend(), cast(Bridge, None), Keys(), limits, lambda *_: None)
        self.file = file
        self.asked: list[Exchange] = []

    def open(self, exchange: Exchange) -> None:
        exchange.route = UPLOAD if exchange.target == b"/upload" else PLAIN
        exchange.request = Request()
        if exchange.target == b"/refused":
            exchange.refuse(error_reply(Rejected("target", "is refused")))

    def ask(self, exchange: Exchange) -> Reply | None:
        self.asked.append(exchange)
        if exchange.target.startswith((b"/later", b"/upload")):
            return None
        if exchange.target == b"/large":
            return Reply(bytes(4 * MIB))
        if exchange.target == b"/file":
            return Reply(content_type="application/octet-stream", file=self.file)
        return Reply(b"%b:%b" % (exchange.target, exchange.body()))


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body of the next."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:-2])
            status = int(head[0].split()[1])
            length = 0 if status in (100, 204) else int(headers["content-length"])
            return status, headers, await self.reader.readexactly(length)

    def vanish(self) -> None:
        """Reset the connection."""
        own = self.writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def rest(self) -> bytes:
        """What comes until the end."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.read()


class Stage:
    """A port and whoever connects to it."""

    def __init__(self, limits: HttpLimits, file: Path | None) -> None:
        self.told = Told(limits, file)
        self.port = Port(self.told, limits)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self.clients: list[Client] = []

    async def client(self) -> Client:
        client = Client(*await asyncio.open_connection(*self.address, limit=64 * MIB))
        self.clients.append(client)
        return client

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(SECONDS):
            while not true():
                await asyncio.sleep(0.005)


def played(
    test: Callable[[Stage], Coroutine[Any, Any, None]], limits: HttpLimits = PATIENT, file: Path | None = None
) -> None:
    """Run a test on a loop of its own; nothing may go wrong unseen."""
    wrong: list[Any] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
        stage = Stage(limits, file)
        stage.told._backend.failed = lambda endpoint, error: wrong.append(error)
        await stage.port.open(stage.socket, None)
        try:
            await test(stage)
        finally:
            for client in stage.clients:
                client.writer.close()
            async with asyncio.timeout(SECONDS):
                await stage.port.stop()

    uvloop.run(run())
    assert wrong == []


def get(target: str, *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {target} HTTP/{version}", "host: x", *headers]).encode() + b"\r\n\r\n"


def post(target: str, body: bytes, *headers: str) -> bytes:
    head = [f"POST {target} HTTP/1.1", "host: x", *headers]
    if not any(header.startswith(("content-length", "transfer-encoding")) for header in headers):
        head.append(f"content-length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
