"""A log in this process: for databases without a directory, and for tests that need a disk that fails.

With a `FaultSchedule` each append is a step that can go wrong; `restart` is the log that the next process finds after
a crash.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from tamis.errors import NotFound, Poisoned, Unavailable
from tamis.log.log import check_end
from tamis.storage.faults import Fault, FaultSchedule

__all__ = ["MemoryLog"]


class MemoryLog:
    """A `Log` in a deque.

    >>> log = MemoryLog()
    >>> log.append([b"a", b"b"]), log.end
    (1, 2)
    >>> list(log.read(after=1))
    [(2, b'b')]
    """

    def __init__(self, faults: FaultSchedule | None = None, records: Iterable[bytes] = (), trimmed: int = 0) -> None:
        self._faults = faults or FaultSchedule()
        self._records = deque(records)
        self._trimmed = trimmed  # positions forgotten
        self._size = sum(map(len, self._records))
        self._lost = 0  # records at the end that a crash takes back
        self._poisoned = False
        self._lock = threading.Lock()

    @property
    def end(self) -> int:
        """The position of the last record."""
        return self._trimmed + len(self._records)

    def refresh(self) -> int:
        """The end: nobody else appends."""
        return self.end

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    def append(self, records: Sequence[bytes], after: int | None = None) -> int:
        """Add the records, unless the schedule says otherwise."""
        with self._lock:
            if self._poisoned:
                raise Poisoned("the log takes no more records: an earlier write was not made durable")
            check_end(self.end, after)
            fault = self._faults.step()
            if fault is Fault.CUT:
                raise self._faults.die()
            if fault is Fault.FULL:
                raise Unavailable("log: the disk is full; nothing was changed; free some space and try again")
            first = self.end + 1
            # A group is framed whole: half of one on the disk is none for the next reader.
            if fault is not Fault.TEAR:
                self._records.extend(records)
                self._size += sum(map(len, records))
            if fault in (Fault.TEAR, Fault.DONE):
                raise self._faults.die()
            if fault is Fault.LOSE or self._lost:
                self._lost += len(records)
            if fault in (Fault.DELAY, Fault.MUTE):
                self._poisoned = True
                raise Poisoned("the log takes no more records: a write was not confirmed")
            return first

    def read(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Records with a position greater than `after`."""
        with self._lock:
            self._faults.check()
            if after < self._trimmed:
                raise NotFound(f"log: positions up to {self._trimmed} were trimmed; asked for those after {after}")
            records = list(self._records)[after - self._trimmed :]
        return iter(list(enumerate(records, after + 1)))

    def trim(self, upto: int) -> None:
        """Forget records up to `upto`; positions go on after it."""
        with self._lock:
            self._faults.check()
            while self._records and self._trimmed < upto:
                self._size -= len(self._records.popleft())
                self._trimmed += 1
            if not self._records:
                self._trimmed = max(self._trimmed, upto)
            self._lost = min(self._lost, len(self._records))

    def close(self) -> None:
        """Nothing to release."""

    def restart(self, faults: FaultSchedule | None = None) -> MemoryLog:
        """The log after a crash: what was lost is gone."""
        with self._lock:
            kept = list(self._records)
            return MemoryLog(faults, kept[: len(kept) - self._lost], self._trimmed)
