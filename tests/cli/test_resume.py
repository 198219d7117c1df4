"""An import that was stopped, even killed, goes on where it stopped, and never passes over rows that are not there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tamis
from tamis.cli import app
from tamis.cli.files.progress_file import ProgressFile
from tamis.cli.files.sources import Columns
from tamis.cli.target import Target

runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
COUNT = 25

# Kills its own process at one moment of the second batch.
KILLED = """
import os, signal, sys
from tamis.cli import app
from tamis.cli.files import progress_file
from tamis.cli.target import Target

def dies(): os.kill(os.getpid(), signal.SIGKILL)

moment, calls, ask, replace = sys.argv.pop(1), [], Target.ask, os.replace

def asking(self, method, path, body=None):
    if not path.endswith("wait=true"):
        return ask(self, method, path, body)
    calls.append(path)
    if moment == "before the write" and len(calls) == 2: dies()
    answer = ask(self, method, path, body)
    if moment == "after the write" and len(calls) == 2: dies()
    return answer

def renaming(source, target):
    if str(target).endswith(".progress") and len(calls) == 2:
        if moment == "before the rename": dies()
        replace(source, target)
        if moment == "after the rename": dies()
    else:
        replace(source, target)

Target.ask, os.replace = asking, renaming
app(sys.argv[1:])
"""
MOMENTS = {"before the write": 5, "after the write": 5, "before the rename": 5, "after the rename": 10}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "points.jsonl"
    rows = [{"id": n, "vector": [n, 1], "other": [n, 2], "n": n} for n in range(COUNT)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points each write had."""
    found: list[int] = []
    ask = Target.ask

    def counting(self: Target, method: str, path: str, body: object = None) -> object:
        if path.endswith("wait=true"):
            found.append(len(body["points"]))  # type: ignore[index]
        return ask(self, method, path, body)

    monkeypatch.setattr(Target, "ask", counting)
    return found


def command(file: Path, *more: str, target: Path | None = None) -> list[str]:
    place = file.parent / "db" if target is None else target
    return ["import", str(place), "docs", str(file), "--distance", "Dot", "--batch", "5", *more]


def run(*arguments: str) -> None:
    result = runner.invoke(app, list(arguments))
    assert result.exit_code == 0, result.output + result.stderr


def found(directory: Path) -> dict[object, tuple[object, object]]:
    with tamis.open(directory) as db:
        records, _ = db.get_collection("docs").scroll(limit=1000, with_vector=True)
    return {record.id: (record.payload, [float(number) for number in record.vector]) for record in records}


def expected(second: float = 1) -> dict[object, tuple[object, object]]:
    rest = "vector" if second == 2 else "other"
    return {n: ({rest: [n, 3 - second], "n": n}, [float(n), float(second)]) for n in range(COUNT)}


def progress(file: Path) -> ProgressFile:
    return ProgressFile(file, Columns(), str(file.parent / "db"), "docs")


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment(file: Path, sent: list[int], moment: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, moment, *command(file)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    rows = MOMENTS[moment]
    assert progress(file).read() == (rows, rows - 1)
    run(*command(file))
    assert sum(sent) == COUNT - rows, "what was acknowledged and noted is not sent again"
    assert found(file.parent / "db") == expected()
    assert sorted(path.name for path in file.parent.iterdir() if "progress" in path.name) in (
        [],
        [".points.jsonl.docs.progress.part"],
    )


def test_dropped_and_made_again_begins_again(file: Path, sent: list[int]) -> None:
    run(*command(file))
    progress(file).save(20, 19)
    with tamis.open(file.parent / "db") as db:
        db.delete_collection("docs")
        db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
    sent.clear()
    run(*command(file))
    assert sum(sent) == COUNT
    assert found(file.parent / "db") == expected()


def test_another_column_begins_again(file: Path) -> None:
    run(*command(file))
    progress(file).save(20, 19)
    run(*command(file, "--vector-column", "other"))
    assert found(file.parent / "db") == expected(2)


def test_the_same_relative_path_from_another_folder_is_another_target(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        run(*command(file, target=Path("data")))
        ProgressFile(file, Columns(), "data", "docs").save(20, 19)
    monkeypatch.chdir(tmp_path / "a")
    assert ProgressFile(file, Columns(), "data", "docs").read() == (0, None)
    monkeypatch.chdir(tmp_path / "b")
    assert ProgressFile(file, Columns(), "data", "docs").read() == (20, 19)
    assert ProgressFile(file, Columns(), str(tmp_path / "b" / "data"), "docs").read() == (20, 19)


def test_another_source_other_payloads_and_nonsense_do_not_count(file: Path, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("{}\n")
    columns = Columns(payloads=tmp_path / "p.jsonl")
    with_payloads = ProgressFile(file, columns, "db", "docs")
    with_payloads.save(20, 19)
    assert with_payloads.read() == (20, 19)
    assert ProgressFile(file, columns, "http://127.0.0.1:1", "docs").read() == (0, None)
    (tmp_path / "p.jsonl").write_text("{}\n{}\n")
    assert ProgressFile(file, columns, "db", "docs").read() == (0, None)
    progress(file).save(20, 19)
    file.write_text(file.read_text() + "\n")
    assert progress(file).read() == (0, None)
    for nonsense in ("", "[]", '{"rows": -1}', "{"):
        (tmp_path / ".points.jsonl.docs.progress").write_text(nonsense)
        assert progress(file).read() == (0, None)


def test_restart_begins_again(file: Path, sent: list[int]) -> None:
    run(*command(file))
    progress(file).save(20, 19)
    sent.clear()
    run(*command(file, "--restart"))
    assert sum(sent) == COUNT
