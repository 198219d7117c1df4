"""Listing segments in a shard that others have open: every fault at every step, every write that comes between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.bulk.commit import commit, last_rows
from tamis.bulk.sealing import Sealed, perform
from tamis.errors import Conflict, Unavailable
from tamis.log.store_log import StoreLog
from tamis.model.ids import IdArray
from tamis.model.operation import Delete, Upsert, VectorBlock
from tamis.model.schema import CollectionSchema, Distance, VectorParams
from tamis.segment.alive import unpack_rows
from tamis.segment.view import Snapshot
from tamis.shard.manifest import manifest_key, manifest_numbers
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.faults import Crashed, Fault, FaultSchedule
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Part
from tests.bulk.files import SIZE, filling, write_file

SCHEMA = CollectionSchema({"": VectorParams(SIZE, Distance.EUCLID)})
POOL = ThreadPoolExecutor(1)
COUNT = 120


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, memoryview], list[Sealed]]:
    """The files of two segments of ids 0 to 119, and what their tasks said."""
    folder = tmp_path_factory.mktemp("segments")
    path, store = folder / "a.parquet", folder / "store"
    write_file(path, [*range(COUNT), *range(30)], seed=7)
    sealed = [perform(task) for task in filling(store, [path], points=80).tasks()]
    shard = next((store / "collections").glob("*/0"))
    files = list(shard.rglob("segments/*/*"))
    return {str(file.relative_to(shard)): memoryview(file.read_bytes()) for file in files}, sealed


def opened(store: MemoryStore, mark: str) -> Shard:
    """The shard as a node has it."""
    runtime = Runtime(POOL, background=False, mark=mark)
    try:
        return Shard.create(store, StoreLog(store), SCHEMA, runtime)
    except Conflict:
        return Shard.open(store, StoreLog(store), runtime)


def upsert(id: int, payload: bytes) -> Upsert:
    """One point."""
    return Upsert(IdArray.of([id]), {"": VectorBlock(np.zeros((1, SIZE), np.float32))}, [payload])


def payloads(snapshot: Snapshot) -> dict[object, bytes]:
    """By id; each id once."""
    found: dict[object, bytes] = {}
    for view in snapshot.views:
        rows = unpack_rows(view.alive)
        for id, row in zip(view.body.ids(rows).tolist(), rows.tolist(), strict=True):
            assert id not in found
            found[id] = view.payload(row)
    return found


def expected() -> dict[object, bytes]:
    """The later rows of ids 0 to 29, and the only ones of the others."""
    rows = {**{id: id for id in range(COUNT)}, **{id: COUNT + id for id in range(30)}}
    return {id: f'{{"file":"a.parquet","row":{row}}}'.encode() for id, row in rows.items()}


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
@pytest.mark.parametrize("fault", [Fault.FULL, Fault.MUTE, Fault.DELAY, Fault.CUT, Fault.DONE])
def test_a_fault_at_every_step(segments: tuple[dict[str, memoryview], list[Sealed]], fault: Fault, there: bool) -> None:
    files, sealed = segments
    step = 0
    while True:
        step += 1
        schedule = FaultSchedule()
        store = MemoryStore(schedule, dict(files))
        node = opened(store, "-a") if there else None
        schedule.faults[schedule.steps + step] = fault
        last = schedule.steps + step
        try:
            assert commit(store, SCHEMA, sealed) == COUNT
        except Crashed:
            store = store.restart()
            assert commit(store, SCHEMA, sealed) == COUNT
        if schedule.steps < last:
            break
        assert payloads(opened(store, "-b").snapshot()) == expected()
        if node is not None and not schedule.crashed:
            node.follow()
            node.adopt()
            assert payloads(node.snapshot()) == expected()
            assert node.snapshot().position >= 1
    assert step > 2


class Meddled(MemoryStore):
    """Something happens before the n-th write from now on."""

    def __init__(self, files: dict[str, memoryview]) -> None:
        super().__init__(objects=dict(files))
        self.due = 0
        self.happens: Callable[[], object] = lambda: None

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Write the object."""
        self.due -= 1
        if self.due == 0:
            self.happens()
        super().put(key, parts, if_absent=if_absent)


def write(node: Shard) -> None:
    """A point of an id that is imported, too."""
    node.write(upsert(5, b'{"mine":1}'))


def write_and_seal(node: Shard) -> None:
    """It, in a manifest of its own."""
    write(node)
    node.seal()


def come_and_go(node: Shard) -> None:
    """What leaves a log and a manifest and no point."""
    write(node)
    node.write(Delete(IdArray.of([5])))
    node.seal()


@pytest.mark.parametrize("meddle", [write, write_and_seal, come_and_go])
@pytest.mark.parametrize("due", [1, 2])  # the mark, the manifest
def test_what_a_node_writes_meanwhile_is_not_lost(
    segments: tuple[dict[str, memoryview], list[Sealed]], meddle: Callable[[Shard], None], due: int
) -> None:
    files, sealed = segments
    store = Meddled(files)
    node, other = opened(store, "-a"), opened(store, "-b")
    store.due, store.happens = due, lambda: meddle(node)
    try:
        assert commit(store, SCHEMA, sealed) == COUNT
        wanted = expected()
    except Conflict:
        wanted = {}
        assert meddle is not come_and_go
    assert store.due <= 0
    if meddle is not come_and_go:
        wanted = {**wanted, 5: b'{"mine":1}'}
    for shard in (node, other):
        shard.adopt()
        shard.follow()
    for shard in (node, other, opened(store, "-c")):
        assert payloads(shard.snapshot()) == wanted
    node.seal()
    node.optimize()
    other.adopt()
    assert payloads(other.snapshot()) == wanted


def test_the_import_has_a_moment_of_its_own(segments: tuple[dict[str, memoryview], list[Sealed]]) -> None:
    files, sealed = segments
    now = [100.0]
    store = MemoryStore(objects=dict(files), clock=lambda: now[0])
    node = opened(store, "-a")
    node.write(upsert(1, b"{}"))
    node.write(Delete(IdArray.of([1])))
    now[0] = 200.0
    commit(store, SCHEMA, sealed)
    log = StoreLog(store)
    assert (log.position_at(150.0), log.position_at(250.0)) == (2, 3)
    assert manifest_numbers(store) == [1, 2]


def test_a_file_that_was_collected_before_it_was_listed(
    segments: tuple[dict[str, memoryview], list[Sealed]],
) -> None:
    files, sealed = segments
    gone = min(files)
    store = MemoryStore(objects={key: view for key, view in files.items() if key != gone})
    opened(store, "-a")
    with pytest.raises(Unavailable, match="grace_secs"):
        commit(store, SCHEMA, sealed)
    assert manifest_numbers(store) == [1]


def test_a_manifest_that_came_after_its_time_does_not_count(
    segments: tuple[dict[str, memoryview], list[Sealed]],
) -> None:
    """This process slept while others committed twice and removed the beginning: a number became free again."""
    files, sealed = segments
    store = Meddled(files)
    node = opened(store, "-a")

    def sleep() -> None:
        write_and_seal(node)
        node.write(upsert(6, b"{}"))
        node.seal()
        for number in manifest_numbers(store)[:-1]:
            store.delete(manifest_key(number))

    store.due, store.happens = 2, sleep  # before the manifest
    with pytest.raises(Conflict, match="holds points already"):
        commit(store, SCHEMA, sealed)
    assert payloads(opened(store, "-c").snapshot()).keys() == {5, 6}


IDS = st.lists(st.lists(st.integers(0, 5) | st.uuids(), max_size=8), min_size=1, max_size=5)


@given(IDS)
def test_the_last_row_of_every_id(parts: list[list[object]]) -> None:
    last = {id: (part, row) for part, ids in enumerate(parts) for row, id in enumerate(ids)}
    masks = last_rows([IdArray.of(ids) for ids in parts])  # type: ignore[arg-type]
    found = {(part, row) for part, words in enumerate(masks) for row in unpack_rows(words).tolist()}
    assert found == set(last.values())


def test_an_empty_import(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_file(path, range(3), seed=8)
    write_file(tmp_path / "none.parquet", range(0), seed=8)
    plan = filling(tmp_path / "store", [path, tmp_path / "none.parquet"], shards=8)
    sealed = [perform(task) for task in plan.tasks()]
    assert sum(len(one.ids) for one in sealed) == 3
    store = MemoryStore()
    assert commit(store, SCHEMA, [one for one in sealed if not len(one.ids)]) == 0
    assert payloads(opened(store, "-a").snapshot()) == {}
