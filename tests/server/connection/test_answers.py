"""How answers are sent: to readers who are slow or gone, from files, and until the port has stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tamis.server.request import Reply
from tests.server.connection.stage import LIMITS, MIB, PATIENT, SECONDS, Stage, get, played, post


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
        for number in range(20):
            assert len((await client.answer())[2]) == 4 * MIB
            assert len(stage.told.asked) <= number + 4
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
        client.reader._limit = 1_000  # type: ignore[attr-defined]
        client.send(get("/file"), get("/now"))
        await asyncio.sleep(0.2)
        [connection] = stage.port._shared.connections
        assert connection._transport.get_write_buffer_size() < 2 * MIB  # type: ignore[attr-defined]
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
