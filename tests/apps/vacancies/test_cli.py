"""The command line, as a person meets it."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from apps.vacancies.cli import app
from tests.apps.vacancies.conftest import Built

runner = CliRunner()


def run(*arguments: object) -> Result:
    return runner.invoke(app, [str(one) for one in arguments], env={"COLUMNS": "120", "TERM": "dumb"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli") / "new" / "index"
    done = run("build", "--path", place)
    assert done.exit_code == 0, done.output
    assert "1,122 phrases" in done.output
    return place


def test_build_then_complete(folder: Path) -> None:
    done = run("complete", "we need a softw dev", "--path", folder, "--language", "en", "--limit", 3)
    assert done.exit_code == 0, done.output
    assert "software developer" in done.output
    assert "Professionals" in done.output
    assert "nothing like this" in run("complete", "日本語", "--path", folder).output


def test_points_at_a_server(served: Built) -> None:
    done = run("complete", "verpleegk", "--path", served.folder, "--url", served.url)
    assert done.exit_code == 0, done.output
    assert "verpleegkundige" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["complete", "x", "--path", "nowhere"],
            "error: nowhere/embedding.npz is not there; make it with: vacancies build",
        ),
        (["build", "--data", "nowhere"], "error: data: nowhere is not a folder"),
        (["build", "--data", "."], "occupations_en.csv.gz is not there"),
        (["complete", "x", "--language", "fr"], "error: language: must be en, nl or both, got 'fr'"),
        (["complete", "x", "--group", "12"], "error: group: must be an ISCO major group, 0 to 9, got '12'"),
    ],
)
def test_refusals_are_one_line(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 1
    assert words in done.output
    assert done.output.count("\n") == 1


def test_a_server_that_is_not_there_and_a_folder_in_use_are_said(folder: Path, embedded: Built) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = run("complete", "x", "--path", folder, "--url", f"http://127.0.0.1:{port}")
    assert (gone.exit_code, gone.output.count("\n")) == (1, 1)
    used = run("complete", "x", "--path", embedded.folder)
    assert (used.exit_code, used.output.count("\n")) == (1, 1)
    assert "points" in used.output


def test_serve_builds_the_sample_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def serve(app: object, host: str, port: int, ready: object) -> None:
        from tests.apps.browser import hosted

        with hosted(app) as url:  # type: ignore[arg-type]
            asked.append(httpx.get(url + "/api/about", trust_env=False, verify=False).json()["phrases"])

    monkeypatch.setattr("apps.page.serving.serve", serve)
    done = run("serve", "--path", tmp_path / "index", "--port", 0)
    assert (done.exit_code, asked) == (0, [1_122]), done.output


def test_measure_prints_both_tables() -> None:
    done = run("measure", "--cases", 4, "--keystrokes", 10)
    assert done.exit_code == 0, done.output
    for words in ("known", "typo", "other words", "translated", "prefix alone", "p50", "p99", "seed 0"):
        assert words in done.output


@pytest.mark.parametrize("command", ["build", "complete", "serve", "measure"])
def test_every_command_explains_itself(command: str) -> None:
    assert "Example:" in run(command, "--help").output
