"""Import and export: every kind of file, interrupted and gone on with, against a directory and over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from typer.testing import CliRunner

import tamis
from tamis.cli import app, moving
from tamis.cli.progress_file import ProgressFile
from tamis.cli.target import Target
from tamis.server.in_process import InProcess

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
    assert "25 points in docs" in run("import", tmp_path / "db", "docs", file, "--distance", "Dot", "--batch", 7)
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
    assert ProgressFile(file, str(tmp_path / "db"), "docs").rows() == 10
    assert "25 points" in run("import", tmp_path / "db", "docs", file, "--distance", "Dot", "--batch", 5)
    assert asked == [5, 5, 5, 5, 5, 5], "three before it stopped, three more after"
    assert same(points(tmp_path / "db"))


def test_progress_of_another_source_or_a_dropped_collection_does_not_count(tmp_path: Path) -> None:
    file = write(tmp_path / "points.jsonl")
    progress = ProgressFile(file, str(tmp_path / "db"), "docs")
    progress.save(20)
    assert ProgressFile(file, "elsewhere", "docs").rows() == 0
    run("import", tmp_path / "db", "docs", file, "--distance", "Dot")  # the collection is not there: all rows
    assert same(points(tmp_path / "db"))
    progress.save(20)
    file.write_text(file.read_text() + "\n")
    assert ProgressFile(file, str(tmp_path / "db"), "docs").rows() == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"id": 1, "vector": [1, 2]}\n{broken\n', "a.jsonl line 2"),
        ("b.jsonl", '{"id": 1, "n": 2}\n', "vector is missing"),
        ("c.txt", "", "is none of"),
        ("d.parquet", "no parquet", "cannot be read"),
        ("e.npy", "no array", "is not an array that numpy wrote"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    result = runner.invoke(app, ["import", str(tmp_path / "db"), "docs", str(tmp_path / name)])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


@pytest.fixture
def address() -> Iterator[str]:
    """A server of the API on loopback, in this process."""
    api = InProcess(tamis.open())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            keyed = self.headers.get("api-key") == "secret"
            reply = api.call(self.command, self.path, body)
            raw = reply.body if keyed else b"Invalid API key"
            self.send_response(reply.status if keyed else 401)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_PUT = do_POST = do_DELETE = do_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


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
