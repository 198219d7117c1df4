"""A log in a store that several nodes append to: every group of records is one object, created once.

    log/<position of the first record, 20 digits>    a group as in `frame`
        record 0    16 bytes that no other group has, and those of the group before it
        record 1 …  the records
    log-trimmed    there before the group at position 1 is removed: a log without either never had a group

The store orders the writers: of two that go on from the same end, one creates the next key and the other is outrun,
reads what happened and tries again after it. No leader is elected. An append without an answer is read back
(`chain.create`); if even that gives none it is Unavailable, and the next append at the same key finds out.

Trimming removes whole groups in ascending order and leaves the newest one at or before where it was asked to end. So a
key that comes back, created by a node that slept, lies before what is left. That node is not told that it succeeded,
because the group before it is gone; and nobody reads it, because the group after it names another one as its own
predecessor. Groups that were read or written lately are kept in memory, so that replaying them costs no request.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from tamis.errors import Conflict, Corrupt, NotFound, Outrun, Poisoned, Retryable, Unavailable
from tamis.log.log import check_end
from tamis.storage.chain import begins_with, create
from tamis.storage.frame import Group, pack_group, scan
from tamis.storage.store import Store

__all__ = ["StoreLog"]

_PREFIX = "log/"
_TRIMMED = "log-trimmed"
_RECENT_BYTES = 64 * 2**20
_BEGINNING = 64  # bytes of an object, its token among them
_AHEAD = 8  # groups that are fetched at once when a log is read
_LOOKS = 10  # for a group at the end that stays while it is read
_KNOWN = 1_000  # more groups than twice those that were listed and this many: some may be trimmed
_TOKEN_BYTES = 16
_NO_TOKEN = bytes(_TOKEN_BYTES)  # of the group before the first


class _Group(NamedTuple):
    """An object, read. beginning: its first bytes, which no other object has."""

    beginning: bytes
    token: bytes
    before: bytes
    records: list[bytes]


class StoreLog:
    """A `Log` that others append to, too. Any thread may use it.

    token: 16 bytes that were never given before; ahead: how many groups are fetched at once when the log is read.

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

    def __init__(
        self, store: Store, token: Callable[[], bytes] = lambda: secrets.token_bytes(16), ahead: int = _AHEAD
    ) -> None:
        self._store = store
        self._ahead = ahead
        self._token = token
        self._lock = threading.RLock()  # the order in which this object appends and learns
        self._recent: OrderedDict[int, _Group] = OrderedDict()  # by the position of the first record
        self._recent_bytes = 0
        self._firsts: list[int] = []
        self._last: _Group | None = None
        self._known_max = 0  # groups; above it they are listed again
        self._end = 0
        self._closed = False
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
            if self._closed:
                raise Poisoned("log: it is closed; open it again")
            check_end(self._end, after)
            first = self._end + 1
            last = self._last
            after_key = None if last is None else (_key(self._firsts[-1]), last.beginning)
            tokens = self._token() + (_NO_TOKEN if last is None else last.token)
            body = b"".join(pack_group(first - 1, [tokens, *records]))
            try:
                create(self._store, _key(first), [body], after_key)
            except Conflict:
                raise Outrun(f"others appended first, from position {first} on; nothing of this was written") from None
            if last is None and self._listed() != [first]:
                raise Unavailable(f"log: others appended, too; whether position {first} counts is not known")
            self._know(first, _Group(body[:_BEGINNING], tokens[:_TOKEN_BYTES], tokens[_TOKEN_BYTES:], list(records)))
            return first

    def refresh(self) -> int:
        """Learn what others appended; returns the end. If what was known is trimmed, `read` says so."""
        with self._lock:
            trouble, found = None, list[tuple[int, _Group]]()
            try:
                found.extend(self._looked_on())
            except Retryable as error:
                trouble = error  # what was found so far is kept
            # If what was known is still there, nothing after it was trimmed, and what was found is what it seems.
            if self._is_known_still():
                self._follow(found)
                if trouble is not None:
                    raise trouble
            else:
                self._begin()
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
        records = self._records(firsts, after, end)
        return itertools.chain([next(records)], records)  # NotFound here, rather than where it is read

    def trim(self, upto: int) -> None:
        """Remove groups that end at or before `upto`, all but the newest of them."""
        with self._lock:
            listed = self._listed()
            kept = max(0, bisect_right(listed, upto) - 1)
            if kept and listed[0] == 1:
                with suppress(Conflict):
                    self._store.put(_TRIMMED, [b"1"], if_absent=True)
            for first in listed[:kept]:
                self._store.delete(_key(first))
            self._forget_before(listed[kept] if listed else self._end)

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
        """Let go of what is in memory; nothing is left to be written."""
        with self._lock:
            self._closed = True
            self._recent.clear()
            self._recent_bytes = 0

    def _records(self, firsts: list[int], after: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Of these groups, each once the next one says that it is the one before it. The last one is known to count."""
        groups = self._groups(firsts)
        group = next(groups)
        for first, following in zip(firsts, [*firsts[1:], None], strict=True):
            if following is not None:
                found = next(groups)
                if found.before != group.token:
                    raise NotFound(f"log: what was there at position {first} is trimmed")
            for position, record in enumerate(group.records, first):
                if after < position <= end:
                    yield position, record
            if following is not None:
                group = found

    def _groups(self, firsts: list[int]) -> Iterator[_Group]:
        """From memory; those that are not there are fetched, some at once."""
        for at in range(0, len(firsts), self._ahead):
            wanted = firsts[at : at + self._ahead]
            with self._lock:
                groups = {first: self._recent[first] for first in wanted if first in self._recent}
            missing = [first for first in wanted if first not in groups]
            if len(missing) > 1:
                with ThreadPoolExecutor(len(missing)) as pool:
                    fetched = list(pool.map(self._fetched, missing))
            else:
                fetched = [self._fetched(first) for first in missing]
            with self._lock:
                for first, group in zip(missing, fetched, strict=True):
                    groups[first] = group
                    self._keep(first, group)
            for first in wanted:
                yield groups[first]

    def _begin(self) -> None:
        """Know the log as it is listed now, or what was known before if the store gives no answer."""
        listed, newest = self._newest()
        self._recent.clear()
        self._recent_bytes = self._end = 0
        self._firsts, self._last = listed[:-1], None
        self._known_max = 2 * len(listed) + _KNOWN
        if newest is not None:
            self._know(listed[-1], newest)

    def _newest(self) -> tuple[list[int], _Group | None]:
        """Where groups begin, and the last of them. It counts if it is still the last, or the one after it says so:
        between listing and reading it may have been trimmed, and its key been taken by a group that came late."""
        listed = self._listed()
        for _ in range(_LOOKS):
            if not listed:
                return listed, None
            first = listed[-1]
            with suppress(NotFound):
                group = self._fetched(first)
                now = self._listed()
                after = next((one for one in now if one > first), None)
                if after is None or self._fetched(after).before == group.token:
                    return listed, group
            listed = self._listed()
        raise Unavailable(f"log: it was trimmed {_LOOKS} times while it was read; try again")

    def _follow(self, found: list[tuple[int, _Group]]) -> None:
        for first, group in found:
            if self._last is not None and group.before != self._last.token:
                raise Corrupt(_key(first), 0, f"does not follow the group at position {self._firsts[-1]}")
            self._know(first, group)
        if len(self._firsts) > self._known_max:
            listed = self._listed()
            self._known_max = 2 * len(listed) + _KNOWN
            self._forget_before(listed[0] if listed else self._end)

    def _is_known_still(self) -> bool:
        """Whether nothing after what is known can have been trimmed before this call."""
        if self._last is None:
            return not begins_with(self._store, _TRIMMED, b"")
        return begins_with(self._store, _key(self._firsts[-1]), self._last.beginning)

    def _forget_before(self, first: int) -> None:
        """These are trimmed. The last one stays known, there or not: what follows is judged by it."""
        known = self._firsts[:-1]
        self._firsts[:-1] = [one for one in known if one >= first]
        for gone in known:
            if gone < first:
                self._drop(gone)

    def _looked_on(self) -> Iterator[tuple[int, _Group]]:
        """The chain of groups after the end."""
        due = self._end + 1
        while True:
            try:
                group = self._fetched(due)
            except NotFound:
                return
            yield due, group
            due += len(group.records)

    def _know(self, first: int, group: _Group) -> None:
        self._firsts.append(first)
        self._last = group
        self._end = first + len(group.records) - 1
        self._keep(first, group)

    def _keep(self, first: int, group: _Group) -> None:
        self._drop(first)
        self._recent[first] = group
        self._recent_bytes += sum(map(len, group.records))
        while self._recent_bytes > _RECENT_BYTES and len(self._recent) > 1:
            self._drop(next(iter(self._recent)))

    def _drop(self, first: int) -> None:
        group = self._recent.pop(first, None)
        if group is not None:
            self._recent_bytes -= sum(map(len, group.records))

    def _fetched(self, first: int) -> _Group:
        return _read_group(first, self._store.get(_key(first)))

    def _listed(self) -> list[int]:
        return [int(key.removeprefix(_PREFIX)) for key in self._store.list(_PREFIX)]


def _read_group(first: int, body: bytes) -> _Group:
    key = _key(first)
    groups: list[Group] = list(scan(memoryview(body), 0, first - 1, key, torn_tail=False))
    if len(groups) != 1 or groups[0].count < 2:
        raise Corrupt(key, 0, "must be one group of its writer's token and at least one record")
    tokens, *records = [record for _, record in groups[0].records()]
    if len(tokens) != 2 * _TOKEN_BYTES:
        raise Corrupt(key, 0, f"its token has {len(tokens)} bytes where {2 * _TOKEN_BYTES} are due")
    return _Group(body[:_BEGINNING], tokens[:_TOKEN_BYTES], tokens[_TOKEN_BYTES:], records)


def _key(first: int) -> str:
    return f"{_PREFIX}{first:020d}"
