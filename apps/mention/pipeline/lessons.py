"""A corpus as what the networks learn from: categories worth learning, numbered texts, people with targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.facets import Facets
from apps.mention.pipeline.corpus import Corpus, Person

__all__ = ["LABEL_PEOPLE_MIN", "Lessons", "Student", "facets_of", "lessons_of", "targets_of"]

LABEL_PEOPLE_MIN: Final = 10
"""People of the train split that a label must have."""


@dataclass(frozen=True, slots=True)
class Student:
    """What is learnt of one person: numbers of texts, and the place of the label within each facet (-1: unknown)."""

    mentions: NDArray[np.int64]
    about: NDArray[np.int64]
    targets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lessons:
    """The masked texts of all people, and which are whose, person by person."""

    texts: tuple[str, ...]
    students: tuple[Student, ...]


def facets_of(corpus: Corpus, split: str) -> Facets:
    """The labels that enough people of the split have; facets with parents are decided last."""
    counted = Counter(label for person in corpus.of(split) for label in person.labels)
    kept = [label for label in corpus.labels if counted[label.name] >= LABEL_PEOPLE_MIN]
    with_parents = {label.facet for label in kept if label.parents}
    names = sorted({label.facet for label in kept}, key=lambda facet: (facet in with_parents, facet))
    places = {label.name: place for place, label in enumerate(kept)}
    ways = max((len(label.parents) for label in kept), default=0)
    parents = np.full((len(kept), ways), -1, np.int64)
    for place, label in enumerate(kept):
        parents[place, : len(label.parents)] = [places.get(parent, -1) for parent in label.parents]
    facet = np.array([names.index(label.facet) for label in kept], np.int64)
    mix = np.full(ways, 0.5, np.float32)
    return Facets(tuple(label.name for label in kept), tuple(names), facet, parents, mix)


def lessons_of(people: Sequence[Person], facets: Facets) -> Lessons:
    """Texts numbered in the order of the people: mentions, then what is said about them."""
    texts: list[str] = []
    students = []
    for person in people:
        first = len(texts)
        texts += [sentence.masked for sentence in person.mentions]
        middle = len(texts)
        texts += person.about
        mentions, about = np.arange(first, middle), np.arange(middle, len(texts))
        students.append(Student(mentions, about, targets_of(person.labels, facets)))
    return Lessons(tuple(texts), tuple(students))


def targets_of(labels: Sequence[str], facets: Facets) -> NDArray[np.int64]:
    """Per facet the place of the person's label among its members, -1 for none."""
    targets = np.full(len(facets.names), -1, np.int64)
    for place, category in enumerate(facets.categories):
        if category in labels:
            number = int(facets.facet[place])
            targets[number] = int((facets.facet[:place] == number).sum())
    return targets
