"""A text as it is read: the names that a finder found, as marked sentences, each with who may be meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from apps.mention.memory.errors import MemoryRejected
from apps.mention.memory.linking import Candidate
from apps.mention.sentence import TEXT_CHARS_MAX, MarkedSentence, SentenceRejected

__all__ = ["READ_CHARS_MAX", "Finder", "Found", "Reading", "found_sentences"]

READ_CHARS_MAX: Final = 200_000
"""Characters of one text that is read."""
_AROUND: Final = (TEXT_CHARS_MAX - 400) // 2


class Found(Protocol):
    """A name in a sentence: the sentence, the span of the name in it, and where it begins in the whole text."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def offset(self) -> int: ...


class Finder(Protocol):
    """Finds the names of people in a text."""

    def find(self, text: str) -> Sequence[Found]:
        """In the order in which they stand there."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A name in a text: its sentence, its span in the whole text, and who may be meant, most probable first."""

    sentence: MarkedSentence
    span: tuple[int, int]
    candidates: list[Candidate]


def found_sentences(text: str, finder: Finder) -> list[tuple[MarkedSentence, tuple[int, int]]]:
    """The names with their sentences, cut around the name where long; what is no name is left out. MemoryRejected."""
    if not isinstance(text, str):
        raise MemoryRejected(f"text: is {type(text).__name__}; give text")
    if len(text) > READ_CHARS_MAX:
        raise MemoryRejected(f"text: {len(text):,} characters, more than {READ_CHARS_MAX:,}; read it in parts")
    found: list[tuple[MarkedSentence, tuple[int, int]]] = []
    for name in finder.find(text):
        start = max(0, name.start - _AROUND) if len(name.text) > TEXT_CHARS_MAX else 0
        shown = name.text[start : start + TEXT_CHARS_MAX]
        try:
            sentence = MarkedSentence(shown, name.start - start, name.end - start)
        except SentenceRejected:
            continue
        found.append((sentence, (name.offset + name.start, name.offset + name.end)))
    return found
