"""A sentence → its words, and the runs of capitalised words in it: only there can a name stand.

    The painter Vincent van Gogh wrote to Theo.   →   The · Vincent van Gogh · Theo

A run is as long as it can be: capitalised words and initials, with the small words of names (van, de, of, the, ...)
between them. Which words of a run are a name is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from apps.mention.names.vocabulary import PARTICLES

__all__ = ["WORDS_MAX", "Line", "read"]

WORDS_MAX: Final = 12
"""Words of one run; more are cut. It also bounds the work for a text without small letters."""

_LETTER: Final = r"[^\W\d_]"
_WORD: Final = re.compile(
    rf"""(?:Adm|Brig|Capt|Cmdr|Col|Cpl|Dr|Fr|Gen|Gov|Hon|Jr|Lt|Maj|Messrs|Mme|Mr|Mrs|Ms|Pres|Prof|Rep|Rev|Sen|Sgt|Sr|St)\.
    |{_LETTER}\.(?:-?{_LETTER}\.)*                                     # J.  J.R.R.  J.-P.  U.S.
    |{_LETTER}[̀-ͯ]*(?:{_LETTER}|[̀-ͯ]|['’ʼ·\-‐](?={_LETTER}))*    # O'Brien  Jean-Paul
    |['’]t\b
    |\d+(?:[.,]\d+)*
    |[^\w\s]|_""",
    re.VERBOSE,
)
_POSSESSIVE: Final = re.compile(r"['’]s\Z")
_SPACES: Final = re.compile(r"[ \t\r\n\u00a0\u2009\u202f]{1,3}\Z")
_SUFFIXES: Final = ("Jr.", "Jr", "Sr.", "Sr")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence: its words (punctuation too) with their spans, and the runs `[first, last)` of words."""

    words: list[str]
    spans: list[tuple[int, int]]
    runs: list[tuple[int, int]]


def read(sentence: str) -> Line:
    """The words and runs of a sentence. A possessive 's is a word of its own.

    >>> line = read("Theo's brother was Vincent van Gogh.")
    >>> [" ".join(line.words[first:last]) for first, last in line.runs]
    ['Theo', 'Vincent van Gogh']
    """
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for match in _WORD.finditer(sentence):
        word, (start, end) = match[0], match.span()
        if len(word) > 2 and word[-2] in "'’" and word[-1] in "sS":
            words += [word[:-2], word[-2:]]
            spans += [(start, end - 2), (end - 2, end)]
        else:
            words.append(word)
            spans.append((start, end))
    if words and len(words[-1]) == 2 and words[-1][1] == ".":  # the sentence's stop, not an initial's
        start, end = spans[-1]
        words[-1:] = [words[-1][0], "."]
        spans[-1:] = [(start, end - 1), (end - 1, end)]
    return Line(words, spans, _runs(sentence, words, spans))


def _runs(sentence: str, words: list[str], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    runs = []
    first = 0
    while first < len(words):
        if not words[first][0].isupper():
            first += 1
            continue
        last = ahead = first + 1
        while ahead < len(words) and ahead - first < WORDS_MAX and _joined(sentence, words, spans, ahead):
            ahead += 1
            if not words[ahead - 1].islower():
                last = ahead
        runs.append((first, last))
        first = last
    return runs


def _joined(sentence: str, words: list[str], spans: list[tuple[int, int]], place: int) -> bool:
    """May this word stand in one name with the word before it?"""
    word = words[place]
    if word == "," and place + 1 < len(words):
        return words[place + 1] in _SUFFIXES
    if word in _SUFFIXES and words[place - 1] == ",":
        return True
    if (word.islower() and word not in PARTICLES) or (not word[0].isalpha() and word != "'t"):
        return False
    gap = sentence[spans[place - 1][1] : spans[place][0]]
    return (not gap and words[place - 1][-1] == ".") or _SPACES.match(gap) is not None
