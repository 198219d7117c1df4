"""Snapshot files: what goes in comes out, of one collection and of all; names lead nowhere else."""

from __future__ import annotations

import errno
import hashlib
import os
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import tamis
from tamis.collection.snapshot_folder import SnapshotFolder
from tests.embedded.copied import SIZE, contents, filled


@pytest.fixture(params=["memory", "directory"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tamis.Database]:
    with tamis.open() if request.param == "memory" else tamis.open(tmp_path / "data") as database:
        yield database


def test_what_goes_in_comes_out(db: tamis.Database) -> None:
    c = filled(db)
    before = contents(c)
    info = db.create_snapshot("docs")
    assert contents(c) == before

    path = db.snapshot_path("docs", info.name)
    assert info.checksum == hashlib.sha256(path.read_bytes()).hexdigest()
    assert info.size == path.stat().st_size
    assert path.with_name(f"{path.name}.checksum").read_text() == info.checksum
    assert (
        abs((datetime.fromisoformat(info.creation_time) - datetime.now(UTC).replace(tzinfo=None)).total_seconds()) < 60
    )
    assert info.name.startswith("docs-20")
    assert db.snapshots("docs") == [info]

    copy = db.recover_snapshot("copy", path, info.checksum)
    assert copy is db.get_collection("copy")
    assert contents(copy) == before
    assert contents(c) == before
    assert copy.info()["log_bytes"] <= 32, "positions go on without a record for each one before"
    assert copy.upsert(ids=[5_000], vectors=[[0] * SIZE]) == before[3]["position"] + 1
    copy.optimize()
    assert len(copy) == len(c) + 1


def test_a_recovered_collection_is_there_after_reopening(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "one") as one:
        before = contents(filled(one))
        path = one.snapshot_path("docs", one.create_snapshot("docs").name)
    with tamis.open(tmp_path / "two") as two:
        copy = two.recover_snapshot("docs", str(path))
        copy.upsert(ids=[5_000], vectors=[[0] * SIZE])
        copy.delete(ids=[5_000])
    with tamis.open(tmp_path / "two") as two:
        after = contents(two.get_collection("docs"))
    assert after[:3] == before[:3]
    assert after[3]["position"] == before[3]["position"] + 2


def test_recovering_replaces_and_old_handles_refuse(db: tamis.Database) -> None:
    c = filled(db)
    before = contents(c)
    info = db.create_snapshot("docs")
    c.delete(filter={})
    path = db.snapshot_path("docs", info.name)
    new = db.recover_snapshot("docs", path)
    assert contents(new) == before
    assert db.get_collection("docs") is new
    with pytest.raises(tamis.Conflict, match="replaced by a snapshot; get_collection gives the new one"):
        c.count()
    assert db.collections() == ["docs"]
    if path.is_relative_to(db._places.name):
        assert [folder.name for folder in (Path(db._places.name) / "collections").iterdir()] == ["000002"]


def test_an_empty_collection_and_a_twice_recovered_one(db: tamis.Database) -> None:
    db.create_collection("empty", vectors={"size": 2, "distance": "Dot"})
    first = db.create_snapshot("empty")
    c = db.recover_snapshot("again", db.snapshot_path("empty", first.name))
    assert (len(c), c.upsert(ids=[1], vectors=[[1, 0]])) == (0, 1)
    second = db.create_snapshot("again")
    assert len(db.recover_snapshot("again", db.snapshot_path("again", second.name))) == 1


def test_snapshots_are_listed_and_deleted_and_outlive_their_collection(db: tamis.Database) -> None:
    filled(db)
    names = [db.create_snapshot("docs").name for _ in range(3)]
    assert len(set(names)) == 3
    assert {info.name for info in db.snapshots("docs")} == set(names)
    db.delete_snapshot("docs", names[0])
    assert {info.name for info in db.snapshots("docs")} == set(names[1:])
    assert len(list((db.snapshots_folder / "docs").iterdir())) == 4
    for act in (db.snapshot_path, db.delete_snapshot):
        with pytest.raises(tamis.NotFound, match=names[0]):
            act("docs", names[0])
    db.delete_collection("docs")
    assert len(db.snapshots("docs")) == 2
    assert len(db.recover_snapshot("docs", db.snapshot_path("docs", names[1]))) == 291
    with pytest.raises(tamis.NotFound, match="other"):
        db.snapshots("other")


@pytest.mark.parametrize("name", ["a b", "Ünïcode", "x" * 255, "two\nlines", "%2E", ".hidden"])
def test_names_of_collections(db: tamis.Database, name: str) -> None:
    db.create_collection(name, vectors={"size": 2, "distance": "Dot"})
    info = db.create_snapshot(name)
    assert db.snapshots(name) == [info]
    assert info.name.isprintable()
    assert db.recover_snapshot(name, db.snapshot_path(name, info.name)).name == name


def test_collections_that_cannot_have_a_folder(db: tamis.Database, tmp_path: Path) -> None:
    db.create_collection(".draft-1", vectors={"size": 2, "distance": "Dot"})
    for act in (db.create_snapshot, db.snapshots):
        with pytest.raises(tamis.Rejected, match="cannot have snapshots"):
            act(".draft-1")
    for name in (".", ".."):  # refused as names today; a catalog may hold them
        with pytest.raises(tamis.Rejected, match="cannot have snapshots"):
            SnapshotFolder.of_collection(tmp_path, name)


@pytest.mark.parametrize(
    "name",
    [
        "../x.snapshot",
        "/etc/x.snapshot",
        "a/b.snapshot",
        "..",
        ".snapshot",
        "docs",
        "x\0.snapshot",
        None,
        7,
        "\udc80.snapshot",
    ],
)
def test_names_that_lead_out_are_refused(db: tamis.Database, name: Any) -> None:
    filled(db)
    (db.snapshots_folder / "x.snapshot").write_bytes(b"")
    db.create_snapshot("docs")
    for act in (db.snapshot_path, db.delete_snapshot):
        with pytest.raises(tamis.Rejected, match="file name that ends in"):
            act("docs", name)
    for full in (db.full_snapshot_path, db.delete_full_snapshot):
        with pytest.raises(tamis.Rejected, match="file name that ends in"):
            full(name)
    assert (db.snapshots_folder / "x.snapshot").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    with tamis.open(tmp_path / "data") as db:
        filled(db)
        info = db.create_snapshot("docs")
        (db.snapshots_folder / "docs" / "link.snapshot").symlink_to(tmp_path / "secret")
        assert db.snapshots("docs") == [info]
        with pytest.raises(tamis.NotFound):
            db.snapshot_path("docs", "link.snapshot")
        db.create_collection("linked", vectors={"size": 2, "distance": "Dot"})
        (db.snapshots_folder / "linked").symlink_to(db.snapshots_folder / "docs")
        with pytest.raises(tamis.NotFound):
            db.snapshot_path("linked", info.name)


# all collections


def test_full_snapshot(db: tamis.Database, tmp_path: Path) -> None:
    before = {name: contents(filled(db, name)) for name in ("docs", "people")}
    info = db.create_full_snapshot()
    assert db.full_snapshots() == [info]
    path = db.full_snapshot_path(info.name)
    assert info.checksum == hashlib.sha256(path.read_bytes()).hexdigest()
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["header", "collections/000000.snapshot", "collections/000001.snapshot"]

    with tamis.open(tmp_path / "other") as other:
        other.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        other.create_collection("mine", vectors={"size": 2, "distance": "Dot"})
        assert other.recover_full_snapshot(path, info.checksum) == ["docs", "people"]
        assert other.collections() == ["docs", "mine", "people"]
        assert {name: contents(other.get_collection(name)) for name in before} == before
    with tamis.open(tmp_path / "other") as other:
        assert contents(other.get_collection("people")) == before["people"]
        assert len(list((tmp_path / "other" / "collections").iterdir())) == 3

    with pytest.raises(tamis.Rejected, match="as a full snapshot"):
        db.recover_snapshot("docs", path)
    one = db.create_snapshot("docs")
    with pytest.raises(tamis.Rejected, match="'docs' only"):
        db.recover_full_snapshot(db.snapshot_path("docs", one.name))
    db.delete_full_snapshot(info.name)
    assert db.full_snapshots() == []


def test_a_full_snapshot_is_recovered_whole_or_not_at_all(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "one") as one:
        filled(one, "a")
        filled(one, "b")
        path = one.full_snapshot_path(one.create_full_snapshot().name)
        whole = bytearray(path.read_bytes())
    with tarfile.open(path) as tar:
        second = tar.getmember("collections/000001.snapshot")
    whole[second.offset_data + second.size // 2] ^= 1
    bad = tmp_path / "bad.snapshot"
    bad.write_bytes(whole)
    with tamis.open(tmp_path / "two") as two:
        two.create_collection("a", vectors={"size": 2, "distance": "Dot"})
        with pytest.raises(tamis.Rejected, match="damaged"):
            two.recover_full_snapshot(bad)
        assert two.collections() == ["a"]
        assert len(two.get_collection("a")) == 0
        assert [folder.name for folder in (tmp_path / "two" / "collections").iterdir()] == ["000001"]


def test_disk_errors_have_their_own_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tamis.open(tmp_path) as db:
        filled(db)
        path = db.snapshot_path("docs", db.create_snapshot("docs").name)

        def fail(_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(db._places, "shard", fail)
        with pytest.raises(tamis.Unavailable, match="disk is full"):
            db.recover_snapshot("copy", path)
