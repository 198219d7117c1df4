"""One payload path of one table: the same shape whether its rows are live or sealed.

    value at the path          goes to
    "x" 1 1.5 true             the lane of its JSON type: str | int | big | float | bool
    null                       set null
    [..]                       set array, with its length; its elements as if they were values (once):
                               null → null, [..] → other and deep, {..} → other
    {..}                       set other; its keys are paths of their own; {lon, lat} → points
    a string not in the lane   set long

Invariants: a row may be in several lanes (arrays of mixed types); sets are sorted rows (uint32) or, when that is
smaller, mask words (uint64); strings shorter than `cut` bytes are never in `long`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import mark_where
from tamis.kernels.mask import count_bits, list_rows, set_rows
from tamis.model.schema import TextOptions
from tamis.segment.column.bounds import Bounds, Keys
from tamis.segment.column.points import Points
from tamis.segment.column.text import Documents

__all__ = [
    "LANES",
    "SETS",
    "Field",
    "Lane",
    "NumberLane",
    "RowSet",
    "StringLane",
    "TextLane",
    "TextSource",
    "mark_set",
    "set_size",
    "sorted_rows",
]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]
RowSet = NDArray[np.uint32] | NDArray[np.uint64]

LANES = ("str", "int", "big", "float", "bool")  # big: integers of 2**63 and more, uint64
SETS = ("null", "array", "other", "long", "deep")


class Lane(Protocol):
    """The values of one JSON type. `mark_*` add the bits of the rows that qualify and say how they were found."""

    @property
    def size(self) -> int:
        """Pairs of value and row."""
        ...

    def mark_any(self, values: Sequence[Any], mask: Mask) -> str:
        """Rows with some value that is one of `values`."""
        ...

    def mark_except(self, values: Sequence[Any], mask: Mask) -> str:
        """Rows with some value that is none of `values`."""
        ...

    def mark_all(self, mask: Mask) -> None:
        """Rows with any value."""
        ...

    def count_any(self, values: Sequence[Any]) -> int:
        """How many rows `mark_any` finds; exact when sealed, a bound while live."""
        ...

    def pairs(self) -> tuple[Keys, NDArray[Any], U32]:
        """Distinct keys (strings as UTF-8), and per pair the number of its key and its row."""
        ...

    def tally(self, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of keys, and how many rows of `mask` hold each; see `values`."""
        ...

    def values(self, numbers: NDArray[np.int64]) -> list[Any]:
        """The keys with these numbers, as Python values."""
        ...


class NumberLane(Lane, Protocol):
    """Numbers, bools (0 and 1) and moments."""

    def mark_range(self, bounds: Bounds, mask: Mask) -> str:
        """Rows with some number in `bounds`."""
        ...

    def count_range(self, bounds: Bounds) -> int:
        """How many rows `mark_range` finds; exact when sealed, a bound while live."""
        ...

    def first(self, bounds: Bounds, mask: Mask, limit: int, *, descending: bool) -> tuple[NDArray[Any], U32]:
        """Values and rows, of rows in `mask`, from the end of `bounds` that comes first.

        At least `limit` pairs if there are so many, with every pair that ties with one of them, in any order.
        """
        ...


class StringLane(Lane, Protocol):
    """Strings."""

    def mark_prefix(self, prefix: str, mask: Mask) -> str:
        """Rows with some string that starts with `prefix`."""
        ...

    def mark_substring(self, substring: str, mask: Mask) -> str:
        """Rows with some string that contains `substring`."""
        ...

    def count_prefix(self, prefix: str) -> int:
        """How many rows `mark_prefix` finds; exact when sealed, a bound while live."""
        ...

    def moments(self) -> NumberLane:
        """The strings that read as dates, as microseconds (int64)."""
        ...


class TextLane(Protocol):
    """The words of the strings at a path."""

    def mark(self, text: str, mode: str, mask: Mask) -> str:
        """Add the bits of the rows with a string that matches, and say how they were found."""
        ...

    def count(self, text: str, mode: str) -> int:
        """How many rows `mark` finds, at most."""
        ...

    def read(self) -> Documents:
        """All documents, to be merged with others."""
        ...

    @property
    def whole(self) -> bool:
        """Whether the strings of set `long` are in it too."""
        ...


class TextSource(Protocol):
    """Gives the text lane of a field, made on first use."""

    def __call__(self, options: TextOptions) -> TextLane: ...


@dataclass(frozen=True)
class Field:
    """Everything at one path, over `rows` rows."""

    rows: int
    strings: StringLane | None
    numbers: Mapping[str, NumberLane]  # by the other names of LANES
    sets: Mapping[str, RowSet]
    lengths: NDArray[Any]  # of the arrays in set array, in row order
    points: Points | None
    cut: int
    text: TextSource

    @property
    def lanes(self) -> dict[str, Lane]:
        """All lanes by name."""
        return dict(self.numbers) if self.strings is None else {"str": self.strings, **self.numbers}

    def lane(self, name: str) -> Lane | None:
        """One lane, None if it has no values."""
        return self.strings if name == "str" else self.numbers.get(name)

    def mark(self, name: str, mask: Mask) -> None:
        """Add the rows of one set."""
        rows = self.sets.get(name)
        if rows is not None:
            mark_set(rows, mask)

    @cached_property
    def valued(self) -> Mask:
        """Rows with some leaf that is not null. Made on first use, like the next two; not to be changed."""
        mask = self._none()
        for lane in self.lanes.values():
            lane.mark_all(mask)
        self.mark("other", mask)
        self.mark("long", mask)
        return mask

    @cached_property
    def present(self) -> Mask:
        """Rows that have anything at the path."""
        mask = self.valued.copy()
        self.mark("null", mask)
        self.mark("array", mask)
        return mask

    @cached_property
    def arrays(self) -> Mask:
        """Rows with an array."""
        mask = self._none()
        self.mark("array", mask)
        return mask

    def arrays_of(self, least: int, most: int) -> Mask:
        """Rows with an array of a length from `least` to `most`; a new mask."""
        mask = self._none()
        if "array" in self.sets:
            chosen = (self.lengths >= least) & (self.lengths <= most)
            if chosen.all():
                self.mark("array", mask)
            else:
                mark_where(sorted_rows(self.sets["array"]), chosen, mask)
        return mask

    def _none(self) -> Mask:
        return np.zeros((self.rows + 63) >> 6, np.uint64)


def mark_set(rows: RowSet, mask: Mask) -> None:
    """Add the rows of a set to `mask`."""
    if rows.dtype == np.uint64:
        np.bitwise_or(mask, rows, out=mask)
    else:
        set_rows(mask, rows)


def set_size(rows: RowSet) -> int:
    """Number of rows in a set."""
    return int(count_bits(rows)) if rows.dtype == np.uint64 else len(rows)


def sorted_rows(rows: RowSet) -> U32:
    """The rows of a set, ascending."""
    if rows.dtype != np.uint64:
        return rows  # type: ignore[return-value]
    listed = np.empty(count_bits(rows), np.uint32)
    list_rows(rows, listed)
    return listed
