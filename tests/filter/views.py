"""Views over the same points in every shape that columns can take: live, sealed, merged, overlaid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from tamis.model.ids import IdArray
from tamis.model.payload import encode_payload
from tamis.model.schema import PayloadIndex
from tamis.segment.alive import all_rows, no_rows, pack_rows
from tamis.segment.column import LiveTable, Table, TablePart, build_table, open_table
from tamis.segment.view import OverlayView, SegmentView

Indexes = Mapping[str, PayloadIndex]
U32 = NDArray[np.uint32]


@dataclass
class Vectors:
    """As much of a dense field as a filter asks for."""

    present: NDArray[np.uint64] | None = None


@dataclass
class Rows:
    """A Body over plain lists."""

    table: Table
    raws: list[bytes]
    keys: IdArray
    vectors: dict[str, Any] = field(default_factory=dict)
    name: str = "rows"

    @property
    def count(self) -> int:
        return self.table.rows

    @property
    def versions(self) -> NDArray[np.uint64]:
        return np.ones(self.count, np.uint64)

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        place = {key: row for row, key in enumerate(self.keys)}
        return np.array([place.get(key, -1) for key in ids], np.int64)

    def ids(self, offsets: NDArray[Any] | slice) -> IdArray:
        return self.keys.take(offsets)

    def id_order(self) -> U32:
        return self.keys.order()

    def payload(self, offset: int) -> bytes:
        return self.raws[offset]


@dataclass
class Points:
    """What every shape is made of."""

    payloads: list[dict[str, Any]]
    ids: Sequence[int | UUID] = ()
    vectors: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    dead: Sequence[int] = ()

    def keys(self) -> IdArray:
        return IdArray.of(list(self.ids) or list(range(len(self.payloads))))


def span(start: int, stop: int) -> U32:
    return np.arange(start, stop, dtype=np.uint32)


def live_table(payloads: Sequence[dict[str, Any]], indexes: Indexes, batch: int = 3, paths_max: int = 1000) -> Table:
    """Appended in batches, with rows behind the view's count that must not be seen."""
    live = LiveTable(indexes, paths_max)
    for start in range(0, len(payloads), batch):
        live.append(payloads[start : start + batch])
    table = live.view(len(payloads))
    live.append([{"city": "later", "n": 1, "tags": ["a"], "parts": [{"size": 1}]}])
    return table


def sealed(parts: Sequence[TablePart], rows: int, indexes: Indexes, paths_max: int = 1000) -> Table:
    meta, arrays = build_table(parts, rows, indexes, paths_max)
    for array in arrays.values():
        array.flags.writeable = False
    return open_table(meta, arrays)


def as_sealed(payloads: Sequence[dict[str, Any]], indexes: Indexes, paths_max: int = 1000) -> Table:
    """Sealed from a live table whose every other row is dead."""
    padded = [p for payload in payloads for p in ({"city": "dead", "tags": ["b", 1], "parts": [{"n": 2}]}, payload)]
    live = live_table(padded, indexes, paths_max=paths_max)
    rows = len(payloads)
    raws = [encode_payload(p) for p in padded]
    return sealed([TablePart(live, 2 * span(0, rows) + 1, span(0, rows), raws.__getitem__)], rows, indexes, paths_max)


def as_merged(payloads: Sequence[dict[str, Any]], indexes: Indexes, paths_max: int = 1000) -> Table:
    """Merged from a sealed table (built before there were indexes), a sealed one in reverse order, and a live one."""
    rows = len(payloads)
    third = rows // 3
    groups = [span(0, third), span(third, 2 * third)[::-1], span(2 * third, rows)]
    chosen = [[payloads[row] for row in group.tolist()] for group in groups]
    tables = [
        as_sealed(chosen[0], {}, paths_max),
        as_sealed(chosen[1], indexes, paths_max),
        live_table(chosen[2], indexes, paths_max=paths_max),
    ]
    raws = [[encode_payload(p) for p in some] for some in chosen]
    parts = [
        TablePart(table, span(0, len(group)), group, raw.__getitem__)
        for table, group, raw in zip(tables, groups, raws, strict=True)
    ]
    return sealed(parts, rows, indexes, paths_max)


def view_of(table: Table, points: Points) -> SegmentView:
    """A view whose payloads are all in the body."""
    rows = len(points.payloads)
    raws = [encode_payload(p) for p in points.payloads]
    vectors = {name: Vectors(pack_rows(np.flatnonzero(has), rows)) for name, has in points.vectors.items()}
    body = Rows(table, raws, points.keys(), vectors)
    alive = all_rows(rows)
    for row in points.dead:
        alive[row >> 6] &= ~np.uint64(1 << (row & 63))
    return SegmentView(body, alive, rows - len(set(points.dead)), None)


def overlaid(points: Points, indexes: Indexes, make: Callable[..., Table]) -> SegmentView:
    """A view where every third payload was something else once, and is now in the overlay; some changed twice."""
    rows = len(points.payloads)
    moved = list(range(0, rows, 3))
    before = [
        {"city": "a", "n": 1, "tags": [None]} if row in set(moved) else p for row, p in enumerate(points.payloads)
    ]
    base = view_of(make(before, indexes), Points(before, points.ids, points.vectors, points.dead))
    older, changes = (
        [(row, {"city": "ab", "n": 2}) for row in moved[::2]],
        [(row, points.payloads[row]) for row in moved],
    )
    listed = older + changes
    alive = no_rows(len(listed))
    newest, previous = {}, []
    for place, (row, _) in enumerate(listed):
        previous.append(newest.get(row, -1))
        newest[row] = place
    alive |= pack_rows(np.array([p for r, p in newest.items() if r not in set(points.dead)], np.int64), len(listed))
    overlay = OverlayView(
        count=len(listed),
        table=live_table([payload for _, payload in listed], indexes),
        targets=np.array([row for row, _ in listed], np.uint32),
        versions=np.ones(len(listed), np.uint64),
        alive=alive,
        alive_count=int(np.bitwise_count(alive).sum()),
        stale=pack_rows(np.array(moved, np.int64), rows),
        payloads=[encode_payload(payload) for _, payload in listed],
        newest=newest,
        previous=previous,
    )
    return SegmentView(base.body, base.alive, base.alive_count, overlay)


def every_shape(points: Points, indexes: Indexes) -> dict[str, SegmentView]:
    """The same points in all shapes."""
    makes: dict[str, Callable[..., Table]] = {"live": live_table, "sealed": as_sealed, "merged": as_merged}
    shapes = {name: view_of(make(points.payloads, indexes), points) for name, make in makes.items()}
    few = as_sealed(points.payloads, indexes, paths_max=3)
    shapes["few columns"] = view_of(few, points)
    shapes["few columns, merged"] = view_of(as_merged(points.payloads, indexes, paths_max=4), points)
    shapes["indexed later"] = view_of(as_sealed(points.payloads, {}).reindexed(indexes), points)
    shapes["overlaid"] = overlaid(points, indexes, as_sealed)
    return shapes
