"""Background work of a shard, one step at a time: seal a frozen head, merge segments, fold overlays.

    seal    oldest frozen state -> segment -> manifest at its position -> installed
    merge   manifest's state -> new segment (no lock held) -> manifest at the position it has by then -> installed

New files are built from states that are exact at a position; what happened since is carried over when they are
installed (`replacement`). A step that fails leaves everything as it was and can be tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

import msgspec

from tamis.errors import Conflict
from tamis.limits import SEGMENT_POINTS_MAX
from tamis.model.schema import CollectionSchema, HnswConfig, VectorParams
from tamis.segment.alive import count_rows
from tamis.segment.format import payload_key, points_key
from tamis.segment.head import HeadView
from tamis.segment.seal import Build, Kept, every_row, living_rows, write_payload, write_points
from tamis.segment.segment import Segment
from tamis.segment.vectors.graph_build import Progress
from tamis.segment.view import SegmentView, Snapshot
from tamis.shard.compaction import JobKind, Limits, Piece, plan
from tamis.shard.ledger import Ledger
from tamis.shard.manifest import Manifest
from tamis.shard.replacement import Replacement, replaced
from tamis.shard.runtime import Runtime
from tamis.shard.state import State
from tamis.shard.writer import Writer
from tamis.storage.store import Store

__all__ = ["Stopped", "Upkeep", "builds_of", "deserving_graphs", "limits_of"]

_GRAPH_ROWS_MIN = 64  # fewer are scanned faster than walked, whatever the thresholds say
# Without thresholds a graph begins where a scan would take about 0.1 ms: rows · (size + 48), in sixths of a nanosecond.
_GRAPH_ROWS_DEFAULT = 1_000
_SCAN_WORK = 800_000
_FILE_BYTES = 2 * 2**30  # in an object store, where a file is created in one request; codes and graph come on top


class Stopped(Conflict):
    """The shard was closed while a long step was under way; nothing was changed."""


class _GaveWay(Exception):
    """A background merge stops because `optimize` is about to merge the same segments, and more."""


class Upkeep:
    """Steps that rewrite sealed files. Any thread may call them; each returns whether there was something to do."""

    def __init__(self, writer: Writer, ledger: Ledger, store: Store, runtime: Runtime) -> None:
        self._writer = writer
        self.ledger = ledger
        self._store = store
        self._runtime = runtime
        self._commit_lock = threading.Lock()  # who commits a manifest
        self._merge_lock = threading.Lock()  # who replaces sealed segments
        self._stopping = threading.Event()
        self._takeovers = 0  # optimize() calls under way
        self._takeover_lock = threading.Lock()

    def stop(self) -> None:
        """Make long steps give up."""
        self._stopping.set()

    @contextmanager
    def takeover(self) -> Iterator[None]:
        """While inside, background merges give way: what they would build is merged again at once."""
        with self._takeover_lock:
            self._takeovers += 1
        try:
            yield
        finally:
            with self._takeover_lock:
                self._takeovers -= 1

    def seal(self) -> bool:
        """Seal the oldest frozen head."""
        with self._commit_lock:
            waiting = self._writer.waiting()
            if not waiting:
                return False
            frozen = waiting[0]
            heads = [view for view in frozen.views if isinstance(view.body, HeadView)]
            replacement = self._written(heads, frozen, graphs=False) if heads else None
            self._commit(frozen, replacement)
            self._writer.install(replacement, sealed=True)
            return True

    def merge(self, *, full: bool = False, progress: Callable[[str, float], None] | None = None) -> bool:
        """Do the next job that `compaction` wants; not full: unless an optimize() is under way."""
        if self._takeovers and not full:
            return False
        with self._merge_lock:
            ledger = self.ledger
            base = ledger.sealed
            limits = limits_of(
                base.schema, background=not full, file_bytes=_FILE_BYTES if self._runtime.shared else None
            )
            job = plan([_piece(view) for view in base.views], limits, full=full)
            if job is None:
                return False
            sources = [view for view in base.views if view.body.name in job.names]
            step = f"{'merging' if len(sources) > 1 else 'rewriting'} {sum(v.alive_count for v in sources):,} points"
            shown = None if progress is None else lambda share: progress(step, share)
            if job.kind is JobKind.FOLD:
                replacement = self._folded(sources[0], base)
            else:
                try:
                    replacement = self._written(sources, base, graphs=True, full=full, progress=shown)
                except _GaveWay:
                    return False
            with self._commit_lock:
                if ledger is self.ledger:  # otherwise another node's manifest came first; these files are garbage
                    self._commit(ledger.sealed, replacement)
                    self._writer.install(replacement, sealed=False)
            return True

    def adopt(self, ledger: Ledger, state: State) -> None:
        """Go on from a manifest that another node wrote; merges that are under way are in vain."""
        with self._commit_lock:
            self._writer.rebase(state)
            self.ledger = ledger

    def _commit(self, state: Snapshot, replacement: Replacement | None) -> None:
        try:
            self.ledger.commit(state if replacement is None else replaced(state, replacement))
        except BaseException:
            if replacement is not None and replacement.target is not None:
                self.ledger.abandon(replacement.target.keys)
            raise
        if replacement is not None and replacement.target is not None:
            self.ledger.abandon_unlisted(replacement.target.keys)  # all its points died while it was built

    def release(self) -> None:
        """Commit the same state once more, so that files only the manifest before needed go now."""
        with self._commit_lock:
            before = self.ledger.history.before
            newest = self.ledger.history.newest
            if not self._runtime.shared and before is not None and newest is not None and before.files - newest.files:
                self.ledger.commit(self.ledger.sealed)

    @contextmanager
    def pinned(self) -> Iterator[Manifest]:
        """The newest manifest, whose files stay while the block runs, whatever is merged meanwhile."""
        with self._commit_lock:
            manifest = self.ledger.pin()
        try:
            yield manifest
        finally:
            with self._commit_lock:
                self.ledger.unpin(manifest)

    def _written(
        self,
        sources: Sequence[SegmentView],
        state: Snapshot,
        *,
        graphs: bool,
        full: bool = False,
        progress: Progress | None = None,
    ) -> Replacement:
        """A new segment of the living rows of these views of `state`."""
        kept = living_rows(sources)
        if not kept[-1].stop:
            return Replacement(None, state.position, {source.view.body.name: source.target_of() for source in kept})
        name, number = f"s{self.ledger.fresh():08d}{self._runtime.mark}", 1
        try:
            builds = self._builds(state.schema, kept, graphs=graphs, full=full, progress=progress)
            write_points(self._store, name, kept, builds)
            write_payload(self._store, payload_key(name, number), kept, state.schema.indexes)
            segment = Segment.open(self._store, name, number, verify=False)
        except BaseException:
            self.ledger.abandon((points_key(name), payload_key(name, number)))
            raise
        return Replacement(segment, state.position, {source.view.body.name: source.target_of() for source in kept})

    def _folded(self, source: SegmentView, state: Snapshot) -> Replacement:
        """The same points with a new payload file."""
        segment = source.body
        assert isinstance(segment, Segment)
        number = self.ledger.fresh()
        kept = every_row(source)
        try:
            write_payload(self._store, payload_key(segment.name, number), kept, state.schema.indexes)
            target = segment.with_payload(self._store, number)
        except BaseException:
            self.ledger.abandon((payload_key(segment.name, number),))
            raise
        return Replacement(target, state.position, {segment.name: kept[0].target_of()})

    def _builds(
        self, schema: CollectionSchema, kept: Sequence[Kept], *, graphs: bool, full: bool, progress: Progress | None
    ) -> dict[str, Build]:
        views = [source.view for source in kept]
        deserving = deserving_graphs(schema, views, background=not full) if graphs else frozenset()

        def report(share: float) -> None:
            if self._stopping.is_set():
                raise Stopped("the collection was closed meanwhile")
            if self._takeovers and not full:
                raise _GaveWay
            if progress is not None:
                progress(share)

        return builds_of(schema, deserving, self._runtime.pool, report)


def builds_of(
    schema: CollectionSchema, deserving: frozenset[str], pool: Executor, progress: Progress | None = None
) -> dict[str, Build]:
    """How each vector of a new segment is sealed. deserving: which get a graph."""
    return {
        name: Build(_effective(params, schema), _hnsw(params, schema), name in deserving, pool, progress)
        for name, params in schema.vectors.items()
    }


def deserving_graphs(schema: CollectionSchema, views: Sequence[SegmentView], *, background: bool) -> frozenset[str]:
    """Names of the vectors that get a graph in a segment of the living rows of these views."""
    return limits_of(schema, background=background).deserves(_present_total(views))


def limits_of(schema: CollectionSchema, *, background: bool, file_bytes: int | None = None) -> Limits:
    """The policy's numbers for a collection. An indexing_threshold of 0 stops graphs in the background only.

    file_bytes: of the vectors of one segment, where one file cannot be larger."""
    settings = schema.optimizers
    row_bytes = sum(4 * params.size for params in schema.vectors.values())
    rows_max = SEGMENT_POINTS_MAX
    if settings.max_segment_size is not None and row_bytes:
        rows_max = max(1, min(rows_max, settings.max_segment_size * 1024 // row_bytes))
    if file_bytes is not None and row_bytes:
        rows_max = max(1, min(rows_max, file_bytes // row_bytes))

    def deserves(present: Mapping[str, int]) -> frozenset[str]:
        if background and settings.indexing_threshold == 0:
            return frozenset()
        return frozenset(name for name, rows in present.items() if _deserves_graph(schema, schema.vectors[name], rows))

    return Limits(rows_max, deserves, settings.deleted_threshold, settings.vacuum_min_vector_number)


def _hnsw(params: VectorParams, schema: CollectionSchema) -> HnswConfig:
    """The graph's parameters: the collection's, with what the vector has instead."""
    return msgspec.structs.replace(schema.hnsw, **(params.hnsw or {}))


def _effective(params: VectorParams, schema: CollectionSchema) -> VectorParams:
    """The vector's parameters with the collection's quantization where it has none of its own."""
    if params.quantization is not None or schema.quantization is None:
        return params
    return msgspec.structs.replace(params, quantization=schema.quantization)


def _deserves_graph(schema: CollectionSchema, params: VectorParams, rows: int) -> bool:
    hnsw = _hnsw(params, schema)
    if hnsw.m == 0 or rows < _GRAPH_ROWS_MIN:
        return False
    given = [t for t in (hnsw.full_scan_threshold, schema.optimizers.indexing_threshold or None) if t is not None]
    if given:
        return rows * params.size * 4 >= max(given) * 1024
    return rows >= _GRAPH_ROWS_DEFAULT and rows * (params.size + 48) >= _SCAN_WORK


def _piece(view: SegmentView) -> Piece:
    body = view.body
    assert isinstance(body, Segment)
    return Piece(
        name=body.name,
        rows=body.count,
        alive=view.alive_count,
        present=_present_total([view]),
        graphs=frozenset(name for name, dense in body.vectors.items() if dense.graph is not None),
        overlay_rows=0 if view.overlay is None else view.overlay.count,
        reindexed=body.sealed_indexes != body.table.indexes,
        holds_dropped=body.holds_dropped,
    )


def _present_total(views: Sequence[SegmentView]) -> dict[str, int]:
    """Living rows that have each vector."""
    total: dict[str, int] = {}
    for view in views:
        for name, dense in view.body.vectors.items():
            rows = view.alive_count if dense.present is None else count_rows(dense.present & view.alive)
            total[name] = total.get(name, 0) + rows
    return total
