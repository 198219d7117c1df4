"""Filling a collection by workers of Ray, some of which die; skipped where Ray is not installed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tamis.bulk import running
from tamis.cli import app
from tests.bulk.files import everything, node, two_files, write_file
from tests.tidy.source import ROOT

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'tamis[ray]'"
)
runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1", "RAY_ADDRESS": ""})

# A process of its own, because Ray warns of much. Two workers; one dies after a task's first file, one after the last.
PROGRAM = """
import os, pathlib, sys
import ray
from tests.bulk.files import filling
from tamis.bulk.running import on_ray
from tamis.errors import Rejected

folder = pathlib.Path(sys.argv[1])

def work(task):
    from tamis.bulk import sealing
    def die(why):
        if task.number == int(why[-1]) and not (folder / why).exists():
            (folder / why).touch()
            os._exit(1)
    real = sealing.write_points
    def write_points(*given):
        die("halfway-2")
        real(*given)
    sealing.write_points = write_points
    try:
        done = sealing.perform(task)
    finally:
        sealing.write_points = real
    die("after-5")
    return done

ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
rows = []
count = filling(folder / "store", [folder / "a.parquet", folder / "b.parquet"], shards=2).run(on_ray, rows.append, work)
try:
    filling(folder / "store", [folder / "bad.parquet"], name="more").run(on_ray, rows.append)
except Rejected as error:
    refused = error.where
assert ray.is_initialized(), "who starts it stops it"
ray.shutdown()
(folder / "told").write_text(f"{count} {sum(rows)} {len(rows)} {refused}")
"""


@needs_ray
def test_workers_that_are_killed_lose_nothing_and_write_nothing_twice(tmp_path: Path) -> None:
    _, expected = two_files(tmp_path)
    bad = tmp_path / "bad.parquet"
    write_file(bad, [1, 2, -3], seed=9)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "told").read_text() == f"900 1100 8 {bad} row 2"
    assert (tmp_path / "halfway-2").exists()
    assert (tmp_path / "after-5").exists()
    assert len(list((tmp_path / "store").rglob("segments/*/*"))) == 2 * 8
    with node(tmp_path / "store") as db:
        db.turn()
        assert everything(db) == expected


@needs_ray
def test_the_command_line(tmp_path: Path) -> None:
    files, expected = two_files(tmp_path)
    words = ["--store", str(tmp_path / "store"), "docs", *map(str, files), "--distance", "Euclid", "--shards", "2"]
    command = [sys.executable, "-m", "tamis", "import", "--ray", *words]
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, "900 points in docs\n"), done.stderr
    with node(tmp_path / "store") as db:
        db.turn()
        assert everything(db) == expected


def run(*words: object, code: int) -> str:
    """What the command says."""
    result = runner.invoke(app, ["import", *map(str, words)])
    assert result.exit_code == code, result.output + result.stderr
    return result.output + result.stderr


def test_without_ray_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = two_files(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    told = run("--ray", "--store", tmp_path / "store", "docs", *files, code=1)
    assert "ray: is not installed; install it with: pip install 'tamis[ray]'" in told


def test_the_words_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "import --ray [OPTIONS] {COLLECTION} {FILE}..." in run("--ray", "--help", code=0)
    assert "import [OPTIONS] {TARGET}" in run("--help", code=0)
    run("--ray", "docs", tmp_path / "a.parquet", code=2)
    path = tmp_path / "a.parquet"
    write_file(path, range(50), seed=10)
    monkeypatch.setattr(running, "on_ray", running.in_process)
    store = tmp_path / "store"
    told = run("docs", path, "--id", "key", "--store", store, "--ray", code=1)
    assert "no column 'key'; there are id, vector, file, row" in told
    assert "50 points in docs" in run("docs", "--id", "row", path, "--store", store, "--points", 20, "--ray", code=0)
    assert "holds points already" in run("--ray", "docs", path, "--store", store, code=1)


def test_a_task_that_fails_for_good_ends_the_import() -> None:
    """Ray's words for it become ours, whatever they are."""

    class RayError(Exception):
        pass

    class RayTaskError(RayError):
        cause: Any = ValueError("a bug")

    class Ray:
        exceptions = type("exceptions", (), {"RayError": RayError, "RayTaskError": RayTaskError})
        error: Exception = RayError("the worker died\nand more")

        def get(self, _: object) -> object:
            raise self.error

    ray = Ray()
    with pytest.raises(running.Unavailable, match=r"^a worker failed 5 times \(the worker died\)"):
        running._result(ray, None)
    ray.error = RayTaskError("remote")
    with pytest.raises(RayTaskError):
        running._result(ray, None)
    ray.error.cause = running.Rejected("a", "b")
    with pytest.raises(running.Rejected, match="a: b"):
        running._result(ray, None)
