"""Where the values at a payload path are, for a set of rows of a view: columns, and rows that must be read.

view → body's table without stale rows ─┐   each through child tables down to a field:
       overlay's table                 ─┴→  Source(field, its rows to look at, their rows in the view)
rows with something that is in no column are left out of every Source and listed to be read
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.mask import set_parents, set_targets
from tamis.model.path import leaves, parse_path, resolve
from tamis.model.payload import decode_payload
from tamis.search.filter.leaf import join, rows_to_read
from tamis.search.filter.route import Route, route_of
from tamis.segment.alive import no_rows, unpack_rows
from tamis.segment.column.field import Field
from tamis.segment.column.table import Table
from tamis.segment.view import SegmentView

__all__ = ["Source", "leaves_at", "sources"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Source:
    """A field, the rows of it that count, and their rows in the view (None: the same)."""

    field: Field
    mask: Mask
    rows: U32 | None

    def lift(self, rows: U32) -> U32:
        """The points that these rows belong to."""
        return rows if self.rows is None else self.rows[rows]


def sources(view: SegmentView, path: str, mask: Mask) -> tuple[list[Source], list[int]]:
    """Columns that hold the values of the rows in `mask`, and the rows whose payload must be read instead."""
    table, overlay = view.body.table, view.overlay
    unsure = rows_to_read(path, table)
    if overlay is not None:
        if unsure is not None:
            unsure &= ~overlay.stale
        changed = rows_to_read(path, overlay.table)
        if changed is not None:
            unsure = join(unsure, mask)
            set_parents(unsure, overlay.targets, changed & overlay.alive)
    read: list[int] = []
    if unsure is not None:
        read = unpack_rows(mask & unsure).tolist()
        mask = mask & ~unsure
    route = route_of(path)
    if overlay is None:
        return _down(table, route, route.hops, mask, None), read
    inner = no_rows(overlay.count)
    set_targets(inner, overlay.targets, mask)
    inner &= overlay.alive
    own = _down(table, route, route.hops, mask & ~overlay.stale, None)
    return own + _down(overlay.table, route, route.hops, inner, overlay.targets), read


def _down(table: Table, route: Route, hops: tuple[str, ...], mask: Mask, rows: U32 | None) -> list[Source]:
    if hops:
        child = table.child(hops[0])
        if child is None:
            return []
        inner = no_rows(child.table.rows)
        set_targets(inner, child.parents, mask)
        return _down(child.table, route, hops[1:], inner, child.parents if rows is None else rows[child.parents])
    field = table.field(route.last)
    if field is None:
        return []
    if route.each:
        mask = mask & field.arrays
    return [Source(field, mask, rows)]


def leaves_at(view: SegmentView, row: int, path: str) -> list[Any]:
    """The leaves at `path` in one row, read from its payload."""
    return leaves(resolve(decode_payload(view.payload(row)), parse_path(path)))
