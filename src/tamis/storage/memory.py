"""A store in this process: for databases without a directory, and for tests that need a disk that fails.

With a `FaultSchedule` each put and delete is a step that can go wrong; `restart` is the store that the next process
finds after a crash. Objects begin as a mapped file does, at a full cache line; `map` is a view of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from tamis.errors import Conflict, NotFound, TimedOut, Unavailable
from tamis.storage.aligned import aligned_empty
from tamis.storage.faults import Fault, FaultSchedule
from tamis.storage.store import Part, check_key, check_prefix

__all__ = ["MemoryStore"]


class MemoryStore:
    """A `Store` in a dict.

    >>> store = MemoryStore()
    >>> store.put("a/1", [b"he", b"llo"])
    >>> store.get("a/1", start=1, length=3)
    b'ell'
    """

    def __init__(
        self,
        faults: FaultSchedule | None = None,
        objects: dict[str, memoryview] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._faults = faults or FaultSchedule()
        self._clock = clock
        self._modified = dict.fromkeys(objects or {}, clock())
        self._objects: dict[str, memoryview] = dict(objects or {})
        self._undone: list[tuple[str, memoryview | None]] = []  # what a crash takes back: key, bytes before
        self._late: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Some bytes of the object; fewer than `length` if it ends before."""
        whole = self._object(key)
        return bytes(whole[start:] if length is None else whole[start : start + length])

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Write the object, unless the schedule says otherwise."""
        check_key(key)
        whole = _joined(parts)
        with self._lock:
            fault = self._begin(key)
            if if_absent and key in self._objects:
                raise Conflict(f"{key} exists already")
            if fault is Fault.DELAY:
                self._late.append(lambda: self._arrive(key, whole, if_absent))
                raise TimedOut(f"{key}: no answer; the write may or may not arrive")
            self._change(key, whole[: len(whole) // 2] if fault is Fault.TEAR else whole, fault)

    def list(self, prefix: str) -> list[str]:
        """Sorted keys that start with the prefix."""
        check_prefix(prefix)
        with self._lock:
            self._faults.check()
            return sorted(key for key in self._objects if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Forget the object, unless the schedule says otherwise."""
        check_key(key)
        with self._lock:
            fault = self._begin(key)
            if fault is Fault.DELAY:
                self._late.append(lambda: self._change(key, None, None))
                return
            self._change(key, None, fault)

    def size(self, key: str) -> int:
        """Bytes of the object."""
        return len(self._object(key))

    def modified(self, key: str) -> float:
        """When it was written, by the clock that was given."""
        self._object(key)
        return self._modified[key]

    def map(self, key: str) -> memoryview:
        """The object's bytes, not copied."""
        return self._object(key)

    def restart(self, faults: FaultSchedule | None = None) -> MemoryStore:
        """The store after a crash: writes that were lost are taken back, late ones never arrive."""
        with self._lock:
            left = MemoryStore(faults, self._objects, self._clock)
            left._modified = dict(self._modified)
            for key, before in reversed(self._undone):
                left._change(key, before, None)
            return left

    def _object(self, key: str) -> memoryview:
        check_key(key)
        with self._lock:
            self._faults.check()
            if key not in self._objects:
                raise NotFound(f"{key} does not exist")
            return self._objects[key]

    def _begin(self, key: str) -> Fault | None:
        late, self._late = self._late, []
        for change in late:
            change()
        fault = self._faults.step()
        if fault is Fault.CUT:
            raise self._faults.die()
        if fault is Fault.FULL:
            raise Unavailable(f"{key}: the disk is full; nothing was changed; free some space and try again")
        return fault

    def _change(self, key: str, whole: memoryview | None, fault: Fault | None) -> None:
        if fault is Fault.LOSE:
            self._undone.append((key, self._objects.get(key)))
        if whole is None:
            self._objects.pop(key, None)
        else:
            self._objects[key] = whole
            self._modified[key] = self._clock()
        if fault in (Fault.TEAR, Fault.DONE):
            raise self._faults.die()
        if fault is Fault.MUTE:
            raise TimedOut(f"{key}: no answer; the change may or may not arrive")

    def _arrive(self, key: str, whole: memoryview, if_absent: bool) -> None:
        if not (if_absent and key in self._objects):
            self._change(key, whole, None)


def _joined(parts: Iterable[Part]) -> memoryview:
    """The parts back to back, read-only."""
    views = [np.frombuffer(part, np.uint8) for part in parts if memoryview(part).nbytes]
    whole = aligned_empty((sum(map(len, views)),), np.uint8)
    if views:
        np.concatenate(views, out=whole)
    whole.flags.writeable = False
    return whole.data
