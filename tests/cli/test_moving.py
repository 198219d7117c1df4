"""Import and export: every kind of file, against a directory and over HTTP; snapshots of a directory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from typer.testing import CliRunner

import tamis
from tamis.cli import app, moving
from tamis.cli.files.progress_file import ProgressFile
from tamis.cli.files.sources import Columns
from tamis.cli.target import Target

runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
COUNT = 25
VECTORS = np.random.default_rng(5).normal(size=(COUNT, 4)).astype(np.float32)
ROWS = [{"id": 100 + n, "vector": VECTORS[n].tolist(), "kind": "ab"[n % 2], "n": n} for n in range(COUNT)]


def run(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output + result.stderr
    return result.output


def write(path: Path) -> Path:
    """ROWS in the form that the name asks for."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    elif path.suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        feather.write_feather(pa.Table.from_pylist(ROWS), path)
    return path


def points(directory: Path, name: str = "docs") -> dict[object, tuple[object, list[float]]]:
    with tamis.open(directory) as db:
        records, _ = db.get_collection(name).scroll(limit=1000, with_vector=True)
    return {r.id: (r.payload, np.asarray(r.vector).round(5).tolist()) for r in records}


EXPECTED = {row["id"]: ({"kind": row["kind"], "n": row["n"]}, np.round(row["vector"], 5)) for row in ROWS}


def same(found: dict[object, tuple[object, list[float]]]) -> bool:
    return found.keys() == EXPECTED.keys() and all(
        found[id][0] == payload and np.allclose(found[id][1], vector, atol=1e-4)
        for id, (payload, vector) in EXPECTED.items()
    )


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".feather"])
def test_import_reads_tables_and_lines(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"points{suffix}")
    told = run("import", tmp_path / "db", "docs", file, "--distance", "Dot", "--batch", 7)
    assert told == "25 points in docs\n", "and no bar where there is no terminal"
    assert same(points(tmp_path / "db"))
    assert [path.name for path in tmp_path.iterdir() if "progress" in path.name] == []


def test_import_of_an_array_and_its_payloads(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    (tmp_path / "p.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in range(COUNT)))
    run("import", tmp_path / "db", "docs", tmp_path / "v.npy", "--payloads", tmp_path / "p.jsonl", "--distance", "Dot")
    found = points(tmp_path / "db")
    assert found.keys() == set(range(COUNT))
    assert all(payload == {"n": id} for id, (payload, _) in found.items())


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_what_is_exported_can_be_imported(tmp_path: Path, suffix: str) -> None:
    run("import", tmp_path / "db", "docs", write(tmp_path / "points.jsonl"), "--distance", "Dot")
    out = tmp_path / f"out{suffix}"
    assert "25 points" in run("export", tmp_path / "db", "docs", out)
    run("import", tmp_path / "other", "docs", out, "--distance", "Dot")
    assert same(points(tmp_path / "other"))
    assert "12 points" in run("export", tmp_path / "db", "docs", out, "--where", "kind=b")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["db", "other", "points.jsonl", out.name])


def test_an_interrupted_import_goes_on_after_the_last_acknowledged_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Ctrl-C; test_resume.py kills it."""
    file = write(tmp_path / "points.jsonl")
    asked: list[int] = []
    ask = Target.ask

    def failing(self: Target, method: str, path: str, body: object = None) -> object:
        if path.endswith("wait=true"):
            asked.append(len(body["points"]))  # type: ignore[index]
            if len(asked) == 3:
                raise KeyboardInterrupt
        return ask(self, method, path, body)

    monkeypatch.setattr(Target, "ask", failing)
    runner.invoke(app, ["import", str(tmp_path / "db"), "docs", str(file), "--distance", "Dot", "--batch", "5"])
    assert ProgressFile(file, Columns(), str(tmp_path / "db"), "docs").read() == (10, 109)
    assert "25 points" in run("import", tmp_path / "db", "docs", file, "--distance", "Dot", "--batch", 5)
    assert asked == [5, 5, 5, 5, 5, 5], "three before it stopped, three more after"
    assert same(points(tmp_path / "db"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"id": 1, "vector": [1, 2]}\n{broken\n', "a.jsonl line 2"),
        ("b.jsonl", '{"id": 1, "n": 2}\n', "vector is missing"),
        ("c.txt", "", "is none of"),
        ("d.parquet", "no parquet", "cannot be read"),
        ("e.npy", "no array", "is not an array that numpy wrote"),
        ("f.jsonl", '\n\n{"id": 1, "vector": [1, 2], "payload": "{broken"}\n', "f.jsonl line 3 payload"),
        ("g.jsonl", '{"id": 1, "vector": 5}\n', "vector: must be a list of numbers, the first point has 5"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    result = runner.invoke(app, ["import", str(tmp_path / "db"), "docs", str(tmp_path / name)])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


def test_every_command_works_on_an_address(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAMIS_API_KEY", "secret")
    run("create", address, "docs", "--size", 4, "--distance", "Dot")
    run("import", address, "docs", write(tmp_path / "points.parquet"))
    assert "docs" in run("collections", address)
    assert "points_count" in run("info", address, "docs")
    assert (
        len(
            [
                line
                for line in run("search", address, "docs", "--like", 101, "--limit", 3).splitlines()
                if "kind" in line
            ]
        )
        == 3
    )
    assert "rows match" in run("explain", address, "docs", "--vector", "1,0,0,0", "--where", "kind=a")
    assert "recall@5 1.0000" in run("bench", address, "docs", "--queries", 5, "--limit", 5)
    assert ".snapshot" in run("snapshot", "create", address, "docs")
    run("delete", address, "docs", "--yes")
    assert "docs" not in run("collections", address)


def test_no_answer_is_exit_code_3_and_a_wrong_key_1(address: str) -> None:
    assert "does not answer" in runner.invoke(app, ["collections", "http://127.0.0.1:9"]).stderr
    run("collections", "http://127.0.0.1:9", code=3)
    result = runner.invoke(app, ["collections", address, "--api-key", "wrong"])
    assert (result.exit_code, result.stderr.strip()) == (1, "error: Invalid API key")


def test_snapshots_of_a_directory(tmp_path: Path) -> None:
    run("import", tmp_path / "db", "docs", write(tmp_path / "points.jsonl"), "--distance", "Dot")
    made = run("snapshot", "create", tmp_path / "db", "docs")
    name = next(word for word in made.split() if word.endswith(".snapshot"))
    assert name in run("snapshot", "list", tmp_path / "db", "docs")
    file = next((tmp_path / "db" / "snapshots").rglob(name))
    run("snapshot", "recover", tmp_path / "copy", "again", file)
    assert same(points(tmp_path / "copy", "again"))
    run("snapshot", "delete", tmp_path / "db", "docs", name)
    assert name not in run("snapshot", "list", tmp_path / "db", "docs")
    assert ".snapshot" in run("snapshot", "create", tmp_path / "db")


def test_delete_asks_first(tmp_path: Path) -> None:
    run("create", tmp_path / "db", "docs", "--size", 4)
    result = runner.invoke(app, ["delete", str(tmp_path / "db"), "docs"], input="n\n")
    assert result.exit_code == 1
    assert "nothing was deleted" in result.stderr
    assert "docs" in run("collections", tmp_path / "db")


def test_pages_are_asked_for_until_there_is_no_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_PAGE", 4)
    run("import", tmp_path / "db", "docs", write(tmp_path / "points.jsonl"), "--distance", "Dot")
    run("export", tmp_path / "db", "docs", tmp_path / "out.jsonl", "--no-vectors")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == sorted(EXPECTED)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_export_of_nothing_is_a_file_that_can_be_read(tmp_path: Path, suffix: str) -> None:
    run("create", tmp_path / "db", "docs", "--size", 4)
    run("export", tmp_path / "db", "docs", tmp_path / f"out{suffix}")
    assert "0 points" in run("import", tmp_path / "db", "docs", tmp_path / f"out{suffix}")


@pytest.mark.parametrize("first", [True, False])
def test_a_table_of_numbers_and_uuids_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """Both kinds on one page, and on pages of their own."""
    monkeypatch.setattr(moving, "_PAGE", 10 if first else 1)
    with tamis.open(tmp_path / "db") as db:
        docs = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        docs.upsert(ids=[1, "5f0c9a1e-1111-4222-8333-444455556666"], vectors=[[1, 2], [3, 4]])
    result = runner.invoke(app, ["export", str(tmp_path / "db"), "docs", str(tmp_path / "out.parquet")])
    assert result.exit_code == 1
    assert "ids are numbers and UUIDs" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["db"]


def test_payloads_must_have_as_many_lines_as_there_are_vectors(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    for count, message in ((COUNT - 1, "has 24 lines"), (COUNT + 1, "has more lines than")):
        (tmp_path / "p.jsonl").write_text('{"n": 1}\n' * count)
        command = ["import", tmp_path / "db", "docs", tmp_path / "v.npy", "--payloads", tmp_path / "p.jsonl"]
        result = runner.invoke(app, [*map(str, command), "--restart"])
        assert (result.exit_code, message in result.stderr) == (1, True), result.stderr


def test_large_points_travel_in_requests_that_a_server_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_REQUEST_BYTES", 500)
    sent: list[int] = []
    requests = moving._requests

    def counted(points: list[dict[str, object]]) -> list[list[dict[str, object]]]:
        parts = list(requests(points))
        sent.extend(len(json.dumps(part)) for part in parts)
        return parts

    monkeypatch.setattr(moving, "_requests", counted)
    run("import", tmp_path / "db", "docs", write(tmp_path / "points.jsonl"), "--distance", "Dot")
    assert len(sent) > 1
    assert max(sent) < 800
    assert same(points(tmp_path / "db"))


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    run("create", tmp_path / "db", "docs", "--size", 4)
    result = runner.invoke(app, ["export", str(tmp_path / "db"), "docs", str(tmp_path / "none" / "out.jsonl")])
    assert result.exit_code == 1
    assert result.stderr.strip().endswith("out.jsonl.part: No such file or directory")
