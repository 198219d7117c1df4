"""Deadlines of requests that wait or are worked on: one timer for all of them, at the earliest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from tamis.errors import TimedOut
from tamis.server.error_map import error_reply
from tamis.server.lane import Task
from tamis.server.request import Reply, envelope

__all__ = ["Deadlines"]


class _Timer(Protocol):
    def cancel(self) -> None: ...


class Deadlines:
    """later: calls something on the event loop after so many seconds."""

    def __init__(self, later: Callable[[float, Callable[[], Any]], _Timer]) -> None:
        self._later = later
        self._tasks: dict[Task, float] = {}
        self._timer: _Timer | None = None
        self._next = float("inf")  # when it fires, of `time.monotonic`

    def watch(self, task: Task) -> None:
        """Answer the task when its deadline passes, if it has not been answered."""
        deadline = task.request.deadline
        if deadline is not None:
            self._tasks[task] = deadline
            if deadline < self._next:
                self._set(deadline)

    def forget(self, task: Task) -> None:
        """It has been answered."""
        self._tasks.pop(task, None)

    def _set(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = deadline
        self._timer = self._later(max(0.0, deadline - time.monotonic()), self._pass)

    def _pass(self) -> None:
        now = time.monotonic()
        for task in [task for task, deadline in self._tasks.items() if deadline <= now]:
            del self._tasks[task]
            task.done = True
            task.answered(_late(task))
        self._timer, self._next = None, float("inf")
        if self._tasks:
            self._set(min(self._tasks.values()))


def _late(task: Task) -> Reply:
    seconds = time.perf_counter() - task.begin
    if task.route.access != "read" and task.request.query.get("timeout") and task.request.query.get("wait") == "true":
        return Reply(envelope(b'{"operation_id":null,"status":"wait_timeout"}', seconds))
    return error_reply(TimedOut("the deadline passed before the answer was complete"), seconds)
