"""The command line: on a directory, on a server, and what it says when something is wrong."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from apps.people.cli import app
from tests.server.conftest import Served


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("people") / "data"
    assert "60 people are in" in run("build", "--sample", 60, "--path", made)
    return made


def test_suggesting_by_id_and_by_name(folder: Path) -> None:
    by_id = run("suggest", 1, "--path", folder, "--limit", 3)
    name = re.match(r"(.*) \(1\):", by_id)[1]  # type: ignore[index]
    assert by_id.count(" bits  ") >= 2
    assert run("suggest", name, "--path", folder, "--limit", 3) == by_id
    assert run("suggest", 1, "--path", folder, "--within-km", 0.001).endswith("Nobody passes; ask for less.\n")


def test_introducing(folder: Path) -> None:
    said = run("introduce", *range(1, 11), "--path", folder)
    ids = [int(id) for id in re.findall(r"\((\d+)\)", said)]
    assert sorted(ids) == list(range(1, 11))


def test_a_file_of_profiles_and_a_server(tmp_path: Path, running: Served) -> None:
    file = tmp_path / "people.jsonl"
    file.write_text(run("sample", "--count", 40))
    where = ("--url", running.url, "--name", "from-a-file")
    assert "40 people" in run("build", "--file", file, *where)
    inside = tmp_path / "data"
    run("build", "--file", file, "--path", inside)
    assert run("suggest", 7, *where) == run("suggest", 7, "--path", inside)
    assert "already" in run("build", *where, code=1)
    assert "40 people" in run("build", "--file", file, "--replace", *where)


def test_what_is_wrong_is_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n{\n")
    missing = tmp_path / "missing"
    for arguments, words in (
        (("suggest", 1, "--path", missing), "people build"),
        (("suggest", 999, "--path", folder), "no person 999"),
        (("suggest", "qqq", "--path", folder), "nobody is called 'qqq'"),
        (("suggest", 1, "--path", folder, "--within-km", -1), "within_km: is -1"),
        (("introduce", 1, 999, "--path", folder), "no person 999"),
        (("suggest", 1, "--url", "http://127.0.0.1:9"), "does not answer"),
        (("build", "--file", bad, "--path", missing), "line 2 is not JSON"),
        (("build", "--data", tmp_path, "--path", missing), "has no pages.jsonl.gz"),
        (("measure", "--data", tmp_path), "has no pages.jsonl.gz"),
        (("build", "--path", bad), str(bad)),
    ):
        said = run(*arguments, code=1)
        assert words in said.replace("\n", " "), said
        assert "Traceback" not in said


def test_serving_the_page_until_interrupted(folder: Path) -> None:
    program = "from apps.people.cli import app; app()"
    command = [sys.executable, "-c", program, "serve", "--path", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        address = re.search(r"60 people at (http://\S+)", said)
        assert address, said
        assert "Who should meet whom" in httpx.get(address[1], trust_env=False).text
        assert httpx.get(f"{address[1]}/api/people", trust_env=False).json()[0]["id"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_help_says_what_there_is() -> None:
    said = run("--help")
    for command in ("build", "suggest", "introduce", "serve", "measure", "sample"):
        assert command in said
