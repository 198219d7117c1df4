"""Words that often go together in vacancy texts: "communication skills", "years of experience".

Runs of 2 to 5 words that many different texts have. They neither begin nor end with a function word, and of two runs
that are always seen together only the longer one is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from apps.vacancies.sources.corpus import Phrase
from apps.vacancies.words import words

__all__ = ["common_phrases"]

_WORDS = range(2, 6)
_TEXTS_MIN = 8
_PHRASES_MAX = 4_000
_PAUSE = re.compile(r"[.!?;:,()\n•·/|]+")
_FUNCTION = frozenset(
    re.findall(
        r"\w+",
        """a about all an and any are as at be but by can de een en for from has have het if in into is it its may more
    must not of on onze op or other our shall should such that te the their them they this to us van voor was we were
    which who will with within would you your""",
    )
)


def common_phrases(texts: Sequence[str], language: str, texts_min: int = _TEXTS_MIN) -> list[Phrase]:
    """The phrases that at least `texts_min` of the texts have, most common first.

    >>> [phrase.text for phrase in common_phrases(["You have good writing skills.", "Good writing skills!"], "en", 2)]
    ['good writing skills']
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        counts.update(set(_runs(text)))
    common = {run: count for run, count in counts.items() if count >= texts_min}
    inside = {part for run, count in common.items() for part in _parts(run) if common.get(part, 0) <= count}
    kept = sorted((-count, run) for run, count in common.items() if run not in inside)
    return [Phrase(" ".join(run), language, "phrase", count=-count) for count, run in kept[:_PHRASES_MAX]]


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    for clause in _PAUSE.split(text):
        found = words(clause)
        plain = [clause[word.start : word.stop].lower() for word in found]
        for size in _WORDS:
            for first in range(len(plain) - size + 1):
                run = tuple(plain[first : first + size])
                if not {run[0], run[-1]} & _FUNCTION and all(word.isalpha() and len(word) > 1 for word in run):
                    yield run


def _parts(run: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for size in range(_WORDS.start, len(run)):
        for first in range(len(run) - size + 1):
            yield run[first : first + size]
