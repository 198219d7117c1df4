"""A name is never given twice, also when its file is long gone: other nodes may have it in their caches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tamis.log.store_log import StoreLog
from tamis.model.operation import Delete, Operation, SetPayload, Upsert, VectorBlock
from tamis.shard.garbage import Keep, collect
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.cache import CachedStore
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import POOL, SCHEMA, SIZES, pack


def written(ids: list[int], value: str) -> Operation:
    vectors = {name: VectorBlock(np.ones((len(ids), size), np.float32)) for name, size in SIZES.items()}
    return Upsert(pack([*ids]), vectors, [json.dumps({"v": value}).encode()] * len(ids))


def value(shard: Shard, id: int) -> str:
    snapshot = shard.snapshot()
    [number], [offset] = (found.tolist() for found in snapshot.locate(pack([id])))
    found: str = json.loads(snapshot.views[number].payload(offset))["v"]
    return found


def test_a_file_that_another_node_has_cached_is_not_mistaken_for_a_new_one(tmp_path: Path) -> None:
    now = [0.0]
    root = MemoryStore(clock=lambda: now[0])

    def node(name: str) -> tuple[CachedStore, Runtime]:
        return CachedStore(root, tmp_path / name, 10**9), Runtime(POOL, background=False, mark=f"-{name}")

    (store_a, a), (store_b, b), (store_c, c) = node("a"), node("b"), node("c")
    first = Shard.create(store_a, StoreLog(store_a), SCHEMA, a)
    for block in range(8):
        first.write(written(list(range(10 * block + 1, 10 * block + 8)), "old"))
        first.seal()
    first.write(SetPayload(b'{"v":"overlay of a"}', pack([10 * block + 1 for block in range(8)])))
    first.seal()
    third = Shard.open(store_c, StoreLog(store_c), c)  # it has the overlays in its cache
    first.write(Delete(pack([10 * block + 1 for block in range(8)])))
    first.seal()
    for id in (2, 3):
        first.write(Delete(pack([id])))
        first.seal()
    now[0] = 1e6
    assert collect(store_a, StoreLog(store_a), now[0], Keep(10, 10)).files >= 8
    second = Shard.open(store_b, StoreLog(store_b), b)
    second.write(SetPayload(b'{"v":"overlay of b"}', pack([55])))
    second.seal()
    for shard in (first, second, third):
        shard.follow()
        shard.adopt()
        assert value(shard, 55) == "overlay of b"
