"""A bounded queue of requests and the threads that empty it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import msgspec

from tamis.server.query.search import Asked
from tamis.server.request import Reply, Request
from tamis.server.route import Route

__all__ = ["Lane", "Take", "Task"]


class Task(msgspec.Struct, eq=False):
    """One request on its way. begin: of `time.perf_counter`. answered: called on the loop, once. asked: what its
    endpoint said, if it was called already. done: whether it has been answered."""

    route: Route
    request: Request
    begin: float
    answered: Callable[[Reply], None]
    asked: Asked | None = None
    done: bool = False


Take = Callable[[Sequence[Task]], None]


class Lane:
    """take gets what waits, at most so many at once."""

    def __init__(self, name: str, threads: int, take: Take, together_max: int = 1) -> None:
        self._queue: SimpleQueue[Task | None] = SimpleQueue()
        self._take = take
        self._together_max = together_max
        self._threads = [
            threading.Thread(target=self._work, name=f"tamis-{name}-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return self._queue.qsize()

    def put(self, task: Task) -> None:
        """One more."""
        self._queue.put(task)

    def close(self) -> None:
        """Finish what waits; then the threads end."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            tasks = [task]
            try:
                while len(tasks) < self._together_max:
                    following = self._queue.get_nowait()
                    if following is None:  # meant for one thread: this one will see it again
                        self._queue.put(None)
                        break
                    tasks.append(following)
            except Empty:
                pass
            self._take(tasks)
