"""Completing, in the same process and at a real server: the answers are the same."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from apps.vacancies.completion import Completer, Question
from apps.vacancies.errors import BadInput, NotBuilt
from apps.vacancies.index import build
from apps.vacancies.meaning.embedding import load
from apps.vacancies.place import client_of, completer_of
from apps.vacancies.sources.corpus import Corpus, Phrase
from apps.vacancies.sources.sample import read_sample
from apps.vacancies.words import folded_words
from tests.apps.vacancies.conftest import Built

TYPED = [
    "s",
    "softw dev",
    "verpleegk",
    "Wij zoeken een ervaren elektr",
    "sofware develper",
    "truck driver",
    "You will b",
]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("softw dev", "software developer"),
        ("verpleegk", "verpleegkundige"),
        ("lorry d", "lorry driver"),
        ("nurse", "nurse"),
        ("elektrcien", "elektricien"),
        ("Je bent verantw", "Je bent verantwoordelijk voor de dagelijkse planning van het team."),
    ],
)
def test_the_first_completion(built: Built, typed: str, first: str) -> None:
    assert built.texts(typed)[0] == first


def test_another_word_and_another_language_are_found_by_meaning(built: Built) -> None:
    answer = built.completer.complete(Question("truck driver", "nl"))
    assert "vrachtwagenchauffeur" in [one.text for one in answer.completions[:2]]
    assert {one.by for one in answer.completions} == {"meaning"}
    assert "nurse" in built.texts("verpleegkundige", "en")[:3]
    without = built.completer.complete(Question("truck driver", "nl", meaning=False))
    assert [one.text for one in without.completions] == []


def test_the_end_of_a_longer_text_is_completed(built: Built) -> None:
    text = "We bake bread. We are looking for an experienced electr"
    best = built.completer.complete(Question(text, "en")).completions[0]
    assert text[: best.start] + best.text == "We bake bread. We are looking for an experienced electrician"
    assert [best.text[start:stop] for start, stop in best.marks] == ["electr"]


@pytest.mark.parametrize("typed", TYPED)
def test_language_and_group_are_kept_to_and_texts_are_given_once(built: Built, typed: str) -> None:
    for language in ("en", "nl"):
        for group in (2, 7, 8):
            found = built.completer.complete(Question(typed, language, group, 50)).completions
            assert {one.language for one in found} <= {language}
            assert {one.group for one in found} <= {group, None}
    folded = [folded_words(text) for text in built.texts(typed)]
    assert len(folded) == len(set(folded))


@pytest.mark.parametrize("typed", TYPED)
def test_both_ways_answer_alike(embedded: Built, served: Built, typed: str) -> None:
    assert embedded.texts(typed) == served.texts(typed)
    asked = Question(typed)
    assert embedded.completer.complete(asked).groups == served.completer.complete(asked).groups


def test_counts_are_of_what_goes_on_whatever_the_group(built: Built) -> None:
    def starting(prefix: str) -> dict[int, int]:
        counts: dict[int, int] = {}
        for one in read_sample().phrases():
            words = folded_words(one.text).split()
            if one.group is not None and any(
                word.startswith(prefix) for word in words[: 1 if one.kind == "sentence" else None]
            ):
                counts[one.group] = counts.get(one.group, 0) + 1
        return counts

    assert built.completer.complete(Question("manag")).groups == starting("manag")
    assert built.completer.complete(Question("manag", group=7)).groups == starting("manag")
    assert built.completer.complete(Question("We are looking for a manag")).groups == starting("manag")
    assert sum(built.completer.complete(Question("")).groups.values()) > 500


def test_counts_of_a_typo_are_of_what_is_near(built: Built) -> None:
    counts = built.completer.complete(Question("elektrcien")).groups
    assert max(counts, key=lambda group: counts[group]) == 7
    assert sum(counts.values()) <= 100


@pytest.mark.parametrize(
    "text", ["", " ", ".", "!?", "日本語", "\x00", "\ud83d", "qzxwvk", "<script>alert(1)</script>" * 9, "Baker. "]
)
def test_odd_texts_have_a_clean_answer(built: Built, text: str) -> None:
    for one in built.completer.complete(Question(text)).completions:
        assert 0 <= one.start <= len(text)


def test_a_text_of_100_kb_takes_no_longer(embedded: Built) -> None:
    long = "We are a bakery and we make bread. " * 3_000 + "softw dev"
    answer = embedded.completer.complete(Question(long))
    assert answer.completions[0].text == "software developer"
    assert answer.completions[0].start == len(long) - len("softw dev")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": 7}, "text: must be text, got int"),
        ({"text": "", "language": "fr"}, "language: must be en, nl or both, got 'fr'"),
        ({"text": "", "language": None}, "language: "),
        ({"text": "", "group": 10}, "group: must be an ISCO major group, 0 to 9, got '10'"),
        ({"text": "", "group": True}, "group: "),
        ({"text": "", "group": "2"}, "group: "),
        ({"text": "", "limit": 0}, "limit: must be a number from 1 to 50, got '0'"),
        ({"text": "", "limit": 51}, "limit: "),
        ({"text": "", "limit": 2.0}, "limit: "),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        Question(**arguments)
    assert str(refused.value).startswith(words)


def test_markup_in_titles_stays_as_it_is(tmp_path: Path) -> None:
    corpus = Corpus(read_sample().occupations[:30], [Phrase("<img src=x> zookeeper", "en", "vacancy")])
    with client_of(tmp_path) as client:
        completer = Completer(client, build(client, corpus, tmp_path))
        assert completer.complete(Question("zook")).completions[0].text == "<img src=x> zookeeper"


def test_a_new_build_replaces_the_earlier_one_only_when_it_is_complete(tmp_path: Path) -> None:
    corpus = Corpus(read_sample().occupations[:30])
    with client_of(tmp_path) as client:
        build(client, corpus, tmp_path)

        def fail(step: str, done: int, total: int) -> None:
            if step == "storing":
                raise KeyboardInterrupt

        other = Corpus(corpus.occupations[1:])
        with pytest.raises(KeyboardInterrupt):
            build(client, other, tmp_path, fail)
        kept = Completer(client, load(tmp_path)).complete(Question("soldier"))
        assert kept.completions[0].text == "soldier"
        build(client, other, tmp_path)
        without = Completer(client, load(tmp_path)).complete(Question("soldier"))
        assert "soldier" not in [one.text for one in without.completions]
        assert len(client.get_collections().collections) == 1


def test_points_that_are_not_there_are_missed(embedded: Built, tmp_path: Path) -> None:
    load(embedded.folder).save(tmp_path)
    with pytest.raises(NotBuilt, match="has no points; were they built at a server"), completer_of(tmp_path):
        pass
    (tmp_path / "points").mkdir()
    with pytest.raises(NotBuilt, match=r"the collection vacancies-.* is not there"), completer_of(tmp_path):
        pass


def test_threads_share_a_completer(embedded: Built) -> None:
    expected = {typed: embedded.texts(typed) for typed in TYPED}
    wrong: list[str] = []

    def ask() -> None:
        wrong.extend(typed for typed in TYPED for _ in range(5) if embedded.texts(typed) != expected[typed])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
