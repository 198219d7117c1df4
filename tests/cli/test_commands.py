"""The command line through typer's runner: what it prints and its exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tamis
from tamis.cli import app, measuring
from tamis.cli.table import print_table
from tamis.cli.target import opened

COMMANDS = (
    "demo",
    "serve",
    "collections",
    "info",
    "create",
    "delete",
    "import",
    "export",
    "search",
    "explain",
    "bench",
    "snapshot",
    "check",
)
runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    with tamis.open(path) as db:
        docs = db.create_collection("docs", vectors={"size": 3, "distance": "Euclid"})
        payloads = [{"kind": "even" if n % 2 == 0 else "odd", "n": n} for n in range(40)]
        docs.upsert(ids=range(40), vectors=np.arange(120).reshape(40, 3), payloads=payloads)
        docs.optimize()
        named = db.create_collection("named", vectors={"a": {"size": 2, "distance": "Dot"}})
        named.upsert(ids=[1], vectors={"a": [[1, 2]]})
    return path


def run(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_help_names_every_command_and_each_has_an_example() -> None:
    assert all(command in run("--help") for command in COMMANDS)
    for command in COMMANDS:
        if command != "snapshot":
            assert f"tamis {command}" in run(command, "--help")
    for command in ("create", "list", "delete", "recover"):
        assert f"tamis snapshot {command}" in run("snapshot", command, "--help")


def test_collections_and_info(directory: Path) -> None:
    listed = run("collections", directory)
    assert re.search(r"docs\W+40\W+1\W+green", listed)
    assert "named" in listed
    told = run("info", directory, "docs")
    assert re.search(r"points_count\W+40\b", told)
    assert re.search(r"config\.params\.vectors\.distance\W+Euclid", told)
    assert "memory.resident.vectors" in told


def test_search_by_vector_by_stored_point_and_with_a_filter(directory: Path) -> None:
    assert re.search(r"7\W+0\.0000\W.*odd", run("search", directory, "docs", "--vector", "21,22,23", "--limit", 1))
    found = run("search", directory, "docs", "--like", 7, "--where", "kind=even AND n>=10", "--limit", 2, "--exact")
    assert re.findall(r"^\W*(\d+)\W", found, re.MULTILINE) == ["10", "12"]
    assert re.search(r"1\W+5\.0000", run("search", directory, "named", "--vector", "1,2"))
    assert "5.0000" not in run("search", directory, "named", "--like", 1), "a point is not its own neighbour"


def test_what_looks_like_markup_is_printed_as_it_is(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "data") as db:
        docs = db.create_collection("docs", vectors={"size": 1, "distance": "Dot"})
        docs.upsert(ids=[1, 2], vectors=[[1], [2]], payloads=[{"a": "[/x]"}, {"a": "[red]b[/red]"}])
    told = run("search", tmp_path / "data", "docs", "--vector", "1")
    assert '{"a":"[/x]"}' in told
    assert '{"a":"[red]b[/red]"}' in told


def test_nothing_is_cut_off_in_a_narrow_pipe(tmp_path: Path) -> None:
    payload = {"text": "word " * 60 + "end"}
    with tamis.open(tmp_path / "data") as db:
        db.create_collection("docs", vectors={"size": 1, "distance": "Dot"}).upsert([1], [[1]], [payload])
    narrow = {"COLUMNS": "40"}
    made = runner.invoke(app, ["snapshot", "create", str(tmp_path / "data"), "docs"], env=narrow)
    file = next((tmp_path / "data" / "snapshots").rglob("*.snapshot"))
    assert file.name in made.stdout
    assert file.with_name(file.name + ".checksum").read_text().split()[0] in made.stdout
    found = runner.invoke(app, ["search", str(tmp_path / "data"), "docs", "--vector", "1"], env=narrow)
    assert payload["text"] in found.stdout
    assert made.stderr == found.stderr == ""


def test_a_narrow_terminal_keeps_names_whole_and_folds_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    print_table(("name", "bytes"), [("a-name-of-some-length.snapshot", "0123456789" * 4)])
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 40
    assert sum("a-name-of-some-length.snapshot" in line for line in lines) == 1
    assert "".join(re.findall(r"\d", "".join(lines))) == "0123456789" * 4


def test_bench_asks_points_from_all_over(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "data") as db:
        docs = db.create_collection("docs", vectors={"a": {"size": 2, "distance": "Dot"}})
        docs.upsert(ids=range(600), vectors={"a": np.random.default_rng(3).normal(size=(600, 2))})
        docs.upsert(ids=range(600, 700), payloads=[{}] * 100)
    with opened(str(tmp_path / "data")) as api:
        ids = measuring._sample(api, "docs", 20, "a")
    assert len(ids) == len(set(ids)) == 20
    assert min(ids) < 200
    assert 400 < max(ids) < 600, "not beyond: those have no vector"
    assert "recall@10 1.0000, over 20 queries" in run(
        "bench", tmp_path / "data", "docs", "--using", "a", "--queries", 20
    )


def test_explain_names_the_clauses(directory: Path) -> None:
    told = run("explain", directory, "docs", "--like", 7, "--where", "kind=even", "--limit", 2)
    assert "kind = 'even'" in told
    assert "20 of 40 rows match" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "{}", "dosc", "--like", "1"], "did you mean 'docs'?"),
        (["search", "{}", "docs"], "vector: give either --vector or --like"),
        (["search", "{}", "docs", "--vector", "1,x"], "vector: must be numbers joined by commas"),
        (["search", "{}", "docs", "--vector", "1,2"], "query: a vector of size 3 is expected, got size 2"),
        (["search", "{}", "docs", "--like", "99"], "No point with id 99 found"),
        (["search", "{}", "docs", "--like", "x"], "value 'x' is not a valid point id"),
        (["search", "{}", "docs", "--like", "1", "--where", "n >"], "    ^"),
        (["search", "{}", "docs", "--like", "1", "--limit", "0"], "limit: value 0 invalid, must be 1 or larger"),
        (["collections", "{}/nothing"], "is not a tamis database"),
        (["check", "{}/nothing"], "is not a tamis database"),
    ],
)
def test_refusals_go_to_stderr_with_exit_code_1(directory: Path, arguments: list[str], message: str) -> None:
    result = runner.invoke(app, [argument.format(directory) for argument in arguments])
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stdout == ""


def test_wrong_usage_is_exit_code_2() -> None:
    run("search", code=2)
    run("serch", code=2)


def test_check_names_file_and_byte(directory: Path) -> None:
    assert "0 problems" in run("check", directory)
    sealed = max((directory / "collections").rglob("points*"), key=lambda file: file.stat().st_size)
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2] ^= 1
    sealed.write_bytes(content)
    told = run("check", directory, code=1)
    assert re.search(rf"damaged: .*{sealed.name}: byte \d+: ", told)
    assert "1 problems" in told


def test_check_misses_no_file(directory: Path) -> None:
    next((directory / "collections").rglob("payload*")).unlink()
    assert "the manifest names it, but it is missing" in run("check", directory, code=1)


def test_a_directory_in_use_says_by_whom(directory: Path) -> None:
    with tamis.open(directory):
        for command in (["collections", directory], ["check", directory]):
            result = runner.invoke(app, [str(part) for part in command])
            assert result.exit_code == 1
            assert "is in use by pid" in result.stderr
