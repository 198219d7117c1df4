"""A schedule of faults for the in-memory store and log, so that a crash can be tried at every single step.

Every write to a `MemoryStore` or a `MemoryLog` that shares the schedule is one step, counted from 1.

    CUT    the process dies before the write has any effect
    TEAR   the process dies in the middle: half of the bytes (store) or of the group (log) are there
    DONE   the process dies after the write, before the caller is told
    LOSE   the write returns, but is gone after the crash (a delete: the object comes back)
    DELAY  the write times out, and takes effect after the next step: late and out of order
    FULL   the disk is full: refused, nothing changed
    MUTE   the write takes effect and times out all the same

After a death every call raises `Crashed`; `restart` on the store or log gives what the next process finds.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum

__all__ = ["Crashed", "Fault", "FaultSchedule"]


class Crashed(Exception):
    """The process is dead: not an error of the database, the end of a test's first half."""


class Fault(StrEnum):
    """What goes wrong at a step."""

    CUT = "cut"
    TEAR = "tear"
    DONE = "done"
    LOSE = "lose"
    DELAY = "delay"
    FULL = "full"
    MUTE = "mute"


class FaultSchedule:
    """Which fault strikes at which step. `steps` counts them, so that a dry run finds how many there are.

    >>> schedule = FaultSchedule({2: Fault.CUT})
    >>> schedule.step(), schedule.step()
    (None, <Fault.CUT: 'cut'>)
    """

    def __init__(self, faults: Mapping[int, Fault] | None = None) -> None:
        self.faults = dict(faults or {})
        self.steps = 0
        self.crashed = False
        self._lock = threading.Lock()

    def step(self) -> Fault | None:
        """Count one write and say what happens to it."""
        with self._lock:
            self.check()
            self.steps += 1
            return self.faults.get(self.steps)

    def check(self) -> None:
        """Crashed if the process is dead."""
        if self.crashed:
            raise Crashed

    def die(self) -> Crashed:
        """Stop the world; returns what to raise."""
        self.crashed = True
        return Crashed(f"at step {self.steps}")
