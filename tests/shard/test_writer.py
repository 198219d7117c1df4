"""Many threads at once: group commit, readers during everything, refusals that change nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from tamis.errors import Conflict, NotFound, Rejected
from tamis.log.memory_log import MemoryLog
from tamis.model.filter import Filter, Match
from tamis.model.ids import IdArray
from tamis.model.operation import (
    ChangeSchema,
    ClearPayload,
    Delete,
    DeletePayload,
    DeleteVectors,
    Operation,
    OverwritePayload,
    SetPayload,
    UpdateVectors,
    Upsert,
    VectorBlock,
    VectorChange,
)
from tamis.search.filter.evaluate import evaluate
from tamis.segment.alive import unpack_rows
from tamis.segment.view import Snapshot
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Part
from tests.shard.dict_model import GRAPHS, POOL, SCHEMA, by_hand, contents


def ids(*numbers: int) -> IdArray:
    return IdArray(np.array(numbers, np.uint64))


def block(rows: int, size: int = 4) -> VectorBlock:
    return VectorBlock(np.zeros((rows, size), np.float32))


class _SlowLog(MemoryLog):
    """Waits in its first append until it is let go, and counts the groups."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.entered, self.go = threading.Event(), threading.Event()

    def append(self, records: Sequence[bytes], after: int | None = None) -> int:
        self.groups.append(len(records))
        self.entered.set()
        assert self.go.wait(20)
        return super().append(records, after)


def test_writers_that_wait_share_one_append() -> None:
    log = _SlowLog()
    shard = Shard.create(MemoryStore(), log, SCHEMA, by_hand())
    positions: list[int] = []
    queued = threading.Barrier(9)

    def write(number: int) -> None:
        if number:
            queued.wait(20)
        positions.append(shard.write(Upsert(ids(number), {}, [b"{}"])))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    assert log.entered.wait(20)
    queued.wait(20)
    while len(shard._writer._queue) < 8:  # the others are queued behind the first
        threading.Event().wait(0.001)
    log.go.set()
    for thread in threads:
        thread.join(20)
    assert log.groups == [1, 8]
    assert sorted(positions) == list(range(1, 10))
    assert shard.snapshot().count == 9


REFUSED: list[tuple[Operation, type[Exception], str]] = [
    (SetPayload(b"{}", ids=ids(1, 77)), NotFound, "No point with id 77 found"),
    (OverwritePayload(b"{}", ids=ids(77)), NotFound, "No point with id 77 found"),
    (ClearPayload(ids=ids(77)), NotFound, "No point with id 77 found"),
    (DeletePayload(("a",), ids=ids(77)), NotFound, "No point with id 77 found"),
    (DeleteVectors(("b",), ids=ids(77)), NotFound, "No point with id 77 found"),
    (UpdateVectors(ids(1, 77), {"": block(2)}), NotFound, "No point with id 77 found"),
    (UpdateVectors(ids(1, 1), {"": block(2)}), Rejected, "id 1 is given twice"),
    (Upsert(ids(5, 6, 5), {}, [b"{}"] * 3), Rejected, "id 5 is given twice"),
    (Upsert(ids(5), {"x": block(1)}, [b"{}"]), Rejected, "Not existing vector name error: 'x'"),
    (Upsert(ids(5), {"": block(1, 9)}, [b"{}"]), Rejected, "shape"),
    (Upsert(ids(5, 6), {}, [b"{}"]), Rejected, "payloads"),
    (ChangeSchema(vectors={"": VectorChange(), "x": VectorChange()}), Rejected, "Not existing vector name error: 'x'"),
    (DeleteVectors(("x",), ids=ids(1)), Rejected, "Not existing vector name error: 'x'"),
    (Delete(), Rejected, "either ids or a filter"),
]


@pytest.mark.parametrize(("operation", "error", "says"), REFUSED)
def test_refused_before_the_log(operation: Operation, error: type[Exception], says: str) -> None:
    log = MemoryLog()
    shard = Shard.create(MemoryStore(), log, SCHEMA, by_hand())
    shard.write(Upsert(ids(1, 2), {"": block(2)}, [b"{}", b"{}"]))
    before = contents(shard.snapshot())
    with pytest.raises(error, match=says):
        shard.write(operation)
    assert log.end == 1
    assert contents(shard.snapshot()) == before
    assert shard.write(Delete(ids=ids(77))) == 2  # deleting what is not there is fine


def test_builders_hear_of_a_change() -> None:
    """What they go by is sealed at once, without a full head; what they do not go by waits."""
    shard = Shard.create(MemoryStore(), MemoryLog(), SCHEMA, by_hand())
    shard.write(ChangeSchema(metadata={"a": b"1"}))
    assert shard.info().waiting_heads == 0
    shard.write(ChangeSchema(hnsw={"m": 4}))
    assert shard.info().waiting_heads == 1
    assert shard.seal()
    assert shard._upkeep.ledger.sealed.schema.hnsw.m == 4


def test_an_interrupt_cuts_no_write_in_half() -> None:
    """Ctrl-C while a write is on its way to the disk: the write is finished, then the caller hears of it."""
    log = _SlowLog()
    shard = Shard.create(MemoryStore(), log, SCHEMA, Runtime(POOL))
    main = threading.main_thread().ident
    assert main is not None
    assert threading.current_thread() is threading.main_thread()

    def interrupt() -> None:
        assert log.entered.wait(20)
        signal.pthread_kill(main, signal.SIGINT)
        log.go.set()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        shard.write(Upsert(ids(1), {}, [b"{}"]))
    interrupter.join(20)
    assert shard.write(Upsert(ids(2), {}, [b"{}"])) == 2
    assert shard.snapshot().count == 2
    assert shard.info().errors == ()
    shard.close()


class _NeverSeals(MemoryStore):
    """Holds every file but manifests until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.go = threading.Event(), threading.Event()

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        if not key.startswith("manifest/"):
            self.held.set()
            assert self.go.wait(20)
        super().put(key, parts, if_absent=if_absent)


def test_a_writer_that_waits_for_the_sealer_is_let_go_by_closing() -> None:
    store = _NeverSeals()
    shard = Shard.create(store, MemoryLog(), SCHEMA, Runtime(POOL, head_points=1, frozen_heads=1))
    shard.write(Upsert(ids(1), {}, [b"{}"]))
    assert store.held.wait(20)
    refused: list[BaseException] = []

    def write() -> None:
        try:
            shard.write(Upsert(ids(2), {}, [b"{}"]))
        except Conflict as error:
            refused.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    closer = threading.Thread(target=shard.close)
    closer.start()
    writer.join(20)
    assert "closed" in str(refused[0])
    store.go.set()
    closer.join(20)
    assert shard.snapshot().count == 1
    with pytest.raises(Conflict, match="closed"):
        shard.write(Upsert(ids(3), {}, [b"{}"]))


def test_creating_twice_is_a_conflict() -> None:
    store, log = MemoryStore(), MemoryLog()
    Shard.create(store, log, SCHEMA, by_hand())
    with pytest.raises(Conflict):
        Shard.create(store, log, SCHEMA, by_hand())


def _consistent(snapshot: Snapshot) -> None:
    """Every point's payload says the same as its vector, and a filter finds exactly what is there."""
    points = contents(snapshot)
    for point_id, (payload, vectors, _) in points.items():
        assert vectors[""][0] == payload["round"], f"{point_id} at {snapshot.position}"
    for rounds in {payload["round"] for payload, _, _ in points.values()}:
        found = 0
        for view in snapshot.views:
            evaluation = evaluate(view, Filter(must=(Match("round", rounds),)))
            assert len(unpack_rows(evaluation.mask)) == evaluation.count
            found += evaluation.count
        assert found == sum(payload["round"] == rounds for payload, _, _ in points.values())


def test_readers_see_whole_states_during_writes_seals_and_merges() -> None:
    """One writer, readers, sealer and merger at the same time; old snapshots stay as they were."""
    shard = Shard.create(MemoryStore(), MemoryLog(), GRAPHS, Runtime(POOL, head_points=150))
    done, failures, kept = threading.Event(), [], []

    def guarded(work: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                failures.append(error)

        return run

    def read() -> None:
        while not done.is_set():
            snapshot = shard.snapshot()
            _consistent(snapshot)
            if len(kept) < 20:
                kept.append((snapshot, contents(snapshot)))

    readers = [threading.Thread(target=guarded(read)) for _ in range(2)]
    for reader in readers:
        reader.start()
    random = np.random.default_rng(5)
    for rounds in range(120):
        chosen = IdArray(random.permutation(300)[:40].astype(np.uint64))
        rows = np.full((40, 4), rounds, np.float32)
        shard.write(Upsert(chosen, {"": VectorBlock(rows)}, [b'{"round":%d}' % rounds] * 40))
        if rounds % 7 == 3:
            shard.write(Delete(filter=Filter(must=(Match("round", rounds - 2),))))
        if rounds % 11 == 5:
            shard.write(SetPayload(b'{"extra":1}', filter=Filter(must=(Match("round", rounds - 1),))))
    done.set()
    for reader in readers:
        reader.join(30)
    shard.optimize()
    assert not failures, failures[0]
    for snapshot, points in kept:
        assert contents(snapshot) == points
    assert shard.info().errors == ()
    _consistent(shard.snapshot())
    shard.close()
