"""Which characters of a phrase were typed: what is emphasised when the phrase is shown."""

from __future__ import annotations

from collections.abc import Sequence

from apps.vacancies.words import Word, fold, words

__all__ = ["marked"]


def marked(text: str, typed: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """The characters [from, to) of `text` that the typed words are the beginnings of, each word at most once.

    >>> marked("Straßenbau-Ingenieur", ["strass", "ing"])
    ((0, 5), (11, 14))
    """
    found = words(text)
    where: dict[int, tuple[int, int]] = {}
    first = _run(found, typed)
    for place, part in enumerate(typed):
        order = range(len(found)) if first is None else (first + place,)
        at = next((row for row in order if row not in where and found[row].folded.startswith(part)), None)
        if at is not None:
            where[at] = (found[at].start, _reach(text, found[at], part))
    return tuple(where[row] for row in sorted(where))


def _run(found: Sequence[Word], typed: Sequence[str]) -> int | None:
    """Where the typed words stand side by side, if they do."""
    for first in range(len(found) - len(typed) + 1):
        if all(found[first + place].folded.startswith(part) for place, part in enumerate(typed)):
            return first
    return None


def _reach(text: str, word: Word, part: str) -> int:
    """The first character after those that fold to the typed part: ß is two letters when typed as ss."""
    for stop in range(word.start + 1, word.stop):
        if fold(text[word.start : stop]).startswith(part):
            return stop
    return word.stop
