"""What the tagger is trained on: sentences that name somebody, and the names of people and places.

    mentions.jsonl.gz   {"name", "mentions": [{"doc", "text"}]}   sentences of other documents that name the person
    pages.jsonl.gz      {"name", "text"}                          the beginning of the person's own article
    pantheon.tsv.gz     name, birthcity, birthstate, countryName  people and places

People are split by name: `is_held_out` says who is kept for the evaluation.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from apps.mention.names.sentences import sentences

__all__ = ["Corpus", "NamedSentence", "is_held_out", "read_corpus", "read_mentions"]

_HELD_OUT_ONE_IN: Final = 10


@dataclass(frozen=True, slots=True)
class NamedSentence:
    """A sentence of a document that is about, or names, a person: `name` stands in it as a mention's name does."""

    name: str
    document: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences that name somebody; articles, cut in sentences; the names of people and of places."""

    mentions: list[NamedSentence]
    articles: list[NamedSentence]
    people: list[str]
    places: list[str]


def is_held_out(name: str) -> bool:
    """Is this person kept for the evaluation? One in ten is, by the name alone, so every run agrees."""
    return zlib.crc32(name.encode()) % _HELD_OUT_ONE_IN == 0


def read_corpus(folder: Path) -> Corpus:
    """The three files of a folder. Raises FileNotFoundError if one is missing."""
    articles = [
        NamedSentence(person["name"], person["name"], text[start:end])
        for person in _lines(folder / "pages.jsonl.gz")
        for text in [person["text"]]
        for start, end in sentences(text)
    ]
    people, places = [], set()
    with gzip.open(folder / "pantheon.tsv.gz", "rt", encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            people.append(row["name"])
            places |= {row["birthcity"], row["birthstate"], row["countryName"].title()}
    return Corpus(read_mentions(folder), articles, people, sorted(filter(None, places)))


def read_mentions(folder: Path) -> list[NamedSentence]:
    """The sentences of other documents that name somebody. Raises FileNotFoundError if the file is missing."""
    return [
        NamedSentence(person["name"], mention["doc"], mention["text"])
        for person in _lines(folder / "mentions.jsonl.gz")
        for mention in person["mentions"]
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
