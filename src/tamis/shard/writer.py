"""The one writer of a shard: group commit, apply, publish.

    write(op) ─▶ queue ─▶ leader: admit · one append (one sync) · apply in order · publish one snapshot ─▶ all return

Whoever finds no leader becomes it and takes the whole queue along; the others wait until they are done or lead
themselves. A full head is frozen: the snapshot at that position is kept for the sealer, and a new head begins. When too
many wait to be sealed the leader waits, so memory stays bounded. After an append that may or may not have reached the
disk every write is refused until the shard is opened again; reads go on from the last snapshot.

Where several nodes append to one log, the state follows it: `follow` applies what others appended, and an append that
somebody outran is admitted again on what the shard is by then. `rebase` goes on from a manifest of another node.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from tamis.errors import Conflict, NotFound, Outrun, Overloaded, Poisoned, TamisError, Unavailable
from tamis.log.log import Log
from tamis.model.operation import Operation, Redefining, decode_operation, encode_operation
from tamis.model.schema import CollectionSchema
from tamis.segment.view import Snapshot
from tamis.shard.admission import admit
from tamis.shard.apply import apply
from tamis.shard.replacement import Replacement, replace_slots, replaced
from tamis.shard.runtime import Runtime
from tamis.shard.state import State

__all__ = ["Writer"]

# Operations by filter are small in the log and large to apply: this many heads' worth of changed rows are made durable
# too, so that recovery need not repeat them and the merger hears of dead rows.
CHANGED_HEADS = 5
_UNSEALED_MAX = 4  # times as many full heads as usual may wait where another node seals


@dataclass(slots=True)
class _Ticket:
    """One waiting write."""

    operation: Operation
    record: bytes
    position: int = 0
    error: BaseException | None = None
    done: bool = False

    def finish(self, position: int = 0, error: BaseException | None = None) -> None:
        self.position, self.error, self.done = position, error, True

    def result(self) -> int:
        if self.error is not None:
            raise self.error
        return self.position


def _built_by(schema: CollectionSchema) -> object:
    """What sealing and merging take from the schema, payload indexes aside."""
    return schema.vectors, schema.hnsw, schema.optimizers, schema.quantization


def _runs(group: Sequence[_Ticket]) -> Iterator[list[_Ticket]]:
    """The same in order, a change of the schema by itself: what comes after it is admitted under the new one."""
    run: list[_Ticket] = []
    for ticket in group:
        if isinstance(ticket.operation, Redefining):
            if run:
                yield run
            yield [ticket]
            run = []
        else:
            run.append(ticket)
    if run:
        yield run


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block is left: half an append or half an operation is worse than a finished one.

    It is raised in the main thread only, so only there anything has to be done.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            before(*held[0])


class Writer:
    """Owns the state. `snapshot` may be read by anyone at any time."""

    def __init__(self, state: State, log: Log, runtime: Runtime) -> None:
        self._state = state
        self._log = log
        self._runtime = runtime
        self._gate = threading.Condition()  # guards the queue and who leads
        self._queue: list[_Ticket] = []
        self._leading = False
        self._turn = threading.Condition(threading.RLock())  # guards state and frozen; notified when a head is sealed
        self._frozen: list[Snapshot] = []
        self._tail_bytes = 0
        self._refusal: TamisError | None = None  # for good, until the shard is opened again
        self._sealing_error: BaseException | None = None
        self.sealing = runtime.background  # whether what is frozen is sealed here
        self.on_frozen: Callable[[], None] = lambda: None
        self.snapshot: Snapshot = state.snapshot()

    @property
    def refusal(self) -> TamisError | None:
        """Why writes are refused, if they are."""
        return self._refusal

    @property
    def tail_bytes(self) -> int:
        """Bytes of operations since the last frozen head."""
        return self._tail_bytes

    def write(self, operation: Operation) -> int:
        """Make it durable and apply it; returns its position. Refusals change nothing."""
        ticket = _Ticket(operation, encode_operation(operation))
        with self._gate:
            self._queue.append(ticket)
            while self._leading and not ticket.done:
                self._gate.wait()
            if ticket.done:
                return ticket.result()
            self._leading = True
            group, self._queue = self._queue, []
        try:
            self._commit(group)
        finally:
            with self._gate:
                # Only an interrupt of this thread leaves writes of others unfinished: the next leader takes them.
                self._queue[:0] = [waiting for waiting in group if not waiting.done and waiting is not ticket]
                self._leading = False
                self._gate.notify_all()
        return ticket.result()

    def _commit(self, group: Sequence[_Ticket]) -> None:
        try:
            self._wait_for_room()
            with _uninterrupted(), self._turn:
                for run in _runs(group):
                    while admitted := [ticket for ticket in run if not ticket.done and self._admitted(ticket)]:
                        try:
                            self._append(admitted)
                        except Outrun:
                            self._catch_up()  # and ask again whether they may, as it is now
        except Exception as error:  # noqa: BLE001 - raised again in every thread that waits for this group
            for ticket in group:
                if not ticket.done:
                    ticket.finish(error=error)

    def _admitted(self, ticket: _Ticket) -> bool:
        try:
            admit(self._state, ticket.operation)
        except TamisError as error:
            ticket.finish(error=error)
        return not ticket.done

    def _append(self, group: Sequence[_Ticket]) -> None:
        if self._refusal is not None:
            raise self._refusal
        try:
            first = self._log.append([ticket.record for ticket in group], self._state.position)
            self._apply(first, group)
        except (Unavailable, Outrun):
            raise  # nothing of it is applied here
        except Poisoned as error:
            self._refusal = error
            raise
        except BaseException as error:
            self._refusal = Poisoned(f"a write stopped half-way and may be in the log or not: {error!r}; open again")
            raise
        self.snapshot = self._state.snapshot()
        for place, ticket in enumerate(group):
            ticket.finish(first + place)

    def _apply(self, first: int, group: Sequence[_Ticket]) -> None:
        for position, ticket in enumerate(group, first):
            self._step(position, ticket.operation, len(ticket.record))

    def _step(self, position: int, operation: Operation, size: int) -> None:
        """One operation, and a new head if that is due: builders go by the schema of what they seal."""
        before = self._state.schema
        apply(self._state, position, operation)
        self._tail_bytes += size
        if self._state.schema is not before and _built_by(before) != _built_by(self._state.schema):
            self._freeze()
        else:
            self._freeze_if_full()

    def replay(self, records: Iterator[tuple[int, bytes]]) -> int:
        """Apply what the log holds beyond the state; returns how many operations that were."""
        count = 0
        with self._turn:
            for position, record in records:
                self._step(position, decode_operation(record), len(record))
                count += 1
            self.snapshot = self._state.snapshot()
        return count

    def follow(self) -> int:
        """Apply what others appended; returns the position. NotFound if the log was trimmed beyond it: rebase."""
        self._log.refresh()
        with self._turn:
            if self._log.end > self._state.position:
                self.replay(self._log.read(self._state.position))
            return self._state.position

    def _catch_up(self) -> None:
        try:
            self.follow()
        except NotFound as error:
            raise Unavailable("this node was away for long and catches up; nothing was written; try again") from error

    def rebase(self, state: State) -> None:
        """Go on from another state of the same shard, taking it as far as this one was. NotFound as in `follow`."""
        with self._turn:
            kept = self._state, self._frozen, self._tail_bytes
            self._state, self._frozen, self._tail_bytes = state, [], 0
            try:
                for position, record in self._log.read(state.position):
                    self._step(position, decode_operation(record), len(record))
            except BaseException:
                self._state, self._frozen, self._tail_bytes = kept
                raise
            self.snapshot = self._state.snapshot()
            self._turn.notify_all()

    def _freeze_if_full(self) -> None:
        head, runtime = self._state.tip.head, self._runtime
        if (
            head.count >= runtime.head_points
            or head.vector_bytes + head.payload_bytes >= runtime.head_bytes
            or self._tail_bytes >= runtime.log_tail_bytes
            or self._state.changed >= CHANGED_HEADS * runtime.head_points
        ):
            self._freeze()

    def _freeze(self) -> None:
        self._frozen.append(self._state.snapshot())
        self._state.freeze()
        self._tail_bytes = 0
        self.on_frozen()

    def freeze(self) -> int:
        """Have everything up to here sealed, unless nothing happened since the last time; returns this position."""
        with self._turn:
            if self._tail_bytes:
                self._freeze()
                self.snapshot = self._state.snapshot()
            return self._state.position

    def close(self) -> None:
        """Refuse writes from now on, those that wait included; returns when none is under way."""
        with self._turn:
            self._refusal = self._refusal or Conflict("the collection is closed")
            self._turn.notify_all()

    def _wait_for_room(self) -> None:
        if not self._runtime.background:
            return
        with self._turn:
            self._turn.wait_for(self._has_room)

    def _has_room(self) -> bool:
        """Whether a write may go on. Overloaded if there is no use in waiting."""
        waiting = len(self._frozen)
        if self._refusal is not None or waiting < self._runtime.frozen_heads:
            return True
        if not self.sealing:
            if waiting > _UNSEALED_MAX * self._runtime.frozen_heads:
                raise Overloaded(f"{waiting} full heads wait for the node that seals them; try again later")
            return True
        if self._sealing_error is not None:
            raise Overloaded(
                f"{waiting} full heads wait to be sealed and sealing fails: {self._sealing_error}"
            ) from self._sealing_error
        return False

    def sealing_failed(self, error: BaseException | None) -> None:
        """Tell writers that wait for room; None: it works again."""
        with self._turn:
            self._sealing_error = error
            self._turn.notify_all()

    def waiting(self) -> list[Snapshot]:
        """Frozen states that wait to be sealed, oldest first."""
        with self._turn:
            return list(self._frozen)

    def install(self, replacement: Replacement | None, *, sealed: bool) -> None:
        """Put a new segment in the place of its sources, now and in all waiting states; sealed: the oldest is done."""
        with self._turn:
            if sealed:
                self._frozen.pop(0)
            if replacement is not None:
                self._frozen = [replaced(state, replacement) for state in self._frozen]
                self._state.slots = replace_slots(self._state.slots, replacement, self._state.schema)
                self.snapshot = self._state.snapshot()
            self._turn.notify_all()
