"""Connections: order, limits, time, back-pressure and the end, with an application that answers when it is told to.

What HTTP refuses of a whole server is in `test_hostile`; here the port runs on a loop of the test's own.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
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
SECONDS = 10.0


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


def test_pipelined_requests_are_answered_one_by_one_in_order() -> None:
    async def test(stage: Stage) -> None:
        client, asked = await stage.client(), stage.told.asked
        client.send(get("/later"), post("/now", b"1"), get("/later"), post("/now", b"2"), get("/refused"))
        await stage.until(lambda: asked)
        other = await stage.client()
        other.send(get("/now"))
        assert (await other.answer())[2] == b"/now:"
        assert [one.target for one in asked] == [b"/later", b"/now"], "nothing behind the first was begun"
        asked[0].answered(Reply(b"first"))
        await stage.until(lambda: len(asked) == 4)
        asked[3].answered(Reply(b"third"))
        answers = [await client.answer() for _ in range(5)]
        assert [body for _, _, body in answers[:4]] == [b"first", b"/now:1", b"third", b"/now:2"]
        assert answers[4][0] == 400
        client.send(post("/now", b"3"))
        assert (await client.answer())[2] == b"/now:3", "a refusal of a whole request keeps the connection"

    played(test)


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_however_it_is_cut_it_is_the_same(size: int) -> None:
    chunked = b"3;a=b\r\nabc\r\n00002\r\nde\r\n0\r\nlast: x\r\n\r\n"
    data = post("/now", b"body", "Expect: nothing", "EMPTY:") + post("/now", chunked, "transfer-encoding: chunked")
    data += get("/now")

    async def test(stage: Stage) -> None:
        client = await stage.client()
        for at in range(0, len(data), size):
            client.send(data[at : at + size])
            await client.writer.drain()
            await asyncio.sleep(0)
        assert [(await client.answer())[2] for _ in range(3)] == [b"/now:body", b"/now:abcde", b"/now:"]
        asked = stage.told.asked
        assert asked[0].headers == {b"host": b"x", b"expect": b"nothing", b"empty": b"", b"content-length": b"4"}
        assert b"last" not in asked[1].headers
        assert asked[2].headers == {b"host": b"x"}, "a trailer is no header of the next request"

    played(test)


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([get("/now", "a: " + "b" * 70_000)], 431),
        ([b"GET /now HTTP/1.1\r\n", *[b"a: " + b"b" * 10_000 + b"\r\n"] * 8], 431),
        ([b"GET /now HTTP/1.1\r\na: ", *[b"b" * 10_000] * 8], 431),
        ([get("/now", *["a: b"] * 101)], 431),
        ([get("/" + "a" * 20_000)], 414),
        ([b"GET /", *[b"a" * 10_000] * 3], 414),
        ([post("/now", b"", "transfer-encoding: chunked"), *[b"1;" + b"x" * 20_000 + b"\r\na\r\n"] * 8], 400),
        ([post("/now", b"", "transfer-encoding: chunked"), *[b"20000\r\n" + bytes(0x20000) + b"\r\n"] * 9], 413),
        ([post("/now", b"1\r\na\r\n", "transfer-encoding: chunked"), b"x\r\n"], 400),
    ],
    ids=range(9),
)
def test_what_is_too_large_is_refused_before_it_is_held(pieces: list[bytes], status: int) -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        for piece in pieces:
            client.send(piece)
            await client.writer.drain()
            await asyncio.sleep(0.01)
        got, headers, _ = await client.answer()
        assert (got, headers["connection"]) == (status, "close")
        assert await client.rest() == b""
        assert [one for one in stage.told.asked if one.refused is None] == []

    played(test)


def test_a_refusal_is_read_by_who_is_still_sending() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(post("/refused", b"", f"content-length: {64 * MIB}"))
        for _ in range(64):
            client.send(bytes(MIB))
        assert (await client.answer())[0] == 400
        assert await client.rest() == b""

    played(test)


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"", 0, b""),
        (get("/now"), 200, b""),
        (b"GET /now HT", 408, b"the head was not complete after 0.2 seconds"),
        (get("/now")[:-2], 408, b"the head was not complete"),
        (post("/now", b"1", "content-length: 2"), 408, b"the body was not complete after 0.2 seconds"),
        (post("/now", b"5\r\na", "transfer-encoding: chunked"), 408, b"the body was not complete"),
    ],
    ids=range(6),
)
def test_who_is_slow_is_told_and_who_says_nothing_is_left(sent: bytes, status: int, words: bytes) -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(sent)
        if status:
            got, _, body = await client.answer()
            assert got == status
            assert words in body
        assert await client.rest() == b""

    played(test, LIMITS)


def test_time_does_not_pass_for_who_waits_for_us() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(get("/later"), post("/now", b"", "content-length: 2"))
        await asyncio.sleep(0.5)
        stage.told.asked[0].answered(Reply(b"at last"))
        assert (await client.answer())[2] == b"at last"
        client.send(b"ab")
        assert (await client.answer())[2] == b"/now:ab"

    played(test, LIMITS)


def test_a_body_is_asked_for_if_it_is_wanted() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(post("/now", b"", "expect: 100-continue", "content-length: 2"))
        assert (await client.answer())[0] == 100
        client.send(b"ab")
        assert (await client.answer())[2] == b"/now:ab"
        client.send(post("/now", b"cd", "expect: 100-continue"))
        assert (await client.answer())[2] == b"/now:cd", "it is here: nothing to ask for"
        client.send(get("/later"), post("/now", b"", "expect: 100-continue", "content-length: 2"))
        await stage.until(lambda: len(stage.told.asked) == 3)
        stage.told.asked[2].answered(Reply(b"first"))
        assert (await client.answer())[2] == b"first"
        assert (await client.answer())[0] == 100
        client.send(b"ef", post("/refused", b"", "expect: 100-continue", "content-length: 2"))
        assert (await client.answer())[2] == b"/now:ef"
        assert (await client.answer())[0] == 400

    played(test)


def test_clients_of_http_1_0() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(get("/now", "connection: keep-alive", version="1.0"))
        assert (await client.answer())[1]["connection"] == "keep-alive"
        client.send(get("/now", "expect: 100-continue", version="1.0"), get("/now"))
        assert (await client.answer())[1]["connection"] == "close"
        assert await client.rest() == b""

    played(test)


def test_the_end_of_what_a_client_sends_is_not_the_end_of_the_answer() -> None:
    async def test(stage: Stage) -> None:
        for data, wanted in ((get("/later"), 200), (post("/now", b"a", "content-length: 2"), 400), (b"GET /n", 400)):
            client = await stage.client()
            client.send(data)
            client.writer.write_eof()
            if wanted == 200:
                await stage.until(lambda: stage.told.asked)
                stage.told.asked[0].answered(Reply(b"here"))
            status, headers, _ = await client.answer()
            assert (status, headers["connection"]) == (wanted, "close")
            assert await client.rest() == b""

    played(test)


def test_a_client_that_is_gone_is_not_answered() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(get("/later"))
        await stage.until(lambda: stage.told.asked)
        client.vanish()
        await stage.until(lambda: not stage.port._shared.connections)
        stage.told.asked[0].answered(Reply(b"nobody"))
        behind = await stage.client()
        behind.send(get("/later"), get("/now"))
        await stage.until(lambda: len(stage.told.asked) == 2)
        behind.vanish()
        stage.told.asked[1].answered(Reply(bytes(MIB)))
        await stage.until(lambda: not stage.port._shared.connections)

    played(test)


def test_large_answers_wait_for_a_slow_reader() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.reader._limit = 1_000  # type: ignore[attr-defined]
        client.send(get("/large") * 20)
        await stage.until(lambda: stage.told.asked)
        await asyncio.sleep(0.2)
        assert len(stage.told.asked) <= 3, "one answer is under way, one in the sockets' buffers"
        for _ in range(20):
            assert len((await client.answer())[2]) == 4 * MIB
        assert len(stage.told.asked) == 20

    played(test)


def test_who_reads_nothing_is_left() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.reader._limit = 1_000  # type: ignore[attr-defined]
        client.send(get("/large") * 20)
        await stage.until(lambda: not stage.port._shared.connections)

    played(test, LIMITS)


def test_files_are_sent_in_parts_that_a_reader_has_room_for(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * 4_096 * 32)

    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(b"HEAD" + get("/file")[3:])
        head = (await client.reader.readuntil(b"\r\n\r\n")).decode()
        assert f"content-length: {32 * MIB}\r\n" in head
        client.send(get("/file"), get("/now"))
        assert (await client.answer())[2] == file.read_bytes()
        assert (await client.answer())[2] == b"/now:"
        gone = await stage.client()
        gone.send(get("/file"))
        await gone.reader.readuntil(b"\r\n\r\n")
        gone.vanish()
        await stage.until(lambda: len(stage.port._shared.connections) == 1)
        file.unlink()
        client.send(get("/file"), get("/now"))
        assert [(await client.answer())[0] for _ in range(2)] == [404, 200]

    played(test, file=file)


def test_a_file_that_shrinks_is_not_taken_for_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(32 * MIB))

    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.reader._limit = 1_000  # type: ignore[attr-defined]
        client.send(get("/file"))
        await client.reader.readuntil(b"\r\n\r\n")
        file.write_bytes(b"")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await client.reader.readexactly(32 * MIB)

    played(test, file=file)


def test_an_upload_waits_for_the_disk() -> None:
    async def test(stage: Stage) -> None:
        client = await stage.client()
        client.send(post("/upload", b"", f"content-length: {32 * MIB}"))
        for _ in range(32):
            client.send(bytes(MIB))
        await stage.until(lambda: stage.told.asked)
        incoming = stage.told.asked[0].incoming
        assert incoming is not None
        await stage.until(lambda: incoming.full)
        await asyncio.sleep(0.2)
        assert stage.told.asked[0].size < 4 * MIB
        size = 0
        while (part := await asyncio.wait_for(incoming.next(), SECONDS)) is not None:
            size += len(part)
        assert size == 32 * MIB
        stage.told.asked[0].answered(Reply(b"kept"))
        assert (await client.answer())[2] == b"kept"

    played(test)


def test_too_many_connections_are_refused() -> None:
    async def test(stage: Stage) -> None:
        first, second = await stage.client(), await stage.client()
        first.send(get("/now"))
        second.send(get("/now"))
        assert [(await one.answer())[0] for one in (first, second)] == [200, 200]
        third = await stage.client()
        status, headers, _ = await third.answer()
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        assert await third.rest() == b""
        first.send(get("/now"))
        assert (await first.answer())[0] == 200

    played(test, msgspec.structs.replace(PATIENT, connections=2))


def test_it_stops_when_what_was_accepted_is_answered() -> None:
    async def test(stage: Stage) -> None:
        idle, fresh, busy, half, upload = [await stage.client() for _ in range(5)]
        idle.send(get("/now"))
        await idle.answer()
        busy.send(get("/later"), post("/now", b"1"))
        half.send(post("/now", b"1", "content-length: 2"))
        upload.send(post("/upload", b"1", "content-length: 2"))
        await stage.until(lambda: len(stage.told.asked) == 3)
        stopping = asyncio.create_task(stage.port.stop())
        assert await idle.rest() == b""
        assert await fresh.rest() == b""
        status, headers, _ = await half.answer()
        assert (status, headers["connection"]) == (503, "close")
        kept = next(one for one in stage.told.asked if one.incoming is not None)
        assert kept.incoming is not None
        assert await kept.incoming.next() == b"1"
        with pytest.raises(Exception, match="503"):
            await kept.incoming.next()
        kept.answered(Reply(b"refused", 503))
        assert (await upload.answer())[0] == 503
        assert not stopping.done()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*stage.address)
        next(one for one in stage.told.asked if one.target == b"/later").answered(Reply(b"done"))
        status, headers, body = await busy.answer()
        assert (body, "connection" in headers) == (b"done", False)
        status, headers, body = await busy.answer()
        assert (body, headers["connection"]) == (b"/now:1", "close")
        assert await busy.rest() == b""
        async with asyncio.timeout(SECONDS):
            await stopping

    played(test)
