"""Names that somebody knows already, and where they stand in a line: these are found with certainty.

A full name is found wherever its words stand in a row, however they are written. A surname is found where it stands
alone or behind a form of address, unless it only names a thing ("the Turing machine", "Lovelace Street").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.mention.names.parts import name_words, surname
from apps.mention.names.runs import Line
from apps.mention.names.vocabulary import DISCOVERIES, FORMS_OF_ADDRESS, THINGS

__all__ = ["KnownNames", "names_a_thing"]


def names_a_thing(line: Line, end: int) -> bool:
    """Does the name that ends before this word only name a thing: "the Turing machine", "Parkinson's disease"?"""
    behind = line.words[end : end + 2]
    if behind and behind[0] in ("'s", "’s"):
        return behind[1:2] != [] and behind[1] in DISCOVERIES
    return behind != [] and behind[0] in THINGS | DISCOVERIES


class KnownNames:
    """An index of full names and surnames. Empty names, and names without a letter, are left out."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._full: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        self._surnames: set[str] = set()
        for name in names:
            self.add(name_words(name))

    def add(self, words: tuple[str, ...]) -> None:
        """Know one more name, given as its words."""
        if not any(word[0].isalpha() for word in words):
            return
        self._full[words[0]].add(words)
        if (last := surname(words)) is not None:
            self._surnames.add(last)

    def full(self, line: Line) -> list[tuple[int, int]]:
        """The full names in a line, as spans of words; the longest at each place, from the left."""
        found = []
        end = 0
        for place, word in enumerate(line.words):
            if place >= end and (names := self._full.get(word)):
                fitting = [len(name) for name in names if tuple(line.words[place : place + len(name)]) == name]
                if fitting:
                    end = place + max(fitting)
                    found.append((place, end))
        return found

    def alone(self, line: Line) -> list[tuple[int, int]]:
        """The surnames in a line that stand for a person, as spans of words."""
        found = []
        for first, last in line.runs:
            titles = all(word in FORMS_OF_ADDRESS for word in line.words[first : last - 1])
            if line.words[last - 1] in self._surnames and titles and not names_a_thing(line, last):
                found.append((last - 1, last))
        return found
