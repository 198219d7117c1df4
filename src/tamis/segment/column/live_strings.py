"""Strings as they arrive: numbered in order of arrival, with what is derived from them made once, on first use.

    codes    "x" → 0, "y" → 1     the writer's dictionary; listed is the way back
    moments  per string           microseconds, for strings that read as dates
    words    per TextOptions      token → numbers of the strings that hold it

A view may find strings that are newer than itself; it has no row with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import mark_where
from tamis.limits import COLUMN_STRING_BYTES_MAX
from tamis.model.moment import parse_moment
from tamis.model.schema import TextOptions
from tamis.model.tokens import holds, query_tokens, tokens
from tamis.segment.column.bounds import Keys
from tamis.segment.column.live_lane import HOW, LiveNumbers, LiveView
from tamis.segment.column.text import Documents, read_documents

__all__ = ["LiveStrings", "LiveText", "Strings"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]

_STRING_BYTES = 160  # a str object, its entry in a dict and in a list
_NO_MOMENT = np.iinfo(np.int64).min


class Strings:
    """The distinct strings of one path."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.listed: list[str] = []
        self.nbytes = 0  # about
        self.keep_long = False  # a text index wants every string
        self._moments: NDArray[np.int64] = np.empty(0, np.int64)
        self._words: dict[TextOptions, _Words] = {}

    def encode(self, rows: list[int], values: list[str], long: list[int]) -> tuple[list[int], list[int]]:
        """Rows and codes of `values`; rows of strings that are too long for a column go to `long`."""
        codes = self.codes
        try:
            return rows, [codes[value] for value in values]
        except KeyError:
            pass
        kept, found = [], []
        for row, value in zip(rows, values, strict=True):
            code = codes.get(value)
            if code is None:
                if not self.keep_long and _is_long(value):
                    long.append(row)
                    continue
                code = len(self.listed)
                self.listed.append(value)
                codes[value] = code
                self.nbytes += len(value) + _STRING_BYTES
            kept.append(row)
            found.append(code)
        return kept, found

    def moments(self, size: int) -> NDArray[np.int64]:
        """Microseconds of the first `size` strings or more, `_NO_MOMENT` for what is no date."""
        known = self._moments
        if len(known) < size:
            fresh = [parse_moment(text) for text in self.listed[len(known) : size]]
            known = np.concatenate([known, np.array([_NO_MOMENT if m is None else m for m in fresh], np.int64)])
            self._moments = known
        return known

    def find(self, text: str, mode: str, options: TextOptions, size: int) -> NDArray[np.int64]:
        """Numbers, at least those below `size`, of the strings that hold the words of `text`."""
        words = self._words.get(options)
        if words is None:
            words = self._words.setdefault(options, _Words(self.listed, options))
        return words.find(text, mode, size)


def _is_long(value: str) -> bool:
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


class LiveStrings(LiveView):
    """A StringLane up to some row."""

    def __init__(self, rows: U32, codes: NDArray[np.uint32], strings: Strings) -> None:
        super().__init__(rows)
        self.strings = strings
        self._codes = codes
        self._count = int(codes.max()) + 1 if len(codes) else 0  # strings that the view may hold

    @property
    def texts(self) -> list[str]:
        """The strings that the view may hold."""
        return self.strings.listed[: self._count]

    def chosen(self, flags: Sequence[bool]) -> NDArray[np.bool_]:
        """Per pair, whether its string is chosen; one flag for each of `texts`."""
        return np.array(flags, np.bool_)[self._codes]

    def holding(self, text: str, mode: str, options: TextOptions) -> NDArray[np.bool_]:
        """Per pair, whether its string holds the words of `text`."""
        numbers = self.strings.find(text, mode, options, self._count)
        flags = np.zeros(self._count, np.bool_)
        flags[numbers[numbers < self._count]] = True
        return flags[self._codes]

    def _any(self, values: Sequence[str]) -> NDArray[np.bool_]:
        codes = [code for code in map(self.strings.codes.get, values) if code is not None]
        if len(codes) == 1:
            same: NDArray[np.bool_] = self._codes == codes[0]
            return same
        if not codes:
            return np.zeros(len(self._codes), np.bool_)
        flags = np.zeros(self._count, np.bool_)
        flags[[code for code in codes if code < self._count]] = True
        return flags[self._codes]

    def mark_prefix(self, prefix: str, mask: Mask) -> str:
        """Rows with some string that starts with `prefix`."""
        mark_where(self.rows, self.chosen([text.startswith(prefix) for text in self.texts]), mask)
        return HOW

    def mark_substring(self, substring: str, mask: Mask) -> str:
        """Rows with some string that contains `substring`."""
        mark_where(self.rows, self.chosen([substring in text for text in self.texts]), mask)
        return HOW

    def count_prefix(self, prefix: str) -> int:
        """At most how many rows `mark_prefix` finds."""
        return self.size if len(prefix.encode()) <= COLUMN_STRING_BYTES_MAX else 0

    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        """Strings as UTF-8, and per pair the number of its string and its row."""
        return [text.encode() for text in self.texts], self._codes, self.rows

    def values(self, numbers: NDArray[np.int64]) -> list[Any]:
        """The strings with these numbers."""
        return [self.strings.listed[number] for number in numbers.tolist()]

    def moments(self) -> LiveNumbers:
        """The strings that read as dates."""
        values = self.strings.moments(self._count)[self._codes]
        dated = values != _NO_MOMENT
        return LiveNumbers(self.rows[dated], values[dated])

    def documents(self, options: TextOptions) -> Documents:
        """Every string, cut into words."""
        return read_documents(self.texts, options, self._codes, self.rows)


class LiveText:
    """The words of live strings: a TextLane."""

    whole = False

    def __init__(self, strings: LiveStrings | None, options: TextOptions) -> None:
        self._strings = strings
        self._options = options

    def mark(self, text: str, mode: str, mask: Mask) -> str:
        """Add the rows with a string that holds the words of `text`."""
        if self._strings is not None:
            mark_where(self._strings.rows, self._strings.holding(text, mode, self._options), mask)
        return "words of live strings"

    def count(self, text: str, mode: str) -> int:
        """At most how many rows `mark` finds."""
        return 0 if self._strings is None or (mode == "all" and not text) else self._strings.size

    def read(self) -> Documents:
        """All documents, to be merged with others."""
        empty = np.empty(0, np.uint32)
        return (
            read_documents([], self._options, empty, empty)
            if self._strings is None
            else self._strings.documents(self._options)
        )
