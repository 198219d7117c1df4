"""How good and how fast: titles that are typed letter by letter, until the one that is wanted is among the first five.

    known         titles that can be offered
    typo          the same, with one letter dropped, doubled, changed or swapped
    other words   other titles, held out of the index and of the learning; any title of the occupation is right
    translated    the same, and wanted is a title in the other language, to which the filter is set

Each is typed once with meaning and once without it. What was saved is the share of letters that were not typed, with
one more key to accept; nothing, if it was never offered.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from apps.vacancies.completion import Answer, Question
from apps.vacancies.groups import LANGUAGES
from apps.vacancies.sources.corpus import Corpus, Occupation
from apps.vacancies.words import folded_words

__all__ = ["FIRST", "Case", "Outcome", "held_out", "outcome", "speed"]

FIRST = 5
_CHARS = range(6, 61)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Case:
    """What is typed, and what is wanted: a text, or any text of a concept when `wanted` is empty."""

    kind: str
    typed: str
    language: str
    wanted: str
    concept: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cases of one kind: how many, the share that was offered, letters until then (median), share of letters saved."""

    kind: str
    cases: int
    offered: float
    letters: float
    saved: float


def held_out(corpus: Corpus, count: int, seed: int) -> tuple[Corpus, list[Case]]:
    """`count` cases of each kind, and the corpus without what was held out for them."""
    draw = random.Random(seed)
    occupations = list(corpus.occupations)
    cases: list[Case] = []
    rows = draw.sample(range(len(occupations)), min(len(occupations), 2 * count))
    for turn, row in enumerate(rows[:count]):
        one, language = occupations[row], LANGUAGES[turn % 2]
        title = one.titles[language]
        if len(title) in _CHARS:
            cases.append(Case("known", title, language, folded_words(title), one.id))
            cases.append(Case("typo", _mistyped(title, draw), language, folded_words(title), one.id))
    for turn, row in enumerate(rows[count:]):
        one, language = occupations[row], LANGUAGES[turn % 2]
        others = [other for other in one.alternatives.get(language, ()) if _is_other(other, one, language)]
        if others:
            taken = draw.choice(others)
            occupations[row] = _without(one, language, taken)
            cases.append(Case("other words", taken, language, "", one.id))
            cases.append(Case("translated", taken, LANGUAGES[1 - turn % 2], "", one.id))
    return Corpus(occupations, corpus.others), cases


def outcome(kind: str, cases: Sequence[Case], complete: Callable[[Question], Answer], meaning: bool) -> Outcome:
    """Type the cases of one kind."""
    own = [case for case in cases if case.kind == kind]
    needed = [_letters(case, complete, meaning) for case in own]
    saved = [
        0.0 if letters is None else max(0.0, 1 - (letters + 1) / len(case.typed))
        for letters, case in zip(needed, own, strict=True)
    ]
    found = [letters for letters in needed if letters is not None]
    middle = statistics.median(found) if found else float("nan")
    size = max(1, len(own))
    return Outcome(kind, len(own), len(found) / size, middle, sum(saved) / size)


def speed(cases: Sequence[Case], took_ms: Callable[[Question], float], keystrokes: int) -> list[float]:
    """Milliseconds of each of the first keystrokes of typing the cases, one after the other."""
    return [took_ms(question) for question, _ in zip(_typing(cases), range(keystrokes), strict=False)]


def _typing(cases: Sequence[Case]) -> Iterator[Question]:
    while True:
        for case in cases:
            for letters in range(1, len(case.typed) + 1):
                yield Question(case.typed[:letters], case.language)


def _letters(case: Case, complete: Callable[[Question], Answer], meaning: bool) -> int | None:
    """How many letters were typed when the wanted text was offered."""
    for letters in range(1, len(case.typed) + 1):
        asked = Question(case.typed[:letters], case.language, limit=FIRST, meaning=meaning)
        for one in complete(asked).completions:
            if folded_words(one.text) == case.wanted if case.wanted else one.concept == case.concept:
                return letters
    return None


def _is_other(text: str, one: Occupation, language: str) -> bool:
    titles = {folded_words(title) for title in one.titles.values()}
    return len(text) in _CHARS and not any(
        folded_words(text) in title or title in folded_words(text) for title in titles
    )


def _without(one: Occupation, language: str, taken: str) -> Occupation:
    gone = folded_words(taken)
    alternatives = {
        spoken: tuple(text for text in texts if folded_words(text) != gone)
        for spoken, texts in one.alternatives.items()
    }
    return replace(one, alternatives=alternatives)


def _mistyped(title: str, draw: random.Random) -> str:
    """One mistake in a letter that is not the first of the title."""
    places = [at for at in range(1, len(title) - 1) if title[at].isalpha() and title[at + 1].isalpha()]
    at = draw.choice(places or [1])
    made = (
        title[:at] + title[at + 1 :],
        title[:at] + title[at] + title[at:],
        title[:at] + draw.choice(_LETTERS) + title[at + 1 :],
        title[:at] + title[at + 1 : at + 2] + title[at] + title[at + 2 :],
    )
    return draw.choice([text for text in made if folded_words(text) != folded_words(title)])
