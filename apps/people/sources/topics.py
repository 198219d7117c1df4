"""The list of interests: by which words an article shows one, and how a person says it of themself.

`interests.tsv` has a line each: field, interest, words separated by |, a clause.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Topic", "found_topics", "rows", "topics"]

_FOLDER = Path(__file__).parent
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """One interest of the list."""

    field: str
    interest: str
    found_by: tuple[str, ...]
    said_as: str


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a table beside this file, by the names in its first one."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]


@cache
def topics() -> tuple[Topic, ...]:
    """All of them."""
    return tuple(
        Topic(row["field"], row["interest"], tuple(row["found by"].split("|")), row["said as"])
        for row in rows("interests.tsv")
    )


def found_topics(text: str) -> tuple[str, ...]:
    """The interests whose words a text has, those named more often first.

    >>> found_topics("He played chess, loved chess problems and once sailed to Malta.")
    ('chess', 'sailing')
    """
    said = _WORD.findall(text.lower())
    known = _by_words()
    counts = Counter(
        interest
        for length in (1, 2, 3)
        for first in range(len(said) - length + 1)
        if (interest := known.get(" ".join(said[first : first + length]))) is not None
    )
    return tuple(sorted(counts, key=lambda interest: (-counts[interest], interest)))


@cache
def _by_words() -> dict[str, str]:
    return {" ".join(_WORD.findall(found_by)): topic.interest for topic in topics() for found_by in topic.found_by}
