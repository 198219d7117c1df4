"""Putting a new segment in the place of the bodies it was built from, in a state that has moved on since.

    built from    the sources as they were at `position`
    a state at or after that position has:  rows that died since      -> their targets are dead
                                            payloads changed since    -> an overlay on the new segment
    indexes or vectors declared or dropped since      -> the new segment is shown under the schema of then

The same function serves the writer's state, heads waiting to be sealed, and the manifest's state. A sealed head is a
replacement of one source, a merge of several; a fold keeps every row where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tamis.model.schema import CollectionSchema
from tamis.segment.alive import pack_rows, unpack_rows
from tamis.segment.overlay import Overlay
from tamis.segment.segment import Segment
from tamis.segment.view import SegmentView, Snapshot
from tamis.shard.state import Slot

__all__ = ["Replacement", "replace_slots", "replaced"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """A segment and where the rows of its sources are in it. target None: no row was left."""

    target: Segment | None
    position: int
    target_of: Mapping[str, NDArray[np.int64]]  # per source name, per row: row of the target, or -1


def replace_slots(slots: Sequence[Slot], replacement: Replacement, schema: CollectionSchema) -> list[Slot]:
    """The slots with the sources' place taken by the target; slots without a living row are dropped."""
    sources = [slot for slot in slots if slot.body.name in replacement.target_of]
    others = [slot for slot in slots if slot.body.name not in replacement.target_of]
    target = _carried([slot.view() for slot in sources], replacement, schema)
    place = next((i for i, slot in enumerate(slots) if slot.body.name in replacement.target_of), len(others))
    kept = others if target is None else [*others[:place], target, *others[place:]]
    return [slot for slot in kept if slot.alive_count]


def replaced(state: Snapshot, replacement: Replacement) -> Snapshot:
    """The same for a state that nobody writes any more."""
    views = state.views
    sources = [view for view in views if view.body.name in replacement.target_of]
    others = [view for view in views if view.body.name not in replacement.target_of]
    target = _carried(sources, replacement, state.schema)
    place = next((i for i, view in enumerate(views) if view.body.name in replacement.target_of), len(others))
    kept = others if target is None else [*others[:place], target.view(), *others[place:]]
    return Snapshot(state.position, state.schema, tuple(view for view in kept if view.alive_count))


def _carried(sources: Sequence[SegmentView], replacement: Replacement, schema: CollectionSchema) -> Slot | None:
    target = replacement.target
    if target is None or not sources:
        return None
    rows = [replacement.target_of[view.body.name][unpack_rows(view.alive)] for view in sources]
    alive = pack_rows(np.concatenate(rows), target.count)
    slot = Slot(target.under(schema), alive)
    for view in sources:
        _carry_overlay(view, replacement, slot)
    return slot


def _carry_overlay(view: SegmentView, replacement: Replacement, slot: Slot) -> None:
    """Payload changes that came after the target was built; the others are in it."""
    if view.overlay is None:
        return
    rows = unpack_rows(view.overlay.alive)
    rows = rows[view.overlay.versions[rows] > np.uint64(replacement.position)]
    if not len(rows):
        return
    if slot.overlay is None:
        slot.overlay = Overlay(slot.body.count, slot.body.table.indexes)
    targets = replacement.target_of[view.body.name][view.overlay.targets[rows]]
    payloads = [view.overlay.payloads[row] for row in rows.tolist()]
    slot.overlay.append(targets, payloads, view.overlay.versions[rows])
