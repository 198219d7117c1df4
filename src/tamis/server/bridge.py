"""The only crossing between the event loop and the engine's threads.

    put(task) ─▶ lane: bounded queue ─▶ its threads ─▶ endpoint ─▶ reply ─▶ back on the loop: task.answered
              └▶ short searches that came in one pass of the loop: run together on the loop itself, after that pass

    searches    one thread, which takes all that waits and runs what is alike together, on all cores if it is much
    reads       as many threads as cores
    writes      more: they wait for the disk, and those that wait together share one sync
    spread      in a cluster, requests that wait for other nodes: what those ask of this one never waits for them

Who does not wait for a snapshot (wait=false) is answered 202 at once; what goes wrong then is in the log.
A full lane refuses at once (Overloaded). A request whose deadline passed before its turn is not begun; one that is
overtaken by it is answered at once and finished in the background.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

from tamis.collection.threads import prompt_pool
from tamis.errors import Overloaded, TimedOut
from tamis.server.backend import Backend
from tamis.server.deadlines import Deadlines
from tamis.server.error_map import error_reply
from tamis.server.lane import Lane, Take, Task
from tamis.server.query.pace import Pace
from tamis.server.query.search import Asked, Found, run, run_together
from tamis.server.request import Reply, Request, Result, accepted, envelope
from tamis.server.route import Route

__all__ = ["Bridge", "SlowQuery", "Task", "answer_now", "reply_of"]

_SPREAD = 32  # requests that may wait for other nodes at once
_TOGETHER_MAX = 64  # requests that one thread takes at once
_SHORT_BYTES_MAX = 131_072  # of a body that is read on the loop
SlowQuery = Callable[[Route, float, Found], None]


class Bridge:
    """Made on the event loop; `close` waits until everything that was accepted is answered."""

    def __init__(self, backend: Backend, cores: int, waiting_max: int, slow: SlowQuery) -> None:
        self._backend = backend
        self._slow = slow
        self._loop = asyncio.get_running_loop()
        self._waiting_max = waiting_max
        one, several = (self._guarded(take, self._deliver) for take in (self._take_one, self._take_searches))
        self._searches = Lane("search", 1, several, _TOGETHER_MAX)
        self._reads = Lane("read", cores, one)
        self._writes = Lane("write", 4 * cores, one)
        self._spread = Lane("spread", _SPREAD if backend.is_one_of_several else 0, one)
        self._deadlines = Deadlines(self._loop.call_later)
        self._pace = Pace()
        self._managing = 0  # requests under way that may change what collections there are
        self._short: list[Task] = []  # searches that came in this pass of the loop
        self._answer_short = self._guarded(self._take_short, self._resolve)
        backend.metrics.watch(self.waiting)

    def put(self, task: Task) -> None:
        """Have a request answered; at once if its caller does not wait. Raises Overloaded."""
        route, request = task.route, task.request
        lane = self._lane(route, request)
        waiting = lane.waiting + (len(self._short) if lane is self._searches else 0)
        if waiting >= self._waiting_max:
            self._backend.metrics.refused("queue")
            raise Overloaded(f"{waiting} requests are waiting, which is as many as may wait")
        if lane is self._searches and self._may_be_short(request):
            if not self._short:
                self._loop.call_soon(self._answer_short, self._short)
            self._short.append(task)
            return
        goes_on = _goes_on(task)
        if goes_on:
            request.only(*route.query or ())
            request.deadline, task.done = None, True
        self._managing += route.access == "manage"
        self._deadlines.watch(task)
        lane.put(task)
        if goes_on:
            self._loop.call_soon(task.answered, accepted(time.perf_counter() - task.begin))

    async def answer(self, route: Route, request: Request, begin: float) -> Reply:
        """The reply of a route's endpoint. Raises Overloaded."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        self.put(Task(route, request, begin, future.set_result))
        return await future

    def _lane(self, route: Route, request: Request) -> Lane:
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

    def _guarded(self, take: Take, deliver: Callable[[Sequence[tuple[Task, Reply]]], None]) -> Take:
        """Whatever goes wrong, the tasks are answered and the thread lives."""

        def guarded(tasks: Sequence[Task]) -> None:
            try:
                take(tasks)
            except Exception as error:  # noqa: BLE001 - the clients are told, and the log
                deliver([(task, self._failed(error, task)) for task in tasks])

        return guarded

    def _take_one(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._deliver([(task, self._called(task))])

    def _may_be_short(self, request: Request) -> bool:
        """Whether a search may be read on the loop, to see how long it will take."""
        return (
            self._pace.knows(request.path)
            and len(request.body) <= _SHORT_BYTES_MAX
            and "explain" not in request.query
            and self._backend.coordinator is None
        )

    def _take_short(self, tasks: Sequence[Task]) -> None:
        """On the loop: answer what is short, and hand the others to the lane."""
        self._short = []
        done: list[tuple[Task, Reply]] = []
        asked: list[tuple[Task, Asked]] = []
        for task in tasks:
            answer = None if self._managing else self._called(task)
            if isinstance(answer, Asked) and self._pace.is_short(answer.search):
                asked.append((task, answer))
            elif isinstance(answer, Reply):
                done.append((task, answer))
            else:
                task.asked = answer
                self._deadlines.watch(task)
                self._searches.put(task)
        self._resolve(done)
        for first in range(0, len(asked), _TOGETHER_MAX):
            self._resolve(self._searched(asked[first : first + _TOGETHER_MAX], prompt_pool()))

    def _take_searches(self, tasks: Sequence[Task]) -> None:
        done: list[tuple[Task, Reply]] = []
        asked: list[tuple[Task, Asked]] = []
        for task in tasks:
            answer = self._called(task)
            if isinstance(answer, Asked):
                asked.append((task, answer))
            else:
                done.append((task, answer))
        if asked:
            done.extend(self._searched(asked))
        self._deliver(done)

    def _called(self, task: Task) -> Any:
        try:
            deadline = task.request.deadline
            if deadline is not None and time.monotonic() > deadline:
                raise TimedOut("the deadline passed while the request was waiting")
            answer = task.asked or self._backend.answer(task.route, task.request)
        except Exception as error:  # noqa: BLE001 - the client is told, and the log
            return self._failed(error, task)
        if isinstance(answer, Result) and task.route.is_unawaited(task.request):
            return accepted(time.perf_counter() - task.begin)
        return answer if isinstance(answer, (Asked, Reply)) else _enveloped(answer, task.begin)

    def _searched(
        self, asked: Sequence[tuple[Task, Asked]], pool: Executor | None = None
    ) -> Iterator[tuple[Task, Reply]]:
        """Each reply is written when it is taken: the first can be on its way while the next is written."""
        try:
            found: Sequence[Found | None] = self._counted(run_together([one.search for _, one in asked], pool))
        except Exception:  # noqa: BLE001 - one of them: each again by itself, to know which
            found = [None] * len(asked)
        return ((task, self._written(task, one, places)) for (task, one), places in zip(asked, found, strict=True))

    def _counted(self, found: Sequence[Found]) -> Sequence[Found]:
        """Count each call of the engine once."""
        for one in {id(one.legs): one for one in found}.values():
            self._backend.metrics.searched(one.legs, one.together, one.seconds)
        return found

    def _written(self, task: Task, asked: Asked, found: Found | None) -> Reply:
        try:
            [found] = self._counted([run(asked.search)]) if found is None else [found]
            reply = Reply(envelope(asked.write(found.places), time.perf_counter() - task.begin))
            self._slow(task.route, time.perf_counter() - task.begin, found)
            self._pace.saw(task.request.path, asked.search, found)
        except Exception as error:  # noqa: BLE001 - the client is told, and the log
            return self._failed(error, task)
        return reply

    def _failed(self, error: Exception, task: Task) -> Reply:
        reply = error_reply(error, time.perf_counter() - task.begin)
        if reply.status == 500 or _goes_on(task):
            self._backend.failed(task.route.name, error)
        if reply.status == 429:
            self._backend.metrics.refused("rate")
        return reply

    def _deliver(self, done: Sequence[tuple[Task, Reply]]) -> None:
        self._loop.call_soon_threadsafe(self._resolve, done)

    def _resolve(self, done: Iterable[tuple[Task, Reply]]) -> None:
        for task, reply in done:
            if task.route.access == "manage":
                self._managing -= 1
                self._pace.forget()
            if not task.done:
                task.done = True
                self._deadlines.forget(task)
                task.answered(reply)


def answer_now(backend: Backend, route: Route, request: Request) -> Reply:
    """The reply of an endpoint, here and now, without a loop or threads."""
    begin = time.perf_counter()
    reply = reply_of(lambda: backend.answer(route, request))
    unawaited = reply.status == 200 and route.is_unawaited(request)
    return accepted(time.perf_counter() - begin) if unawaited else reply


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


def _goes_on(task: Task) -> bool:
    """Whether it is done after its caller was told that it was accepted; not an upload, whose file is there until it
    is answered."""
    return task.route.is_unawaited(task.request) and not task.route.uploads


def _enveloped(result: Result, begin: float) -> Reply:
    body = envelope(result.result, time.perf_counter() - begin, result.extra)
    return Reply(body, headers=result.headers)
