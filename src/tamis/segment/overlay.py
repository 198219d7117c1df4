"""Payloads of a sealed segment that changed after sealing, so that vector and graph stay where they are.

    overlay row:  target (row of the segment), version, raw JSON, its own columns
    newest        segment row -> its latest overlay row;  previous: overlay row -> the one before it
    alive         overlay rows that are the newest of a living target
    stale         segment rows whose payload is here

Append-only, one writer. `view()` copies the two masks and shares the rest, so older views stay as they were.
Merging folds an overlay into the payload file of the segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tamis.model.payload import decode_payloads
from tamis.model.schema import PayloadIndex
from tamis.segment.alive import clear_rows, count_rows, no_rows, set_rows, unpack_rows, widened
from tamis.segment.column import LiveTable
from tamis.segment.format import array_group, with_prefix
from tamis.segment.growable import Growable
from tamis.segment.payload import PayloadBlocks, build_payload_rows, open_payload_rows
from tamis.segment.view import OverlayView
from tamis.storage.array import ArrayFile, write_arrays
from tamis.storage.store import Store

__all__ = ["Overlay", "read_overlay", "write_overlay"]


class Overlay:
    """The writer's side of the changed payloads of one segment."""

    def __init__(self, segment_rows: int, indexes: Mapping[str, PayloadIndex]) -> None:
        self._table = LiveTable(indexes)
        self._targets = Growable(np.uint32)
        self._versions = Growable(np.uint64)
        self._payloads: list[bytes] = []
        self._newest: dict[int, int] = {}
        self._previous: list[int] = []
        self._alive = no_rows(0)
        self._stale = no_rows(segment_rows)
        self._view: OverlayView | None = None
        self.payload_bytes = 0

    @property
    def count(self) -> int:
        """Overlay rows, replaced ones included."""
        return self._targets.count

    def append(self, targets: NDArray[np.int64], payloads: Sequence[bytes], versions: NDArray[np.uint64]) -> None:
        """The payloads of these distinct segment rows from now on."""
        start, keys = self.count, targets.tolist()
        before = [self._newest.get(key, -1) for key in keys]
        self._table.append(decode_payloads(payloads))
        self._targets.extend(targets)
        self._versions.extend(versions)
        self._payloads.extend(payloads)
        self._previous.extend(before)
        self._newest.update(zip(keys, range(start, self.count), strict=True))
        self._alive = widened(self._alive, self.count)
        clear_rows(self._alive, np.array([row for row in before if row >= 0], np.int64))
        set_rows(self._alive, np.arange(start, self.count))
        set_rows(self._stale, targets)
        self.payload_bytes += sum(map(len, payloads))
        self._view = None

    def kill(self, targets: NDArray[np.int64]) -> None:
        """These segment rows are dead, and so are their payloads here."""
        rows = [row for target in targets.tolist() if (row := self._newest.get(target, -1)) >= 0]
        if rows:
            clear_rows(self._alive, np.array(rows, np.int64))
            self._view = None

    def payload(self, target: int) -> bytes | None:
        """The payload of the segment's row `target`, None if it is not here."""
        row = self._newest.get(target, -1)
        return None if row < 0 else self._payloads[row]

    def reindex(self, indexes: Mapping[str, PayloadIndex]) -> None:
        """Use these index definitions from the next view on."""
        self._table.reindex(indexes)
        self._view = None

    def view(self) -> OverlayView:
        """Everything so far, immutable."""
        if self._view is None:
            alive = self._alive.copy()
            self._view = OverlayView(
                count=self.count,
                table=self._table.view(self.count),
                targets=self._targets.view(),
                versions=self._versions.view(),
                alive=alive,
                alive_count=count_rows(alive),
                stale=self._stale.copy(),
                payloads=self._payloads,
                newest=self._newest,
                previous=self._previous,
            )
        return self._view


def write_overlay(store: Store, key: str, view: OverlayView) -> None:
    """Store the living rows of an overlay."""
    rows = unpack_rows(view.alive)
    raws = [view.payloads[row] for row in rows.tolist()]
    blocks = PayloadBlocks(raws, np.fromiter(map(len, raws), np.uint64, len(raws)))
    arrays = with_prefix("rows.", build_payload_rows([blocks]))
    write_arrays(store, key, arrays | {"targets": view.targets[rows], "versions": view.versions[rows]})


def read_overlay(store: Store, key: str, segment_rows: int, indexes: Mapping[str, PayloadIndex]) -> Overlay:
    """The overlay that `write_overlay` stored; Corrupt or NotFound if it cannot be read."""
    arrays = ArrayFile.open(store, key).arrays
    payloads = open_payload_rows(array_group("rows.", arrays))
    overlay = Overlay(segment_rows, indexes)
    overlay.append(
        arrays["targets"].astype(np.int64), [payloads[row] for row in range(len(payloads))], arrays["versions"]
    )
    return overlay
