"""What docs/cli.md and the help say is so: the commands, the exit codes, and every example runs."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer.main
from pyarrow import parquet
from typer.testing import CliRunner

from tamis.cli import app
from tests.tidy.source import ROOT

DOCUMENT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^    (tamis .*)$", DOCUMENT, re.MULTILINE)
runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1", "TAMIS_API_KEY": "secret"})


def commands(group: Any, name: str = "tamis") -> dict[str, Any]:
    """Every command by its full name."""
    found = {}
    for part, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found |= commands(command, f"{name} {part}") if inner else {f"{name} {part}": command}
    return found


COMMANDS = commands(typer.main.get_command(app))


def test_the_document_lists_every_command_and_no_other() -> None:
    listed = set()
    for row in re.findall(r"^\| `(tamis .*?)` \|", DOCUMENT, re.MULTILINE):
        name = " ".join(word for word in row.replace("\\|", "|").split() if word == "tamis" or re.match(r"[a-z]", word))
        first, _, last = name.rpartition(" ")
        listed |= {f"{first} {word}" for word in last.split("|")}
    assert listed == set(COMMANDS)


def test_the_exit_codes_are_those_of_the_help() -> None:
    codes = re.search(r"^Exit codes: .*$", DOCUMENT, re.MULTILINE)
    assert codes is not None
    assert codes[0] in " ".join(runner.invoke(app, ["--help"]).output.replace("│", " ").split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_in_the_help_is_one_that_the_command_takes(name: str) -> None:
    text = inspect.cleandoc(COMMANDS[name].help or "")
    examples = re.findall(r"\[cyan\](tamis .*?)\[/cyan\]", text)
    assert examples, "every command has one"
    for example in examples:
        words = shlex.split(example)
        assert example.startswith(name)
        COMMANDS[name].make_context(name, words[len(name.split()) :])


def test_every_example_of_the_document_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    rows = [{"id": n, "embedding": [n, 1.0], "kind": ["function", "class"][n % 2], "lines": n} for n in range(40)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "docs.parquet")
    monkeypatch.chdir(tmp_path)
    assert EXAMPLES
    for example in EXAMPLES:
        made = next((path.stem for path in Path("data/snapshots/docs").glob("*.snapshot")), "NAME")
        line = example.replace("http://localhost:6333", address).replace("NAME", made)
        done = runner.invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, f"{example}\n{done.output}{done.stderr}"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--help"], 0),
        (["collections", "nothing-here"], 1),
        (["no-such-command"], 2),
        (["search"], 2),
        (["collections", "http://127.0.0.1:9"], 3),
    ],
)
def test_the_program_ends_with_these_codes_and_no_traceback(tmp_path: Path, words: list[str], code: int) -> None:
    command = [sys.executable, "-m", "tamis", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert (done.stdout == "") == (code != 0)
    if code in (1, 3):
        assert re.fullmatch(r"error: .*\n", done.stderr)
