"""A log in a store that several nodes append to: every group of records is one object, created once.

    log/<position of the first record, 20 digits>    a group as in `frame`; its first record is the writer's token

The store orders the writers: of two that go on from the same end, one creates the next key and the other is outrun,
reads what happened and tries again after it. No leader is elected. An append without an answer is read back
(`chain.create`); if even that gives none it is Unavailable, and the next append at the same key finds out.

Trimming removes whole groups in ascending order and leaves the newest one at or before where it was asked to end. So a
key that comes back, created by a node that slept, lies before what is left and is never read; and that node is not told
that it succeeded, because the group before it is gone.

Groups that were read or written lately are kept in memory, so that replaying them costs no request.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from tamis.errors import Conflict, Corrupt, NotFound, Outrun, Unavailable
from tamis.log.log import check_end
from tamis.storage.chain import begins_with, create
from tamis.storage.frame import Group, pack_group, scan
from tamis.storage.store import Store

__all__ = ["StoreLog"]

_PREFIX = "log/"
_RECENT_BYTES = 64 * 2**20
_BEGINNING = 64  # bytes of an object, its token among them
_MISSED = 4  # groups looked up one by one before they are listed


class StoreLog:
    """A `Log` that others append to, too. Any thread may use it.

    >>> from tamis.storage.memory import MemoryStore
    >>> store = MemoryStore()
    >>> one, two = StoreLog(store), StoreLog(store)
    >>> one.append([b"a", b"b"])
    1
    >>> two.append([b"c"])
    Traceback (most recent call last):
    tamis.errors.Outrun: others appended first, from position 1 on; nothing of this was written
    >>> two.refresh(), list(two.read(after=1))
    (2, [(2, b'b')])
    """

    def __init__(self, store: Store, token: Callable[[], bytes] = lambda: secrets.token_bytes(16)) -> None:
        self._store = store
        self._token = token
        self._lock = threading.RLock()  # the order in which this object appends and learns
        self._recent: dict[int, list[bytes]] = {}  # records by the position of the first, ascending
        self._recent_bytes = 0
        self._firsts: list[int] = []
        self._beginning = b""  # of the last object, token included: which one it is
        self._end = 0
        self._begin()

    @property
    def end(self) -> int:
        """The position of the last record, as far as this object knows."""
        return self._end

    @property
    def size(self) -> int:
        """Bytes that are kept in memory, of the groups that were read or written lately."""
        return self._recent_bytes

    def append(self, records: Sequence[bytes], after: int | None = None) -> int:
        """Create the next group. Outrun; Unavailable: whether it was written is not known."""
        assert records, "an append of nothing has no position"
        with self._lock:
            check_end(self._end, after)
            first = self._end + 1
            before = (_key(self._firsts[-1]), self._beginning) if self._firsts else None
            body = b"".join(pack_group(first - 1, [self._token(), *records]))
            try:
                create(self._store, _key(first), [body], before)
            except Conflict:
                raise Outrun(f"others appended first, from position {first} on; nothing of this was written") from None
            if before is None and self._listed() != [first]:
                raise Unavailable(f"log: others appended, too; whether position {first} counts is not known")
            self._know(first, body, list(records))
            return first

    def refresh(self) -> int:
        """Learn what others appended; returns the end. NotFound, once, if what this object knew was trimmed."""
        with self._lock:
            before = self._end
            found = list(self._looked_on())
            # If what was known is still there, nothing after it was trimmed, and what was found is what it seems.
            last = self._firsts[-1:]
            if begins_with(self._store, _key(last[0]), self._beginning) if last else not found and not self._listed():
                for first, body, records in found:
                    self._know(first, body, records)
            else:
                self._begin()
                if self._end > before:
                    raise NotFound(f"log: trimmed beyond position {before} while nobody looked")
            return self._end

    def read(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Records with a position greater than `after`, as far as this object knows the log. NotFound: trimmed."""
        with self._lock:
            end, place = self._end, bisect_right(self._firsts, after + 1) - 1
            if after >= end:
                return iter(())
            if place < 0:
                raise NotFound(f"log: positions up to {self._firsts[0] - 1} were trimmed; asked for {after + 1}")
            firsts = self._firsts[place:]
            if firsts[0] + len(self._group(firsts[0])) <= after:  # NotFound here, rather than half-way
                raise NotFound(f"log: positions from {after + 1} on were trimmed")
        return self._records(firsts, after, end)

    def trim(self, upto: int) -> None:
        """Remove groups that end at or before `upto`, all but the newest of them."""
        with self._lock:
            listed = self._listed()
            kept = max(0, bisect_right(listed, upto) - 1)
            for first in listed[:kept]:
                self._store.delete(_key(first))
                self._forget(first)
            known = self._firsts[:-1]  # the last one stays known, there or not: what follows is judged by it
            self._firsts[:-1] = [first for first in known if listed and first >= listed[kept]]

    def position_at(self, moment: float) -> int:
        """The last position that was in the log at a moment of the store's clock. NotFound: trimmed since."""
        with self._lock:
            firsts, end = list(self._firsts), self._end
        low, high = 0, len(firsts)
        while low < high:
            middle = (low + high) // 2
            if self._store.modified(_key(firsts[middle])) <= moment:
                low = middle + 1
            else:
                high = middle
        if low == 0 and firsts and firsts[0] > 1:
            raise NotFound(f"log: what was there at {moment:.3f} was trimmed")
        return end if low == len(firsts) else firsts[low] - 1

    def close(self) -> None:
        """Let go of what is in memory."""
        with self._lock:
            self._recent.clear()
            self._recent_bytes = 0

    def _records(self, firsts: list[int], after: int, end: int) -> Iterator[tuple[int, bytes]]:
        due = firsts[0]
        for first in firsts:
            if first != due:
                raise NotFound(f"log: positions from {due} on were trimmed")
            with self._lock:
                records = self._group(first)
            due = first + len(records)
            for position, record in enumerate(records, first):
                if after < position <= end:
                    yield position, record

    def _begin(self) -> None:
        """Know the log as it is listed now, or what was known before if the store gives no answer."""
        listed = self._listed()
        newest = self._fetched(listed[-1]) if listed else None
        self._recent.clear()
        self._recent_bytes = self._end = 0
        self._firsts = listed[:-1]
        if newest is not None:
            self._know(listed[-1], *newest)

    def _looked_on(self) -> Iterator[tuple[int, bytes, list[bytes]]]:
        """The chain of groups after the end: one by one, and from a list if they are many."""
        due, listed = self._end + 1, iter([0])
        for number in itertools.count():
            if number == _MISSED:
                listed = iter([first for first in self._listed() if first >= due])
            if number >= _MISSED and next(listed, None) != due:
                return
            try:
                body, records = self._fetched(due)
            except NotFound:
                return
            yield due, body, records
            due += len(records)

    def _know(self, first: int, body: bytes, records: list[bytes]) -> None:
        self._firsts.append(first)
        self._end = first + len(records) - 1
        self._keep(first, body, records)

    def _group(self, first: int) -> list[bytes]:
        if first not in self._recent:
            self._keep(first, *self._fetched(first))
        return self._recent[first]

    def _keep(self, first: int, body: bytes, records: list[bytes]) -> None:
        if first == self._firsts[-1]:
            self._beginning = body[:_BEGINNING]
        self._recent[first] = records
        self._recent_bytes += sum(map(len, records))
        for old in sorted(self._recent):
            if self._recent_bytes <= _RECENT_BYTES or old == first:
                break
            self._forget(old)

    def _forget(self, first: int) -> None:
        self._recent_bytes -= sum(map(len, self._recent.pop(first, ())))

    def _fetched(self, first: int) -> tuple[bytes, list[bytes]]:
        """The object and its records."""
        key = _key(first)
        body = self._store.get(key)
        groups: list[Group] = list(scan(memoryview(body), 0, first - 1, key, torn_tail=False))
        if len(groups) != 1 or groups[0].count < 2:
            raise Corrupt(key, 0, "must be one group with its writer's token and a record")
        return body, [record for _, record in groups[0].records()][1:]

    def _listed(self) -> list[int]:
        return [int(key.removeprefix(_PREFIX)) for key in self._store.list(_PREFIX)]


def _key(first: int) -> str:
    return f"{_PREFIX}{first:020d}"
