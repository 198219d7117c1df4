"""A shard: one ordered slice of a collection, from its log to its segments.

    write ─▶ Writer ─▶ log, state, snapshot            snapshot() ─▶ readers, without locks
                 └▶ frozen heads ─▶ sealer ─▶ segments ─▶ merger ─▶ fewer segments, with graphs

Opening is recovery: the manifest, its segments, then the log's tail through the same `apply` that live writes use.
With `Runtime(background=False)` nothing happens by itself: `seal` and `merge` are called by whoever wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tamis.errors import Conflict, Corrupt, NotFound
from tamis.log.log import Log
from tamis.model.operation import Operation
from tamis.model.schema import CollectionSchema
from tamis.segment.view import Snapshot
from tamis.shard.ledger import History, Ledger
from tamis.shard.manifest import Manifest, manifest_numbers
from tamis.shard.recovery import Recovered, recover
from tamis.shard.report import MemoryReport, ShardInfo, describe, measure
from tamis.shard.runtime import Runtime
from tamis.shard.state import State
from tamis.shard.upkeep import Upkeep
from tamis.shard.worker import Worker
from tamis.shard.writer import Writer
from tamis.storage.store import Store

__all__ = ["Shard"]


class Shard:
    """Points of one log. Make one with `create` or `open`; any thread may use it."""

    def __init__(self, store: Store, log: Log, runtime: Runtime, recovered: Recovered) -> None:
        self._store = store
        self._log = log
        self._ledger = recovered.ledger
        self._damage = dict(recovered.damage)
        self._writer = Writer(recovered.state, log, runtime)
        self._upkeep = Upkeep(self._writer, recovered.ledger, store, runtime)
        self._sealer = Worker("tamis-seal", self._seal_and_wake, self._writer.sealing_failed)
        self._merger = Worker("tamis-merge", self._upkeep.merge)
        self._background = runtime.background

    @classmethod
    def create(cls, store: Store, log: Log, schema: CollectionSchema, runtime: Runtime) -> Shard:
        """A new, empty shard. Conflict if there is one already."""
        if manifest_numbers(store):
            raise Conflict("there is a shard here already")
        empty = Snapshot(log.end, schema, ())
        ledger = Ledger(store, log, empty, History())
        ledger.commit(empty)
        return cls(store, log, runtime, Recovered(State(schema, log.end), ledger))._started()

    @classmethod
    def open(cls, store: Store, log: Log, runtime: Runtime) -> Shard:
        """The shard that is there: manifest, segments, and the log's tail. NotFound, or Corrupt naming key and byte."""
        recovered = recover(store, log)
        shard = cls(store, log, runtime, recovered)
        try:
            shard._writer.replay(log.read(recovered.state.position))
        except NotFound as error:
            raise Corrupt("log", 0, str(error)) from error
        return shard._started()

    def _started(self) -> Shard:
        if self._background:
            self._writer.on_frozen = self._sealer.wake
            self._sealer.start()
            self._merger.start()
        return self

    def write(self, operation: Operation) -> int:
        """Durable and applied on return; returns its position.

        Rejected or NotFound: refused, nothing changed. Overloaded or Unavailable: try again. Poisoned: it may or may
        not be durable, and writes are refused until the shard is opened again.
        """
        return self._writer.write(operation)

    def snapshot(self) -> Snapshot:
        """Everything that was written before this call, immutable."""
        return self._writer.snapshot

    @property
    def schema(self) -> CollectionSchema:
        """The schema as of now, payload indexes included."""
        return self._writer.snapshot.schema

    def seal(self) -> bool:
        """Freeze the head and seal what is frozen; returns whether there was anything."""
        self._writer.freeze()
        sealed = False
        while self._upkeep.seal():
            sealed = True
        return sealed

    def merge(self, *, full: bool = False) -> bool:
        """One job of compaction; returns whether there was one."""
        return self._upkeep.merge(full=full)

    def optimize(self, progress: Callable[[str, float], None] | None = None) -> None:
        """Seal, merge and build until nothing is left to gain. progress(what, share of it that is done)."""
        if progress is not None:
            progress("sealing", 0.0)
        with self._upkeep.takeover():
            self.seal()
            while self._upkeep.merge(full=True, progress=progress):
                pass
            self._upkeep.release()
        self._merger.wake()

    @contextmanager
    def sealed(self) -> Iterator[tuple[Store, Manifest]]:
        """What was written before this call, in files: the manifest that names them, and the store they stay in while
        the block runs. Corrupt where a segment is quarantined, since its points would be missing."""
        if self._writer.refusal is not None:
            raise self._writer.refusal
        position = self._writer.freeze()
        while self._ledger.sealed.position < position and self._upkeep.seal():
            pass
        for lost in self._ledger.quarantined:
            raise Corrupt(lost.entry.keys[0], 0, f"the segment is damaged and its points are missing: {lost.error}")
        with self._upkeep.pinned() as manifest:
            yield self._store, manifest

    def info(self) -> ShardInfo:
        """Counts, segments, damage and background errors as of now."""
        snapshot, writer = self._writer.snapshot, self._writer
        segments = tuple(describe(view) for view in snapshot.views)
        troubles = (writer.refusal, self._sealer.error, self._merger.error)
        quarantined = sum(lost.entry.alive_count for lost in self._ledger.quarantined)
        waiting = len(writer.waiting())
        red = self._ledger.quarantined or writer.refusal is not None
        yellow = waiting or self._damage or any(troubles)
        return ShardInfo(
            status="red" if red else "yellow" if yellow else "green",
            points_count=snapshot.count,
            indexed_vectors_count=sum(segment.points * len(segment.graphs) for segment in segments),
            segments=segments,
            position=snapshot.position,
            log_bytes=self._log.size,
            waiting_heads=waiting,
            damage={key: str(error) for key, error in self._damage.items()},
            quarantined_points=quarantined,
            errors=tuple(f"{type(trouble).__name__}: {trouble}" for trouble in troubles if trouble is not None),
        )

    def memory(self) -> MemoryReport:
        """Bytes by component, resident and on disk."""
        disk = {"log": self._log.size, "points": 0, "payload": 0, "overlay": 0}
        for key in self._ledger.history.newest.files if self._ledger.history.newest is not None else ():
            kind = key.rsplit("/", 1)[1].split("-", 1)[0]
            with suppress(NotFound):  # replaced meanwhile
                disk[kind] += self._store.size(key)
        return measure(self._writer.snapshot, disk)

    def close(self) -> None:
        """Stop background work and close the log. What was acknowledged is on disk already."""
        self._writer.close()
        self._upkeep.stop()
        self._sealer.stop()
        self._merger.stop()
        self._log.close()

    def _seal_and_wake(self) -> bool:
        sealed = self._upkeep.seal()
        if sealed:
            self._merger.wake()
        return sealed
