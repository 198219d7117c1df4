"""Sentences in which some names are known → runs whose tags are certain enough to learn from.

    known name in the run            its words are B I I; words around it are O if they are titles or common words,
                                     else the run is left out
    a name by its looks              "Ernst Abbe": a known first name, an uncommon word; "J. K. Rowling"; "Mr. Peggotty"
    a surname that the document has  B; so is the one name of Plato
    everything else that is known    O: common words, places after "in", heads such as Prize, titles of works
    otherwise                        left out: silence is better than a wrong lesson

Tags: B begins a name, I goes on with it, O is no part of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.mention.names.runs import Line
from apps.mention.names.traits import Lexicon
from apps.mention.names.vocabulary import CALENDAR, DETERMINING, FORMS_OF_ADDRESS, PARTICLES, PLACING

__all__ = ["Labeller", "Tags"]

Tags = list[str]


@dataclass(frozen=True, slots=True)
class Labeller:
    """Knows full names and single names, as their words, and a lexicon; gives the runs of a line their tags."""

    names: frozenset[tuple[str, ...]]
    lexicon: Lexicon
    single: frozenset[tuple[str, ...]] = frozenset()

    def label(self, line: Line, surnames: Iterable[str] = ()) -> list[Tags | None]:
        """For each run its tags, or None. surnames: those that stand for somebody in this document."""
        return [self._run(line, first, last, frozenset(surnames)) for first, last in line.runs]

    def full_names(self, line: Line) -> list[tuple[str, ...]]:
        """The names of two and more words that are certain in this line."""
        found = []
        for (first, last), tags in zip(line.runs, self.label(line), strict=True):
            words = line.words[first:last]
            begin = next((i for i, tag in enumerate(tags or "") if tag == "B"), None)
            if begin is not None and tags is not None:
                end = begin + 1
                while end < len(tags) and tags[end] == "I":
                    end += 1
                if end - begin > 1:
                    found.append(tuple(words[begin:end]))
        return found

    def _run(self, line: Line, first: int, last: int, surnames: frozenset[str]) -> Tags | None:
        words = line.words[first:last]
        known = self._known(words)
        if known is not None:
            return self._around(words, *known)
        if len(words) == 1 and words[0] in surnames and not self._placed(line, first, last):
            return ["B"]
        if first == 0 and len(words) > 1 and self._common(words[0]) >= 4:
            skipped = next(i for i in range(1, len(words)) if words[i] not in PARTICLES)
            tags = self._run(line, skipped, last, surnames)  # "After Lincoln": the first word is only written so
            return ["O"] * skipped + tags if tags else None
        if self._is_none(line, first, last):
            return ["O"] * len(words)
        if len(words) == 1 and (words[0],) in self.single and not self._placed(line, first, last):
            return None if words[0] in self.lexicon.places else ["B"]
        return self._by_looks(line, first, last)

    def _known(self, words: list[str]) -> tuple[int, int] | None:
        for length in range(len(words), 0, -1):
            for start in range(len(words) - length + 1):
                if tuple(words[start : start + length]) in self.names:
                    return start, start + length
        return None

    def _around(self, words: list[str], start: int, end: int) -> Tags | None:
        """The tags of a run with a known name in it."""
        name = ["B"] + ["I"] * (end - start - 1)
        behind = words[end:]
        if behind:
            head = self._common(behind[-1]) >= 4 or behind[-1] in self.lexicon.places
            whole = all(self._common(word) >= 3 for word in behind if word not in PARTICLES)
            return ["O"] * len(words) if head and whole and behind[0] not in PARTICLES and len(name) > 1 else None
        plain = all(word in FORMS_OF_ADDRESS or self._common(word) or self._thing(word) for word in words[:start])
        return ["O"] * start + name if plain and not (start and words[start - 1] in PARTICLES) else None

    def _common(self, word: str) -> int:
        """How often the word is written small, in steps; 0 for the words that are also names."""
        return 0 if self.lexicon.last.get(word, 0) > 1 else self.lexicon.small.get(word.lower(), 0)

    def _thing(self, word: str) -> bool:
        """Is it the name of a people, a place, a school of thought: often behind "the", "a" or "in"?"""
        named = max(self.lexicon.given.get(word, 0), self.lexicon.last.get(word, 0))
        return self.lexicon.things.get(word, 0) > (1 if named else 0) and named < 4

    def _placed(self, line: Line, first: int, last: int) -> bool:
        """Is it spoken of as of a place: "in Lincoln", "Lincoln, Nebraska"?"""
        words = line.words
        before = words[first - 1].lower() if first else ""
        beside = words[last + 1] if last + 1 < len(words) and words[last] == "," else ""
        return before in PLACING or beside in self.lexicon.places

    def _is_none(self, line: Line, first: int, last: int) -> bool:
        words = line.words[first:last]
        head = words[-1]
        if len(words) == 1 and first and line.words[first - 1].lower() in DETERMINING:
            return True
        given = self.lexicon.given.get(words[0], 0)
        telling = [word for word in words if word not in PARTICLES]
        if all(self._thing(word) for word in telling):
            return True
        if all(word in CALENDAR or (word.isupper() and len(word) > 1 and "." not in word) for word in telling):
            return True
        if all(self._common(word) >= 4 for word in telling):
            return not given or len(words) > 2 or first == 0
        if self._common(head) >= 4 and not given and words[0] not in FORMS_OF_ADDRESS:
            return True
        if all(word in self.lexicon.places for word in telling):
            return self._placed(line, first, last) or not (given or self.lexicon.last.get(head, 0))
        quoted = first > 0 and line.words[first - 1] in '"“' and line.words[last : last + 1] in (['"'], ["”"])
        return (quoted and len(words) > 1) or (words[0] == "The" and len(words) > 1 and not given)

    def _by_looks(self, line: Line, first: int, last: int) -> Tags | None:
        words = line.words[first:last]
        titles = 0
        while titles < len(words) and words[titles] in FORMS_OF_ADDRESS:
            titles += 1
        name = words[titles:]
        if not 1 <= len(name) <= 4 or name[0] in PARTICLES:
            return None
        uncommon = all(self._common(word) < 2 for word in name[1:] if word not in PARTICLES)
        known = self.lexicon.given.get(name[0], 0) > 0 and name[0] not in self.lexicon.places
        initials = name[0][-1] == "." and len(name[0]) == 2 and len(name[-1]) > 2
        looks = len(name) > 1 and uncommon and (known or initials) and not self._placed(line, first, last)
        addressed = titles > 0 and self._common(name[0]) < 2 and uncommon and "of" not in name
        if looks or addressed:
            return ["O"] * titles + ["B"] + ["I"] * (len(name) - 1)
        return None
