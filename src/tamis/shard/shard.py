"""A shard: one ordered slice of a collection, from its log to its segments.

    write ─▶ Writer ─▶ log, state, snapshot            snapshot() ─▶ readers, without locks
                 └▶ frozen heads ─▶ sealer ─▶ segments ─▶ merger ─▶ fewer segments, with graphs

Opening is recovery: the manifest, its segments, then the log's tail through the same `apply` that live writes use.
With `Runtime(background=False)` nothing happens by itself: `seal` and `merge` are called by whoever wants them.

A shared shard (`Runtime.shared`) is open on several nodes over one store: any of them writes, all `follow` the log and
`adopt` manifests, and those that `lead` seal and merge. Two that lead at once do work in vain and no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock

from tamis.errors import Conflict, Corrupt, NotFound
from tamis.log.log import Log
from tamis.model.operation import Operation
from tamis.model.schema import CollectionSchema
from tamis.segment.segment import Segment
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

_TRIES = 3


class Shard:
    """Points of one log. Make one with `create` or `open`; any thread may use it."""

    def __init__(self, store: Store, log: Log, runtime: Runtime, recovered: Recovered) -> None:
        self._store = store
        self._log = log
        self._damage = dict(recovered.damage)
        self._writer = Writer(recovered.state, log, runtime)
        self._upkeep = Upkeep(self._writer, recovered.ledger, store, runtime)
        self._sealer = Worker("tamis-seal", self._seal_and_wake, self._writer.sealing_failed)
        self._merger = Worker("tamis-merge", self._merge_if_leading)
        self._runtime = runtime
        self._leading = not runtime.shared
        self._adopting = Lock()

    @classmethod
    def create(cls, store: Store, log: Log, schema: CollectionSchema, runtime: Runtime) -> Shard:
        """A new, empty shard. Conflict if there is one already."""
        if manifest_numbers(store):
            raise Conflict("there is a shard here already")
        empty = Snapshot(log.end, schema, ())
        ledger = Ledger(store, log, empty, History(), shared=runtime.shared)
        ledger.commit(empty)
        return cls(store, log, runtime, Recovered(State(schema, log.end), ledger))._started()

    @classmethod
    def open(cls, store: Store, log: Log, runtime: Runtime) -> Shard:
        """The shard that is there: manifest, segments, and the log's tail. NotFound, or Corrupt naming key and byte."""
        while True:
            recovered = recover(store, log, shared=runtime.shared)
            shard = cls(store, log, runtime, recovered)
            try:
                shard._writer.replay(log.read(recovered.state.position))
            except NotFound as error:
                if runtime.shared and max(manifest_numbers(store), default=0) > recovered.ledger.number:
                    continue  # the log was trimmed up to a newer manifest meanwhile
                raise Corrupt("log", 0, str(error)) from error
            return shard._started()

    def _started(self) -> Shard:
        if self._runtime.shared:
            self._writer.sealing = False
        if self._runtime.background:
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

    def follow(self) -> int:
        """Apply what other nodes appended; returns the position, which is the log's end as it was during this call."""
        try:
            return self._writer.follow()
        except NotFound:  # the log was trimmed while this node was away
            self.adopt()
            return self._writer.follow()

    def adopt(self, *, listed: bool = True) -> bool:
        """Go on from the newest manifest if another node wrote it; returns whether one did. listed: see `Ledger`."""
        with self._adopting:
            ledger = self._upkeep.ledger
            if not ledger.is_outrun(listed=listed):
                return False
            bodies = [view.body for view in self._writer.snapshot.views]
            known = {body.name: body for body in bodies if isinstance(body, Segment)}
            recovered = recover(self._store, self._log, shared=True, known=known)
            self._damage = dict(recovered.damage)
            self._upkeep.adopt(recovered.ledger, recovered.state)
        self._sealer.wake()
        self._merger.wake()
        return True

    def lead(self, leading: bool) -> None:
        """Whether this node seals and merges a shared shard from now on."""
        self._leading = self._writer.sealing = leading
        if leading:
            self._sealer.wake()
            self._merger.wake()
        self._writer.sealing_failed(None)

    @property
    def shared(self) -> bool:
        """Whether other nodes have it open, too."""
        return self._runtime.shared

    @property
    def leading(self) -> bool:
        """Whether this node seals and merges."""
        return self._leading

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
        while self._step(self._upkeep.seal):
            sealed = True
        return sealed

    def merge(self, *, full: bool = False) -> bool:
        """One job of compaction; returns whether there was one."""
        return self._step(partial(self._upkeep.merge, full=full))

    def optimize(self, progress: Callable[[str, float], None] | None = None) -> None:
        """Seal, merge and build until nothing is left to gain. progress(what, share of it that is done)."""
        if progress is not None:
            progress("sealing", 0.0)
        with self._upkeep.takeover():
            self.seal()
            while self._step(partial(self._upkeep.merge, full=True, progress=progress)):
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
        while self._upkeep.ledger.sealed.position < position and self._step(self._upkeep.seal):
            pass
        for lost in self._upkeep.ledger.quarantined:
            raise Corrupt(lost.entry.keys[0], 0, f"the segment is damaged and its points are missing: {lost.error}")
        with self._upkeep.pinned() as manifest:
            yield self._store, manifest

    def info(self) -> ShardInfo:
        """Counts, segments, damage and background errors as of now."""
        snapshot, writer = self._writer.snapshot, self._writer
        segments = tuple(describe(view) for view in snapshot.views)
        troubles = (writer.refusal, self._sealer.error, self._merger.error)
        quarantined = sum(lost.entry.alive_count for lost in self._upkeep.ledger.quarantined)
        waiting = len(writer.waiting())
        red = self._upkeep.ledger.quarantined or writer.refusal is not None
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
        newest = self._upkeep.ledger.history.newest
        for key in newest.files if newest is not None else ():
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
        sealed = self._leading and self._step(self._upkeep.seal)
        if sealed:
            self._merger.wake()
        return sealed

    def _merge_if_leading(self) -> bool:
        return self._leading and self._step(self._upkeep.merge)

    def _step(self, step: Callable[[], bool]) -> bool:
        """A step of upkeep. If another node committed first, its work is what this one goes on from; if only a file has
        a name that was tried before and arrived late, the next try has another name."""
        for _ in range(_TRIES if self._runtime.shared else 0):
            try:
                return step()
            except (Conflict, NotFound):
                if self.adopt():
                    return True
        return step()
