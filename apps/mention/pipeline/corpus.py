"""The documented input of the pipeline: people with their mentions, and a table of labels.

people.jsonl.gz, one person a line:

    {"entity": "Q7251", "name": "Alan Turing", "split": "train" | "test", "labels": ["occ:MATHEMATICIAN", ...],
     "mentions": [{"text": "...", "start": 0, "end": 11, "source": "...", "date": null}, ...],
     "about": ["He was born in London.", ...]}                  # optional: sentences that need not name the person

labels.tsv: label, facet, people (how many have it), parents (labels it builds on, separated by ` | `).

A label is `facet:NAME`; a person has at most one of each facet. No sentence of a test person stands with a train
person.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from apps.mention.sentence import MarkedSentence

__all__ = ["Corpus", "Label", "Person", "read_corpus", "separate", "write_corpus"]


@dataclass(frozen=True, slots=True)
class Person:
    """One person, and what is said of them: `mentions` name them, `about` need not."""

    entity: str
    name: str
    labels: tuple[str, ...]
    mentions: tuple[MarkedSentence, ...]
    sources: tuple[str, ...]
    about: tuple[str, ...] = ()
    split: str = "train"


@dataclass(frozen=True, slots=True)
class Label:
    """A category: how many people have it, and the categories of other facets that it builds on."""

    name: str
    people: int
    parents: tuple[str, ...] = ()

    @property
    def facet(self) -> str:
        """What stands before the colon."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Corpus:
    """People of both splits, and the labels in the order of the table."""

    people: tuple[Person, ...]
    labels: tuple[Label, ...]

    def of(self, split: str) -> list[Person]:
        """The people of `train`, `test`, or (`all`) both."""
        return [person for person in self.people if split in ("all", person.split)]


def separate(people: Iterable[Person], share: float, seed: int) -> tuple[Person, ...]:
    """The people with a split drawn by seed, and without the train sentences that a test person has too.

    A train person who loses every sentence so is left out.
    """
    ordered = sorted(people, key=lambda person: person.entity)
    random.Random(seed).shuffle(ordered)
    tests = round(len(ordered) * share)
    held = {sentence.text for person in ordered[:tests] for sentence in person.mentions}
    separated = [replace(person, split="test") for person in ordered[:tests]]
    for person in ordered[tests:]:
        kept = [at for at, sentence in enumerate(person.mentions) if sentence.text not in held]
        mentions = tuple(person.mentions[at] for at in kept)
        if mentions or person.about:
            sources = tuple(person.sources[at] for at in kept)
            separated.append(replace(person, mentions=mentions, sources=sources, split="train"))
    return tuple(separated)


def write_corpus(folder: Path, people: Iterable[Person], parents: dict[str, tuple[str, ...]]) -> None:
    """Both files, in a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    counted: Counter[str] = Counter()
    with gzip.GzipFile(folder / "people.jsonl.gz", "wb", mtime=0) as file:
        for person in people:
            counted.update(person.labels)
            file.write(json.dumps(_record(person), ensure_ascii=False).encode() + b"\n")
    lines = [
        f"{name}\t{name.partition(':')[0]}\t{n}\t{' | '.join(parents.get(name, ()))}" for name, n in counted.items()
    ]
    (folder / "labels.tsv").write_text("label\tfacet\tpeople\tparents\n" + "\n".join(sorted(lines)) + "\n")


def read_corpus(folder: Path) -> Corpus:
    """What `write_corpus` wrote, or what somebody made in its format."""
    rows = [line.split("\t") for line in (folder / "labels.tsv").read_text().splitlines()[1:]]
    labels = tuple(Label(name, int(n), tuple(filter(None, parents.split(" | ")))) for name, _, n, parents in rows)
    return Corpus(tuple(_people(folder / "people.jsonl.gz")), labels)


def _record(person: Person) -> dict[str, object]:
    """One line of the file."""
    mentions = [
        {"text": sentence.text, "start": sentence.start, "end": sentence.end, "source": source, "date": None}
        for sentence, source in zip(person.mentions, person.sources, strict=True)
    ]
    record: dict[str, object] = {
        "entity": person.entity,
        "name": person.name,
        "split": person.split,
        "labels": person.labels,
    }
    return record | {"mentions": mentions, "about": person.about}


def _people(path: Path) -> Iterator[Person]:
    """The people of the file; a bad line is named."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                mentions = record["mentions"]
                yield Person(
                    str(record["entity"]),
                    str(record["name"]),
                    tuple(record.get("labels", ())),
                    tuple(MarkedSentence(one["text"], one["start"], one["end"]) for one in mentions),
                    tuple(str(one.get("source", "")) for one in mentions),
                    tuple(record.get("about", ())),
                    str(record.get("split", "train")),
                )
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path}, line {number}: {error!r}; see `mention prepare --help` for the format"
                ) from error
