"""Reads the people, mentions and own articles of a folder `people/` into the pipeline's corpus (`mention prepare`).

mentions.jsonl.gz: {"curid", "name", "labels", "mentions": [{"src", "doc", "text"}], ...}; the name is
looked for in each text. pages.jsonl.gz: {"curid", "name", "labels", "text"}: the first sentences of the own article
become `about`. A label `nat_occ:Country occupation` builds on its country and its occupation.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from apps.mention.pipeline.corpus import Person
from apps.mention.sentence import MASK, TEXT_CHARS_MAX, MarkedSentence, SentenceRejected

__all__ = ["parents_of", "read_people"]

ABOUT_MAX: Final = 40
"""Sentences of an own article."""
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


def read_people(folder: Path) -> Iterator[Person]:
    """People with at least one mention or an own article, in the order of the files."""
    pages = {page["curid"]: page for page in _lines(folder / "pages.jsonl.gz")}
    for record in _lines(folder / "mentions.jsonl.gz"):
        page = pages.pop(record["curid"], None)
        found = [(mention, _marked(record["name"], mention["text"])) for mention in record["mentions"]]
        kept = [(f"{mention['src']}: {mention['doc']}", sentence) for mention, sentence in found if sentence]
        yield Person(
            str(record["curid"]),
            record["name"],
            tuple(record["labels"]),
            tuple(sentence for _, sentence in kept),
            tuple(source for source, _ in kept),
            _about(page) if page else (),
        )
    for page in pages.values():
        yield Person(str(page["curid"]), page["name"], tuple(page["labels"]), (), (), _about(page))


def parents_of(labels: set[str]) -> dict[str, tuple[str, ...]]:
    """For each `nat_occ` label its occupation and its country; an empty name where the country is not known.

    >>> parents_of({"nat_occ:France poet", "occ:POET", "country:France"})
    {'nat_occ:France poet': ('occ:POET', 'country:France')}
    """
    occupations = sorted((name for name in labels if name.startswith("occ:")), key=len, reverse=True)
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(label for label in labels if label.startswith("nat_occ:")):
        words = name.partition(":")[2]
        for occupation in occupations:
            ending = occupation.partition(":")[2].lower()
            if words.endswith(f" {ending}"):
                found[name] = (occupation, f"country:{words.removesuffix(ending).strip()}")
                break
    return found


def _marked(name: str, text: str) -> MarkedSentence | None:
    """The text with the name marked where it first stands; None where it does not."""
    start = text.find(name)
    try:
        return MarkedSentence(text, start, start + len(name)) if start >= 0 else None
    except SentenceRejected:
        return None


def _about(page: dict[str, Any]) -> tuple[str, ...]:
    """The first sentences of an own article, the name and its parts masked."""
    text = " ".join(page["text"].split())
    return tuple(_masked(page["name"], sentence) for sentence in SENTENCE_END.split(text)[:ABOUT_MAX] if sentence)


def _masked(name: str, sentence: str) -> str:
    """As `MarkedSentence.masked`, for a sentence that need not contain the whole name."""
    with_name = f"{name}. {sentence}"
    return MarkedSentence(with_name[:TEXT_CHARS_MAX], 0, len(name)).masked.removeprefix(f"{MASK}. ")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a compressed JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
