"""The demo on a small library of its own: what it reads, what it learns, what it keeps, what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import tamis
from tamis.cli import app
from tamis.demo import docstrings, library
from tamis.demo.embed import fit, load, words
from tamis.demo.questions import QUESTIONS
from tamis.wire.filter_reader import read_filter
from tamis.wire.where_reader import read_where

SOURCE = '''
"""Tools to cook and bake things in an oven.

Copyright (c) 1999 Somebody.
"""

raise SystemExit("the demo never imports what it reads")


class Oven:
    """A hot box that bakes bread and pizza and other dough.

    >>> Oven()
    """

    def heat(self, degrees, *, fan=False):
        """Make the oven as hot as degrees say, with the fan or not."""

    async def _wait(self):
        """
        >>> 1
        Wait until the bread is ready to leave the oven."""

    def silent(self):
        pass


def knead(dough, minutes=10):
    """Knead the dough of the bread by hand for some minutes."""
'''


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "library"
    (root / "kitchen" / "deep").mkdir(parents=True)
    (root / "kitchen" / "__init__.py").write_text(SOURCE)
    (root / "kitchen" / "broken.py").write_text("def (")
    topics = ("river water boat", "music piano song", "garden flower tree", "number prime sum")
    for n in range(60):
        text = f'"""Module {n} about {topics[n % 4]} and more of {topics[n % 4]}."""\n'
        (root / "kitchen" / "deep" / f"m{n:02}.py").write_text(text)
    files = [(file, root, "stdlib") for file in sorted(root.rglob("*.py"))]
    monkeypatch.setattr(docstrings, "source_files", lambda: files)
    return root


def test_entries(sources: Path) -> None:
    entries = {e.payload["module"] + ":" + e.payload["qualname"]: e.payload for e in docstrings.documented()}
    assert len(entries) == 5 + 60
    module, method, waiting = entries["kitchen:"], entries["kitchen:Oven.heat"], entries["kitchen:Oven._wait"]
    assert (module["kind"], module["name"], module["copyright_year"]) == ("module", "kitchen", 1999)
    assert module["summary"] == "Tools to cook and bake things in an oven."
    assert entries["kitchen:Oven"]["kind"] == "class"
    assert entries["kitchen:Oven"]["has_examples"]
    assert (method["kind"], method["parameters"], method["parameter_count"]) == ("method", ["degrees", "fan"], 2)
    assert (waiting["is_private"], waiting["is_async"]) == (True, True)
    assert waiting["summary"] == "Wait until the bread is ready to leave the oven."
    assert (entries["kitchen:knead"]["kind"], entries["kitchen:knead"]["is_private"]) == ("function", False)
    assert "copyright_year" not in entries["kitchen.deep.m03:"]


def test_the_installation_has_enough_to_read() -> None:
    files = docstrings.source_files()
    assert len(files) > 500
    assert files == docstrings.source_files()
    assert not any("tests" in file.parts or "site-packages" in file.relative_to(root).parts for file, root, _ in files)


def test_a_saved_embedding_embeds_as_the_fitted_one(sources: Path, tmp_path: Path) -> None:
    texts = [entry.text for entry in docstrings.documented()]
    embedding, vectors = fit(texts)
    embedding.save(tmp_path)
    loaded = load(tmp_path)
    for text, vector in zip(texts, vectors, strict=True):
        assert loaded.embed(text) == pytest.approx(vector, abs=1e-5)
    assert not loaded.embed("zzz").any()
    assert words("parse_args: ParsesArguments of the HTTPServer")[:2] == ["pars", "arg"]


def test_the_command_builds_once_and_answers(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner(env={"COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"})
    directory = tmp_path / "data"

    def run(*arguments: Any, code: int = 0) -> str:
        result = runner.invoke(app, ["demo", "--directory", str(directory), *arguments])
        assert result.exit_code == code, result.output
        return result.output

    told = run()
    assert all(question.text in told for question in QUESTIONS)
    assert "recall" in told
    monkeypatch.setattr(library, "documented", lambda progress: pytest.fail("read again"))
    assert "kitchen.knead" in run("--ask", "bread dough by hand", "--where", "kind=function")
    assert "kitchen.Oven.heat" in run("--ask", "hot oven", "--where", "kind=method AND parameter_count>=2")
    assert "where: expected" in run("--ask", "x", "--where", "kind=", code=1)
    with tamis.open(directory) as db:
        assert len(db.get_collection("python")) == 65


def test_an_unfinished_build_is_begun_again_and_other_files_are_left_alone(sources: Path, tmp_path: Path) -> None:
    from rich.console import Console

    directory = tmp_path / "data"
    with tamis.open(directory) as db:
        db.create_collection("python", vectors={"size": 2, "distance": "Dot"})
    with library.opened(directory, Console(quiet=True)) as built:
        assert len(built.collection) == 65
    (directory / "letters.txt").write_text("mine")
    with (
        pytest.raises(tamis.Rejected, match=r"letters\.txt"),
        library.opened(directory, Console(quiet=True), rebuild=True),
    ):
        pass
    assert (directory / "letters.txt").read_text() == "mine"


def test_the_questions_are_well_formed() -> None:
    assert len(QUESTIONS) >= 5
    for question in QUESTIONS:
        if question.where:
            assert read_filter(read_where(question.where)) is not None
    assert np.unique([question.text for question in QUESTIONS]).size == len(QUESTIONS)
