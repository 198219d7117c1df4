"""Categories that users taught: one point each, read by every process that aggregates.

point      vector: the head's weights · payload: category, bias, examples, counter_examples
revision   changes with every category that is taught, taught anew, or taken back; entities store which one they are of
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from apps.mention.memory.collections import numbers
from apps.mention.memory.errors import MemoryRejected, UnknownCategory
from apps.mention.memory.mention import clean
from apps.mention.memory.teaching.head import Head, probability
from apps.mention.memory.words import TAUGHT, readable

__all__ = ["Heads", "Lesson", "Taught", "category_key"]

HEADS_MAX: Final = 256
_CHARS_MAX: Final = 80
_SPACE: Final = uuid.UUID("1b7a62be-9d8e-4b39-8a6c-5fd2a9f4e6d0")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A taught category and what it was taught with: keys of entities, and sentences."""

    category: str
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The category in words."""
        return readable(self.category)


@dataclass(frozen=True, slots=True)
class Heads:
    """All taught categories at one moment: names, (n, size) weights, (n,) biases."""

    revision: str = ""
    categories: tuple[str, ...] = ()
    weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    biases: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, categories) for (n, size) vectors of entities."""
        if not self.categories:
            return np.zeros((len(vectors), 0), np.float32)
        return probability(self.weights, self.biases, vectors)


class Taught:
    """The collection of taught categories."""

    def __init__(self, client: QdrantClient, name: str) -> None:
        self._client = client
        self._name = name
        self._known = Heads(_revision({}))

    def current(self) -> Heads:
        """The heads there are now; read anew only if they changed."""
        if _revision(self._stamps()) != self._known.revision:
            self._known = self._read()
        return self._known

    def weights(self, category: str) -> NDArray[np.float32]:
        """The head of a category. UnknownCategory."""
        heads = self.current()
        if category not in heads.categories:
            raise _untaught(category, heads.categories)
        row: NDArray[np.float32] = heads.weights[heads.categories.index(category)]
        return row

    def lessons(self) -> list[Lesson]:
        """What was taught, by name."""
        found = [
            Lesson(told["category"], tuple(told["examples"]), tuple(told["counter_examples"]))
            for record in self._records()
            if (told := record.payload)
        ]
        return sorted(found, key=lambda lesson: lesson.category)

    def write(self, lesson: Lesson, head: Head) -> None:
        """Keep a head; one of the same category gives way to it. MemoryRejected."""
        others = self._stamps().keys() - {lesson.category}
        if len(others) >= HEADS_MAX:
            raise MemoryRejected(f"category: {HEADS_MAX} are taught already; forget one first")
        payload = {
            "category": lesson.category,
            "bias": head.bias,
            "examples": list(lesson.examples),
            "counter_examples": list(lesson.counter_examples),
            "stamp": uuid.uuid4().hex,
        }
        point = models.PointStruct(id=_id(lesson.category), vector=numbers(head.weights), payload=payload)
        self._client.upsert(self._name, [point], wait=True)

    def remove(self, category: str) -> None:
        """Take a head back. UnknownCategory."""
        if category not in self._stamps():
            raise _untaught(category, self._stamps())
        self._client.delete(self._name, points_selector=[_id(category)], wait=True)

    def _stamps(self) -> dict[str, str]:
        records = self._records(["category", "stamp"])
        return {told["category"]: told["stamp"] for record in records if (told := record.payload)}

    def _records(self, payload: list[str] | bool = True, vectors: bool = False) -> list[models.Record]:
        page, _ = self._client.scroll(self._name, limit=HEADS_MAX, with_payload=payload, with_vectors=vectors)
        return page

    def _read(self) -> Heads:
        records = sorted(self._records(["category", "bias", "stamp"], vectors=True), key=lambda one: str(one.id))
        told = [record.payload or {} for record in records]
        return Heads(
            _revision({one["category"]: one["stamp"] for one in told}),
            tuple(one["category"] for one in told),
            np.asarray([record.vector for record in records], np.float32),
            np.asarray([one["bias"] for one in told], np.float32),
        )


def category_key(category: object) -> str:
    """The category as it is kept: `facet:NAME`, of the facet `taught` if none is given. MemoryRejected.

    >>> category_key("computer pioneer")
    'taught:computer pioneer'
    """
    key = clean("category", category, _CHARS_MAX)
    if not key or any(sign in key for sign in '"[]'):
        raise MemoryRejected(f"category: {key!r} is none; give words without quotes and square brackets")
    facet, colon, name = key.partition(":")
    return f"{TAUGHT}:{key}" if not colon else f"{facet.strip() or TAUGHT}:{name.strip()}"


def _untaught(category: str, taught: Iterable[str]) -> UnknownCategory:
    return UnknownCategory(f"category: {category!r} was not taught; taught are: {', '.join(taught) or '-'}")


def _revision(stamps: Mapping[str, str]) -> str:
    told = "\n".join(f"{category}\t{stamp}" for category, stamp in sorted(stamps.items()))
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def _id(category: str) -> str:
    return str(uuid.uuid5(_SPACE, category))
