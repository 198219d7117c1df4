"""Random operations with seals, merges and restarts in between: the shard is always the dict."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tamis.log.memory_log import MemoryLog
from tamis.model.query import NearestQuery, SearchParams
from tamis.model.schema import CollectionSchema
from tamis.search.nearest import nearest
from tamis.shard.shard import Shard
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import GRAPHS, SCHEMA, Chance, DictModel, by_hand, check, contents


@pytest.mark.parametrize("schema", [SCHEMA, GRAPHS], ids=["plain", "graphs"])
@pytest.mark.parametrize("seed", range(6))
def test_shard_is_the_dict_through_everything(seed: int, schema: CollectionSchema) -> None:
    chance, model = Chance(seed), DictModel()
    store, log, runtime = MemoryStore(), MemoryLog(), by_hand(head_points=40)
    shard = Shard.create(store, log, schema, runtime)
    for _ in range(150):
        operation = chance.operation(model)
        assert shard.write(operation) == model.position + 1
        model.apply(operation)
        what = chance.random.random()
        if what < 0.08:
            shard.seal()
        elif what < 0.16:
            shard.merge()
        elif what < 0.19:
            shard.merge(full=True)
        elif what < 0.21:
            shard.optimize()
        elif what < 0.25:
            shard.close()
            shard = Shard.open(store := store.restart(), log := log.restart(), runtime)
        if what < 0.4:
            check(shard.snapshot(), model)
    shard.optimize()
    check(shard.snapshot(), model)
    sizes = sorted(view.alive_count for view in shard.snapshot().views)
    assert all(size >= 10 * sum(sizes[:smaller]) for smaller, size in enumerate(sizes))  # else they are one
    assert shard.info().status == "green"


@pytest.mark.parametrize("seed", range(4))
def test_replay_gives_the_same_answers(seed: int) -> None:
    """One shard seals and merges as it goes, the other replays its log from nothing."""
    chance, model = Chance(100 + seed), DictModel()
    log = MemoryLog()
    live = Shard.create(MemoryStore(), log, GRAPHS, by_hand(head_points=30))
    unsealed = Shard.create(MemoryStore(), MemoryLog(), GRAPHS, by_hand())
    for step in range(80):
        operation = chance.operation(model)
        live.write(operation)
        unsealed.write(operation)
        model.apply(operation)
        if step % 9 == 0:
            live.seal()
        if step % 13 == 0:
            live.merge(full=True)
    replayed = Shard.open(*_copies(unsealed), by_hand(head_points=17))
    assert contents(replayed.snapshot()) == contents(live.snapshot()) == contents(unsealed.snapshot())
    for name, size in (("", 4), ("b", 3)):
        vectors = np.random.default_rng(seed).random((5, size), np.float32)
        query = NearestQuery(vectors, name, 10, params=SearchParams(exact=True))
        answers = [_answers(shard, query) for shard in (live, unsealed, replayed)]
        assert answers[0] == answers[1] == answers[2]


def _copies(shard: Shard) -> tuple[MemoryStore, MemoryLog]:
    store, log = shard._store, shard._log
    assert isinstance(store, MemoryStore)
    assert isinstance(log, MemoryLog)
    return store.restart(), log.restart()


def _answers(shard: Shard, query: NearestQuery) -> list[list[tuple[object, ...]]]:
    found = nearest(shard.snapshot().views, query)
    return [
        [
            (point_id, score, view.version(offset))
            for point_id, score, view, offset in zip(*msgspec.structs.astuple(found.places(number)), strict=True)
        ]
        for number in range(len(query.vectors))
    ]
