"""The writer's state of a shard: bodies, which of their rows are alive, and the head.

    slots   sealed segments, then frozen heads, then the tip: the head that is being written
    Slot    body · alive bits · overlay (sealed bodies only)

`snapshot` shares what did not change since the last one and copies alive bits before they change again, so snapshots
never change. Only the writer's thread touches a State; `apply` is the one who changes points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tamis.model.filter import Filter
from tamis.model.ids import IdArray
from tamis.model.schema import CollectionSchema
from tamis.search.filter.evaluate import evaluate
from tamis.segment.alive import Mask, clear_rows, count_rows, has_rows, no_rows, set_rows, unpack_rows, widened
from tamis.segment.head import Head
from tamis.segment.overlay import Overlay
from tamis.segment.points import Points
from tamis.segment.view import Body, SegmentView, Snapshot

__all__ = ["Chosen", "Slot", "State", "Tip"]


class Slot:
    """A body that takes no new rows: a sealed segment or a frozen head."""

    def __init__(self, body: Body, alive: Mask, overlay: Overlay | None = None) -> None:
        self._body = body
        self.overlay = overlay
        self._alive = alive  # words that others may be reading
        self._owned = False  # true: nobody else has seen them
        self.alive_count = count_rows(alive)
        self._view: SegmentView | None = None

    @property
    def body(self) -> Body:
        """The body, the rows written so far."""
        return self._body

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        """The living row of each id, -1 if there is none here."""
        if not self.alive_count:
            return np.full(len(ids), -1, np.int64)
        rows = self._rows_of(ids)
        bits = (self._alive[rows >> 6] >> (rows & 63).astype(np.uint64)) & np.uint64(1)
        return np.where((rows >= 0) & (bits != 0), rows, -1)

    def _rows_of(self, ids: IdArray) -> NDArray[np.int64]:
        return self._body.find(ids)

    def kill(self, rows: NDArray[np.int64]) -> None:
        """These rows, distinct and alive, are dead from now on."""
        clear_rows(self._own(len(self._alive)), rows)
        self.alive_count -= len(rows)
        if self.overlay is not None:
            self.overlay.kill(rows)

    def payload(self, row: int) -> bytes:
        """Raw JSON of the row's payload as it is now."""
        changed = None if self.overlay is None else self.overlay.payload(row)
        return self.body.payload(row) if changed is None else changed

    def overlay_payloads(self, rows: NDArray[np.int64], payloads: Sequence[bytes], position: int) -> None:
        """Give living rows of a sealed body other payloads."""
        if self.overlay is None:
            self.overlay = Overlay(self._body.count, self._body.table.indexes)
        self.overlay.append(rows, payloads, np.full(len(rows), position, np.uint64))
        self._view = None

    def follow(self, schema: CollectionSchema) -> None:
        """Payload indexes or vectors changed."""
        self._body = self._body.under(schema)
        if self.overlay is not None:
            self.overlay.reindex(schema.indexes)
        self._view = None

    def view(self) -> SegmentView:
        """What readers may see of it now."""
        if self._view is None:
            overlay = None if self.overlay is None else self.overlay.view()
            alive = self._alive[: (self.body.count + 63) >> 6]
            self._view = SegmentView(self.body, alive, self.alive_count, overlay)
            self._owned = False
        return self._view

    def _own(self, words: int) -> Mask:
        """Alive bits that may be changed, at least this many words."""
        if not self._owned or len(self._alive) < words:
            alive = widened(self._alive, words << 6)
            self._alive = alive.copy() if alive is self._alive else alive
            self._owned = True
        self._view = None
        return self._alive


class Tip(Slot):
    """The slot of the head."""

    def __init__(self, head: Head) -> None:
        super().__init__(head.view(), no_rows(0))
        self.head = head

    @property
    def body(self) -> Body:
        """The rows written so far."""
        if self._body.count < self.head.count:
            self._body = self.head.view()
        return self._body

    def _rows_of(self, ids: IdArray) -> NDArray[np.int64]:
        return self.head.find(ids)

    def append(self, points: Points, position: int) -> None:
        """New living rows."""
        start, count = self.head.count, len(points.ids)
        self.head.append(points, position)
        needed = (self.head.count + 63) >> 6
        room = needed if needed <= len(self._alive) else 2 * needed
        set_rows(self._own(room), np.arange(start, start + count))
        self.alive_count += count

    def follow(self, schema: CollectionSchema) -> None:
        """Payload indexes or vectors changed."""
        self.head.follow(schema)
        self._body = self.head.view()
        self._view = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Living rows of one slot that an operation is about; numbers: which of its ids they are."""

    slot: Slot
    rows: NDArray[np.int64]
    numbers: NDArray[np.int64] | None = None

    def payloads(self) -> list[bytes]:
        """Their payloads as they are now."""
        return [self.slot.payload(row) for row in self.rows.tolist()]

    def matching(self, filter: Filter | None) -> Chosen:
        """Those that match now."""
        if filter is None:
            return self
        match = has_rows(evaluate(self.slot.view(), filter).mask, self.rows)
        return Chosen(self.slot, self.rows[match], None if self.numbers is None else self.numbers[match])


class State:
    """Everything a shard knows at `position`."""

    def __init__(self, schema: CollectionSchema, position: int, slots: Sequence[Slot] = ()) -> None:
        self.schema = schema
        self.position = position
        self.changed = 0  # rows made, killed or given another payload since the last freeze
        self.slots = list(slots)
        self.tip = self._new_tip()

    def _new_tip(self) -> Tip:
        return Tip(Head(f"head-{self.position}", self.schema))

    def all_slots(self) -> list[Slot]:
        """Every body, the tip last."""
        return [*self.slots, self.tip]

    def locate(self, ids: IdArray) -> list[Chosen]:
        """The living rows of these ids; ids that are not there are in none."""
        chosen = []
        missing = len(ids)
        for slot in reversed(self.all_slots()):
            if not missing:
                break
            found = slot.find(ids)
            numbers = np.flatnonzero(found >= 0)
            if len(numbers):
                chosen.append(Chosen(slot, found[numbers], numbers))
                missing -= len(numbers)
        return chosen

    def select(self, ids: IdArray | None, filter: Filter | None) -> list[Chosen]:
        """Living rows by id or by filter."""
        if ids is not None:
            return self.locate(ids)
        chosen = []
        for slot in self.all_slots():
            rows = unpack_rows(evaluate(slot.view(), filter).mask) if slot.alive_count else ()
            if len(rows):
                chosen.append(Chosen(slot, np.asarray(rows, np.int64)))
        return chosen

    def append(self, points: Points, position: int) -> None:
        """New living rows in the head."""
        if not len(points.ids):
            return
        self.tip.append(points, position)
        self.changed += len(points.ids)

    def kill(self, chosen: Chosen) -> None:
        """These rows are dead from now on."""
        chosen.slot.kill(chosen.rows)
        self.changed += len(chosen.rows)

    def overlay(self, chosen: Chosen, payloads: Sequence[bytes], position: int) -> None:
        """Give rows of a sealed body other payloads."""
        chosen.slot.overlay_payloads(chosen.rows, payloads, position)
        self.changed += len(chosen.rows)

    def follow(self, schema: CollectionSchema) -> None:
        """Other payload indexes or vectors from now on, on every body."""
        self.schema = schema
        for slot in self.all_slots():
            slot.follow(schema)

    def freeze(self) -> None:
        """Close the head and begin another."""
        if self.tip.head.count:
            self.slots.append(Slot(self.tip.body, self.tip.view().alive))
        self.tip = self._new_tip()
        self.changed = 0

    def snapshot(self) -> Snapshot:
        """What readers see at this position."""
        views = tuple(slot.view() for slot in self.all_slots() if slot.alive_count)
        return Snapshot(self.position, self.schema, views)
