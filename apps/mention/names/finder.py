"""Plain text → where people are named in it: `NameFinder`.

    text → sentences → runs of capitalised words → names that are known, names that the tagger sees
         → surnames alone, of the people whose full name stands elsewhere in the text

Works offline, in one pass over the text, and keeps nothing of it. Texts are read as English; names in them may be of
any language that has capital letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apps.mention.names.known import KnownNames, names_a_thing
from apps.mention.names.parts import NUMERAL
from apps.mention.names.runs import Line, read
from apps.mention.names.sentences import sentences
from apps.mention.names.tagger import Tagger
from apps.mention.names.vocabulary import CALENDAR

__all__ = ["TEXT_CHARS_MAX", "Found", "NameFinder", "TextTooLong"]

TEXT_CHARS_MAX: Final = 1_000_000
_MODEL: Final = Path(__file__).with_name("finder.json.xz")
_LOUD: Final = re.compile(r"[^\W\d_]{2,}")
_SMALL_STEP: Final = 4
_PLACING: Final = frozenset(["in", "at", "near"])


class TextTooLong(ValueError):
    """The text has more characters than are read at once; the message says how many are allowed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A person's name in a text.

    text: the sentence, without the spaces around it. start, end: the name's span in the sentence, in characters.
    offset: where the sentence begins in the whole text.
    """

    text: str
    start: int
    end: int
    offset: int

    @property
    def surface(self) -> str:
        """The name as it is written."""
        return self.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    offset: int
    line: Line
    names: list[tuple[int, int]]  # spans of words


class NameFinder:
    """Finds the names of people in plain text.

    known: names found with certainty, such as those of a memory of mentions; with each full name, its surname alone.
    model: another model's file than the one that comes with the package.

    >>> finder = NameFinder()
    >>> [one.surface for one in finder.find("In 1936 Alan Turing went to Princeton, where he met John von Neumann.")]
    ['Alan Turing', 'John von Neumann']
    """

    def __init__(self, known: Iterable[str] = (), *, model: Path | None = None) -> None:
        self._tagger = Tagger.read(model or _MODEL)
        self._known = KnownNames(known)

    def find(self, text: str) -> list[Found]:
        """Every name of a person in the text, in its order. Raises TextTooLong beyond `TEXT_CHARS_MAX` characters."""
        if len(text) > TEXT_CHARS_MAX:
            raise TextTooLong(f"text: {len(text):,} characters, more than {TEXT_CHARS_MAX:,}; give it in parts")
        read_ones = [self._sentence(text, start, end) for start, end in sentences(text)]
        here = KnownNames()
        for one in read_ones:
            for first, last in one.names:
                here.add(tuple(one.line.words[first:last]))
        found = []
        for one in read_ones:
            alone = [span for span in here.alone(one.line) if not _is_placed(one.line, span[0])]
            for first, last in sorted([*one.names, *_apart(alone, one.names)]):
                start, end = one.line.spans[first][0], one.line.spans[last - 1][1]
                found.append(Found(one.text, start, end, one.offset))
        return found

    def _sentence(self, text: str, start: int, end: int) -> _Sentence:
        sentence = text[start:end].strip()
        offset = start + text[start:end].find(sentence)
        line = read(self._quiet(sentence) if sentence.isupper() else sentence)
        names = self._known.full(line)
        names += _apart(self._known.alone(line), names)
        names += _apart(self._tagged(line), names)
        return _Sentence(sentence, offset, line, names)

    def _tagged(self, line: Line) -> list[tuple[int, int]]:
        """The names that the tagger sees."""
        found = []
        for first, last in line.runs:
            tags = self._tagger.tags(line.words, (first, last))
            for name in re.finditer("BI*", tags):
                start, end = first + name.start(), self._shortened(line.words, first + name.start(), first + name.end())
                month = end - start == 1 and line.words[start] in CALENDAR
                if not month and (end < first + name.end() or not names_a_thing(line, end)):
                    found.append((start, end))
        return found

    def _shortened(self, words: list[str], start: int, end: int) -> int:
        """Where a name ends that goes on too far: "Ann Lee" in "Ann Lee of Bergen", "Ann" in "Ann the Lufthansa"."""
        for place in range(start + 1, end):
            if words[place] == "of" and place - start > 1 and not NUMERAL.match(words[place - 1]):
                return place if "the" not in words[start:place] else end
            if words[place] == "the" and words[place + 1].lower() not in self._tagger.lexicon.small:
                return place
        return end

    def _quiet(self, sentence: str) -> str:
        """A sentence in capitals as it would be written: common words small, the others with one capital."""
        small = self._tagger.lexicon.small

        def written(word: re.Match[str]) -> str:
            lower = word[0].lower()
            other = lower if small.get(lower, 0) >= _SMALL_STEP else lower.capitalize()
            return other if len(other) == len(word[0]) else word[0]

        return _LOUD.sub(written, sentence)


def _apart(spans: Iterable[tuple[int, int]], others: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that share no word with the others."""
    taken = {word for first, last in others for word in range(first, last)}
    return [(first, last) for first, last in spans if taken.isdisjoint(range(first, last))]


def _is_placed(line: Line, place: int) -> bool:
    return place > 0 and line.words[place - 1].lower() in _PLACING
