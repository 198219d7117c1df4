"""The values of one JSON type at one path, as they arrive: pairs of row and value in row order.

    rows    0 1 1 4 ...      growable; a view takes the pairs of rows below its row count
    values  numbers themselves, or for strings the number of the string in `Strings` (`live_strings`)

The writer appends and then publishes `size`; whoever reads takes `size` first. So views need no lock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import mark_where
from tamis.kernels.mask import set_rows
from tamis.segment.alive import has_rows
from tamis.segment.column.bounds import Bounds, Keys
from tamis.segment.growable import Growable

__all__ = ["HOW", "LiveLane", "LiveNumbers", "LiveView", "tally_pairs"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]

HOW = "scan of live rows"


class LiveLane:
    """What the writer holds."""

    def __init__(self, dtype: Any, width: tuple[int, ...] = ()) -> None:
        self._rows = Growable(np.uint32)
        self._values = Growable(dtype, width)
        self.size = 0

    def extend(self, rows: Sequence[Any] | NDArray[Any], values: Sequence[Any] | NDArray[Any]) -> None:
        """Append pairs. All rows of a batch are greater than those of the batches before."""
        self._rows.widen(len(rows))[...] = rows
        self._values.widen(len(rows))[...] = values
        self.size = self._values.count

    def upto(self, count: int) -> tuple[U32, NDArray[Any]]:
        """Rows and values of the rows below `count`, where a batch ended."""
        size = self.size
        rows = self._rows.view()[:size]
        if size and rows[-1] >= count:
            size = int(np.searchsorted(rows, count))
        return rows[:size], self._values.view()[:size]

    @property
    def nbytes(self) -> int:
        """Bytes reserved."""
        return self._rows.nbytes + self._values.nbytes


class LiveView(ABC):
    """A Lane over the pairs of a view; counts are bounds."""

    def __init__(self, rows: U32) -> None:
        self.rows = rows

    @property
    def size(self) -> int:
        """Pairs of value and row."""
        return len(self.rows)

    @abstractmethod
    def _any(self, values: Sequence[Any]) -> NDArray[np.bool_]:
        """Per pair, whether its value is one of `values`."""

    @abstractmethod
    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        """Distinct keys (strings as UTF-8), and per pair the number of its key and its row."""

    def mark_any(self, values: Sequence[Any], mask: Mask) -> str:
        """Rows with some value that is one of `values`."""
        mark_where(self.rows, self._any(values), mask)
        return HOW

    def mark_except(self, values: Sequence[Any], mask: Mask) -> str:
        """Rows with some value that is none of `values`."""
        mark_where(self.rows, ~self._any(values), mask)
        return HOW

    def mark_all(self, mask: Mask) -> None:
        """Rows with any value."""
        set_rows(mask, self.rows)

    def count_any(self, values: Sequence[Any]) -> int:
        """At most how many rows `mark_any` finds."""
        return self.size if values else 0

    def tally(self, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of keys, and how many rows of `mask` hold each."""
        keys, codes, rows = self.pairs()
        chosen = has_rows(mask, rows)
        return tally_pairs(codes[chosen], rows[chosen], len(keys))


class LiveNumbers(LiveView):
    """A NumberLane."""

    def __init__(self, rows: U32, numbers: NDArray[Any]) -> None:
        super().__init__(rows)
        self._values = numbers

    def _any(self, values: Sequence[Any]) -> NDArray[np.bool_]:
        if len(values) == 1:
            same: NDArray[np.bool_] = self._values == values[0]
            return same
        return np.isin(self._values, np.array(values, self._values.dtype))

    def _within(self, bounds: Bounds) -> NDArray[np.bool_]:
        kind = self._values.dtype
        low, high = bounds.floats() if kind == np.float64 else bounds.integers(kind.type)
        if low > high:
            return np.zeros(len(self._values), np.bool_)
        within: NDArray[np.bool_] = (self._values >= low) & (self._values <= high)
        return within

    def mark_range(self, bounds: Bounds, mask: Mask) -> str:
        """Rows with some number in `bounds`."""
        mark_where(self.rows, self._within(bounds), mask)
        return HOW

    def count_range(self, bounds: Bounds) -> int:
        """At most how many rows `mark_range` finds."""
        return 0 if bounds.empty else self.size

    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        """Distinct numbers, and per pair the number of its key and its row."""
        keys, codes = np.unique(self._values, return_inverse=True)
        return keys, codes, self.rows

    def values(self, numbers: NDArray[np.int64]) -> list[Any]:
        """The keys with these numbers."""
        listed: list[Any] = np.unique(self._values)[numbers].tolist()
        return listed

    def first(self, bounds: Bounds, mask: Mask, limit: int, *, descending: bool) -> tuple[NDArray[Any], U32]:
        """Values and rows in `mask` and `bounds`, cut after the last that ties with the `limit`-th."""
        chosen = self._within(bounds) & has_rows(mask, self.rows)
        values, rows = self._values[chosen], self.rows[chosen]
        if (rows[1:] == rows[:-1]).any():  # arrays, which may hold a value twice
            order = np.lexsort((values, rows))
            values, rows = values[order], rows[order]
            first = np.ones(len(rows), np.bool_)
            first[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
            values, rows = values[first], rows[first]
        if len(values) <= limit:
            return values, rows
        place = len(values) - limit if descending else limit - 1
        edge = np.partition(values, place)[place]
        kept = values >= edge if descending else values <= edge
        return values[kept], rows[kept]


def tally_pairs(codes: NDArray[Any], rows: NDArray[Any], keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of keys, and how many rows hold each; a row that holds a key twice counts once."""
    if (rows[1:] <= rows[:-1]).any():
        codes = np.unique(codes.astype(np.int64) << 32 | rows) >> 32
    counts = np.bincount(codes, minlength=keys)
    numbers = np.flatnonzero(counts)
    return numbers, counts[numbers]
