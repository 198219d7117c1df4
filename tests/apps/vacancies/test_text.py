"""Words, clauses, marks, ranks: everything that needs no index."""

from __future__ import annotations

import pytest

from apps.vacancies.clause import CHARS_MAX, last_clause
from apps.vacancies.marks import marked
from apps.vacancies.ranking import Candidate, ranked
from apps.vacancies.words import features, fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", []),
        (" \t\n-–/", []),
        ("Coördinator (m/v)", ["coordinator", "m", "v"]),
        ("C++/C# developer", ["cplusplus", "csharp", "developer"]),
        ("x" * 100, ["x" * 40]),
        ("日本語 нянька", ["日本語", "нянька"]),
        ("a_b", ["a", "b"]),
    ],
)
def test_words(text: str, folded: list[str]) -> None:
    found = words(text)
    assert [word.folded for word in found] == folded
    assert all(fold(text[word.start : word.stop])[:40] == word.folded for word in found)


def test_the_end_of_an_unfinished_word_is_no_feature() -> None:
    assert "rs>" in features(["nurs"])
    assert not [name for name in features(["a", "nurs"], complete=False) if name.endswith("s>")]
    assert "<a>" in features(["a", "nurs"], complete=False)


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("nurs", "nurs"),
        ("Hello. We want a nurs", "we want a nurs"),
        ("one, two; three: four", "four"),
        ("- baker\n- butch", "butch"),
        ("version 2.5 of", "version 2 5 of"),
        ("done. ", ""),
        ("", ""),
    ],
)
def test_only_the_last_clause_counts(text: str, tail: str) -> None:
    clause = last_clause(text)
    assert " ".join(clause.words) == tail
    assert clause.complete == (text[-1:] == " ")
    assert [one.text for one in clause.tails[:1]] == ([tail] if tail else [])


def test_tails_say_where_they_begin() -> None:
    text = "Wij zoeken een ervaren kok of ba"
    found = last_clause(text).tails
    assert [one.text for one in found[1:]] == ["ervaren kok of ba", "kok of ba", "of ba", "ba"]
    assert all(text[one.start :].casefold() == one.text for one in found)


def test_a_long_text_is_read_from_its_end_at_a_word() -> None:
    clause = last_clause("baker " * 50_000 + "butch")
    assert clause.words[0] == "baker"
    assert sum(len(word) + 1 for word in clause.words) <= CHARS_MAX
    assert len(last_clause("x" * 100_000).words) == 1


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("software developer", ["softw", "dev"], ["softw", "dev"]),
        ("developer of software", ["soft", "dev"], ["dev", "soft"]),
        ("data scientist data", ["data", "sc"], ["data", "sc"]),
        ("Straße", ["strass"], ["Straß"]),
        ("C# coder", ["csh"], ["C#"]),
        ("baker", ["nurse"], []),
        ("<b>baker</b>", ["bak"], ["bak"]),
    ],
)
def test_marks_are_what_was_typed(text: str, typed: list[str], shown: list[str]) -> None:
    assert [text[start:stop] for start, stop in marked(text, typed)] == shown


def candidate(text: str, score: float = 0.0, kind: str = "title", concept: str = "") -> Candidate:
    return Candidate(text, " ".join(word.folded for word in words(text)), "en", kind, 2, concept, score)


def order(typed: str, *candidates: Candidate) -> list[str]:
    return [one.candidate.text for one in ranked(candidates, last_clause(typed), 10)]


def test_beginning_goes_before_inside_before_scattered_before_meaning() -> None:
    texts = ["shop manager", "manager of a shop man", "the shop manager", "retail boss"]
    assert order("shop man", *map(candidate, reversed(texts))) == [texts[0], texts[2], texts[1], texts[3]]


def test_the_longer_tail_leads() -> None:
    assert order("senior nurse man", candidate("man"), candidate("nurse manager"))[0] == "nurse manager"


def test_each_text_once_and_three_of_an_occupation() -> None:
    same = [candidate(f"baker {number}", concept="c") for number in range(5)]
    assert len(order("baker", *same)) == 3
    assert order("baker", candidate("Baker"), candidate("baker")) == ["Baker"]


def test_a_sentence_goes_on_from_its_beginning_only() -> None:
    sentence = candidate("You will bake bread.", kind="sentence")
    assert [one.goes_on for one in ranked([sentence], last_clause("you wil"), 1)] == [True]
    assert [one.goes_on for one in ranked([sentence], last_clause("bake br"), 1)] == [False]


def test_meaning_takes_the_place_of_what_looks_like_it() -> None:
    [one] = ranked([candidate("electrician")], last_clause("we are looking for an elektrician"), 1)
    assert (one.tail.text, one.goes_on) == ("elektrician", False)
    [one] = ranked([candidate("vrachtwagenchauffeur")], last_clause("truck driver"), 1)
    assert one.tail.text == "truck driver"
