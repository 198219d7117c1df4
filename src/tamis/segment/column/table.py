"""What a filter sees of the payloads of one body: a table of columns, live or sealed.

    Table              rows = points
      field("city")      lanes (str, int, big, float, bool), row sets (null, array, other, long, deep), points
      child("parts")     rows = the object elements of the arrays at `parts`, with `parents`; a Table again
      spilled            rows with something that became no column: such rows are read when it matters

Paths are canonical and relative to the table's rows, and hold object keys only; a path with `[]` goes through
child tables (`route.py`), a path with `[0]` is answered by reading rows. A table never changes: a live one is a
view of the first `rows` rows of a `LiveTable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.model.schema import PayloadIndex
from tamis.segment.column.field import Field

__all__ = ["Child", "Table", "TablePart"]

U32 = NDArray[np.uint32]


class Table(Protocol):
    """Columns of `rows` rows."""

    @property
    def rows(self) -> int:
        """Points, or elements of a child table."""
        ...

    @property
    def indexes(self) -> Mapping[str, PayloadIndex]:
        """The explicit indexes it was made under, by path from the root of the payload."""
        ...

    @property
    def spilled(self) -> U32:
        """Sorted rows that hold something that is in no column, because the body had too many paths."""
        ...

    def field(self, path: str) -> Field | None:
        """The column at `path`, None if no row has anything there."""
        ...

    def child(self, path: str) -> Child | None:
        """The object elements of the arrays at `path`, None if there are none."""
        ...

    def field_paths(self) -> list[str]:
        """Paths that `field` knows."""
        ...

    def child_paths(self) -> list[str]:
        """Paths that `child` knows."""
        ...

    def reindexed(self, indexes: Mapping[str, PayloadIndex]) -> Table:
        """The same columns under other definitions; what an index wants is then derived on first use."""
        ...

    def bytes(self) -> dict[str, int]:
        """Bytes by path, resident or mapped."""
        ...


@dataclass(frozen=True, slots=True)
class Child:
    """Element rows of an array of objects; `parents` is sorted, one parent row per element row."""

    table: Table
    parents: U32


@dataclass(frozen=True, slots=True)
class TablePart:
    """Rows `source[i]` of `table` become rows `target[i]` of a new table (source ascending).

    `payload(row)` gives a row's raw JSON; it is called only for rows with strings that are in no column and that an
    index created since then wants.
    """

    table: Table
    source: U32
    target: U32
    payload: Callable[[int], bytes | memoryview] | None = None
