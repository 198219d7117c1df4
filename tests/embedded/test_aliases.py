"""Other names of collections: where they are followed, what lists of actions do, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tamis

DOT = {"size": 2, "distance": "Dot"}


def create(collection: str, alias: str) -> dict[str, Any]:
    return {"create_alias": {"collection_name": collection, "alias_name": alias}}


def rename(old: str, new: str) -> dict[str, Any]:
    return {"rename_alias": {"old_alias_name": old, "new_alias_name": new}}


def delete(alias: str) -> dict[str, Any]:
    return {"delete_alias": {"alias_name": alias}}


@pytest.fixture
def db() -> Iterator[tamis.Database]:
    with tamis.open() as db:
        for number, name in enumerate(["one", "two"]):
            db.create_collection(name, vectors=DOT).upsert(ids=[number], vectors=[[1, 0]])
        db.update_aliases([create("one", "live"), create("one", "old")])
        yield db


def test_an_alias_is_followed_and_can_be_moved(db: tamis.Database) -> None:
    assert db.get_collection("live") is db.get_collection("one")
    assert db.collections() == ["one", "two"]
    db.update_aliases([create("two", "live"), rename("old", "older"), delete("nobody")])
    assert db.aliases() == {"live": "two", "older": "one"}
    assert db.get_collection("live").name == "two"
    with pytest.raises(tamis.NotFound, match=r"^Collection `old` doesn't exist!"):
        db.get_collection("old")


def test_names_are_swapped_at_once(db: tamis.Database) -> None:
    db.update_aliases([create("two", "next"), rename("live", "spare"), rename("next", "live"), rename("spare", "next")])
    assert db.aliases() == {"live": "two", "next": "one", "old": "one"}


def test_snapshots_follow_aliases(db: tamis.Database) -> None:
    info = db.create_snapshot("live")
    assert db.snapshots("live") == db.snapshots("one") == [info]
    with pytest.raises(tamis.Rejected, match="is an alias of collection 'one'"):
        db.recover_snapshot("live", db.snapshot_path("live", info.name))
    db.recover_snapshot("one", db.snapshot_path("live", info.name))
    assert db.aliases() == {"live": "one", "old": "one"}
    db.delete_snapshot("old", info.name)
    assert db.snapshots("one") == []


def test_an_alias_that_appears_while_a_collection_of_its_name_is_recovered_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tamis.open(tmp_path) as db:
        db.create_collection("one", vectors=DOT)
        source = db.snapshot_path("one", db.create_snapshot("one").name)
        unpacked = db._unpacked

        def slowly(name: str, archive: Any) -> Any:
            made = unpacked(name, archive)
            db.update_aliases([create("one", name)])
            return made

        monkeypatch.setattr(db, "_unpacked", slowly)
        with pytest.raises(tamis.Rejected, match="'new' is an alias of collection 'one'"):
            db.recover_snapshot("new", source)
        assert db.get_collection("new").name == "one"
        assert len(list((tmp_path / "collections").iterdir())) == 1


def test_aliases_go_with_their_collection_and_are_there_after_reopening(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        db.create_collection("one", vectors=DOT)
        db.create_collection("two", vectors=DOT)
        db.update_aliases([create("one", "a"), create("two", "b")])
        db.create_collection("three", vectors=DOT)
    with tamis.open(tmp_path) as db:
        assert db.aliases() == {"a": "one", "b": "two"}
        db.delete_collection("one")
        assert db.aliases() == {"b": "two"}
        db.create_collection("a", vectors=DOT)
    with tamis.open(tmp_path) as db:
        assert db.aliases() == {"b": "two"}


@pytest.mark.parametrize(
    ("actions", "kind", "message"),
    [
        ([create("nobody", "x")], tamis.NotFound, "^Collection `nobody` doesn't exist!"),
        ([create("live", "x")], tamis.NotFound, "^Collection `live` doesn't exist!"),
        ([create("one", "two")], tamis.Conflict, r"^actions\[1\]: there is a collection named 'two'"),
        ([rename("live", "one")], tamis.Conflict, r"^actions\[1\]: there is a collection named 'one'"),
        ([rename("nobody", "x")], tamis.NotFound, r"^actions\[1\]: alias 'nobody' does not exist"),
        ([create("one", "a/b")], tamis.Rejected, r"^actions\[1\]: the collection name 'a/b' holds"),
        ([{}], tamis.Rejected, r"^actions\[1\]: must have exactly one"),
        ([{"create_alais": {}}], tamis.Rejected, r"^actions\[1\]\.create_alais: unknown key \(did you mean"),
        ([{"delete_alias": {}}], tamis.Rejected, r"^actions\[1\]\.delete_alias\.alias_name: is missing"),
        ([{"delete_alias": {"alias_name": 3}}], tamis.Rejected, r"alias_name: must be a string"),
        (["x"], tamis.Rejected, r"^actions\[1\]: must be a dict"),
    ],
)
def test_refused_as_a_whole(db: tamis.Database, actions: list[Any], kind: type[Exception], message: str) -> None:
    before = db.aliases()
    with pytest.raises(kind, match=message):
        db.update_aliases([create("two", "first"), *actions])
    assert db.aliases() == before


def test_a_collection_cannot_take_the_name_of_an_alias_and_an_alias_is_not_deleted_as_one(db: tamis.Database) -> None:
    with pytest.raises(tamis.Rejected, match="'live' is an alias of collection 'one'"):
        db.create_collection("live", vectors=DOT)
    with pytest.raises(tamis.NotFound, match=r"^Collection `live` doesn't exist!"):
        db.delete_collection("live")
    assert db.aliases() == {"live": "one", "old": "one"}


def test_a_full_snapshot_carries_aliases(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "a") as db:
        db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        db.update_aliases([{"create_alias": {"collection_name": "docs", "alias_name": "current"}}])
        made = db.create_full_snapshot()
        file = db.full_snapshot_path(made.name)
        with tamis.open(tmp_path / "b") as other:
            other.create_collection("people", vectors={"size": 2, "distance": "Dot"})
            other.update_aliases([{"create_alias": {"collection_name": "people", "alias_name": "who"}}])
            assert other.recover_full_snapshot(file) == ["docs"]
            assert other.aliases() == {"current": "docs", "who": "people"}
        with tamis.open(tmp_path / "b") as again:
            assert again.get_collection("current").name == "docs"
        with tamis.open(tmp_path / "c") as clash:
            clash.create_collection("current", vectors={"size": 2, "distance": "Dot"})
            with pytest.raises(tamis.Conflict, match="there is a collection of that name"):
                clash.recover_full_snapshot(file)
            assert clash.collections() == ["current"]
