"""The sample that ships: well-known people in sentences written for it, and texts for the page to read.

people.jsonl    one person per line, in the input format of the pipeline:
                {"entity": "...", "labels": {"occ": "...", ...}, "mentions": [{"text": "...", "start": n, "end": n,
                "source": "sample", "date": null}, ...]}
texts.json      [{"title": "...", "text": "..."}], names unmarked; some of the people in them are in no other file

Surnames are shared on purpose (Bach, Curie, Adams, Huxley, Darwin, Williams, ...): there is something to tell apart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SampleMention", "SamplePerson", "SampleText", "sample", "texts"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SampleMention:
    """A sentence, the span `[start, end)` of the name in it in characters, where it is from, when it was written."""

    text: str
    start: int
    end: int
    source: str
    date: str | None


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """A person, labels by facet (`occ`, `ind`, `dom`, `gender`, `country`, `era`; any may be missing), and mentions."""

    entity: str
    labels: dict[str, str]
    mentions: tuple[SampleMention, ...]


@dataclass(frozen=True, slots=True)
class SampleText:
    """A short text to be read, and what to call it in a list."""

    title: str
    text: str


def sample() -> list[SamplePerson]:
    """The people, in the order of the file.

    >>> bach = sample()[0]
    >>> mention = bach.mentions[0]
    >>> bach.entity, mention.text[mention.start : mention.end], bach.labels["occ"]
    ('Johann Sebastian Bach', 'Johann Sebastian Bach', 'COMPOSER')
    """
    lines = (_FOLDER / "people.jsonl").read_text(encoding="utf-8").splitlines()
    return [_person(json.loads(line)) for line in lines]


def texts() -> list[SampleText]:
    """The texts, in the order in which a page shows them."""
    return [SampleText(**one) for one in json.loads((_FOLDER / "texts.json").read_text(encoding="utf-8"))]


def _person(read: dict[str, Any]) -> SamplePerson:
    return SamplePerson(read["entity"], read["labels"], tuple(SampleMention(**one) for one in read["mentions"]))
