"""Held-out titles, and what is counted when they are typed."""

from __future__ import annotations

import pytest

from apps.vacancies.completion import Answer, Completion, Question
from apps.vacancies.measuring import Case, held_out, outcome, speed
from apps.vacancies.sources.sample import read_sample
from apps.vacancies.words import folded_words


def offering(*texts: str, after: int) -> Answer:
    made = tuple(Completion(text, 0, (), "en", "title", 2, "c1", "prefix") for text in texts)
    return Answer(made if after >= 3 else (), {}, 1.0)


def test_letters_are_counted_until_it_is_offered() -> None:
    case = Case("known", "baker", "en", "baker", "c1")
    told = outcome("known", [case], lambda asked: offering("Baker", after=len(asked.text)), meaning=True)
    assert (told.cases, told.offered, told.letters) == (1, 1.0, 3)
    assert told.saved == pytest.approx(1 - 4 / 5)


def test_what_is_never_offered_saves_nothing() -> None:
    case = Case("known", "baker", "en", "baker", "c1")
    told = outcome("known", [case], lambda asked: offering("butcher", after=9), meaning=False)
    assert (told.offered, told.saved) == (0, 0)


def test_any_text_of_the_occupation_is_right_when_a_word_was_held_out() -> None:
    case = Case("other words", "bread maker", "en", "", "c1")
    assert outcome("other words", [case], lambda asked: offering("baker", after=9), True).letters == 1


def test_what_is_held_out_is_in_the_corpus_no_more() -> None:
    kept, cases = held_out(read_sample(), 40, seed=3)
    taken = [(case.concept, case.typed) for case in cases if case.kind == "other words"]
    assert len(taken) > 10
    for concept, typed in taken:
        one = next(one for one in kept.occupations if one.id == concept)
        assert folded_words(typed) not in {folded_words(text) for own in one.alternatives.values() for text in own}
    known = {folded_words(phrase.text) for phrase in kept.phrases()}
    assert all(case.wanted in known for case in cases if case.kind in ("known", "typo"))
    assert all(folded_words(case.typed) != case.wanted for case in cases if case.kind == "typo")
    assert held_out(read_sample(), 40, seed=3)[1] == cases
    assert held_out(read_sample(), 40, seed=4)[1] != cases


def test_keystrokes_are_the_prefixes_of_the_titles() -> None:
    asked: list[Question] = []

    def took(question: Question) -> float:
        asked.append(question)
        return float(len(asked))

    assert speed([Case("known", "abc", "nl", "", "")], took, 4) == [1.0, 2.0, 3.0, 4.0]
    assert [one.text for one in asked] == ["a", "ab", "abc", "a"]
    assert {one.language for one in asked} == {"nl"}
