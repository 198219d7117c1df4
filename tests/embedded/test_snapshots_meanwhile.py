"""Snapshots while others write, merge, delete, close, crash and fill the disk."""

from __future__ import annotations

import resource
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tamis
from tamis.shard.manifest import Manifest
from tamis.storage.store import Store
from tests.embedded.copied import SIZE, contents, files, filled


@pytest.fixture(params=["memory", "directory"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tamis.Database]:
    with tamis.open() if request.param == "memory" else tamis.open(tmp_path / "data") as database:
        yield database


def test_writes_go_on_and_the_snapshot_is_one_moment(db: tamis.Database) -> None:
    """Two threads write point after point and say how far they are."""
    c = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
    c.upsert(ids=list(range(10**6, 10**6 + 500)), vectors=np.ones((500, 2)))
    acknowledged, stop = [0, 0], threading.Event()

    def write(which: int) -> None:
        while not stop.is_set() or acknowledged[which] < 20:
            c.upsert(ids=[2 * acknowledged[which] + which], vectors=[[1, 0]], payloads=[{"n": acknowledged[which]}])
            acknowledged[which] += 1

    threads = [threading.Thread(target=write, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            before = list(acknowledged)
            info = db.create_snapshot("docs")
            copy = db.recover_snapshot("copy", db.snapshot_path("docs", info.name), info.checksum)
            found = [record.id for record in copy.scroll(limit=10**6)[0] if int(record.id) < 10**6]
            for which in range(2):
                numbers = [int(point_id) // 2 for point_id in found if int(point_id) % 2 == which]
                assert numbers == list(range(len(numbers)))
                assert len(numbers) >= before[which]
            assert len(copy) - 500 == len(found) == copy.info()["position"] - 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(c) == 500 + sum(acknowledged)


def test_a_merge_does_not_take_files_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tamis.open(tmp_path) as db:
        c = filled(db)
        before = contents(c)
        segments = tmp_path / "collections" / "000001" / "0" / "segments"

        def rewrite() -> None:
            for n in range(3):
                c.upsert(ids=[7_000 + n], vectors=[[n] * SIZE])
                c.optimize()

        at_first_file(monkeypatch, rewrite)
        info = db.create_snapshot("docs")
        assert contents(db.recover_snapshot("copy", db.snapshot_path("docs", info.name))) == before
        assert len(c) == 294
        names = {path.name for path in segments.iterdir() if any(path.iterdir())}
        assert names == {segment.name for segment in c._stored.info().segments}, "what was held in place is gone now"


def at_first_file(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Have something happen once, after the manifest was chosen and before its files are read."""
    from tamis.embedded import snapshots

    real = snapshots.collection_members
    acts = [act]

    def members(name: str, schema: Any, store: Store, manifest: Manifest, check: Any) -> Any:
        found = real(name, schema, store, manifest, check)
        while acts:
            acts.pop()()
        return found

    monkeypatch.setattr(snapshots, "collection_members", members)


def test_one_at_a_time(db: tamis.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(db)
    refused: list[str] = []

    def again() -> None:
        for act in (lambda: db.create_snapshot("docs"), lambda: db.recover_snapshot("docs", __file__)):
            with pytest.raises(tamis.Unavailable, match="already in progress") as caught:
                act()
            refused.append(str(caught.value))

    at_first_file(monkeypatch, again)
    db.create_snapshot("docs")
    assert len(refused) == 2
    db.create_snapshot("docs")

    def full_again() -> None:
        with pytest.raises(tamis.Unavailable, match="of all collections is already in progress"):
            db.create_full_snapshot()

    at_first_file(monkeypatch, full_again)
    db.create_full_snapshot()


@pytest.mark.parametrize("how", ["delete", "close"])
def test_a_collection_that_goes_away_meanwhile(db: tamis.Database, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    filled(db)
    folder = db.snapshots_folder
    closing = threading.Thread(target=db.close)

    def go() -> None:
        if how == "delete":
            db.delete_collection("docs")
            return
        closing.start()
        closing.join(0.05)
        assert closing.is_alive(), "closing waits for the copy to stop, or others would have the directory too early"

    at_first_file(monkeypatch, go)
    with pytest.raises(tamis.Conflict, match="was deleted" if how == "delete" else "is closed"):
        db.create_snapshot("docs")
    if how == "close":
        closing.join()
    assert list(files(folder)) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        filled(db)._stored._shard.seal()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            with pytest.raises(tamis.Unavailable, match="disk is full"):
                db.create_snapshot("docs")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list((db.snapshots_folder / "docs").iterdir()) == []
        info = db.create_snapshot("docs")

        path, before = db.snapshot_path("docs", info.name), contents(db.get_collection("docs"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
        try:
            with pytest.raises(tamis.Unavailable, match="disk is full"):
                db.recover_snapshot("docs", path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert contents(db.get_collection("docs")) == before
        assert [folder.name for folder in (tmp_path / "collections").iterdir()] == ["000001"]


def test_leftovers_of_a_crash_are_swept(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        filled(db)
        info = db.create_snapshot("docs")
    kept = files(tmp_path / "snapshots")
    (tmp_path / "snapshots" / ".draft-1").write_text("half")
    (tmp_path / "snapshots" / "docs" / ".draft-2").write_text("half")
    (tmp_path / "collections" / "000002" / "0").mkdir(parents=True)
    with tamis.open(tmp_path) as db:
        assert files(tmp_path / "snapshots") == kept
        assert [folder.name for folder in (tmp_path / "collections").iterdir()] == ["000001"]
        assert db.snapshots("docs") == [info]


def test_a_damaged_collection_is_not_copied(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        filled(db).optimize()
    for path in (tmp_path / "collections").rglob("points"):
        whole = bytearray(path.read_bytes())
        whole[-1] ^= 1
        path.write_bytes(whole)
    with tamis.open(tmp_path) as db, pytest.raises(tamis.Corrupt, match="its points are missing"):
        db.create_snapshot("docs")


def test_a_failed_switch_changes_nothing(db: tamis.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(filled(db))
    path = db.snapshot_path("docs", db.create_snapshot("docs").name)

    def refuse(*_: object, **__: object) -> None:
        raise tamis.Unavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(db._catalog._store, "put", refuse)
        with pytest.raises(tamis.Unavailable, match="full"):
            db.recover_snapshot("docs", path)
    assert contents(db.get_collection("docs")) == before
    if path.is_relative_to(db._places.name):
        assert [folder.name for folder in (Path(db._places.name) / "collections").iterdir()] == ["000001"]
    assert contents(db.recover_snapshot("docs", path)) == before


def test_a_switch_that_nobody_confirmed_is_one_or_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new catalog version is on the disk, and its folder could not be synced: both collections' bytes stay."""
    with tamis.open(tmp_path) as db:
        c = filled(db)
        old = contents(c)
        path = db.snapshot_path("docs", db.create_snapshot("docs").name)
        c.upsert(ids=[2_000], vectors=[[0] * SIZE])
        new, put = contents(c), db._catalog._store.put

        def poison(*given: Any, **named: Any) -> None:
            put(*given, **named)
            raise tamis.Poisoned("written, but its folder could not be synced")

        monkeypatch.setattr(db._catalog._store, "put", poison)
        with pytest.raises(tamis.Poisoned):
            db.recover_snapshot("docs", path)
        assert contents(db.get_collection("docs")) == new
        versions = sorted((tmp_path / "catalog").iterdir())
    for left, expected in ((versions[-1], old), (None, new)):
        copy = tmp_path.parent / f"{tmp_path.name}-{left is None}"
        shutil.copytree(tmp_path, copy)
        if left is None:
            (copy / "catalog" / versions[-1].name).unlink()
        with tamis.open(copy) as db:
            assert contents(db.get_collection("docs")) == expected
