"""The sealed values of one JSON type at one path: sorted keys, their rows, and codes by row.

    keys     2 3 7            numbers ascending, or a Dictionary of strings
    starts   0 1 3 4          key c is held by rows[starts[c]:starts[c + 1]], ascending, each row once
    rows     9 0 4 2
    codes    1 3 2 3 1 ...    per row the number of its key, `len(keys)` for none; only while no row has two

A condition becomes a range of keys by bisection; a range becomes bits either from its rows or by one pass over the
codes, whichever reads fewer bytes. Counts of keys are exact and free: starts[high] - starts[low].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import count_codes_in, count_lists_in, mark_flagged, mark_range, place_rows
from tamis.kernels.mask import set_rows
from tamis.model.moment import parse_moment
from tamis.segment.alive import has_rows
from tamis.segment.column.field import Bounds, Keys
from tamis.segment.column.strings import Dictionary

__all__ = ["SealedLane", "date_lane", "group", "invert", "make_lane"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]

# A pass over the codes costs 0.065 ns a row, setting listed rows about 0.6 ns each (2 GHz Xeon).
_LISTED_SHARE = 9
_CHUNK = 256  # pairs looked at first by `first`


class SealedLane:
    """A Lane over arrays that never change."""

    def __init__(self, keys: NDArray[Any] | Dictionary, starts: U32, rows: U32, codes: NDArray[Any] | None) -> None:
        self.keys = keys
        self.starts = starts
        self.rows = rows
        self.codes = codes
        self._moments: SealedLane | None = None

    @property
    def size(self) -> int:
        return len(self.rows)

    def find(self, value: Any) -> int:
        """Number of a key, -1 if it is not there."""
        keys = self.keys
        if isinstance(keys, Dictionary):
            return keys.find(value)
        place = int(np.searchsorted(keys, keys.dtype.type(value)))
        return place if place < len(keys) and keys[place] == value else -1

    def between(self, bounds: Bounds) -> tuple[int, int]:
        """First number and end of the keys in `bounds`."""
        keys = self.keys
        assert isinstance(keys, np.ndarray)
        kind = keys.dtype.type
        low, high = bounds.floats() if kind is np.float64 else bounds.integers(kind)
        if low > high:
            return 0, 0
        return int(keys.searchsorted(kind(low), "left")), int(keys.searchsorted(kind(high), "right"))

    def span(self, low: int, high: int) -> int:
        """Pairs of the keys in ``[low, high)``."""
        return self.starts.item(high) - self.starts.item(low)

    def _mark(self, low: int, high: int, mask: Mask) -> str:
        first, last = self.starts.item(low), self.starts.item(high)
        if self.codes is not None and (last - first) * _LISTED_SHARE > len(self.codes):
            mark_range(self.codes, np.uint32(low), np.uint32(high - low), mask)
            return "pass over codes"
        set_rows(mask, self.rows[first:last])
        return "sorted rows"

    def _numbers(self, values: Sequence[Any]) -> list[int]:
        return sorted({number for number in map(self.find, values) if number >= 0})

    def mark_any(self, values: Sequence[Any], mask: Mask) -> str:
        if len(values) == 1:
            number = self.find(values[0])
            return self._mark(number, number + 1, mask) if number >= 0 else "no such value"
        return self._mark_numbers(np.array(self._numbers(values), np.int64), mask)

    def _mark_numbers(self, numbers: NDArray[np.int64], mask: Mask) -> str:
        """Rows of these keys."""
        total = int((self.starts[numbers + 1] - self.starts[numbers]).sum())
        if self.codes is not None and total > len(self.codes):
            flags = np.zeros(len(self.keys) + 1, np.uint8)
            flags[numbers] = 1
            mark_flagged(self.codes, flags, mask)
            return "pass over codes"
        for number in numbers.tolist():
            set_rows(mask, self.rows[self.starts.item(number) : self.starts.item(number + 1)])
        return "sorted rows"

    def mark_numbers(self, numbers: NDArray[np.int64], mask: Mask) -> str:
        """Rows of the keys with these numbers."""
        if len(numbers) > 64:  # too many to visit one by one
            flags = np.zeros(len(self.keys), np.bool_)
            flags[numbers] = True
            set_rows(mask, self.rows[np.repeat(flags, np.diff(self.starts))])
            return "sorted rows"
        return self._mark_numbers(numbers, mask)

    def mark_except(self, values: Sequence[Any], mask: Mask) -> str:
        low = 0
        for number in [*self._numbers(values), len(self.keys)]:
            if number > low:
                self._mark(low, number, mask)
            low = number + 1
        return "the other values"

    def mark_range(self, bounds: Bounds, mask: Mask) -> str:
        return self._mark(*self.between(bounds), mask)

    def mark_prefix(self, prefix: str, mask: Mask) -> str:
        assert isinstance(self.keys, Dictionary)
        return self._mark(*self.keys.between(prefix), mask)

    def mark_substring(self, substring: str, mask: Mask) -> str:
        assert isinstance(self.keys, Dictionary)
        numbers = [number for number, text in enumerate(self.keys.texts()) if substring in text]
        self.mark_numbers(np.array(numbers, np.int64), mask)
        return "every distinct string"

    def mark_all(self, mask: Mask) -> None:
        self._mark(0, len(self.keys), mask)

    def count_any(self, values: Sequence[Any]) -> int:
        return sum(self.span(number, number + 1) for number in self._numbers(values))

    def count_range(self, bounds: Bounds) -> int:
        return self.span(*self.between(bounds))

    def count_prefix(self, prefix: str) -> int:
        return self.span(*self.keys.between(prefix)) if isinstance(self.keys, Dictionary) else 0

    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        codes = np.repeat(np.arange(len(self.keys), dtype=np.uint32), np.diff(self.starts))
        return self.keys.raws() if isinstance(self.keys, Dictionary) else self.keys, codes, self.rows

    def first(self, bounds: Bounds, mask: Mask, limit: int, *, descending: bool) -> tuple[NDArray[Any], U32]:
        low, high = self.between(bounds)
        numbers: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        rows: list[U32] = [np.empty(0, np.uint32)]
        taken, chunk = 0, max(_CHUNK, 2 * limit)
        while low < high and taken < limit:  # whole keys, so that ties stay together
            if descending:
                start = min(
                    high - 1, int(np.searchsorted(self.starts, max(0, self.starts.item(high) - chunk), "right"))
                )
                start, stop, high = max(low, start), high, max(low, start)
            else:
                stop = max(low + 1, int(np.searchsorted(self.starts, self.starts.item(low) + chunk, "right")) - 1)
                start, stop, low = low, min(high, stop), min(high, stop)
            part = self.rows[self.starts.item(start) : self.starts.item(stop)]
            chosen = has_rows(mask, part)
            numbers.append(np.repeat(np.arange(start, stop), np.diff(self.starts[start : stop + 1]))[chosen])
            rows.append(part[chosen])
            taken, chunk = taken + len(rows[-1]), 4 * chunk
        assert isinstance(self.keys, np.ndarray)
        return self.keys[np.concatenate(numbers)], np.concatenate(rows)

    def tally(self, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        counts = np.zeros(len(self.keys), np.int64)
        if self.codes is not None:
            count_codes_in(self.codes, mask, counts)
        else:
            count_lists_in(self.starts, self.rows, mask, counts)
        numbers = np.flatnonzero(counts)
        return numbers, counts[numbers]

    def values(self, numbers: NDArray[np.int64]) -> list[Any]:
        if isinstance(self.keys, Dictionary):
            return [self.keys.text(number) for number in numbers.tolist()]
        listed: list[Any] = self.keys[numbers].tolist()
        return listed

    def moments(self) -> SealedLane:
        """The strings that read as dates: from a datetime index, or made on first use and kept."""
        if self._moments is None:
            self._moments = date_lane(self)
        return self._moments

    def adopt_moments(self, lane: SealedLane) -> None:
        """Use the moments that an index stored."""
        self._moments = lane


def date_lane(strings: SealedLane) -> SealedLane:
    """Parse each distinct string once."""
    assert isinstance(strings.keys, Dictionary)
    parsed = [parse_moment(text) for text in strings.keys.texts()]
    dated = np.array([moment is not None for moment in parsed], np.bool_)
    moments, codes = np.unique(np.array([m for m in parsed if m is not None], np.int64), return_inverse=True)
    of_key = np.zeros(len(parsed), np.uint32)
    of_key[dated] = codes
    _, keys, rows = strings.pairs()
    kept = dated[keys]
    count = len(strings.codes) if strings.codes is not None else int(rows.max(initial=0)) + 1
    return make_lane(moments, of_key[keys[kept]], rows[kept], count)


def make_lane(keys: NDArray[Any] | Dictionary, codes: NDArray[Any], rows: U32, count: int) -> SealedLane:
    """Group pairs of code and row (in any order, repeats allowed) for a table of `count` rows."""
    forward = np.full(count, len(keys), np.uint32)
    forward[rows] = codes
    single = np.count_nonzero(forward != len(keys)) == len(rows)
    if single:
        held = forward != len(keys)
        starts, placed = invert(forward[held], np.flatnonzero(held).astype(np.uint32), len(keys))
        return SealedLane(keys, starts, placed, _narrow(forward, len(keys)))
    order = np.argsort(rows, kind="stable")
    starts, placed = group(codes[order], rows[order], len(keys))
    if len(np.unique(placed)) < len(placed):
        return SealedLane(keys, starts, placed, None)
    return SealedLane(keys, starts, placed, _narrow(forward, len(keys)))


def group(codes: NDArray[Any], rows: U32, keys: int) -> tuple[U32, U32]:
    """`invert` for rows in ascending order, of which some may hold a value twice: each row once."""
    starts, placed = invert(codes, rows, keys)
    of_pair = np.repeat(np.arange(keys, dtype=np.uint32), np.diff(starts))
    first = np.ones(len(placed), np.bool_)
    first[1:] = (placed[1:] != placed[:-1]) | (of_pair[1:] != of_pair[:-1])
    return _starts(np.bincount(of_pair[first], minlength=keys)), placed[first]


def invert(codes: NDArray[Any], rows: U32, keys: int) -> tuple[U32, U32]:
    """starts and rows by code; rows keep their order within a code."""
    starts = _starts(np.bincount(codes, minlength=keys)[:keys])
    placed = np.empty(len(rows), np.uint32)
    place_rows(codes, rows, starts[:-1].astype(np.int64), placed)
    return starts, placed


def _starts(counts: NDArray[Any]) -> U32:
    starts = np.zeros(len(counts) + 1, np.uint32)
    np.cumsum(counts, out=starts[1:])
    return starts


def _narrow(codes: NDArray[np.uint32], keys: int) -> NDArray[Any]:
    """Codes in the smallest type that holds the number for none."""
    return codes.astype(np.uint8 if keys < 2**8 else np.uint16 if keys < 2**16 else np.uint32)
