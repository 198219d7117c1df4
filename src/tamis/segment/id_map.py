"""Ids of a sealed segment: from row to id, and from id to row.

    low, high, uuids   in row order; high and uuids only if some id is a UUID
    order              rows sorted by id, numbers before UUIDs; absent when rows are in that order already

Numbers are found with one binary search over the whole batch, UUIDs with a hand-made one over their 128 bits.
A batch of numbers outside the segment's range costs two comparisons. Ids of a segment are distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.model.ids import IdArray

__all__ = ["IdMap", "build_id_map", "open_id_map"]


class IdMap:
    """Find rows by id in one sealed segment."""

    def __init__(self, ids: IdArray, order: NDArray[np.uint32] | None) -> None:
        self._ids = ids
        self._sorted = order  # None: rows are sorted by id
        self._numbers = len(ids) if ids.uuids is None else len(ids) - int(np.count_nonzero(ids.uuids))
        if self._numbers:
            last = self._numbers - 1
            self._least = int(ids.low[0 if order is None else order[0]])
            self._greatest = int(ids.low[last if order is None else order[last]])

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self, rows: NDArray[Any] | slice) -> IdArray:
        """Ids of these rows."""
        return self._ids.take(rows)

    @cached_property
    def order(self) -> NDArray[np.uint32]:
        """Rows sorted by id."""
        return np.arange(len(self._ids), dtype=np.uint32) if self._sorted is None else self._sorted

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        """The row of each id, -1 if it is not here."""
        if ids.uuids is None:
            return self._find_numbers(ids.low)
        rows = np.full(len(ids), -1, np.int64)
        numbers = ~ids.uuids
        rows[numbers] = self._find_numbers(ids.low[numbers])
        if ids.high is not None and self._numbers < len(self._ids):
            rows[ids.uuids] = self._find_uuids(ids.high[ids.uuids], ids.low[ids.uuids])
        return rows

    def _find_numbers(self, wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
        count = self._numbers
        if not count or not len(wanted) or int(wanted.max()) < self._least or int(wanted.min()) > self._greatest:
            return np.full(len(wanted), -1, np.int64)
        low = self._ids.low
        if self._sorted is None:
            places = np.searchsorted(low[:count], wanted)
        else:
            places = self._bisect(0, count, len(wanted), lambda rows: low[rows] < wanted)
        rows = self._rows_at(np.minimum(places, count - 1))
        return np.where(low[rows] == wanted, rows, -1)

    def _find_uuids(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
        own_high, own_low = self._ids.high, self._ids.low
        assert own_high is not None

        def before(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
            at = own_high[rows]
            less: NDArray[np.bool_] = (at < high) | ((at == high) & (own_low[rows] < low))
            return less

        places = self._bisect(self._numbers, len(self._ids), len(high), before)
        rows = self._rows_at(np.minimum(places, len(self._ids) - 1))
        return np.where((own_high[rows] == high) & (own_low[rows] == low), rows, -1)

    def _rows_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        return places if self._sorted is None else self._sorted[places].astype(np.int64)

    def _bisect(
        self, start: int, stop: int, wanted: int, before: Callable[[NDArray[np.int64]], NDArray[np.bool_]]
    ) -> NDArray[np.int64]:
        """Per wanted id, the first place in [start, stop) of the sorted order that is not before it."""
        low = np.full(wanted, start, np.int64)
        high = np.full(wanted, stop, np.int64)
        for _ in range((stop - start).bit_length()):
            middle = (low + high) >> 1
            less = before(self._rows_at(np.minimum(middle, stop - 1))) & (low < high)
            low = np.where(less, middle + 1, low)
            high = np.where(less, high, middle)
        return low


def build_id_map(ids: IdArray) -> dict[str, NDArray[Any]]:
    """The arrays to store."""
    arrays: dict[str, NDArray[Any]] = {"low": ids.low}
    if ids.high is not None and ids.uuids is not None:
        arrays |= {"high": ids.high, "uuids": ids.uuids}
    order = ids.order()
    if not (order[1:] > order[:-1]).all():
        arrays["order"] = order
    return arrays


def open_id_map(arrays: Mapping[str, NDArray[Any]]) -> IdMap:
    """The map over stored arrays.

    >>> open_id_map(build_id_map(IdArray(np.array([7, 5], np.uint64)))).find(IdArray(np.array([5, 6], np.uint64)))
    array([ 1, -1])
    """
    return IdMap(IdArray(arrays["low"], arrays.get("high"), arrays.get("uuids")), arrays.get("order"))
