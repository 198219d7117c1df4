"""Writing sealed files: a head becomes a segment, segments become one, an overlay becomes a payload file.

    sources (views)  --living rows, in order-->  points file + payload file

Sealing a head and merging segments are the same act with different sources. The rows of the first source come first,
each source in row order, dead rows left out; `Kept.target_of` says where every old row went. Columns are built from
columns and raw JSON is copied in blocks: no payload is parsed. The float32 rows of a vector exist once, in memory,
while their file is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.model.ids import IdArray
from tamis.model.schema import HnswConfig, PayloadIndex, VectorParams
from tamis.segment.alive import Mask, all_rows, clear_rows, has_rows, unpack_rows
from tamis.segment.column.build import build_table
from tamis.segment.column.table import TablePart
from tamis.segment.format import PayloadMeta, PointsMeta, points_key, vector_prefix, with_prefix
from tamis.segment.id_map import build_id_map
from tamis.segment.payload import PayloadBlocks, build_payload_rows
from tamis.segment.vectors.dense import build_dense
from tamis.segment.vectors.graph_build import Progress
from tamis.segment.view import OverlayView, SegmentView
from tamis.storage.aligned import aligned_empty
from tamis.storage.array import write_arrays
from tamis.storage.store import Store

__all__ = ["Build", "Kept", "every_row", "living_rows", "write_payload", "write_points"]


@dataclass(frozen=True, slots=True)
class Build:
    """How one vector name is sealed."""

    params: VectorParams
    hnsw: HnswConfig
    graph: bool
    pool: Executor
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one source that go into the new segment, and where its first one lands."""

    view: SegmentView
    rows: NDArray[np.int64]  # ascending
    start: int

    @property
    def stop(self) -> int:
        """The target's row after the last one kept."""
        return self.start + len(self.rows)

    def target_of(self) -> NDArray[np.int64]:
        """Per row of the source its row in the target, -1 if it was left out."""
        targets = np.full(self.view.body.count, -1, np.int64)
        targets[self.rows] = np.arange(self.start, self.stop)
        return targets


def living_rows(views: Sequence[SegmentView]) -> list[Kept]:
    """Keep the living rows of these views."""
    kept: list[Kept] = []
    for view in views:
        kept.append(Kept(view, unpack_rows(view.alive), kept[-1].stop if kept else 0))
    return kept


def every_row(view: SegmentView) -> list[Kept]:
    """Keep the dead rows too, so that rows keep their numbers."""
    return [Kept(view, np.arange(view.body.count), 0)]


def write_points(store: Store, name: str, kept: Sequence[Kept], vectors: Mapping[str, Build]) -> None:
    """Write the points file of segment `name`: ids, and each vector as its `Build` says, unless no row has it."""
    ids = IdArray.concatenate([part.view.body.ids(part.rows) for part in kept])
    arrays = with_prefix("ids.", build_id_map(ids))
    held = {vector: build for vector, build in vectors.items() if any(_holds(part, vector) for part in kept)}
    for number, (vector, build) in enumerate(held.items()):
        rows, present = _stack(kept, vector, build.params)
        dense = build_dense(
            rows,
            present,
            build.params,
            pool=build.pool,
            hnsw=build.hnsw,
            graph=build.graph,
            progress=build.progress,
        )
        arrays |= with_prefix(vector_prefix(number), dense)
    meta = PointsMeta(len(ids), {vector: build.params for vector, build in held.items()})
    write_arrays(store, points_key(name), arrays, msgspec.msgpack.encode(meta))


def write_payload(store: Store, key: str, kept: Sequence[Kept], indexes: Mapping[str, PayloadIndex]) -> None:
    """Write a payload file: columns and raw rows, overlays folded in."""
    rows = kept[-1].stop
    table_meta, table = build_table([part for source in kept for part in _table_parts(source)], rows, indexes)
    meta = msgspec.msgpack.encode(PayloadMeta(rows, table_meta))
    arrays = with_prefix("table.", table)
    arrays["versions"] = _versions(kept)
    arrays |= with_prefix("rows.", build_payload_rows([block for source in kept for block in _payload_parts(source)]))
    write_arrays(store, key, arrays, meta)


def _versions(kept: Sequence[Kept]) -> NDArray[np.uint64]:
    versions = np.concatenate([source.view.body.versions[source.rows] for source in kept])
    for source in kept:
        if source.view.overlay is not None:
            rows, newest = _overlaid(source, source.view.overlay)
            versions[source.start + rows] = source.view.overlay.versions[newest]
    return versions


def _overlaid(source: Kept, overlay: OverlayView) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places among the kept rows whose payload is in the overlay, ascending, and the overlay row of each."""
    newest = unpack_rows(overlay.alive)
    targets = overlay.targets[newest].astype(np.int64)
    order = np.argsort(targets)
    targets, newest = targets[order], newest[order]
    places = np.searchsorted(source.rows, targets)
    kept = places < len(source.rows)
    kept[kept] = source.rows[places[kept]] == targets[kept]
    return places[kept], newest[kept]


def _holds(source: Kept, vector: str) -> bool:
    present = source.view.body.vectors[vector].present
    return present is None or bool(has_rows(present, source.rows).any())


def _stack(kept: Sequence[Kept], vector: str, params: VectorParams) -> tuple[NDArray[np.float32], Mask | None]:
    """Rows of one vector of all kept rows, and which have it (None: all)."""
    total = kept[-1].stop
    rows = aligned_empty((total, params.size), np.float32)
    lacking: list[NDArray[np.int64]] = []
    for source in kept:
        dense = source.view.body.vectors[vector]
        if len(source.rows) == source.view.body.count:
            rows[source.start : source.stop] = dense.rows
        else:
            np.take(dense.rows, source.rows, axis=0, out=rows[source.start : source.stop])
        if dense.present is not None:
            lacking.append(source.start + np.flatnonzero(~has_rows(dense.present, source.rows)))
    if not any(len(places) for places in lacking):
        return rows, None
    present = all_rows(total)
    clear_rows(present, np.concatenate(lacking))
    return rows, present


def _table_parts(source: Kept) -> list[TablePart]:
    view, targets = source.view, np.arange(source.start, source.stop, dtype=np.uint32)
    rows = source.rows.astype(np.uint32)
    if view.overlay is None:
        return [TablePart(view.body.table, rows, targets, view.body.payload)]
    overlay = view.overlay
    places, newest = _overlaid(source, overlay)
    own = np.ones(len(rows), np.bool_)
    own[places] = False
    order = np.argsort(newest)
    changed = TablePart(
        overlay.table,
        newest[order].astype(np.uint32),
        targets[places[order]],
        overlay.payloads.__getitem__,
    )
    return [TablePart(view.body.table, rows[own], targets[own], view.body.payload), changed]


def _payload_parts(source: Kept) -> list[PayloadBlocks]:
    """Raw rows in order: stretches of the body, and single rows of the overlay between them."""
    view = source.view
    if view.overlay is None:
        return [view.body.payload_blocks(source.rows)]
    places, newest = _overlaid(source, view.overlay)
    parts: list[PayloadBlocks] = []
    start = 0
    for place, row in zip(places.tolist(), newest.tolist(), strict=True):
        if place > start:
            parts.append(view.body.payload_blocks(source.rows[start:place]))
        raw = view.overlay.payloads[row]
        parts.append(PayloadBlocks([raw], np.array([len(raw)], np.uint64)))
        start = place + 1
    parts.append(view.body.payload_blocks(source.rows[start:]))
    return parts
