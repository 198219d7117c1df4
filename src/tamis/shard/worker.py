"""A thread that repeats one step of upkeep whenever it is woken, until there is nothing left to do.

A step that fails is not the end: the error is kept for `info`, and the step is tried again after a pause that doubles
with every failure, because a merge may have cost minutes of computing before the disk was full.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Worker"]

PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 64.0


class Worker:
    """Runs `step` in a daemon thread. `settled` hears of every failure, and of None when a step succeeded."""

    def __init__(
        self, name: str, step: Callable[[], bool], settled: Callable[[BaseException | None], None] | None = None
    ) -> None:
        self._step = step
        self._settled = settled
        self._work = threading.Condition()
        self._woken = False
        self._stopped = False
        self._error: BaseException | None = None
        self._failures = 0  # in a row
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def error(self) -> BaseException | None:
        """Why the last step failed, None if it did not."""
        return self._error

    def start(self) -> None:
        """Begin; whatever is waiting is done first."""
        self._woken = True
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        with self._work:
            self._woken = True
            self._work.notify()

    def stop(self) -> None:
        """Return when the thread has ended, after the step it is in. What it worked on is let go of."""
        with self._work:
            self._stopped = True
            self._work.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._step = _nothing  # it may hold who holds this: files would stay open until a cycle is collected
        self._settled = None

    def _run(self) -> None:
        while self._wait():
            try:
                while not self._stopped and self._step():
                    self._settle(None)
                self._settle(None)
            except BaseException as error:  # noqa: BLE001 - kept, shown and tried again; a thread has nobody to raise to
                self._settle(error)

    def _settle(self, error: BaseException | None) -> None:
        self._error = error
        self._failures = 0 if error is None else self._failures + 1
        if self._settled is not None:
            self._settled(error)

    def _wait(self) -> bool:
        with self._work:
            if self._failures:
                pause = min(PAUSE_SECONDS * 2 ** (self._failures - 1), PAUSE_SECONDS_MAX)
                self._work.wait_for(lambda: self._stopped, pause)
            else:
                self._work.wait_for(lambda: self._stopped or self._woken)
            self._woken = False
            return not self._stopped


def _nothing() -> bool:
    return False
