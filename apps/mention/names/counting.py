"""A corpus without its held-out people → the lexicon: what the tagger knows of words.

A name counts once per person. A word that only one person bears is left out, so that training does not lean on what a
new text will not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from apps.mention.names.parts import name_words, surname
from apps.mention.names.runs import Line
from apps.mention.names.traits import Lexicon
from apps.mention.names.vocabulary import BEFORE_THINGS, FORMS_OF_ADDRESS

__all__ = ["count_words"]

_STEP_MAX: Final = 7
_PEOPLE_MIN, _SMALL_MIN, _THING_MIN = 2, 8, 4
_THING_RATES: Final = (0.12, 0.3)


def count_words(lines: Iterable[Line], people: Iterable[str], places: Iterable[str]) -> Lexicon:
    """The lexicon of these sentences, names of people and names of places."""
    given: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for words in map(name_words, people):
        if len(words) > 1 and words[0][0].isupper() and len(words[0]) > 2 and words[0] not in FORMS_OF_ADDRESS:
            given[words[0]] += 1
        if (word := surname(words)) is not None:
            last[word] += 1
    small, things = _written(lines)
    named: dict[str, int] = {}
    for words in map(name_words, places):
        for word in words:
            if word[0].isupper():
                named[word] = max(named.get(word, 0), 2 if len(words) == 1 else 1)
    return Lexicon(_steps(given, _PEOPLE_MIN), _steps(last, _PEOPLE_MIN), _steps(small, _SMALL_MIN), named, things)


def _written(lines: Iterable[Line]) -> tuple[Counter[str], dict[str, int]]:
    """How often words are written small; how often runs that begin with a word stand behind the, a, in: two steps."""
    small: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    behind: Counter[str] = Counter()
    for line in lines:
        small.update(word for word in line.words if word.islower() and len(word) > 1)
        for first, _ in line.runs:
            if first:
                word = line.words[first]
                alone[word] += 1
                behind[word] += line.words[first - 1].lower() in BEFORE_THINGS
    rates = {word: behind[word] / count for word, count in alone.items() if count >= _THING_MIN}
    steps = {word: sum(rate >= bound for bound in _THING_RATES) for word, rate in sorted(rates.items())}
    return small, {word: step for word, step in steps.items() if step}


def _steps(counted: Counter[str], count_min: int) -> dict[str, int]:
    return {word: min(n.bit_length(), _STEP_MAX) for word, n in sorted(counted.items()) if n >= count_min}
