"""Files that are not what `create_snapshot` wrote: refused, and nothing has changed."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import tamis
from tamis.storage.frame import pack_group

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A snapshot with a segment, an overlay and dead rows."""
    with tamis.open(tmp_path_factory.mktemp("source")) as db:
        c = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        c.upsert(ids=list(range(70)), vectors=[[1, 0]] * 70, payloads=[{"n": n} for n in range(70)])
        c._stored._shard.seal()
        c.set_payload({"n": -1}, ids=[3])
        c.delete(ids=[4])
        return db.snapshot_path("docs", db.create_snapshot("docs").name).read_bytes()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[tamis.Database]:
    with tamis.open(tmp_path / "data") as database:
        c = database.create_collection("docs", vectors={"size": 3, "distance": "Dot"})
        c.upsert(ids=[1], vectors=[[1, 2, 3]])
        yield database


def refused(db: tamis.Database, data: bytes, match: str | None = None) -> None:
    """It is, for a new name and for one that is taken; and no byte of the database is another."""
    directory = Path(db._places.name)
    bad = directory.parent / "bad.snapshot"
    bad.write_bytes(data)
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    for name in ("docs", "new"):
        with pytest.raises(tamis.Rejected, match=match):
            db.recover_snapshot(name, bad)
    with pytest.raises(tamis.Rejected):
        db.recover_full_snapshot(bad)
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before
    assert db.collections() == ["docs"]
    assert db.get_collection("docs").search([1, 1, 1])[0].score == 6


def unpacked(data: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}  # type: ignore[union-attr]


def packed(files: Files, change: Callable[[tarfile.TarInfo], None] = lambda info: None) -> bytes:
    """A tar as `create_snapshot` writes it, its member headers changed."""
    parts = []
    for name, data in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        change(info)
        parts += [info.tobuf(tarfile.GNU_FORMAT), data, bytes(-len(data) % 512)]
    return b"".join([*parts, bytes(1024)])


def test_the_tar_is_an_ordinary_one(whole: bytes, db: tamis.Database, tmp_path: Path) -> None:
    names = list(unpacked(whole))
    assert names[0] == "header"
    assert names[1].startswith("manifest/")
    assert {name.rsplit("/", 1)[1].split("-")[0] for name in names[2:]} == {"points", "payload", "overlay"}
    (tmp_path / "good").write_bytes(packed(unpacked(whole)))
    c = db.recover_snapshot("docs", tmp_path / "good")
    assert len(c) == 69
    assert c.retrieve([3])[0].payload == {"n": -1}


def test_a_flipped_byte_is_refused_or_harmless(whole: bytes, db: tamis.Database, tmp_path: Path) -> None:
    """Harmless are the zeros between arrays and after members, and spare bytes of a tar header."""
    padding = harmless_bytes(whole)
    bad = tmp_path / "bad"
    for at in range(0, len(whole), 97):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            c = db.recover_snapshot("new", bad)
        except tamis.Rejected:
            assert db.collections() == ["docs"]
        else:
            assert at in padding
            assert len(c) == 69
            db.delete_collection("new")
    assert [folder.name for folder in (tmp_path / "data" / "collections").iterdir()] == ["000001"]


def harmless_bytes(data: bytes) -> set[int]:
    """Places of zeros; flips of other bytes must be found."""
    return {at for at, byte in enumerate(data) if byte == 0}


def test_another_checksum(whole: bytes, db: tamis.Database, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(whole)
    with pytest.raises(tamis.Rejected, match=f"checksum: expected {'0' * 64}, got [0-9a-f]{{64}}"):
        db.recover_snapshot("docs", good, "0" * 64)
    with pytest.raises(tamis.Rejected, match="64 hex digits"):
        db.recover_snapshot("docs", good, "abc")
    assert len(db.get_collection("docs")) == 1


@pytest.mark.parametrize("keep", [0, 1, 511, 512, 600, 3_000, -1_024, -1, -512])
def test_cut_off(whole: bytes, db: tamis.Database, keep: int) -> None:
    refused(db, whole[:keep])


def test_something_after_the_end(whole: bytes, db: tamis.Database) -> None:
    refused(db, whole + bytes(512), "follows the end")
    refused(db, whole[:-1] + b"x", "follows the end")


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "segments/../../evil", "segments/evil", "manifest/000000000099"]
)
def test_members_that_are_not_due(whole: bytes, db: tamis.Database, name: str, tmp_path: Path) -> None:
    files = unpacked(whole)
    refused(db, packed({**files, name: b"evil"}), "the manifest does not name it")
    refused(db, packed({name: b"evil", **files}), "member 'header' is due")
    refused(
        db, packed({"header": files["header"], name: b"evil", **files}), "not a manifest|is not an array|ends after"
    )
    assert not list(tmp_path.rglob("evil"))


def test_a_member_twice_or_not_at_all(whole: bytes, db: tamis.Database) -> None:
    files = unpacked(whole)
    last = list(files)[-1]
    twice = packed(files)[:-1024] + packed({last: files[last]})
    refused(db, twice, "is there twice")
    for missing in files:
        left = {name: data for name, data in files.items() if name != missing}
        refused(db, packed(left), "the manifest names it, but it is missing" if "segments" in missing else None)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, b"x", b"L"]
)
def test_links_folders_and_devices(whole: bytes, db: tamis.Database, kind: bytes) -> None:
    for which in (0, 1, -1):
        files = unpacked(whole)
        chosen = list(files)[which]

        def change(info: tarfile.TarInfo, chosen: str = chosen) -> None:
            if info.name == chosen:
                info.type, info.linkname = kind, "/etc/passwd"

        refused(db, packed(files, change), "is not a plain file")


@pytest.mark.parametrize("size", [2**40, 2**62, 8**11 - 1])
def test_a_size_beyond_the_end(whole: bytes, db: tamis.Database, size: int) -> None:
    for which in (0, 1, -1):
        files = unpacked(whole)
        chosen = list(files)[which]

        def change(info: tarfile.TarInfo, chosen: str = chosen) -> None:
            if info.name == chosen:
                info.size = size

        refused(db, packed(files, change), "says it has")


def test_a_header_of_another_release_or_of_nothing(whole: bytes, db: tamis.Database) -> None:
    files = unpacked(whole)
    header = msgspec.msgpack.decode(files["header"][32 + 8 :])
    assert (header["type"], header["collection"], header["version"]) == ("collection", "docs", 1)
    for change, match in (
        ({"version": 2}, "format version 2; this release reads version 1"),
        ({"type": "other"}, "cannot be read"),
        ({"position": header["position"] + 1}, "does not fit the header"),
        ({"schema": 7}, "cannot be read"),
    ):
        record = msgspec.msgpack.encode({**header, **change})
        refused(db, packed({**files, "header": b"".join(pack_group(1, [record]))}), match)
    refused(db, packed({**files, "header": b""}))
    refused(db, packed({**files, "header": bytes(65 * 2**20)}), "at most")
    refused(db, b"")
    refused(db, os.urandom(10_000))
    refused(db, bytes(10_240))


def test_sources_that_are_no_files(db: tamis.Database, tmp_path: Path) -> None:
    for source in (tmp_path / "missing", tmp_path):
        with pytest.raises(tamis.NotFound, match="there is no file"):
            db.recover_snapshot("docs", source)
    with pytest.raises(tamis.Rejected, match="path of a snapshot file"):
        db.recover_snapshot("docs", 7)  # type: ignore[arg-type]
