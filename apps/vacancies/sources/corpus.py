"""What can be completed: occupations in two languages, and phrases from vacancy texts.

Occupation   one concept: titles, other titles and descriptions by language; what the embedding learns from
Phrase       one text that may be offered, with its language and what kind of text it is
Corpus       both; `phrases()` is everything that may be offered
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.vacancies.words import folded_words

__all__ = ["Corpus", "Occupation", "Phrase", "sentences"]

_BREAK = re.compile(r"(?<=[.!?])\s+|\s*[\n•·]+\s*")
_SENTENCE_CHARS = range(24, 161)


@dataclass(frozen=True, slots=True)
class Occupation:
    """One concept. The mappings go from language to text."""

    id: str
    group: int | None
    titles: Mapping[str, str]
    alternatives: Mapping[str, Sequence[str]]
    descriptions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text that may be offered.

    kind: title, alternative, vacancy (a title as employers write it), phrase (words that go together) or sentence.
    group: the ISCO major group; None where none is known. concept: the occupation it belongs to, or "".
    """

    text: str
    language: str
    kind: str
    group: int | None = None
    concept: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Corpus:
    """Occupations, and further phrases that belong to none."""

    occupations: Sequence[Occupation]
    others: Sequence[Phrase] = field(default=())

    def phrases(self) -> list[Phrase]:
        """Everything that may be offered, each folded text once per language; the first of its kinds stays."""
        found: dict[tuple[str, str], Phrase] = {}
        order = ("title", "alternative", "vacancy", "phrase", "sentence")
        every = [phrase for one in self.occupations for phrase in _offered(one)] + list(self.others)
        for phrase in sorted(every, key=lambda phrase: order.index(phrase.kind)):
            key = phrase.language, folded_words(phrase.text)
            if key[1]:
                found.setdefault(key, phrase)
        return list(found.values())


def sentences(text: str) -> list[str]:
    """The sentences of a text that are worth offering: neither scraps nor paragraphs.

    >>> sentences("Yes. Bakers make bread, rolls and pastry.\\n• They start early in the morning.")
    ['Bakers make bread, rolls and pastry.', 'They start early in the morning.']
    """
    found = (" ".join(part.split()).strip(" -–*") for part in _BREAK.split(text))
    return [part for part in found if len(part) in _SENTENCE_CHARS and part[-1] not in ":,;"]


def _offered(one: Occupation) -> Iterator[Phrase]:
    for language, title in one.titles.items():
        yield Phrase(title, language, "title", one.group, one.id)
    for language, titles in one.alternatives.items():
        for title in titles:
            yield Phrase(title, language, "alternative", one.group, one.id)
    for language, description in one.descriptions.items():
        for sentence in sentences(description):
            yield Phrase(sentence, language, "sentence", one.group, one.id)
