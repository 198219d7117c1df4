"""How requests are received: order, limits, time. What HTTP refuses of a whole server is in `test_hostile`."""

from __future__ import annotations

import asyncio

import pytest

from tamis.server.request import Reply
from tests.server.connection.stage import LIMITS, MIB, Stage, get, played, post


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
        await asyncio.sleep(0.1)
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
        expecting = post("/now", b"", "expect: 100-continue", "content-length: 2").replace(b"HTTP/1.1", b"HTTP/1.0")
        client.send(expecting)
        await asyncio.sleep(0.05)
        client.send(b"ab", get("/now"))
        status, headers, body = await client.answer()
        assert (status, headers["connection"], body) == (200, "close", b"/now:ab")
        assert await client.rest() == b""

    played(test)
