"""One space for two languages, kept in a file without pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from apps.vacancies.errors import BadInput, NotBuilt
from apps.vacancies.meaning.embedding import FILE, Embedding, load
from apps.vacancies.meaning.fitting import fit
from apps.vacancies.sources.sample import read_sample


@pytest.fixture(scope="module")
def embedding() -> Embedding:
    return fit(read_sample().occupations)[0]


def likeness(embedding: Embedding, one: str, other: str) -> float:
    return float(embedding.embed(one.split()) @ embedding.embed(other.split()))


@pytest.mark.parametrize(
    ("english", "dutch"), [("nurse", "verpleegkundige"), ("truck driver", "vrachtwagenchauffeur"), ("baker", "bakker")]
)
def test_the_languages_meet(embedding: Embedding, english: str, dutch: str) -> None:
    others = [likeness(embedding, english, other) for other in ("metselaar", "rechter", "kapper")]
    assert likeness(embedding, english, dutch) > 0.6 > max(others)


def test_typos_are_near(embedding: Embedding) -> None:
    assert likeness(embedding, "elektrcien", "elektricien") > 0.5


def test_vectors_have_length_one_or_none(embedding: Embedding) -> None:
    assert np.linalg.norm(embedding.embed(["nurse"])) == pytest.approx(1)
    assert not embedding.embed(["日本語"]).any()
    assert not embedding.embed([]).any()


def test_what_is_saved_is_what_is_loaded(embedding: Embedding, tmp_path: Path) -> None:
    embedding.save(tmp_path / "new")
    loaded = load(tmp_path / "new")
    assert np.array_equal(loaded.embed(["softw"], complete=False), embedding.embed(["softw"], complete=False))
    assert loaded.about == dict(embedding.about)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"\x80\x04N."])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(NotBuilt, match="cannot be read"):
        load(tmp_path)


def test_pickles_are_refused(tmp_path: Path) -> None:
    with (tmp_path / FILE).open("wb") as file:
        np.savez(file, idf=np.array([{}], dtype=object))
    with pytest.raises(NotBuilt, match="cannot be read"):
        load(tmp_path)


def test_nothing_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="vacancies build --path"):
        load(tmp_path)


def test_too_few_occupations_are_refused() -> None:
    with pytest.raises(BadInput, match="data: has 3 occupations; at least 8"):
        fit(read_sample().occupations[:3])
