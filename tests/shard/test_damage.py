"""Flipped bytes, missing files, a log that fails: named, contained, and the rest goes on."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from tamis.errors import Corrupt, NotFound, Overloaded, Poisoned, Unavailable
from tamis.log.file_log import FileLog
from tamis.log.memory_log import MemoryLog
from tamis.model.ids import IdArray
from tamis.model.operation import Delete, SetPayload, Upsert
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.faults import Fault, FaultSchedule
from tamis.storage.local import LocalStore
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import POOL, SCHEMA, DictModel, by_hand, check


def points(first: int, count: int, payload: bytes = b"{}") -> Upsert:
    return Upsert(IdArray(np.arange(first, first + count, dtype=np.uint64)), {}, [payload] * count)


def two_segments(store: MemoryStore, log: MemoryLog) -> Shard:
    """Ids 0-9 in one sealed segment, 10-29 in another, both in both manifests; 30-32 in the log."""
    shard = Shard.create(store, log, SCHEMA, by_hand())
    shard.write(points(0, 10))
    shard.seal()
    shard.write(points(10, 20))
    shard.seal()
    shard.write(SetPayload(b'{"a":1}', ids=IdArray(np.array([3, 12], np.uint64))))
    shard.seal()
    shard.write(Delete(ids=IdArray(np.array([29], np.uint64))))
    shard.seal()
    shard.write(points(30, 3))
    return shard


def flipped(store: MemoryStore, key: str, at: int = -1) -> MemoryStore:
    """The store after a restart, one bit of one object flipped: in its last array, which is not padding."""
    after = store.restart()
    whole = bytearray(after.get(key))
    whole[at] ^= 1
    after.delete(key)
    after.put(key, [bytes(whole)])
    return after


@pytest.mark.parametrize("kind", ["points", "payload", "overlay"])
def test_damaged_segment_is_named_and_the_rest_works(kind: str) -> None:
    store, log = MemoryStore(), MemoryLog()
    two_segments(store, log)
    key = next(key for key in store.list("segments/") if key.rsplit("/", 1)[1].startswith(kind))
    broken = flipped(store, key)
    shard = Shard.open(broken, log.restart(), by_hand())
    info = shard.info()
    assert info.status == "red"
    assert list(info.damage) == [key]
    assert "byte" in info.damage[key]
    assert info.quarantined_points == 10
    assert info.points_count == 22
    shard.write(points(5, 1, b'{"new":true}'))
    shard.optimize()
    assert shard.info().points_count == 23

    # It is still there, and still known to be missing, after another start.
    again = Shard.open(broken.restart(), shard._log.restart(), by_hand())  # type: ignore[attr-defined]
    assert again.info().status == "red"
    assert again.info().points_count == 23

    # Once the file is back its points are, except the one that was written anew.
    restored = broken.restart()
    restored.delete(key)
    restored.put(key, [store.get(key)])
    whole = Shard.open(restored, again._log.restart(), by_hand())  # type: ignore[attr-defined]
    assert whole.info().status == "green"
    assert whole.info().points_count == 32
    views, rows = whole.snapshot().locate(IdArray(np.array([5], np.uint64)))
    assert whole.snapshot().views[views[0]].payload(int(rows[0])) == b'{"new":true}'


def test_missing_segment_file_is_named() -> None:
    store, log = MemoryStore(), MemoryLog()
    two_segments(store, log)
    key = store.list("segments/")[0]
    after = store.restart()
    after.delete(key)
    info = Shard.open(after, log.restart(), by_hand()).info()
    assert info.status == "red"
    assert any(key in problem for problem in info.damage.values())


def test_damage_in_the_newest_files_is_healed_from_the_log() -> None:
    """What only the newest manifest names can be rebuilt: the one before it and the log are still there."""
    store, log, model = MemoryStore(), MemoryLog(), DictModel()
    shard = Shard.create(store, log, SCHEMA, by_hand())
    for operation in (points(0, 10), points(10, 5), Delete(ids=IdArray(np.array([4], np.uint64)))):
        shard.write(operation)
        model.apply(operation)
        shard.seal()
    newest = max(store.list("manifest/"))
    healed = Shard.open(flipped(store, newest, at=16), log.restart(), by_hand())
    check(healed.snapshot(), model)
    assert healed.info().status == "yellow"
    assert list(healed.info().damage) == [newest]


def test_without_a_readable_manifest_opening_says_where() -> None:
    store, log = MemoryStore(), MemoryLog()
    shard = Shard.create(store, log, SCHEMA, by_hand())
    shard.write(points(0, 3))
    key = store.list("manifest/")[0]
    with pytest.raises(Corrupt, match=key):
        Shard.open(flipped(store, key, at=16), log.restart(), by_hand())
    with pytest.raises(NotFound, match="no shard"):
        Shard.open(MemoryStore(), MemoryLog(), by_hand())


def test_poisoned_log_refuses_writes_and_keeps_reading() -> None:
    faults = FaultSchedule({3: Fault.DELAY})  # the manifest, the first write, the second write
    log = MemoryLog(faults)
    shard = Shard.create(MemoryStore(faults), log, SCHEMA, by_hand())
    shard.write(points(0, 3))
    for _ in range(2):
        with pytest.raises(Poisoned):
            shard.write(points(3, 3))
    assert shard.snapshot().count == 3
    assert shard.info().status == "red"
    assert "Poisoned" in shard.info().errors[0]
    shard.close()


def test_full_disk_refuses_and_goes_on() -> None:
    faults = FaultSchedule({3: Fault.FULL})
    shard = Shard.create(MemoryStore(faults), MemoryLog(faults), SCHEMA, by_hand())
    shard.write(points(0, 3))
    with pytest.raises(Unavailable, match="full"):
        shard.write(points(3, 3))
    assert shard.snapshot().count == 3
    assert shard.write(points(3, 3)) == 2
    assert shard.info().status == "green"


def test_failed_sync_poisons(tmp_path: Path) -> None:
    fails = [False]

    def fdatasync(_: int) -> None:
        if fails[0]:
            raise OSError(errno.EIO, "input/output error")

    store = LocalStore(tmp_path / "store")
    shard = Shard.create(store, FileLog(tmp_path / "log", fdatasync=fdatasync), SCHEMA, by_hand())
    shard.write(points(0, 3))
    fails[0] = True
    with pytest.raises(Poisoned):
        shard.write(points(3, 3))
    fails[0] = False
    with pytest.raises(Poisoned):
        shard.write(points(3, 3))
    assert shard.snapshot().count == 3
    shard.close()
    again = Shard.open(store, FileLog(tmp_path / "log"), by_hand())
    assert again.snapshot().count in (3, 6)  # nobody knew; now it does
    again.close()


class _FullStore(MemoryStore):
    """Takes manifests and nothing else."""

    def put(self, key: str, parts: object, *, if_absent: bool = False) -> None:
        if not key.startswith("manifest/"):
            raise Unavailable(f"{key}: the disk is full")
        super().put(key, parts, if_absent=if_absent)  # type: ignore[arg-type]


def test_writers_are_refused_when_sealing_fails_for_long() -> None:
    shard = Shard.create(_FullStore(), MemoryLog(), SCHEMA, Runtime(POOL, head_points=10, frozen_heads=2))
    shard.write(points(0, 10))
    shard.write(points(10, 10))
    with pytest.raises(Overloaded, match="disk is full"):
        shard.write(points(20, 10))
    assert shard.snapshot().count == 20
    info = shard.info()
    assert info.status == "yellow"
    assert any("disk is full" in error for error in info.errors)
    shard.close()
