"""Many threads on one database: no lost write, no half-written batch seen, no wrong answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tamis.collection.places import LocalPlaces, MemoryPlaces
from tamis.collection.threads import build_pool
from tamis.embedded.database import Database
from tamis.shard.runtime import Runtime

WRITERS, READERS, ROUNDS, BATCH = 3, 3, 60, 20


@pytest.mark.parametrize("on_disk", [False, True])
def test_readers_see_whole_batches_and_no_write_is_lost(tmp_path: Path, on_disk: bool) -> None:
    """Every batch carries one number in all its points; small heads make seals and merges happen meanwhile."""
    places: Any = LocalPlaces(tmp_path) if on_disk else MemoryPlaces()
    db = Database(places, Runtime(build_pool(), head_points=150))
    c = db.create_collection("c", vectors={"size": 4, "distance": "Euclid"})

    def write(writer: int) -> None:
        ids = np.arange(BATCH) + writer * BATCH
        for turn in range(ROUNDS):
            vectors = np.full((BATCH, 4), writer * 1000 + turn)
            c.upsert(ids=ids, vectors=vectors, payloads=[{"writer": writer, "turn": turn}] * BATCH)
            c.set_payload({"touched": turn}, ids=ids[: BATCH // 2])
            mine = {"must": [{"key": "writer", "match": {"value": writer}}, {"key": "turn", "match": {"value": turn}}]}
            assert c.count(mine) == BATCH  # reads see a write as soon as it returns

    def read(reader: int) -> None:
        newest: dict[int, int] = {}
        for _ in range(ROUNDS):
            writer = reader % WRITERS
            records, _ = c.scroll(
                {"must": [{"key": "writer", "match": {"value": writer}}]}, limit=BATCH + 1, with_vector=True
            )
            turns = {record.payload["turn"] for record in records if record.payload}
            assert len(records) in (0, BATCH)
            assert len(turns) <= 1  # whole batches only
            for turn in turns:
                assert turn >= newest.get(writer, 0)  # time does not run backwards
                newest[writer] = turn
            for record in records:
                assert isinstance(record.vector, np.ndarray)
                assert record.vector[0] == writer * 1000 + (record.payload or {})["turn"]
            hits = c.search([writer * 1000.0] * 4, limit=BATCH)
            assert all(hit.payload is not None for hit in hits)
            assert [hit.score for hit in hits] == sorted(hit.score for hit in hits)

    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        tasks = [pool.submit(write, writer) for writer in range(WRITERS)]
        tasks += [pool.submit(read, reader) for reader in range(READERS)]
        for task in tasks:
            task.result(timeout=120)
    assert len(c) == WRITERS * BATCH
    assert {hit.value: hit.count for hit in c.facet("turn")} == {ROUNDS - 1: WRITERS * BATCH}
    assert c.count({"must": [{"key": "touched", "match": {"value": ROUNDS - 1}}]}) == WRITERS * BATCH // 2
    c.optimize()
    assert len(c) == WRITERS * BATCH
    db.close()
