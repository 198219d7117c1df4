"""optimize() takes over what background merges would do, also in the middle of one."""

import numpy as np
import pytest

from tamis.log.memory_log import MemoryLog
from tamis.model.ids import IdArray
from tamis.model.operation import Upsert, VectorBlock
from tamis.shard import upkeep
from tamis.shard.shard import Shard
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import GRAPHS, by_hand


def shard_with_two_segments() -> Shard:
    """Together they deserve a graph."""
    shard = Shard.create(MemoryStore(), MemoryLog(), GRAPHS, by_hand())
    random = np.random.default_rng(3)
    for first in (0, 300):
        ids = IdArray(np.arange(first, first + 300, dtype=np.uint64))
        blocks = {name: VectorBlock(random.random((300, size), np.float32)) for name, size in (("", 4), ("b", 3))}
        shard.write(Upsert(ids, blocks, [b"{}"] * 300))
        shard.seal()
    return shard


def test_background_merges_wait_for_an_optimize() -> None:
    shard = shard_with_two_segments()
    with shard._upkeep.takeover():
        assert not shard.merge()
        assert len(shard.snapshot().views) == 2
    assert shard.merge()
    assert len(shard.snapshot().views) == 1


def test_a_merge_under_way_gives_way_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    shard = shard_with_two_segments()
    files = shard._store.list("")
    write, taken = upkeep.write_points, []

    def write_while_optimizing(*arguments: object) -> None:
        with shard._upkeep.takeover():
            taken.append(True)
            write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(upkeep, "write_points", write_while_optimizing)
    assert not shard.merge()
    assert taken
    assert shard._store.list("") == files
    monkeypatch.undo()
    shard.optimize()
    assert [len(segment.graphs) for segment in shard.info().segments] == [2]
