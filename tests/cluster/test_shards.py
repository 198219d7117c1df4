"""The shards that a node has open: none waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import wait

import numpy as np
import pytest

from tamis.cluster.catalog import ShardedEntry
from tamis.cluster.shards import Shards, shard_store
from tamis.errors import Unavailable
from tamis.log.store_log import StoreLog
from tamis.model.operation import Upsert, VectorBlock, encode_operation
from tamis.shard.runtime import Runtime
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import POOL, SCHEMA, SIZES, pack

ENTRY = ShardedEntry(1, SCHEMA, (0, 1))
SLOW = "collections/000001/0/"
SECONDS = 30


class Gate(MemoryStore):
    """What is read of one shard waits at a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.arrived = threading.Semaphore(0)
        self.fails = False

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        if key.startswith(SLOW) and not self.open.is_set():
            self.arrived.release()
            assert self.open.wait(SECONDS)
        if key.startswith(SLOW) and self.fails:
            raise Unavailable(f"{key}: 503")
        return super().get(key, start, length)


@pytest.fixture
def store() -> Gate:
    return Gate()


@pytest.fixture
def shards(store: Gate) -> Shards:
    shards = Shards(store, Runtime(POOL, background=False, mark="-one"))
    for number in ENTRY.shards:
        shards.get("docs", ENTRY, number)
    return shards


def write(store: Gate, shard: int, id: int) -> None:
    """As another node does."""
    vectors = {name: VectorBlock(np.ones((1, size), np.float32)) for name, size in SIZES.items()}
    log = StoreLog(shard_store(store, 1, shard, None))
    log.append([encode_operation(Upsert(pack([id]), vectors, [b"{}"]))])


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def test_a_shard_that_takes_long_holds_up_no_other(store: Gate, shards: Shards) -> None:
    write(store, 0, 1)
    write(store, 1, 1)
    store.open.clear()
    begun = shards.follow(manifests=False)
    assert store.arrived.acquire(timeout=SECONDS)
    until(lambda: shards.positions() == {1: {0: 0, 1: 1}})
    write(store, 1, 2)
    again = shards.follow(manifests=True)
    wait(again, SECONDS)
    assert shards.positions() == {1: {0: 0, 1: 2}}
    assert (len(begun), len(again)) == (2, 1), "what is under way is not begun again"
    assert not store.arrived.acquire(blocking=False)
    store.open.set()
    wait(begun, SECONDS)
    wait(shards.follow(manifests=False), SECONDS)
    assert shards.positions() == {1: {0: 1, 1: 2}}
    shards.stop()


def test_a_shard_that_takes_long_to_open_holds_up_no_turn(store: Gate, shards: Shards) -> None:
    wanted = {(1, number): ("docs", ENTRY) for number in ENTRY.shards}
    other = Shards(store, Runtime(POOL, background=False, mark="-two"))
    store.open.clear()
    begun = other.keep(wanted, {(1, 1)})
    until(lambda: other.positions() == {1: {1: 0}})
    assert other.keep(wanted, {(1, 1)}) == [], "it is being opened"
    one = other.here((1, 1))
    assert one is not None
    assert one.stored.shard.leading
    store.open.set()
    wait(begun, SECONDS)
    assert other.positions() == {1: {0: 0, 1: 0}}
    other.stop()
    shards.stop()


def test_one_that_fails_is_named_until_it_does_not(store: Gate, shards: Shards) -> None:
    write(store, 0, 1)
    store.fails = True
    wait(shards.follow(manifests=False), SECONDS)
    assert list(shards.troubles) == [(1, 0)]
    assert "503" in shards.troubles[1, 0]
    store.fails = False
    wait(shards.follow(manifests=False), SECONDS)
    assert (shards.troubles, shards.positions()) == ({}, {1: {0: 1, 1: 0}})
    shards.stop()


def test_stopping_waits_for_what_is_under_way(store: Gate, shards: Shards) -> None:
    store.open.clear()
    write_later = threading.Timer(0.05, store.open.set)
    begun = shards.follow(manifests=False)
    assert store.arrived.acquire(timeout=SECONDS)
    write_later.start()
    shards.stop()
    assert all(one.done() for one in begun)
    write_later.join()
