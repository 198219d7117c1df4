"""Directories: what a database keeps, who may open it, and what is left of a deleted collection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tamis
from tamis.collection.catalog import Catalog
from tamis.storage.memory import MemoryStore
from tamis.wire.configuration.schema_reader import read_schema

DOT = {"size": 2, "distance": "Dot"}


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "new" / "data") as db:
        c = db.create_collection("docs", vectors=DOT, metadata={"a": 1})
        c.upsert(ids=[1, 2], vectors=[[1, 0], [0, 1]], payloads=[{"kind": "a"}, {"kind": "b"}])
        c.create_payload_index("kind", {"type": "keyword", "is_tenant": True})
        c.optimize()
        last = c.upsert(ids=[3], vectors=[[1, 1]])
    with tamis.open(str(tmp_path / "new" / "data")) as db:
        assert db.collections() == ["docs"]
        c = db.get_collection("docs")
        assert db.get_collection("docs") is c
        assert [hit.id for hit in c.search([1, 0.5])] == [3, 1, 2]
        assert c.info()["config"]["metadata"] == {"a": 1}
        assert c.info()["payload_schema"] == {"kind": {"type": "keyword", "is_tenant": True}}
        assert c.upsert(ids=[4], vectors=[[1, 1]]) == last + 1


def test_a_deleted_collection_leaves_nothing_and_its_name_is_free(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        db.create_collection("docs", vectors=DOT).upsert(ids=[1], vectors=[[1, 0]])
        db.delete_collection("docs")
        assert db.collections() == []
        assert list((tmp_path / "collections").iterdir()) == []
        assert len(db.create_collection("docs", vectors={"size": 5, "distance": "Cosine"})) == 0
    with tamis.open(tmp_path) as db:
        assert db.get_collection("docs").info()["config"]["vectors"]["size"] == 5


def test_leftovers_of_a_crash_are_swept(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        db.create_collection("docs", vectors=DOT)
    leftover = tmp_path / "collections" / "000077" / "0"
    leftover.mkdir(parents=True)
    with tamis.open(tmp_path) as db:
        assert not leftover.parent.exists()
        assert db.collections() == ["docs"]


def test_a_collection_that_cannot_be_made_is_not_there(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        db.create_collection("docs", vectors=DOT)
        blocker = tmp_path / "collections" / "000002"
        blocker.write_text("in the way")
        with pytest.raises((tamis.TamisError, OSError)):
            db.create_collection("other", vectors=DOT)
        assert db.collections() == ["docs"]
        blocker.unlink(missing_ok=True)
        db.create_collection("other", vectors=DOT)


def test_a_second_process_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    program = "import sys, tamis; tamis.open(sys.argv[1])"
    with tamis.open(tmp_path):
        with pytest.raises(tamis.Conflict, match="is in use by pid"):
            tamis.open(tmp_path)
        done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "tamis.errors.Conflict" in done.stderr
        assert "is in use by pid" in done.stderr
    assert subprocess.run([sys.executable, "-c", program, tmp_path], check=False).returncode == 0


def test_catalog_versions_are_created_once_and_old_ones_go() -> None:
    store = MemoryStore()
    schema = read_schema({"vectors": DOT})
    catalog, stale = Catalog(store), Catalog(store)
    catalog.create("a", catalog.planned("a", schema))
    with pytest.raises(tamis.Conflict):
        stale.create("b", stale.planned("b", schema))
    assert list(Catalog(store).entries) == ["a"]
    for number in range(20):
        name = f"c{number}"
        catalog.create(name, catalog.planned(name, schema))
        catalog.delete(name)
    assert len(store.list("catalog/")) == 8
    assert catalog.planned("new", schema).number == 22
    assert list(Catalog(store).entries) == ["a"]


def test_a_damaged_catalog_is_named(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        db.create_collection("docs", vectors=DOT)
    newest = max((tmp_path / "catalog").glob("0*"))
    newest.write_bytes(b"\xc1" + newest.read_bytes()[1:])
    with pytest.raises(tamis.Corrupt, match=f"catalog/{newest.name}: byte 0"):
        tamis.open(tmp_path)


def test_a_rehearsal_runs_every_kernel_without_a_trace() -> None:
    from tamis.embedded.warm_up import rehearse
    from tamis.model.schema import Distance

    steps: list[float] = []
    rehearse(Distance.EUCLID, lambda step, share: steps.append(share))
    assert steps == sorted(steps)
    assert len(steps) == 6


def test_public_names() -> None:
    assert tamis.__all__ == sorted(tamis.__all__)
    assert all(hasattr(tamis, name) for name in tamis.__all__)
    assert isinstance(tamis.open(), tamis.Database)
    assert np.dtype("u8") == np.uint64
