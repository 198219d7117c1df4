"""Named vectors that come and go: who has them when, through seals, merges, reopening and other threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tamis
from tamis.collection.collection import StoredCollection
from tamis.errors import UnknownVector

DOT = {"size": 2, "distance": "Dot"}
WIDE = {"size": 3, "distance": "Euclid"}
SETTLE: dict[str, Callable[[tamis.Collection], object]] = {
    "in the head": lambda c: None,
    "sealed": lambda c: c.stored._shard.seal(),
    "merged": lambda c: c.optimize(),
}


def made(db: tamis.Database) -> tamis.Collection:
    c = db.create_collection("c", vectors={"text": DOT})
    c.upsert(ids=[1, 2, 3], vectors={"text": [[1, 0], [0, 1], [1, 1]]})
    return c


def names(c: tamis.Collection) -> dict[Any, list[str]]:
    return {record.id: sorted(record.vector) for record in c.scroll(with_vector=True)[0]}


@pytest.mark.parametrize("settle", SETTLE.values(), ids=SETTLE)
def test_a_new_vector_is_lacking_until_it_is_given(settle: Callable[[tamis.Collection], object]) -> None:
    with tamis.open() as db:
        c = made(db)
        settle(c)
        assert c.create_vector("image", {"dense": WIDE}) == 2
        assert c.info()["config"]["vectors"] == {"text": DOT, "image": WIDE}
        assert c.search([0, 0, 0], using="image") == []
        assert c.search([0, 0, 0], using="image", params={"indexed_only": True}) == []
        assert c.count({"must": [{"has_vector": "image"}]}) == 0
        assert c.search_batch(np.zeros((40, 3)), 2, using="image")[1].shape[0] == 40
        settle(c)
        assert names(c) == {1: ["text"], 2: ["text"], 3: ["text"]}
        c.update_vectors(ids=[2], vectors={"image": [[1, 2, 3]]})
        c.upsert(ids=[4], vectors={"text": [[1, 0]], "image": [[3, 2, 1]]})
        for _ in range(2):
            assert [hit.id for hit in c.search([1, 2, 3], using="image")] == [2, 4]
            assert names(c) == {1: ["text"], 2: ["image", "text"], 3: ["text"], 4: ["image", "text"]}
            assert [hit.id for hit in c.search([1, 0], using="text", limit=2)] == [1, 3]
            settle(c)


@pytest.mark.parametrize("settle", SETTLE.values(), ids=SETTLE)
def test_a_dropped_vector_is_unknown_and_its_name_is_free(settle: Callable[[tamis.Collection], object]) -> None:
    with tamis.open() as db:
        c = made(db)
        c.create_vector("image", WIDE)
        c.update_vectors(ids=[1, 2], vectors={"image": [[1, 2, 3], [3, 2, 1]]})
        settle(c)
        c.drop_vector("image")
        with pytest.raises(UnknownVector, match="there is no vector 'image'"):
            c.search([1, 2, 3], using="image")
        with pytest.raises(UnknownVector, match="there is no vector 'image'"):
            c.update_vectors(ids=[1], vectors={"image": [[1, 2, 3]]})
        assert names(c) == {1: ["text"], 2: ["text"], 3: ["text"]}
        assert c.count({"must": [{"has_vector": "image"}]}) == 0
        c.create_vector("image", {"size": 1, "distance": "Dot"})
        settle(c)
        assert names(c) == {1: ["text"], 2: ["text"], 3: ["text"]}
        c.update_vectors(ids=[3], vectors={"image": [[7]]})
        settle(c)
        assert [(hit.id, hit.score) for hit in c.search([1], using="image")] == [(3, 7.0)]


def test_the_last_name_can_go(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        c = made(db)
        c.drop_vector("text")
        assert c.count() == 3
        c.create_vector("text", DOT)
        c.optimize()
    with tamis.open(tmp_path) as db:
        assert names(db.get_collection("c")) == {1: [], 2: [], 3: []}


@pytest.mark.parametrize("optimized", [False, True])
def test_nothing_comes_back_after_reopening(tmp_path: Path, optimized: bool) -> None:
    with tamis.open(tmp_path) as db:
        c = made(db)
        c.stored._shard.seal()
        c.drop_vector("text")
        c.create_vector("text", DOT)  # the same name, the same size
        c.upsert(ids=[9], vectors={"text": [[5, 5]]})
        if optimized:
            c.optimize()
    for _ in range(2):
        with tamis.open(tmp_path) as db:
            c = db.get_collection("c")
            assert [hit.id for hit in c.search([1, 1], using="text")] == [9]
            assert names(c) == {1: [], 2: [], 3: [], 9: ["text"]}


def test_snapshots_keep_what_was_added(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        c = made(db)
        c.create_vector("image", WIDE)
        c.update_vectors(ids=[2], vectors={"image": [[1, 2, 3]]})
        copy = db.recover_snapshot("copy", db.snapshot_path("c", db.create_snapshot("c").name))
        assert names(copy) == names(c)
        copy.drop_vector("image")
        copy.create_vector("image", WIDE)
        assert copy.search([1, 2, 3], using="image") == []


def test_bytes_go_with_the_next_merge_and_are_not_written_for_nobody(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        c = db.create_collection("c", vectors={"text": DOT, "image": {"size": 256, "distance": "Dot"}})
        rows = np.ones((500, 256), np.float32)
        c.upsert(ids=range(500), vectors={"text": rows[:, :2], "image": rows})
        c.optimize()
        full = c.memory()
        c.drop_vector("image")
        c.create_vector("large", {"size": 4096, "distance": "Dot"})
        assert c.memory()["resident"]["vectors"] < 500 * 2 * 4 + 1000
        c.optimize()
        assert c.memory()["disk"]["points"] < full["disk"]["points"] - 500 * 256 * 4 + 1000


def test_what_was_admitted_before_a_drop_is_applied_before_it() -> None:
    """Writers that wait for one leader: a drop among them, and writes of the dropped vector."""
    with tamis.open() as db:
        c = made(db)
        writer = c.stored._shard._writer
        outcomes: list[object] = []

        def write(operation: Callable[[], object]) -> None:
            try:
                outcomes.append(operation())
            except tamis.TamisError as error:
                outcomes.append(error)

        with writer._turn:  # the leader waits here, the others queue up behind it
            threads = []
            steps: list[Callable[[], object]] = [
                lambda: c.upsert(ids=[5], vectors={"text": [[1, 1]]}),
                lambda: c.drop_vector("text"),
                lambda: c.update_vectors(ids=[1], vectors={"text": [[1, 1]]}),
                lambda: c.upsert(ids=[6], vectors={"text": [[1, 1]]}),
            ]
            for number, step in enumerate(steps):
                threads.append(threading.Thread(target=write, args=[step]))
                threads[-1].start()
                while not (writer._leading if number == 0 else len(writer._queue) >= number):
                    threading.Event().wait(0.001)
        for thread in threads:
            thread.join(20)
        refused = [outcome for outcome in outcomes if isinstance(outcome, tamis.Rejected)]
        assert len(refused) == 2
        assert all("Not existing vector name" in str(error) for error in refused)
        assert names(c) == {1: [], 2: [], 3: [], 5: []}
        c.upsert(ids=[7], payloads=[{}])  # nothing is poisoned


def test_a_search_that_was_read_before_a_drop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with tamis.open() as db:
        c = made(db)
        before = c.stored.schema
        c.drop_vector("text")
        for size in (None, 5):
            if size is not None:
                c.create_vector("text", {"size": size, "distance": "Dot"})
            with monkeypatch.context() as patch:
                patch.setattr(StoredCollection, "schema", before)
                with pytest.raises(UnknownVector, match="'text' was dropped a moment ago"):
                    c.search([1, 0], using="text")
                assert c.retrieve([1], with_vector=["text"])[0].vector == {}


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        ('c.create_vector("text", DOT)', tamis.Conflict, "vector 'text' exists already"),
        ('c.drop_vector("image")', tamis.NotFound, "Not existing vector name error: 'image'"),
        ('c.create_vector("", DOT)', tamis.Rejected, "name: is empty"),
        ('c.drop_vector("")', tamis.Rejected, "name: is empty"),
        ("c.drop_vector(None)", tamis.Rejected, "name: vector names are strings"),
        ('c.create_vector("a*", DOT)', tamis.Rejected, "name: the vector name 'a*'"),
        ('c.create_vector("a", {"size": 0, "distance": "Dot"})', tamis.Rejected, "params.size: must be"),
        ('c.create_vector("a", {"dense": {"size": 2}})', tamis.Rejected, "params.dense.distance: is missing"),
        ('c.create_vector("a", {"dense": DOT, "size": 2})', tamis.Rejected, "params.size: unknown key"),
        ('c.create_vector("a", {"sparse": {}})', tamis.Rejected, "params.sparse: sparse vectors are not supported"),
        ('c.create_vector("a", 7)', tamis.Rejected, "params: must be"),
    ],
)
def test_refused_and_nothing_changed(call: str, kind: type[Exception], message: str) -> None:
    with tamis.open() as db:
        c = made(db)
        with pytest.raises(kind) as caught:
            eval(call, {"c": c, "DOT": DOT})
        assert message in str(caught.value)
        assert c.info()["config"]["vectors"] == {"text": DOT}
        assert c.info()["position"] == 1
