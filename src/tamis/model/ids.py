"""Point ids: an unsigned 64-bit number or a UUID, one at a time and in bulk.

`PointId` is what users see: a Python int or `uuid.UUID`. `IdArray` is the same for a batch or a whole
segment: `low` holds numbers (or the low half of UUIDs), `high` the high half of UUIDs, `uuids` says which
rows are UUIDs. `high` and `uuids` are None together when every id is a number, which is the usual case and
costs eight bytes a point. Order: numbers before UUIDs, then by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.errors import Rejected
from tamis.limits import POINT_NUMBER_MAX

__all__ = ["IdArray", "PointId", "id_order", "parse_id", "parse_ids"]

PointId = int | UUID
U64 = NDArray[np.uint64]

_LOW = (1 << 64) - 1


class IdArray(msgspec.Struct, frozen=True):
    """Ids of many points, in row order."""

    low: U64
    high: U64 | None = None
    uuids: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        assert (self.high is None) == (self.uuids is None)

    @classmethod
    def of(cls, ids: Sequence[PointId]) -> IdArray:
        """Pack Python ids that `parse_ids` has accepted."""
        if not any(isinstance(i, UUID) for i in ids):
            return cls(np.array(ids, dtype=np.uint64))
        values = [i.int if isinstance(i, UUID) else i for i in ids]
        return cls(
            np.array([v & _LOW for v in values], dtype=np.uint64),
            np.array([v >> 64 for v in values], dtype=np.uint64),
            np.array([isinstance(i, UUID) for i in ids], dtype=np.bool_),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[IdArray]) -> IdArray:
        """The ids of all parts, one after the other."""
        low = np.concatenate([p.low for p in parts]) if parts else np.empty(0, np.uint64)
        if all(p.uuids is None for p in parts):
            return cls(low)
        high = np.concatenate([np.zeros_like(p.low) if p.high is None else p.high for p in parts])
        uuids = np.concatenate([np.zeros(len(p), np.bool_) if p.uuids is None else p.uuids for p in parts])
        return cls(low, high, uuids) if bool(uuids.any()) else cls(low)

    def __len__(self) -> int:
        return len(self.low)

    def __getitem__(self, row: int) -> PointId:
        low = int(self.low[row])
        if self.uuids is None or self.high is None or not self.uuids[row]:
            return low
        return UUID(int=int(self.high[row]) << 64 | low)

    def __iter__(self) -> Iterator[PointId]:
        return iter(self.tolist())

    def tolist(self) -> list[PointId]:
        """Python ids of every row."""
        lows: list[PointId] = self.low.tolist()
        if self.uuids is None or self.high is None:
            return lows
        highs = self.high.tolist()
        for row in np.flatnonzero(self.uuids).tolist():
            lows[row] = UUID(int=highs[row] << 64 | int(self.low[row]))
        return lows

    def take(self, rows: NDArray[Any] | slice) -> IdArray:
        """The ids of `rows`, in that order."""
        if self.uuids is None or self.high is None:
            return IdArray(self.low[rows])
        return IdArray(self.low[rows], self.high[rows], self.uuids[rows])

    def order(self) -> NDArray[np.uint32]:
        """Rows sorted by id: numbers before UUIDs, then by value; equal ids keep their row order."""
        if self.uuids is None or self.high is None:
            return np.argsort(self.low, kind="stable").astype(np.uint32)
        return np.lexsort((self.low, self.high, self.uuids)).astype(np.uint32)


def id_order(point_id: PointId) -> tuple[int, int]:
    """Sort key: numbers before UUIDs.

    >>> sorted([UUID(int=1), 7], key=id_order)[0]
    7
    """
    return (1, point_id.int) if isinstance(point_id, UUID) else (0, point_id)


def parse_id(value: object, where: str = "id") -> PointId:
    """One id from what a user gives: an int, a `uuid.UUID` or a UUID string in any common spelling.

    >>> parse_id("00000000-0000-0000-0000-000000000001")
    UUID('00000000-0000-0000-0000-000000000001')
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        number = int(value)
        if 0 <= number <= POINT_NUMBER_MAX:
            return number
        raise Rejected(where, f"point id {number} is out of range; ids are 0 to 2**64 - 1, or UUIDs")
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise Rejected(where, f"value {value!r} is not a valid point id; give an unsigned 64-bit integer or a UUID")


def parse_ids(values: Iterable[object], where: str = "ids") -> IdArray:
    """Many ids; a numpy integer array passes without touching Python objects."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        if values.ndim != 1:
            raise Rejected(where, f"ids must be one-dimensional, got shape {values.shape}")
        if values.dtype.kind == "i" and values.size and values.min() < 0:
            place = f"{where}[{int(values.argmin())}]"
            raise Rejected(place, f"point id {values.min()} is out of range; ids are 0 to 2**64 - 1, or UUIDs")
        return IdArray(np.ascontiguousarray(values, dtype=np.uint64))
    items = list(values)
    if all(type(v) is int for v in items):
        try:
            return IdArray(np.array(items, dtype=np.uint64))
        except OverflowError:
            pass  # the loop below names the one that is out of range
    return IdArray.of([parse_id(v, f"{where}[{row}]") for row, v in enumerate(items)])
