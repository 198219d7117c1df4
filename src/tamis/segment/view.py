"""What readers see: bodies of points behind alive bits, frozen at one position of the log.

    Snapshot  position, schema, views
      SegmentView   one Body + alive bits + changed payloads, all at that position
        Body          sealed Segment or HeadView: ids, versions, vectors, payload columns and rows
        OverlayView   payloads that changed after the segment was sealed

Everything here is immutable: the writer publishes a new Snapshot and never touches an old one. Masks are 64-bit
words, bit i & 63 of word i >> 6 is row i, bits at or after the row count are zero.

A filter on a view is: (rows of `body.table` & ~overlay.stale) | targets of the overlay rows that match and are
alive, all of it & alive. Tables know the payload indexes of their position (`table.indexes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.model.filter import Filter
from tamis.model.ids import IdArray
from tamis.model.schema import CollectionSchema, PayloadIndex
from tamis.segment.alive import Mask
from tamis.segment.column.table import Table
from tamis.segment.payload import PayloadBlocks
from tamis.segment.vectors.dense import Dense

__all__ = ["Body", "OverlayView", "SegmentView", "Snapshot"]


class Body(Protocol):
    """Rows of points, dead ones included. A sealed Segment and a HeadView both are one."""

    @property
    def name(self) -> str:
        """Which body this is: the same for every view of it, never reused."""

    @property
    def count(self) -> int:
        """Rows; for a head, those visible in this view."""

    @property
    def versions(self) -> NDArray[np.uint64]:
        """Per row, the position of the write that made it."""

    @property
    def table(self) -> Table:
        """Payload columns."""

    @property
    def vectors(self) -> Mapping[str, Dense]:
        """Vectors by name; every name of the schema is there."""

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        """Newest row of each id, -1 if there is none. The row may be dead: check the alive bits."""

    def ids(self, offsets: NDArray[Any] | slice) -> IdArray:
        """Ids of these rows, in that order."""

    def id_order(self) -> NDArray[np.uint32]:
        """Rows sorted by id."""

    def payload(self, offset: int) -> bytes:
        """Raw JSON of one row, as it was when the row was made."""

    def payload_blocks(self, rows: NDArray[np.int64]) -> PayloadBlocks:
        """Raw JSON of these rows (ascending), back to back."""

    def under(self, schema: CollectionSchema) -> Body:
        """The same rows as this schema, a later one, shows them: its payload indexes, its vectors."""


@dataclass(frozen=True, slots=True)
class OverlayView:
    """Changed payloads of a sealed body: rows of their own, each aimed at a row of the segment."""

    count: int  # overlay rows in this view
    table: Table  # columns of the overlay rows
    targets: NDArray[np.uint32]  # per overlay row, the segment's row
    versions: NDArray[np.uint64]  # per overlay row, the position of its write
    alive: Mask  # over overlay rows: the newest of each living target
    alive_count: int
    stale: Mask  # over the segment's rows: their payload lives here
    payloads: Sequence[bytes]  # raw JSON per overlay row; may already be longer than count
    newest: Mapping[int, int]  # segment row -> newest overlay row; may already be beyond count
    previous: Sequence[
        int
    ]  # per overlay row, the older one of the same target, or -1; may already be longer than count

    def row(self, offset: int) -> int:
        """The overlay row that holds the payload of the segment's row `offset`, or -1."""
        row = self.newest.get(offset, -1)
        while row >= self.count:
            row = self.previous[row]
        return row


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One body at one position."""

    body: Body
    alive: Mask
    alive_count: int
    overlay: OverlayView | None
    answered: dict[Any, tuple[Filter | None, Any]] = field(
        default_factory=dict, compare=False, repr=False
    )  # for searches

    @property
    def indexes(self) -> Mapping[str, PayloadIndex]:
        """The payload indexes in force."""
        return self.body.table.indexes

    def payload(self, offset: int) -> bytes:
        """Raw JSON of the row's payload."""
        row = -1 if self.overlay is None else self.overlay.row(offset)
        if self.overlay is None or row < 0:
            return self.body.payload(offset)
        return self.overlay.payloads[row]

    def version(self, offset: int) -> int:
        """Position of the last write that touched the row."""
        row = -1 if self.overlay is None else self.overlay.row(offset)
        if self.overlay is None or row < 0:
            return self.body.versions.item(offset)
        return self.overlay.versions.item(row)

    def living(self, offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows (-1: none) are alive."""
        words = self.alive[np.maximum(offsets, 0) >> 6] if len(self.alive) else np.zeros(len(offsets), np.uint64)
        bits = (words >> (offsets & 63).astype(np.uint64)) & np.uint64(1)
        living: NDArray[np.bool_] = (offsets >= 0) & (bits != 0)
        return living


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A shard at one position. Each id is alive in at most one row of one view."""

    position: int
    schema: CollectionSchema
    views: tuple[SegmentView, ...]

    @property
    def count(self) -> int:
        """Points."""
        return sum(view.alive_count for view in self.views)

    def locate(self, ids: IdArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Per id the number of its view and its row there; -1, -1 where there is no such point."""
        view_of = np.full(len(ids), -1, np.int64)
        rows = np.full(len(ids), -1, np.int64)
        for number, view in enumerate(self.views):
            if view.alive_count:
                found = view.body.find(ids)
                here = view.living(found)
                view_of[here] = number
                rows[here] = found[here]
        return view_of, rows
