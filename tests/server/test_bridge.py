"""The bridge: lanes, searches that run together, deadlines, a full queue, and errors that are ours."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import tamis
from tamis.collection.collection import StoredCollection
from tamis.errors import Overloaded
from tamis.model.query import NearestQuery
from tamis.server.backend import Backend
from tamis.server.bridge import Bridge
from tamis.server.request import Reply, Request, Result
from tamis.server.route import Route
from tamis.server.routes import Router
from tamis.wire.answers import write
from tamis.wire.bodies import read_object

TOGETHER = "tamis_searches_together_sum", "tamis_searches_together_count"


def bridged(test: Callable[[Bridge, Backend], Coroutine[Any, Any, None]], waiting_max: int = 64) -> list[str]:
    """Run a test on a loop with a bridge to a small database; what was logged as ours."""
    failed: list[str] = []

    async def run() -> None:
        with tamis.open() as db:
            docs = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
            docs.upsert(ids=range(100), vectors=[[n, 1] for n in range(100)], payloads=[{"n": n} for n in range(100)])
            backend = Backend(db, failed=lambda endpoint, error: failed.append(f"{endpoint}: {error}"))
            bridge = Bridge(backend, 2, waiting_max, lambda *_: None)
            try:
                await test(bridge, backend)
            finally:
                await asyncio.to_thread(bridge.close)

    asyncio.run(run())
    return failed


def query(vector: Any, **more: Any) -> tuple[Route, Request]:
    found = Router().find("POST", "/collections/docs/points/query")
    assert not isinstance(found, frozenset)
    return found[0], Request(body=write({"query": vector, "limit": 3, **more}), path=found[1])


def hits(reply: Reply) -> list[int]:
    assert reply.status == 200, reply.body
    return [point["id"] for point in read_object(reply.body)["result"]["points"]]


def test_searches_that_wait_are_answered_as_if_alone() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        below = {"must": {"key": "n", "range": {"lt": 50}}}
        asked = [
            query([1, 0]),
            query([-1, 0]),
            query([1, 0], filter=below),
            query([1, 0], score_threshold=98),
            query(99),
            query([1, 0], offset=2),
            query([1, 0, 0]),
            query([-1, 0], filter=below),
        ]
        block, begun = threading.Event(), threading.Event()

        def wait(backend: Backend, request: Request) -> Result:
            begun.set()
            block.wait(10)
            return Result(b"1")

        first = asyncio.create_task(bridge.answer(Route("POST", "/", wait, searches=True), Request(), 0))
        await asyncio.to_thread(begun.wait, 10)
        rest = [asyncio.create_task(bridge.answer(*one, 0)) for one in asked]
        while bridge.waiting() < len(asked):
            await asyncio.sleep(0)
        block.set()
        await first
        replies = await asyncio.gather(*rest)
        expected = [[99, 98, 97], [0, 1, 2], [49, 48, 47], [99], [98, 97, 96], [97, 96, 95], None, [0, 1, 2]]
        assert [hits(r) if e is not None else r.status for r, e in zip(replies, expected, strict=True)] == [
            e if e is not None else 400 for e in expected
        ]
        text = backend.metrics.exposition().decode()
        values = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith(TOGETHER)}
        assert values[TOGETHER[0]] > values[TOGETHER[1]], "some were answered by one call of the engine"

    assert bridged(test) == []


def test_a_full_lane_refuses_and_the_others_go_on() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        block, begun = threading.Event(), threading.Event()

        def wait(backend: Backend, request: Request) -> Result:
            begun.set()
            block.wait(10)
            return Result(b"1")

        blocker = Route("POST", "/", wait, searches=True)
        running = [asyncio.create_task(bridge.answer(blocker, Request(), 0))]
        await asyncio.to_thread(begun.wait, 10)
        running += [asyncio.create_task(bridge.answer(blocker, Request(), 0)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await bridge.answer(*query([1, 0]), 0)
        count = Router().find("POST", "/collections/docs/points/count")
        assert not isinstance(count, frozenset)
        assert (await bridge.answer(count[0], Request(path=count[1]), 0)).status == 200
        block.set()
        assert [reply.status for reply in await asyncio.gather(*running)] == [200] * 3

    assert bridged(test, waiting_max=2) == []


def test_a_deadline_is_kept_while_waiting_and_while_working() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        block, calls = threading.Event(), []

        def wait(backend: Backend, request: Request) -> Result:
            calls.append(1)
            block.wait(10)
            return Result(b"1")

        blocker = Route("POST", "/", wait, searches=True)
        soon = time.monotonic() + 0.05
        working = asyncio.create_task(bridge.answer(blocker, Request(deadline=soon), 0))
        waiting = asyncio.create_task(bridge.answer(blocker, Request(deadline=soon), 0))
        for late in (working, waiting):
            reply = await late
            assert (reply.status, read_object(reply.body)["status"]["error"][:13]) == (408, "Timeout error")
        block.set()
        assert (await bridge.answer(*query([1, 0]), 0)).status == 200
        assert len(calls) == 1, "what was late is not begun"

    assert bridged(test) == []


def test_a_write_that_is_waited_for_too_long_says_so() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        block = threading.Event()
        slow = Route("PUT", "/", lambda backend, request: block.wait(10) and Result(b"1"), "write", None)
        late = Request(query={"wait": "true", "timeout": "1"}, deadline=time.monotonic() + 0.02)
        reply = await bridge.answer(slow, late, 0)
        assert read_object(reply.body)["result"]["status"] == "wait_timeout"
        block.set()

    assert bridged(test) == []


def test_an_error_that_is_ours_is_told_logged_and_survived() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        def broken(backend: Backend, request: Request) -> Result:
            raise ZeroDivisionError("by design")

        def unwritable(*_: Any) -> None:
            raise ZeroDivisionError("in a counter")

        assert (await bridge.answer(Route("GET", "/broken", broken), Request(), 0)).status == 500
        backend.metrics.searched = unwritable  # type: ignore[method-assign]
        assert (await bridge.answer(*query([1, 0]), 0)).status == 500
        del backend.metrics.searched
        assert hits(await bridge.answer(*query([1, 0]), 0)) == [99, 98, 97]

    told = bridged(test)
    assert told[0] == "GET /broken: by design"
    assert "in a counter" in told[1]


def threads_of_searches(backend: Backend) -> list[tuple[str, int]]:
    """A list that every call of the engine is added to: its thread, and how many searches it answered."""
    seen: list[tuple[str, int]] = []

    def searched(legs: Any, together: int, seconds: float) -> None:
        seen.append((threading.current_thread().name, together))

    backend.metrics.searched = searched  # type: ignore[method-assign]
    return seen


HERE = "MainThread"


def test_short_searches_of_one_pass_run_together_on_the_loop() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        seen = threads_of_searches(backend)
        assert hits(await bridge.answer(*query([1, 0]), 0)) == [99, 98, 97]
        assert seen == [("tamis-search-0", 1)], "nothing is known of the first"
        replies = await asyncio.gather(*(bridge.answer(*query([sign, 0]), 0) for sign in (1, -1, 1, -1)))
        assert [hits(reply) for reply in replies] == [[99, 98, 97], [0, 1, 2]] * 2
        assert seen[1:] == [(HERE, 4)]
        bad, good = await asyncio.gather(bridge.answer(*query([1]), 0), bridge.answer(*query([1, 0]), 0))
        assert (bad.status, hits(good)) == (400, [99, 98, 97])
        assert seen[2:] == [(HERE, 1)]

    assert bridged(test) == []


def test_what_may_be_long_runs_on_a_thread() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        seen = threads_of_searches(backend)
        below = {"must": {"key": "n", "range": {"lt": 50}}}
        await bridge.answer(*query([1, 0]), 0)
        for more in (
            {"filter": below},
            {"params": {"exact": True}},
            {"params": {"exact": True}},
            {"limit": 1_000},
            {"query": {"nearest": [1, 0], "mmr": {}}},
            {"with_payload": [f"{n:0>1000}" for n in range(150)]},
        ):
            assert (await bridge.answer(*query([1, 0], **more), 0)).status == 200
        await bridge.answer(*query([1, 0]), 0)
        await bridge.answer(*query([1, 0], filter=below), 0)
        assert [thread == HERE for thread, _ in seen] == [False] * 7 + [True, True]
        bridge._pace._seconds = dict.fromkeys(bridge._pace._seconds, 1.0)
        await bridge.answer(*query([1, 0]), 0)
        assert seen[-1][0] != HERE, "the last ones took long"

    assert bridged(test) == []


def test_nothing_runs_on_the_loop_while_collections_change() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        seen = threads_of_searches(backend)
        block, begun = threading.Event(), threading.Event()

        def wait(backend: Backend, request: Request) -> Result:
            begun.set()
            block.wait(10)
            return Result(b"1")

        for _ in range(2):
            await bridge.answer(*query([1, 0]), 0)
        same = asyncio.create_task(bridge.answer(*query([1, 0]), 0))
        changing = asyncio.create_task(bridge.answer(Route("PUT", "/", wait, "manage"), Request(), 0))
        await asyncio.to_thread(begun.wait, 10)
        await bridge.answer(*query([1, 0]), 0)
        block.set()
        await asyncio.gather(same, changing)
        for _ in range(2):
            await bridge.answer(*query([1, 0]), 0)
        where = [thread == HERE for thread, together in seen for _ in range(together)]
        assert where == [False, True, False, False, False, True]

    assert bridged(test) == []


def test_the_loop_goes_on_during_a_long_search() -> None:
    async def test(bridge: Bridge, backend: Backend) -> None:
        await bridge.answer(*query([1, 0]), 0)
        block, begun = threading.Event(), threading.Event()
        ranked = StoredCollection.ranked

        def slow(collection: StoredCollection, asked: NearestQuery, pool: Any = None) -> Any:
            if asked.params.exact:
                begun.set()
                block.wait(10)
            return ranked(collection, asked, pool)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(StoredCollection, "ranked", slow)
            long = asyncio.create_task(bridge.answer(*query([1, 0], params={"exact": True}), 0))
            await asyncio.to_thread(begun.wait, 10)
            assert hits(await bridge.answer(*query([1, 0]), 0)) == [99, 98, 97]
            block.set()
            assert hits(await long) == [99, 98, 97]

    assert bridged(test) == []
