"""Which part of a text is being completed: its last clause, and the tails of that.

    "We are hiring. You will work as a softw"   clause   you will work as a softw
                                                tails    the clause · work as a softw · as a softw · a softw · softw

A completion takes the place of one tail: from where the tail begins to the end of the text. Only the end of a long text
is looked at, so the cost of a keystroke does not grow with the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.vacancies.words import Word, words

__all__ = ["CHARS_MAX", "Clause", "Tail", "last_clause"]

CHARS_MAX = 240
_TAIL_WORDS_MAX = 4
_CLAUSE_WORDS_MAX = 14
_BREAK = re.compile(r"[!?;:,\n\r•|()\[\]{}<>\"]|\.(?=\s|$)|\s[-–—*]\s")


@dataclass(frozen=True, slots=True)
class Tail:
    """The last words of a clause, and where in the text they begin."""

    folded: tuple[str, ...]
    start: int

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(self.folded)


@dataclass(frozen=True, slots=True)
class Clause:
    """The words of the last clause, its tails, the longest first, and whether the last word is complete."""

    words: tuple[str, ...]
    tails: tuple[Tail, ...]
    complete: bool


def last_clause(text: str) -> Clause:
    """The clause that the text ends in; without words if the text ends between two clauses.

    >>> clause = last_clause("Urgent: senior softw")
    >>> clause.words, clause.complete, [(tail.text, tail.start) for tail in clause.tails]
    (('senior', 'softw'), False, [('senior softw', 8), ('softw', 15)])
    """
    skipped = max(0, len(text) - CHARS_MAX)
    if skipped:
        space = re.search(r"\s", text[skipped:])
        skipped += space.end() if space else 0
    breaks = list(_BREAK.finditer(text, skipped))
    begin = breaks[-1].end() if breaks else skipped
    found = [Word(word.folded, word.start + begin, word.stop + begin) for word in words(text[begin:])]
    sizes = {min(len(found), size) for size in (*range(1, _TAIL_WORDS_MAX + 1), _CLAUSE_WORDS_MAX)} - {0}
    lasts = [found[-size:] for size in sorted(sizes, reverse=True)]
    tails = tuple(Tail(tuple(word.folded for word in last), last[0].start) for last in lasts)
    return Clause(tuple(word.folded for word in found), tails, text[-1:].isspace())
