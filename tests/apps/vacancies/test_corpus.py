"""What can be completed: the sample, a folder of data, common phrases."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from apps.vacancies.errors import BadInput
from apps.vacancies.groups import GROUPS
from apps.vacancies.sources.corpus import Corpus, Occupation, Phrase
from apps.vacancies.sources.esco import read_folder
from apps.vacancies.sources.mining import common_phrases
from apps.vacancies.sources.sample import read_sample
from tests.tidy.source import ROOT

COLUMNS = ("conceptUri", "iscoGroup", "preferredLabel", "altLabels", "description")
ENGLISH = [
    ("uri/1", "5120", "cook", "chef\nkitchen  cook", "Cooks prepare meals for guests. Short."),
    ("uri/2", "x", "smith", "", ""),
    ("uri/3", "1", "only here", "", ""),
]
DUTCH = [("uri/1", "5120", "kok", "", "Koks bereiden maaltijden voor gasten."), ("uri/2", "", "smid", "", "")]


def write(folder: Path, name: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with gzip.open(folder / name, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs").mkdir()
    write(tmp_path / "jobs", "occupations_en.csv.gz", COLUMNS, ENGLISH)
    write(tmp_path / "jobs", "occupations_nl.csv.gz", COLUMNS, DUTCH)
    return tmp_path


def test_the_sample_is_whole() -> None:
    corpus = read_sample()
    assert {one.group for one in corpus.occupations} == set(GROUPS)
    for one in corpus.occupations:
        texts = [
            *one.titles.values(),
            *one.descriptions.values(),
            *(text for own in one.alternatives.values() for text in own),
        ]
        assert all(text == text.strip() and text for text in texts), one
        assert {len(one.titles), len(one.descriptions), len(one.alternatives)} == {2}
        assert all(text.endswith(".") and len(text) < 120 for text in one.descriptions.values()), one
    assert len({one.titles["en"] for one in corpus.occupations}) == len(corpus.occupations)
    assert sum(path.stat().st_size for path in (ROOT / "apps/vacancies/sources/sample").iterdir()) < 100_000


def test_occupations_of_a_folder_are_joined_by_concept(folder: Path) -> None:
    corpus = read_folder(folder)
    assert [dict(one.titles) for one in corpus.occupations] == [
        {"en": "cook", "nl": "kok"},
        {"en": "smith", "nl": "smid"},
    ]
    assert [one.group for one in corpus.occupations] == [5, None]
    assert corpus.occupations[0].alternatives["en"] == ("chef", "kitchen cook")
    texts = {(one.text, one.kind) for one in corpus.phrases()}
    assert ("Cooks prepare meals for guests.", "sentence") in texts
    assert not [text for text, _ in texts if text == "Short."]


def test_vacancies_lose_places_and_are_counted(folder: Path) -> None:
    rows = [("Kok | Breda", ""), ("kok - Oss", ""), ("Smid (m/v)", ""), ("", ""), ("x" * 200, "")]
    write(folder / "jobs", "vacatures_nl.csv.gz", ("title", "company"), rows)
    found = [(one.text, one.count) for one in read_folder(folder).others]
    assert found == [("Kok", 2), ("Smid", 1)]


@pytest.mark.parametrize("harm", ["missing", "column", "bytes", "half"])
def test_what_is_wrong_with_a_folder_is_named(folder: Path, harm: str) -> None:
    file = folder / "jobs" / "occupations_nl.csv.gz"
    if harm == "missing":
        file.unlink()
    elif harm == "column":
        write(folder / "jobs", file.name, ("conceptUri", "title"), [("uri/1", "kok")])
    elif harm == "bytes":
        file.write_bytes(b"not gzip at all")
    else:
        file.write_bytes(file.read_bytes()[:-12])
    with pytest.raises(BadInput, match=r"data: .*occupations_nl\.csv\.gz (is not there|has no column|cannot be read)"):
        read_folder(folder)


def test_phrases_are_offered_once_per_language() -> None:
    one = Occupation("1", 2, {"en": "Baker", "nl": "bakker"}, {"en": ("baker", "bread baker")}, {})
    corpus = Corpus(
        [one], [Phrase("BAKER", "nl", "vacancy"), Phrase("bread baker", "en", "phrase"), Phrase("!", "en", "phrase")]
    )
    assert [(found.text, found.language, found.kind) for found in corpus.phrases()] == [
        ("Baker", "en", "title"),
        ("bakker", "nl", "title"),
        ("bread baker", "en", "alternative"),
        ("BAKER", "nl", "vacancy"),
    ]


def test_common_phrases_are_maximal_and_begin_and_end_well() -> None:
    texts = ["We ask for knowledge of big data tools.", "The knowledge of big data tools!", "big data"]
    assert [(one.text, one.count) for one in common_phrases(texts, "en", 2)] == [
        ("big data", 3),
        ("knowledge of big data tools", 2),
    ]


def test_the_real_data_can_be_read() -> None:
    place = ROOT / "../shared/data"
    if not place.exists():
        pytest.skip("../shared/data is not here")
    corpus = read_folder(place)
    assert len(corpus.occupations) > 2_900
    assert len(corpus.phrases()) > 50_000
