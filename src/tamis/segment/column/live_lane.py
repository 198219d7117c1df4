"""The values of one JSON type at one path, as they arrive: pairs of row and value in row order.

    rows    0 1 1 4 ...      growable; a view takes the pairs of rows below its row count
    values  numbers themselves, or for strings the number of the string in `Strings`

The writer appends and then publishes `size`; whoever reads takes `size` first. So views need no lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import mark_where
from tamis.kernels.mask import set_rows
from tamis.limits import COLUMN_STRING_BYTES_MAX
from tamis.model.moment import parse_moment
from tamis.model.schema import TextOptions
from tamis.model.tokens import holds, query_tokens, tokens
from tamis.segment.alive import has_rows
from tamis.segment.column.field import Bounds, Keys
from tamis.segment.column.text import Documents, read_documents
from tamis.segment.growable import Growable

__all__ = ["LiveLane", "LiveStringView", "LiveTextView", "LiveView", "Strings", "is_long", "tally_pairs"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]

NO_MOMENT = np.iinfo(np.int64).min
_HOW = "scan of live rows"


class LiveLane:
    """What the writer holds."""

    def __init__(self, dtype: Any, width: tuple[int, ...] = ()) -> None:
        self._rows = Growable(np.uint32)
        self._values = Growable(dtype, width)
        self.size = 0

    def extend(self, rows: Sequence[Any] | NDArray[Any], values: Sequence[Any] | NDArray[Any]) -> None:
        """Append pairs, rows ascending."""
        self._rows.widen(len(rows))[...] = rows
        self._values.widen(len(rows))[...] = values
        self.size = self._values.count

    def upto(self, count: int) -> tuple[U32, NDArray[Any]]:
        """Rows and values of the rows below `count`."""
        size = self.size
        rows = self._rows.view()[:size]
        if size and rows[-1] >= count:
            size = int(np.searchsorted(rows, count))
        return rows[:size], self._values.view()[:size]

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        return self._rows.nbytes + self._values.nbytes


class Strings:
    """Distinct strings in order of arrival; what is derived from them is made once, on first use."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.listed: list[str] = []
        self.keep_long = False  # a text index wants every string
        self._moments: NDArray[np.int64] = np.empty(0, np.int64)
        self._words: dict[TextOptions, _Words] = {}

    def encode(self, rows: list[int], values: list[str], long: list[int]) -> tuple[list[int], list[int]]:
        """Rows and codes of `values`; rows of strings that are too long go to `long`."""
        codes = self.codes
        try:
            return rows, [codes[value] for value in values]
        except KeyError:
            pass
        kept, found = [], []
        for row, value in zip(rows, values, strict=True):
            code = codes.get(value)
            if code is None:
                if not self.keep_long and is_long(value):
                    long.append(row)
                    continue
                code = len(self.listed)
                self.listed.append(value)
                codes[value] = code
            kept.append(row)
            found.append(code)
        return kept, found

    def moments(self, size: int) -> NDArray[np.int64]:
        """Microseconds of the first `size` strings or more, `NO_MOMENT` for what is no date."""
        known = self._moments
        if len(known) < size:
            fresh = [parse_moment(text) for text in self.listed[len(known) : size]]
            known = np.concatenate([known, np.array([NO_MOMENT if m is None else m for m in fresh], np.int64)])
            self._moments = known
        return known

    def words(self, options: TextOptions) -> _Words:
        """Tokens of the strings."""
        return self._words.setdefault(options, _Words(self.listed, options))


def tally_pairs(codes: NDArray[Any], rows: U32, keys: int, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of keys, and how many rows of `mask` hold each; a row that holds a key twice counts once."""
    chosen = has_rows(mask, rows)
    pairs = np.unique(codes[chosen].astype(np.int64) << 32 | rows[chosen])
    counts = np.bincount(pairs >> 32, minlength=keys)
    numbers = np.flatnonzero(counts)
    return numbers, counts[numbers]


def is_long(value: str) -> bool:
    """Whether a string is too long for a column."""
    return len(value) * 4 > COLUMN_STRING_BYTES_MAX and len(value.encode()) > COLUMN_STRING_BYTES_MAX


class _Words:
    """token → numbers of the strings that hold it, extended as strings arrive. Readers share it under its lock."""

    def __init__(self, listed: list[str], options: TextOptions) -> None:
        self._listed = listed
        self._options = options
        self._postings: dict[str, list[int]] = {}
        self._upto = 0
        self._lock = Lock()

    def find(self, text: str, mode: str, size: int) -> NDArray[np.int64]:
        """Numbers, at least those below `size`, of the strings that hold `text`."""
        asked = list(dict.fromkeys(query_tokens(text, self._options)))
        with self._lock:
            for number in range(self._upto, size):
                for token in set(tokens(self._listed[number], self._options)):
                    self._postings.setdefault(token, []).append(number)
            self._upto = max(self._upto, size)
            lists = [np.array(self._postings.get(token, ()), np.int64) for token in asked]
        if not lists:
            return np.empty(0, np.int64)
        if mode == "any":
            return np.unique(np.concatenate(lists))
        lists.sort(key=len)
        found = lists[0]
        for other in lists[1:]:
            found = found[np.isin(found, other, assume_unique=True)]
        if mode == "phrase":
            keep = [n for n in found.tolist() if holds(self._listed[n], text, "phrase", self._options)]
            found = np.array(keep, np.int64)
        return found


@dataclass(frozen=True, slots=True)
class LiveView:
    """Numbers or bools up to some row: a Lane."""

    rows: U32
    numbers: NDArray[Any]

    @property
    def size(self) -> int:
        return len(self.rows)

    def _any(self, values: Sequence[Any]) -> NDArray[np.bool_]:
        if len(values) == 1:
            found: NDArray[np.bool_] = self.numbers == values[0]
            return found
        return np.isin(self.numbers, np.array(values, self.numbers.dtype))

    def mark_any(self, values: Sequence[Any], mask: Mask) -> str:
        if values:
            mark_where(self.rows, self._any(values), mask)
        return _HOW

    def mark_except(self, values: Sequence[Any], mask: Mask) -> str:
        mark_where(self.rows, ~self._any(values), mask)
        return _HOW

    def _within(self, bounds: Bounds) -> NDArray[np.bool_]:
        kind = self.numbers.dtype
        low, high = bounds.floats() if kind == np.float64 else bounds.integers(kind.type)
        if low > high:
            return np.zeros(len(self.numbers), np.bool_)
        within: NDArray[np.bool_] = (self.numbers >= low) & (self.numbers <= high)
        return within

    def mark_range(self, bounds: Bounds, mask: Mask) -> str:
        mark_where(self.rows, self._within(bounds), mask)
        return _HOW

    def mark_prefix(self, prefix: str, mask: Mask) -> str:
        raise AssertionError("numbers have no prefix")

    def mark_substring(self, substring: str, mask: Mask) -> str:
        raise AssertionError("numbers have no text")

    def mark_all(self, mask: Mask) -> None:
        set_rows(mask, self.rows)

    def count_any(self, values: Sequence[Any]) -> int:
        return self.size

    def count_range(self, bounds: Bounds) -> int:
        return self.size

    def count_prefix(self, prefix: str) -> int:
        return 0

    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        keys, codes = np.unique(self.numbers, return_inverse=True)
        return keys, codes, self.rows

    def first(self, bounds: Bounds, mask: Mask, limit: int, *, descending: bool) -> tuple[NDArray[Any], U32]:
        chosen = self._within(bounds) & has_rows(mask, self.rows)
        return self.numbers[chosen], self.rows[chosen]

    def tally(self, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        keys, codes, rows = self.pairs()
        return tally_pairs(codes, rows, len(keys), mask)

    def values(self, numbers: NDArray[np.int64]) -> list[Any]:
        listed: list[Any] = np.unique(self.numbers)[numbers].tolist()
        return listed

    def moments(self) -> LiveView:
        raise AssertionError("numbers are no dates")


@dataclass(frozen=True, slots=True)
class LiveStringView:
    """Strings up to some row: a Lane. A string that is too new for the view has no row in it."""

    rows: U32
    codes: NDArray[np.uint32]
    strings: Strings

    @property
    def size(self) -> int:
        return len(self.rows)

    def _numbers(self) -> int:
        """How many strings the view can hold."""
        return int(self.codes.max()) + 1 if len(self.codes) else 0

    def _any(self, values: Sequence[str]) -> NDArray[np.bool_]:
        codes = [code for code in map(self.strings.codes.get, values) if code is not None]
        if len(codes) > 1:
            flags = np.zeros(max(self._numbers(), max(codes) + 1), np.bool_)
            flags[codes] = True
            return flags[self.codes]
        if codes:
            found: NDArray[np.bool_] = self.codes == codes[0]
            return found
        return np.zeros(len(self.codes), np.bool_)

    def _prefix(self, prefix: str) -> NDArray[np.bool_]:
        flags = [text.startswith(prefix) for text in self.strings.listed[: self._numbers()]]
        return np.array(flags, np.bool_)[self.codes]

    def mark_substring(self, substring: str, mask: Mask) -> str:
        if self.size:
            flags = [substring in text for text in self.strings.listed[: self._numbers()]]
            mark_where(self.rows, np.array(flags, np.bool_)[self.codes], mask)
        return _HOW

    def mark_any(self, values: Sequence[str], mask: Mask) -> str:
        mark_where(self.rows, self._any(values), mask)
        return _HOW

    def mark_except(self, values: Sequence[str], mask: Mask) -> str:
        mark_where(self.rows, ~self._any(values), mask)
        return _HOW

    def mark_range(self, bounds: Bounds, mask: Mask) -> str:
        raise AssertionError("strings are no numbers")

    def mark_prefix(self, prefix: str, mask: Mask) -> str:
        if self.size:
            mark_where(self.rows, self._prefix(prefix), mask)
        return _HOW

    def mark_all(self, mask: Mask) -> None:
        set_rows(mask, self.rows)

    def count_any(self, values: Sequence[str]) -> int:
        return self.size

    def count_range(self, bounds: Bounds) -> int:
        return 0

    def count_prefix(self, prefix: str) -> int:
        return self.size

    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        return [text.encode() for text in self.strings.listed[: self._numbers()]], self.codes, self.rows

    def first(self, bounds: Bounds, mask: Mask, limit: int, *, descending: bool) -> tuple[NDArray[Any], U32]:
        raise AssertionError("strings have no order")

    def tally(self, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return tally_pairs(self.codes, self.rows, self._numbers(), mask)

    def values(self, numbers: NDArray[np.int64]) -> list[Any]:
        return [self.strings.listed[number] for number in numbers.tolist()]

    def moments(self) -> LiveView:
        values = self.strings.moments(self._numbers())[self.codes]
        dated = values != NO_MOMENT
        return LiveView(self.rows[dated], values[dated])


@dataclass(frozen=True, slots=True)
class LiveTextView:
    """The words of the strings up to some row: a TextLane."""

    lane: LiveStringView
    options: TextOptions
    whole: bool

    def _found(self, text: str, mode: str) -> NDArray[np.bool_]:
        lane = self.lane
        size = int(lane.codes.max()) + 1 if len(lane.codes) else 0
        flags = np.zeros(size + 1, np.bool_)
        flags[np.minimum(lane.strings.words(self.options).find(text, mode, size), size)] = True
        flags[size] = False
        return flags[lane.codes]

    def mark(self, text: str, mode: str, mask: Mask) -> str:
        mark_where(self.lane.rows, self._found(text, mode), mask)
        return "words of live strings"

    def count(self, text: str, mode: str) -> int:
        return self.lane.size

    def read(self) -> Documents:
        lane = self.lane
        size = int(lane.codes.max()) + 1 if len(lane.codes) else 0
        return read_documents(lane.strings.listed[:size], self.options, lane.codes, lane.rows)
