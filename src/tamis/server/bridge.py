"""The only crossing between the event loop and the engine's threads.

    answer(route, request) ─▶ lane: bounded queue ─▶ its threads ─▶ endpoint ─▶ reply ─▶ back on the loop

    searches    one thread, which takes all that waits and runs what is alike together, on all cores if it is much
    reads       as many threads as cores
    writes      more: they wait for the disk, and those that wait together share one sync
    spread      in a cluster, requests that wait for other nodes: what those ask of this one never waits for them

A full lane refuses at once (Overloaded). A request whose deadline passed before its turn is not begun; one that is
overtaken by it is answered at once and finished in the background.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from tamis.errors import Overloaded, TimedOut
from tamis.server.backend import Backend
from tamis.server.error_map import error_reply
from tamis.server.query.search import Asked, Found, run, run_together
from tamis.server.request import Reply, Request, Result, envelope
from tamis.server.route import Route

__all__ = ["Bridge", "SlowQuery", "answer_now", "reply_of"]

_SPREAD = 32  # requests that may wait for other nodes at once
_TOGETHER_MAX = 64  # requests that one thread takes at once
SlowQuery = Callable[[Route, float, Found], None]


class _Task(msgspec.Struct):
    """One request on its way."""

    route: Route
    request: Request
    future: asyncio.Future[Reply]
    begin: float  # time.perf_counter


_Take = Callable[[Sequence[_Task]], None]


class Bridge:
    """Made on the event loop; `close` waits until everything that was accepted is answered."""

    def __init__(self, backend: Backend, cores: int, waiting_max: int, slow: SlowQuery) -> None:
        self._backend = backend
        self._slow = slow
        self._loop = asyncio.get_running_loop()
        self._waiting_max = waiting_max
        self._searches = _Lane("search", 1, self._guarded(self._take_searches))
        self._reads = _Lane("read", cores, self._guarded(self._take_one))
        self._writes = _Lane("write", 4 * cores, self._guarded(self._take_one))
        self._spread = _Lane("spread", _SPREAD if backend.is_one_of_several else 0, self._guarded(self._take_one))
        backend.metrics.watch(self.waiting)

    async def answer(self, route: Route, request: Request, begin: float) -> Reply:
        """The reply of a route's endpoint. Raises Overloaded or TimedOut."""
        lane = self._lane(route, request)
        if lane.waiting >= self._waiting_max:
            self._backend.metrics.refused("queue")
            raise Overloaded(f"{lane.waiting} requests are waiting, which is as many as may wait")
        task = _Task(route, request, self._loop.create_future(), begin)
        timer = None
        if request.deadline is not None:
            timer = self._loop.call_later(max(0.0, request.deadline - time.monotonic()), _expire, task)
        lane.put(task)
        try:
            return await task.future
        finally:
            if timer is not None:
                timer.cancel()

    def _lane(self, route: Route, request: Request) -> _Lane:
        if self._backend.is_spread(route, request):
            return self._spread
        return self._writes if route.access != "read" else self._searches if route.searches else self._reads

    def close(self) -> None:
        """Finish what waits; then the threads end."""
        for lane in (self._spread, self._searches, self._reads, self._writes):
            lane.close()

    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return sum(lane.waiting for lane in (self._searches, self._reads, self._writes, self._spread))

    def _guarded(self, take: _Take) -> _Take:
        """Whatever goes wrong, the tasks are answered and the thread lives."""

        def guarded(tasks: Sequence[_Task]) -> None:
            try:
                take(tasks)
            except Exception as error:  # noqa: BLE001 - the clients are told, and the log
                self._deliver([(task, self._failed(error, task)) for task in tasks])

        return guarded

    def _take_one(self, tasks: Sequence[_Task]) -> None:
        for task in tasks:
            self._deliver([(task, self._called(task))])

    def _take_searches(self, tasks: Sequence[_Task]) -> None:
        done: list[tuple[_Task, Reply]] = []
        asked: list[tuple[_Task, Asked]] = []
        for task in tasks:
            answer = self._called(task)
            if isinstance(answer, Asked):
                asked.append((task, answer))
            else:
                done.append((task, answer))
        if asked:
            done.extend(self._searched(asked))
        self._deliver(done)

    def _called(self, task: _Task) -> Any:
        try:
            deadline = task.request.deadline
            if deadline is not None and time.monotonic() > deadline:
                raise TimedOut("the deadline passed while the request was waiting")
            answer = self._backend.answer(task.route, task.request)
        except Exception as error:  # noqa: BLE001 - the client is told, and the log
            return self._failed(error, task)
        return answer if isinstance(answer, (Asked, Reply)) else _enveloped(answer, task.begin)

    def _searched(self, asked: Sequence[tuple[_Task, Asked]]) -> list[tuple[_Task, Reply]]:
        try:
            found: Sequence[Found | None] = self._counted(run_together([one.search for _, one in asked]))
        except Exception:  # noqa: BLE001 - one of them: each again by itself, to know which
            found = [None] * len(asked)
        return [(task, self._written(task, one, places)) for (task, one), places in zip(asked, found, strict=True)]

    def _counted(self, found: Sequence[Found]) -> Sequence[Found]:
        """Count each call of the engine once."""
        for one in {id(one.legs): one for one in found}.values():
            self._backend.metrics.searched(one.legs, one.together, one.seconds)
        return found

    def _written(self, task: _Task, asked: Asked, found: Found | None) -> Reply:
        try:
            [found] = self._counted([run(asked.search)]) if found is None else [found]
            reply = Reply(envelope(asked.write(found.places), time.perf_counter() - task.begin))
            self._slow(task.route, time.perf_counter() - task.begin, found)
        except Exception as error:  # noqa: BLE001 - the client is told, and the log
            return self._failed(error, task)
        return reply

    def _failed(self, error: Exception, task: _Task) -> Reply:
        reply = error_reply(error, time.perf_counter() - task.begin)
        if reply.status == 500:
            self._backend.failed(task.route.name, error)
        if reply.status == 429:
            self._backend.metrics.refused("rate")
        return reply

    def _deliver(self, done: Sequence[tuple[_Task, Reply]]) -> None:
        self._loop.call_soon_threadsafe(_resolve, done)


class _Lane:
    """A queue and the threads that empty it. take gets what waits, at most `_TOGETHER_MAX` at once."""

    def __init__(self, name: str, threads: int, take: _Take) -> None:
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._take = take
        self._most = _TOGETHER_MAX if name == "search" else 1
        self._threads = [
            threading.Thread(target=self._work, name=f"tamis-{name}-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def put(self, task: _Task) -> None:
        self._queue.put(task)

    def close(self) -> None:
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            tasks = [task]
            try:
                while len(tasks) < self._most:
                    following = self._queue.get_nowait()
                    if following is None:  # meant for one thread: this one will see it again
                        self._queue.put(None)
                        break
                    tasks.append(following)
            except Empty:
                pass
            self._take(tasks)


def answer_now(backend: Backend, route: Route, request: Request) -> Reply:
    """The reply of an endpoint, here and now, without a loop or threads."""
    return reply_of(lambda: backend.answer(route, request))


def reply_of(ask: Callable[[], Asked | Result | Reply]) -> Reply:
    """The reply that an answer, or an error instead, makes."""
    begin = time.perf_counter()
    try:
        answer = ask()
        if isinstance(answer, Asked):
            answer = Result(answer.write(run(answer.search).places))
    except Exception as error:  # noqa: BLE001 - the reply tells
        return error_reply(error, time.perf_counter() - begin)
    return answer if isinstance(answer, Reply) else _enveloped(answer, begin)


def _enveloped(result: Result, begin: float) -> Reply:
    body = envelope(result.result, time.perf_counter() - begin, result.extra)
    return Reply(body, headers=result.headers)


def _resolve(done: Sequence[tuple[_Task, Reply]]) -> None:
    for task, reply in done:
        if not task.future.done():
            task.future.set_result(reply)


def _expire(task: _Task) -> None:
    if task.future.done():
        return
    if task.route.access != "read" and task.request.query.get("timeout") and task.request.query.get("wait") == "true":
        result = b'{"operation_id":null,"status":"wait_timeout"}'
        task.future.set_result(Reply(envelope(result, time.perf_counter() - task.begin)))
    else:
        task.future.set_exception(TimedOut("the deadline passed before the answer was complete"))
