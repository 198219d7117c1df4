"""The head: the growing tip of a shard, where new and changed points land before they are sealed.

    Head (writer)          append(points, position) -> rows;  view() -> HeadView
    HeadView (readers)     the first `count` rows: a Body like any sealed segment

Append-only: a changed point is a new row, and the writer clears the alive bit of the old one. `newest` maps an id to
its latest row and `previous` leads from there to older rows of the same id, so a reader with an older view walks
back until it reaches a row it may see. Arrays grow by doubling; views share them. Vectors are scanned exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.limits import HEAD_BYTES_MAX, HEAD_POINTS_MAX
from tamis.model.ids import IdArray
from tamis.model.operation import VectorBlock
from tamis.model.payload import decode_payloads
from tamis.model.schema import CollectionSchema, VectorParams
from tamis.segment.alive import Mask, all_rows, set_rows, widened
from tamis.segment.column import LiveTable, Table
from tamis.segment.growable import Growable
from tamis.segment.payload import PayloadBlocks
from tamis.segment.points import Points
from tamis.segment.vectors.dense import Dense, fitted

__all__ = ["Head", "HeadView"]

_UUID = 1 << 128  # tells UUIDs from numbers among dict keys


def _keys(ids: IdArray) -> list[int]:
    """One int per id, distinct between numbers and UUIDs."""
    lows: list[int] = ids.low.tolist()
    if ids.uuids is None or ids.high is None:
        return lows
    marks = zip(lows, ids.high.tolist(), ids.uuids.tolist(), strict=True)
    return [_UUID | high << 64 | low if uuid else low for low, high, uuid in marks]


class _VectorTip:
    """Rows of one named vector; points without it have a row of zeros and no bit in `present`."""

    def __init__(self, params: VectorParams) -> None:
        self.params = params
        reserve = min(HEAD_POINTS_MAX, HEAD_BYTES_MAX // (4 * params.size))  # a head is frozen not far beyond
        self.rows = Growable(np.float32, (params.size,), reserve)
        self._present: Mask | None = None  # None: every row has it

    def append(self, count: int, block: VectorBlock | None) -> None:
        start = self.rows.count
        if block is not None and block.points is None:
            self.rows.extend(block.rows)
            has: NDArray[Any] = np.arange(start, start + count)
        else:
            new = self.rows.widen(count)
            has = np.empty(0, np.int64) if block is None or block.points is None else block.points.astype(np.int64)
            if block is not None:
                new[has] = block.rows
            has = has + start
        if self._present is None and len(has) < count:
            self._present = all_rows(start)
        if self._present is not None:
            self._present = widened(self._present, start + count)
            set_rows(self._present, has)

    def view(self) -> Dense:
        present = None if self._present is None else self._present.copy()
        return Dense(params=self.params, rows=self.rows.view(), present=present, graph=None)


class Head:
    """The writer's side of the head."""

    def __init__(self, name: str, schema: CollectionSchema) -> None:
        self.name = name
        self.vector_bytes = 0
        self.payload_bytes = 0
        self._low = Growable(np.uint64)
        self._high: Growable | None = None  # with _uuids: None until the first UUID
        self._uuids: Growable | None = None
        self._versions = Growable(np.uint64)
        self._tips = {vector: _VectorTip(params) for vector, params in schema.vectors.items()}
        self._payloads: list[bytes] = []
        self._newest: dict[int, int] = {}
        self._previous: list[int] = []
        self._table = LiveTable(schema.indexes)

    @property
    def count(self) -> int:
        """Rows, dead ones included."""
        return self._versions.count

    def append(self, points: Points, position: int) -> None:
        """New rows for these points (distinct ids), made by the write at `position`."""
        rows, start = len(points.ids), self.count
        keys = _keys(points.ids)
        before = [self._newest.get(key, -1) for key in keys]
        self._append_ids(points.ids)
        self._versions.widen(rows)[...] = position
        for name, tip in self._tips.items():
            tip.append(rows, points.vectors.get(name))
            self.vector_bytes += rows * tip.params.size * 4
        self._table.append(decode_payloads(points.payloads))
        self._payloads.extend(points.payloads)
        self.payload_bytes += sum(map(len, points.payloads))
        self._previous.extend(before)
        self._newest.update(zip(keys, range(start, start + rows), strict=True))

    def _append_ids(self, ids: IdArray) -> None:
        start = self._low.count
        self._low.extend(ids.low)
        if ids.uuids is not None and self._high is None:
            self._high, self._uuids = Growable(np.uint64), Growable(np.bool_)
            self._high.widen(start)
            self._uuids.widen(start)
        if self._high is not None and self._uuids is not None:
            self._high.widen(len(ids))[...] = 0 if ids.high is None else ids.high
            self._uuids.widen(len(ids))[...] = False if ids.uuids is None else ids.uuids

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        """Newest row of each id, -1 if there is none."""
        newest = self._newest.get
        return np.array([newest(key, -1) for key in _keys(ids)], np.int64)

    def follow(self, schema: CollectionSchema) -> None:
        """Show the rows as this schema does from the next view on."""
        self._table.reindex(schema.indexes)
        before, self._tips = self._tips, {}
        for name, params in schema.vectors.items():
            tip = before.get(name)
            if tip is None or tip.params.created != params.created:
                tip = _VectorTip(params)
                tip.append(self.count, None)
            self._tips[name] = tip
        self.vector_bytes = sum(self.count * tip.params.size * 4 for tip in self._tips.values())

    def view(self) -> HeadView:
        """The rows so far, immutable."""
        ids = IdArray(self._low.view())
        if self._high is not None and self._uuids is not None:
            ids = IdArray(self._low.view(), self._high.view(), self._uuids.view())
        return HeadView(
            name=self.name,
            count=self.count,
            versions=self._versions.view(),
            table=self._table.view(self.count),
            vectors={name: tip.view() for name, tip in self._tips.items()},
            all_ids=ids,
            payloads=self._payloads,
            newest=self._newest,
            previous=self._previous,
        )


@dataclass(frozen=True)
class HeadView:
    """The first `count` rows of a head. `payloads`, `newest` and `previous` may already know later rows."""

    name: str
    count: int
    versions: NDArray[np.uint64]
    table: Table
    vectors: Mapping[str, Dense]
    all_ids: IdArray
    payloads: list[bytes]
    newest: Mapping[int, int]
    previous: list[int]

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        """Newest row of each id within this view, -1 if there is none."""
        newest = self.newest.get
        rows = np.array([newest(key, -1) for key in _keys(ids)], np.int64)
        for place in np.flatnonzero(rows >= self.count).tolist():
            row = int(rows[place])
            while row >= self.count:
                row = self.previous[row]
            rows[place] = row
        return rows

    def ids(self, offsets: NDArray[Any] | slice) -> IdArray:
        """Ids of these rows."""
        return self.all_ids.take(offsets)

    @cached_property
    def _order(self) -> NDArray[np.uint32]:
        return self.all_ids.order()

    def id_order(self) -> NDArray[np.uint32]:
        """Rows sorted by id."""
        return self._order

    def payload(self, offset: int) -> bytes:
        """Raw JSON of one row."""
        return self.payloads[offset]

    def payload_blocks(self, rows: NDArray[np.int64]) -> PayloadBlocks:
        """Raw JSON of these rows, back to back."""
        blocks = [self.payloads[row] for row in rows.tolist()]
        return PayloadBlocks(blocks, np.fromiter(map(len, blocks), np.uint64, len(blocks)))

    def under(self, schema: CollectionSchema) -> HeadView:
        """The same rows as this schema, a later one, shows them."""
        vectors = fitted(self.vectors, schema.vectors, self.count)
        return replace(self, table=self.table.reindexed(schema.indexes), vectors=vectors)

    def nbytes(self) -> dict[str, int]:
        """Resident bytes by component, without what is reserved for growth."""
        ids = self.all_ids.low.nbytes + 100 * len(self.newest) + 8 * len(self.previous)  # dict entry, list slot
        return {
            "vectors": sum(dense.row_bytes for dense in self.vectors.values()),
            "ids": ids,
            "versions": self.versions.nbytes,
            "payload": sum(map(len, self.payloads[: self.count])),
            "columns": sum(self.table.bytes().values()),
        }
