"""A sentence with one person's name marked, and what a network may see of it: everything but the name.

    Alan Turing broke the code; Turing never said so.  [0:11]  →  ▢ broke the code; ▢ never said so.

The name is masked as it stands and wherever one of its parts stands again, so that nothing is learnt by heart about a
name. Parts of fewer than three letters and the particles of names (van, de, ...) stay, since they are words too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["MASK", "PARTICLES", "TEXT_CHARS_MAX", "MarkedSentence", "SentenceRejected"]

MASK: Final = "\ue000"
"""The character that stands for the name: of the private use area, so that no text contains it."""
TEXT_CHARS_MAX: Final = 4_000
"""Characters of one sentence; a longer text is to be read in sentences."""

PARTICLES: Final = frozenset(
    (
        "al",
        "bin",
        "da",
        "dal",
        "das",
        "de",
        "del",
        "della",
        "den",
        "der",
        "des",
        "di",
        "dos",
        "du",
        "el",
        "ibn",
        "la",
        "las",
        "le",
        "les",
        "los",
        "of",
        "san",
        "st",
        "the",
        "van",
        "von",
        "zu",
    )
)
RUN: Final = re.compile(f"{MASK}(?:[ \\-]*{MASK})+")


class SentenceRejected(ValueError):
    """The sentence or the span in it is not usable: the message says what and which bound."""


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """A sentence and the span `[start, end)`, in characters, of a person's name in it.

    >>> turing = MarkedSentence("Alan Turing broke the code; Turing never said so.", 0, 11)
    >>> turing.surface
    'Alan Turing'
    >>> turing.masked.replace(MASK, "*")
    '* broke the code; * never said so.'
    """

    text: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise SentenceRejected("sentence: it is empty; give the sentence that names the person")
        if len(self.text) > TEXT_CHARS_MAX:
            raise SentenceRejected(
                f"sentence: {len(self.text):,} characters, more than {TEXT_CHARS_MAX:,}; give the sentence alone"
            )
        if not 0 <= self.start < self.end <= len(self.text):
            raise SentenceRejected(
                f"span: [{self.start}, {self.end}) does not lie in the sentence of {len(self.text)} characters"
            )
        if not any(letter.isalnum() for letter in self.surface):
            raise SentenceRejected(f"span: {self.surface!r} contains no letter, so it is no name")
        if MASK in self.text:
            raise SentenceRejected("sentence: it contains U+E000, which stands for the masked name")

    @property
    def surface(self) -> str:
        """The name as it is written here."""
        return self.text[self.start : self.end]

    @property
    def masked(self) -> str:
        """The sentence with `MASK` in the place of the name and of its parts."""
        text = self.text[: self.start] + MASK + self.text[self.end :]
        text = text.replace(self.surface, MASK)
        parts = [part for part in re.findall(r"[^\W\d_]+", self.surface) if _telling(part)]
        if parts:
            text = re.sub(rf"\b(?:{'|'.join(map(re.escape, parts))})\b", MASK, text)
        return RUN.sub(MASK, text)


def _telling(part: str) -> bool:
    """Does this part of a name point to the person wherever it stands?"""
    return len(part) > 2 and part[0].isupper() and part.lower() not in PARTICLES
