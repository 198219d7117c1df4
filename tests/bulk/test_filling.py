"""Filling a collection in this process: what is there afterwards, what is refused, and going on after a stop."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest
from pyarrow import parquet

from tamis.bulk import sealing
from tamis.bulk.filling import Filling, Wanted
from tamis.bulk.plan import Columns, Task
from tamis.bulk.running import Perform
from tamis.bulk.sealing import Sealed, perform
from tamis.errors import Conflict, Corrupt, Rejected, Unavailable, UnknownVector
from tamis.model.siphash import hash_id
from tests.bulk.files import COLUMNS, SIZE, everything, fill, filling, node, two_files, write_file


class Stopped(Exception):
    """The import ends here."""


def stopping_after(count: int) -> object:
    """Runs that many tasks."""

    def run(perform: Perform, tasks: Sequence[Task]) -> Iterator[Sealed]:
        for number, task in enumerate(tasks):
            if number == count:
                raise Stopped
            yield perform(task)

    return run


def stamps(store: Path) -> dict[str, int]:
    """When every sealed file was written."""
    return {str(path): path.stat().st_mtime_ns for path in store.rglob("segments/*/*")}


@pytest.mark.parametrize("shards", [1, 3])
def test_a_new_collection_is_seen_when_it_is_complete(tmp_path: Path, shards: int) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    with node(store) as db:
        plan = filling(store, files, shards=shards)
        assert len(plan.tasks()) >= 2 * shards
        seen: list[int] = []

        def advance(rows: int) -> None:
            db.turn()
            assert db.collections() == []
            seen.append(rows)

        def run(perform: Perform, tasks: Sequence[Task]) -> Iterator[Sealed]:
            yield from map(perform, reversed(tasks))  # in whatever order they are done

        assert plan.run(run, advance) == len(expected) == 900
        assert sum(seen) == plan.rows == 1_100
        db.turn()
        assert everything(db) == expected
        for number, shard in enumerate(db.entry("docs")[1].shards):
            ids = [record.id for record in db.shard("docs", shard).collection.scroll(limit=1_000)[0]]
            assert {hash_id(id) % shards for id in ids} == {number}
    assert list(store.glob("imports/*")) == []


def test_what_is_written_afterwards_wins_and_survives(tmp_path: Path) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    fill(store, files)
    with node(store) as db:
        collection = db.shard("docs", 0).collection
        assert {hit.version for hit in collection.search([0.0] * SIZE, limit=1_000)} == {1}
        collection.upsert(ids=[7], vectors=[[1.0] * SIZE], payloads=[{"new": True}])
        collection.set_payload({"row": -1}, ids=[8])
        collection.delete(ids=[9])
        expected[7] = ([1.0] * SIZE, {"new": True})
        expected[8] = (expected[8][0], {**expected[8][1], "row": -1})
        del expected[9]
        assert everything(db) == expected
        db.turn()
        db.shard("docs", 0).stored.optimize()
        assert everything(db) == expected
    with node(store, "two") as db:
        assert everything(db) == expected


def test_an_empty_collection_keeps_its_settings_and_nodes_that_have_it_open_adopt(tmp_path: Path) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    with node(store) as one, node(store, "two") as two:
        vectors = {"size": SIZE, "distance": "Euclid", "hnsw_config": {"full_scan_threshold": 1}}
        one.create_collection("docs", vectors, shard_number=2, replication_factor=2)
        for db in (one, two):
            db.turn()
        for shard in (0, 1):
            one.shard("docs", shard).collection.create_payload_index("row", "integer")
        wait(two.shards.follow(manifests=True))
        assert everything(two) == {}
        assert fill(store, files, shards=7, distance="Dot") == 900
        for db in (one, two):
            wait(db.shards.follow(manifests=True))
            assert everything(db) == expected
            for shard in (0, 1):
                info = db.shard("docs", shard).stored.info()
                assert info.status == "green"
                assert all("" in segment.graphs for segment in info.segments)
                assert db.shard("docs", shard).stored.position == 2  # the index, the import
                stored = db.shard("docs", shard).stored.shard.snapshot()
                assert all("row" in view.body.sealed_indexes for view in stored.views)
        one.shard("docs", 0).collection.delete(ids=list(range(900)))
        wait(two.shards.follow(manifests=False))
        assert len(everything(two)) == sum(hash_id(id) % 2 for id in range(900))


def test_a_collection_with_points_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    files, _ = two_files(tmp_path)
    store = tmp_path / "store"
    with node(store) as db:
        db.create_collection("docs", {"size": SIZE, "distance": "Euclid"})
        db.turn()
        db.shard("docs", 0).collection.upsert(ids=[1], vectors=[[0.0] * SIZE])
        before = sorted(store.rglob("*"))
        with pytest.raises(Conflict, match="holds points already"):
            fill(store, files)
        db.shard("docs", 0).stored.optimize()
        with pytest.raises(Conflict, match="holds points already"):
            fill(store, files)
        assert sorted(path for path in store.rglob("imports/*")) == []
        assert {path for path in before if "segments" not in str(path)} <= set(store.rglob("*"))
        assert len(everything(db)) == 1
        db.create_collection("keyed", {"size": SIZE, "distance": "Euclid"}, sharding_method="custom")
        with pytest.raises(Rejected, match="have keys"):
            Filling(str(store), "keyed", files, COLUMNS, Wanted())


def test_a_second_import_of_the_same_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    fill(store, files)
    with pytest.raises(Conflict, match="holds points already"):
        fill(store, files)
    with node(store) as db:
        assert everything(db) == expected


def test_points_that_were_all_deleted_can_be_imported_again(tmp_path: Path) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    fill(store, files)
    with node(store) as db:
        collection = db.shard("docs", 0).collection
        db.turn()
        collection.delete(ids=list(range(900)))
        with db.shard("docs", 0).stored.sealed():
            pass
        fill(store, files)
        wait(db.shards.follow(manifests=True))
        assert everything(db) == expected


@pytest.mark.parametrize("count", [0, 3, 7])
def test_the_same_command_goes_on_where_one_stopped(tmp_path: Path, count: int) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    with pytest.raises(Stopped):
        filling(store, files).run(stopping_after(count), lambda rows: None)
    before = stamps(store)
    assert len(before) == 2 * count
    assert fill(store, files) == 900
    after = stamps(store)
    assert before.items() <= after.items()
    assert len(after) == 2 * 8
    with node(store) as db:
        assert everything(db) == expected
    assert len(list((store / "collections").iterdir())) == 1


def test_a_task_that_is_done_again_writes_the_same_file_names(tmp_path: Path) -> None:
    """Also where it came from another process, and where the first try ended between its two files."""
    files, _ = two_files(tmp_path)
    store = tmp_path / "store"
    task = filling(store, files).tasks()[2]
    first = perform(task)
    before = stamps(store)
    again = perform(pickle.loads(pickle.dumps(task)))
    assert (again.name, again.ids.tolist()) == (first.name, first.ids.tolist())
    assert stamps(store) == before
    (points,) = (Path(path) for path in before if path.endswith("/points"))
    points.unlink()
    perform(task)
    assert stamps(store).keys() == before.keys()


def test_both_files_are_the_same_bytes_wherever_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_file(path, range(1_000), seed=3)
    found = []
    for store in (tmp_path / "one", tmp_path / "two"):
        with node(store, store.name) as db:
            vectors = {"size": SIZE, "distance": "Cosine", "hnsw_config": {"full_scan_threshold": 1}}
            db.create_collection("docs", vectors)
        fill(store, [path], points=600, threads=1 + len(found))
        found.append({str(file.relative_to(store)): file.read_bytes() for file in store.rglob("segments/*/*")})
    assert found[0] == found[1]
    assert len(found[0]) == 4


@pytest.mark.parametrize("shards", [1, 3])
def test_ids_of_both_kinds_and_the_last_of_each(tmp_path: Path, shards: int) -> None:
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "c.parquet"]
    uuids = [UUID(int=n << 40 | n) for n in range(200)]
    expected = write_file(files[0], range(150), seed=4)
    spelled = write_file(files[1], [str(id) for id in [*uuids, *uuids[:50]]], seed=5)
    expected |= {UUID(id): point for id, point in spelled.items()}
    expected |= write_file(files[2], range(100, 250), seed=6)
    store = tmp_path / "store"
    assert fill(store, files, shards=shards, points=60) == 450
    with node(store) as db:
        db.turn()
        assert everything(db) == expected


def test_ids_of_one_task_are_in_its_segment_once(tmp_path: Path) -> None:
    """Also where its rows are read in several batches: a segment finds one row of an id."""
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    expected = write_file(files[0], range(60), seed=11) | write_file(files[1], range(30, 90), seed=12)
    store = tmp_path / "store"
    (task,) = filling(store, files).tasks()
    assert sorted(perform(task).ids.tolist()) == list(range(90))
    assert fill(store, files) == 90
    with node(store) as db:
        records = db.shard("docs", 0).collection.retrieve(list(range(90)), with_vector=True)
        assert {record.id: (list(record.vector), record.payload) for record in records} == expected


def test_named_vectors(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"key": n, "title": [n, 1.0], "body": [n, 1.0, 2.0], "n": n} for n in range(50)]
    parquet.write_table(pa.Table.from_pylist(rows), path)
    store = tmp_path / "store"
    plan = Filling(str(store), "docs", [path], Columns("key", ("title", "body")), Wanted("Euclid", points=20))
    assert plan.run(stopping_after(99), lambda rows: None) == 50
    with node(store) as db:
        (record,) = db.shard("docs", 0).collection.retrieve([7], with_vector=True)
        assert {name: list(vector) for name, vector in record.vector.items()} == {"title": [7, 1], "body": [7, 1, 2]}
        assert record.payload == {"n": 7}


def test_what_export_writes_is_read_as_points(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"id": n, "vector": [n, 1.0], "payload": f'{{"n": {n}, "a": {{"b": [1, null]}}}}'} for n in range(40)]
    rows[5]["vector"] = None
    rows[6]["payload"] = None
    parquet.write_table(pa.Table.from_pylist(rows), path)
    assert fill(tmp_path / "store", [path], points=15) == 40
    with node(tmp_path / "store") as db:
        found = everything(db)
    assert found[7] == ([7, 1], {"n": 7, "a": {"b": [1, None]}})
    assert found[5] == (None, {"n": 5, "a": {"b": [1, None]}})
    assert found[6][1] == {}


def write_rows(path: Path, **change: object) -> Path:
    """5,000 rows in one file, the last but one of shard-sized batches changed."""
    rows = [{"id": n, "vector": [float(n), 1.0], "n": n} for n in range(5_000)]
    rows[4_500].update(change)
    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": -4}, "row 4500: ids: point id -4 is out of range"),
        ({"id": None}, "row 4500: ids: value None is not a valid point id"),
        ({"vector": [1.0]}, "row 4500: vectors: vectors of size 2 are expected, got size 1"),
        ({"vector": [1.0, float("nan")]}, "row 4500: vectors: dimension 1 is nan"),
        ({"vector": None}, "row 4500: vectors: is missing"),
        ({"n": float("inf")}, "row 4500: payloads.n: inf is not JSON"),
    ],
)
@pytest.mark.parametrize("shards", [1, 2])
def test_a_bad_row_is_named_and_nothing_is_made(
    tmp_path: Path, change: dict[str, object], words: str, shards: int
) -> None:
    path = write_rows(tmp_path / "a.parquet", **change)
    with pytest.raises(Rejected) as caught:
        fill(tmp_path / "store", [path], points=3_000, shards=shards)
    assert f"{path} {words}" in str(caught.value)
    with node(tmp_path / "store") as db:
        assert db.collections() == []


def test_bad_files_are_refused_at_once(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.parquet")
    store = tmp_path / "store"
    text = tmp_path / "b.parquet"
    text.write_text("no table")
    for files, columns, words in (
        ([], COLUMNS, "at least one"),
        ([tmp_path / "missing.parquet"], COLUMNS, "there is no file"),
        ([text], COLUMNS, "cannot be read"),
        ([path], Columns("key", ("vector",)), "no column 'key'; there are id, vector, n"),
        ([path], Columns("id", ("embedding",)), "no column 'embedding'"),
        ([path], Columns("id", ("n",)), "must hold lists of numbers"),
    ):
        with pytest.raises(Rejected, match=words):
            Filling(str(store), "docs", files, columns, Wanted())
    with pytest.raises(Rejected, match="collection"):
        Filling(str(store), "a/b", [path], COLUMNS, Wanted())
    assert list(store.rglob("*/*")) == []


def test_vectors_of_another_name_than_the_collection_has(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.parquet")
    with node(tmp_path / "store") as db:
        db.create_collection("docs", {"title": {"size": 2, "distance": "Dot"}})
    with pytest.raises(Rejected, match="given by name: title"):
        fill(tmp_path / "store", [path])


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.parquet")
    plan = filling(tmp_path / "store", [path])
    write_rows(path, n=-1)
    with pytest.raises(Rejected, match="has changed since the import began"):
        plan.run(stopping_after(99), lambda rows: None)


def test_errors_come_back_from_another_process_as_they_were() -> None:
    for error in (Rejected("a", "b"), Corrupt("key", 3, "bad"), Unavailable("away"), UnknownVector("x")):
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))


def test_a_name_that_was_taken_meanwhile(tmp_path: Path) -> None:
    files, expected = two_files(tmp_path)
    store = tmp_path / "store"
    plan = filling(store, files)
    with node(store) as db:
        db.create_collection("docs", {"size": SIZE, "distance": "Dot"})
        with pytest.raises(Conflict, match="was made meanwhile"):
            plan.run(stopping_after(99), lambda rows: None)
        assert everything(db) == {}
        db.delete_collection("docs")
        before = stamps(store)
        assert fill(store, files) == 900
        assert stamps(store) == before
        db.turn()
        assert everything(db) == expected


def test_names_of_segments_hold_no_counters(tmp_path: Path) -> None:
    files, _ = two_files(tmp_path)
    fill(tmp_path / "store", files)
    names = {path.name for path in (tmp_path / "store").rglob("segments/*")}
    assert len(names) == 8
    assert not any(letter.isdigit() for name in names for letter in name)


def test_a_second_process_may_be_writing_the_same_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = two_files(tmp_path)
    task = filling(tmp_path / "store", files).tasks()[0]
    real = sealing.write_points

    def overtaken(*given: object) -> None:
        monkeypatch.setattr(sealing, "write_points", real)
        perform(task)
        real(*given)

    monkeypatch.setattr(sealing, "write_points", overtaken)
    perform(task)
    assert sealing.write_points is real
    assert len(stamps(tmp_path / "store")) == 2
