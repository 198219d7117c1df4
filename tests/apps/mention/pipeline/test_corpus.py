"""prepare: people separated, sentences on one side only, labels with their parents, and back from the files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from apps.mention.model.facets import Facets
from apps.mention.pipeline.corpus import read_corpus
from apps.mention.pipeline.evaluation import averaged, figures_of, judge, neighbours, truth_of
from apps.mention.pipeline.known import as_mentions
from apps.mention.pipeline.lessons import facets_of, lessons_of
from apps.mention.pipeline.steps import prepare
from apps.mention.sentence import MASK
from tests.apps.mention.pipeline.corpora import write_sources


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(write_sources(tmp_path / "sources"), tmp_path / "corpus", 0.25, 3)
    return tmp_path / "corpus"


def test_no_sentence_is_on_both_sides_and_the_seed_decides(folder: Path, tmp_path: Path) -> None:
    corpus = read_corpus(folder)
    train, test = corpus.of("train"), corpus.of("test")
    assert len(test) == 30
    assert len(corpus.of("all")) == len(train) + len(test) == 120
    texts = [{sentence.text for person in people for sentence in person.mentions} for people in (train, test)]
    assert not texts[0] & texts[1]
    for seed, same in ((3, True), (4, False)):
        prepare(tmp_path / "sources", tmp_path / "again", 0.25, seed)
        assert ((tmp_path / "again/people.jsonl.gz").read_bytes() == (folder / "people.jsonl.gz").read_bytes()) is same


def test_labels_know_their_parents_and_names_are_hidden(folder: Path) -> None:
    corpus = read_corpus(folder)
    parents = {label.name: label.parents for label in corpus.labels}
    assert parents["nat_occ:Northland cook"] == ("occ:COOK", "country:Northland")
    facets = facets_of(corpus, "train")
    assert facets.names == ("country", "occ", "nat_occ")
    place = facets.categories.index("nat_occ:Southland bard")
    assert [facets.categories[parent] for parent in facets.parents[place]] == ["occ:BARD", "country:Southland"]
    lessons = lessons_of(corpus.of("train"), facets)
    assert not any("ella" in text for text in lessons.texts)
    about = [lessons.texts[number] for student in lessons.students for number in student.about]
    assert f"{MASK} was born early." in about
    assert "He was a cook." in about


def test_a_bad_line_is_named(folder: Path) -> None:
    with gzip.open(folder / "people.jsonl.gz", "at", encoding="utf-8") as file:
        file.write(json.dumps({"entity": "x", "name": "x", "mentions": [{"text": "x", "start": 0, "end": 9}]}) + "\n")
    with pytest.raises(ValueError, match=r"line 121: .*span"):
        read_corpus(folder)


def test_people_of_one_name_are_kept_apart(folder: Path) -> None:
    people = read_corpus(folder).of("all")
    twins = [people[0], people[1]]
    object.__setattr__(twins[1], "name", twins[0].name)
    assert len({mention.entity for mention in as_mentions(twins)}) == 2


def test_figures_are_those_counted_by_hand() -> None:
    none = np.full((3, 0), -1)
    facets = Facets(("a:x", "a:y", "b:z"), ("a", "b"), np.array([0, 0, 1]), none, np.zeros(0, np.float32))
    truth = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1], [0, 0, 0]], bool)
    chances = np.array([[0.9, 0.1, 0.2], [0.8, 0.2, 0.9], [0.7, 0.3, 0.8], [0.6, 0.4, 0.1]], np.float32)
    figures = figures_of(truth, chances, facets)
    assert figures["facets"]["a"]["accuracy"] == pytest.approx(2 / 3)  # the fourth has no category of the facet
    by_hand = [(1 + 2 / 3) / 2, 1 / 3, (1 / 2 + 2 / 3) / 2]
    assert figures["precision"] == pytest.approx(np.mean(by_hand))
    assert figures["facets"]["b"]["accuracy"] == 1


def test_averaging_and_neighbours(folder: Path) -> None:
    corpus = read_corpus(folder)
    facets = facets_of(corpus, "train")
    rows = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [0.5, 0.5]}
    mean = averaged(lambda sets: np.array([rows[texts[0]] for texts in sets], np.float32))([["a", "b"], ["c"], ["a"]])
    np.testing.assert_allclose(mean, [[0.5, 0.5], [0.5, 0.5], [1, 0]])
    train = corpus.of("train")
    found = judge(corpus.of("test"), facets, neighbours(train, facets, 0), (1, 3, 99))
    assert list(found) == ["1", "3"]
    assert found["3"]["facets"]["occ"]["accuracy"] > 0.9
    assert truth_of(train, facets).shape == (len(train), len(facets.categories))
