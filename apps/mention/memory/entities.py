"""Entities as points: who is known, what they are, who is like them.

payload   entity, called (names, for those who type), name and names (of its mentions), mentions (how many),
          probabilities {category: 0..1} of the likely ones,
          best {facet: NAME}, revision (of the mentions it is made of), heads (of the taught categories it was asked)
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from apps.mention.memory.collections import in_list, is_value, numbers
from apps.mention.memory.names import folded, forms

__all__ = ["LIKELY", "Entities", "Older", "Portrait", "State", "Stored", "best_of", "these"]

LIKELY: Final = 0.1
"""Probability from which on a category is stored and shown."""
_CALLED_MAX: Final = 16
_READ: Final = 1_000
_WRITTEN: Final = 1_000
_SPACE: Final = uuid.UUID("c2f3a0f9-3d0b-4b52-8c43-0b8a51d3a7e4")
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class State:
    """What an entity's point was made from: its mentions, and the taught categories."""

    revision: str
    heads: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything that is stored of an entity."""

    entity: str
    mentions: int
    surfaces: tuple[str, ...]
    vector: Vector
    probabilities: Mapping[str, float]
    state: State


@dataclass(frozen=True, slots=True)
class Stored:
    """An entity as it is found: its mentions, its likely categories, how near it was if that was asked."""

    entity: str
    mentions: int
    probabilities: Mapping[str, float]
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Older:
    """An entity's point as it was read."""

    payload: dict[str, Any]
    vector: Vector


class Entities:
    """The collection of entities."""

    def __init__(self, client: QdrantClient, name: str) -> None:
        self._client = client
        self._name = name

    def count(self) -> int:
        """How many there are."""
        return self._client.count(self._name, exact=True).count

    def write(self, portraits: Sequence[Portrait]) -> None:
        """Store them."""
        for start in range(0, len(portraits), _WRITTEN):
            some = portraits[start : start + _WRITTEN]
            batch = models.Batch(
                ids=[_id(portrait.entity) for portrait in some],
                vectors=[numbers(portrait.vector) for portrait in some],
                payloads=[_payload(portrait) for portrait in some],
            )
            self._client.upsert(self._name, points=batch, wait=True)

    def remove(self, entities: Sequence[str]) -> None:
        """Take them away."""
        self._client.delete(self._name, points_selector=[_id(entity) for entity in entities], wait=True)

    def states(self, entities: Sequence[str]) -> dict[str, State]:
        """What those that are there were made from."""
        found: dict[str, State] = {}
        for start in range(0, len(entities), _READ):
            ids = [_id(entity) for entity in entities[start : start + _READ]]
            for record in self._client.retrieve(self._name, ids, with_payload=["entity", "revision", "heads"]):
                told = record.payload or {}
                found[told["entity"]] = State(told["revision"], told["heads"])
        return found

    def vectors(self, entities: Sequence[str]) -> dict[str, Vector]:
        """The vectors of those that are there."""
        ids = [_id(entity) for entity in entities]
        records = self._client.retrieve(self._name, ids, with_payload=["entity"], with_vectors=True)
        return {(record.payload or {})["entity"]: np.asarray(record.vector, np.float32) for record in records}

    def others(self, entities: Sequence[str], limit: int) -> Vector:
        """(n, size) vectors of people besides these: as good as drawn by chance, since ids are."""
        besides = models.Filter(must_not=[models.HasIdCondition(has_id=[_id(entity) for entity in entities])])
        page, _ = self._client.scroll(self._name, besides, limit=limit, with_payload=False, with_vectors=True)
        return np.asarray([record.vector for record in page], np.float32)

    def near(self, vector: Vector, wanted: models.Filter | None, limit: int) -> list[Stored]:
        """The nearest of those that match, nearest first."""
        asked = numbers(vector)
        points = self._client.query_points(
            self._name, query=asked, query_filter=wanted, limit=limit, with_payload=_SHOWN
        ).points
        return [_stored(point.payload or {}, point.score) for point in points]

    def candidates(self, vectors: Vector, wanted: Sequence[models.Filter], limit: int) -> list[dict[str, Stored]]:
        """For every row the nearest of those that match its filter."""
        asked = [
            models.QueryRequest(
                query=numbers(row),
                filter=filter,
                limit=limit,
                with_payload=models.PayloadSelectorInclude(include=["entity", "mentions"]),
            )
            for row, filter in zip(vectors, wanted, strict=True)
        ]
        answers = self._client.query_batch_points(self._name, requests=asked)
        return [
            {stored.entity: stored for point in answer.points for stored in [_stored(point.payload or {}, point.score)]}
            for answer in answers
        ]

    def find(self, beginning: str, wanted: models.Filter | None, limit: int) -> list[Stored]:
        """Those with a word in their names that begins so, the most mentioned first."""
        must: list[models.Condition] = [] if wanted is None else [wanted]
        must += [
            models.FieldCondition(key="called", match=models.MatchText(text=word)) for word in folded(beginning).split()
        ]
        order = models.OrderBy(key="mentions", direction=models.Direction.DESC)
        page, _ = self._client.scroll(
            self._name, models.Filter(must=must), limit=limit, order_by=order, with_payload=_SHOWN
        )
        return [_stored(record.payload or {}, 0.0) for record in page]

    def facet(self, facet: str, wanted: models.Filter | None, limit: int) -> dict[str, int]:
        """The best names in a facet, with how many entities have each."""
        hits = self._client.facet(self._name, f"best.{facet}", facet_filter=wanted, limit=limit, exact=True).hits
        return {str(hit.value): hit.count for hit in hits}

    def outdated(self, heads: str, limit: int) -> list[Older]:
        """Some that were not asked the taught categories of this revision."""
        older = models.Filter(must_not=[is_value("heads", heads)])
        page, _ = self._client.scroll(self._name, older, limit=limit, with_payload=True, with_vectors=True)
        return [Older(record.payload or {}, np.asarray(record.vector, np.float32)) for record in page]

    def reclassify(self, older: Sequence[Older], probabilities: Sequence[Mapping[str, float]], heads: str) -> None:
        """Store other probabilities, of the taught categories of this revision.

        Who was removed meanwhile stays so, and whose mentions changed stays as they are: a revision is of one entity's
        mentions, so that whoever has one of these revisions has their own.
        """
        changed = zip(older, probabilities, strict=True)
        batch = models.Batch(
            ids=[_id(one.payload["entity"]) for one in older],
            vectors=[numbers(one.vector) for one in older],
            payloads=[one.payload | _classes(chances, heads) for one, chances in changed],
        )
        read = in_list("revision", [one.payload["revision"] for one in older])
        self._client.upsert(
            self._name,
            points=batch,
            update_filter=models.Filter(must=[read]),
            update_mode=models.UpdateMode.UPDATE_ONLY,
            wait=True,
        )


def these(entities: Sequence[str]) -> models.Filter:
    """A filter for these entities."""
    return models.Filter(must=[models.HasIdCondition(has_id=[_id(entity) for entity in entities])])


def best_of(probabilities: Mapping[str, float]) -> dict[str, str]:
    """Facet → the name with the highest probability."""
    best: dict[str, str] = {}
    for category, _ in sorted(probabilities.items(), key=lambda item: (-item[1], item[0])):
        facet, _, name = category.partition(":")
        best.setdefault(facet, name)
    return best


_SHOWN: Final = ["entity", "mentions", "probabilities"]


def _stored(payload: dict[str, Any], score: float) -> Stored:
    return Stored(payload["entity"], payload["mentions"], payload.get("probabilities", {}), score)


def _payload(portrait: Portrait) -> dict[str, Any]:
    known = [forms(surface) for surface in dict.fromkeys(portrait.surfaces)]
    names = [folded(portrait.entity), *dict.fromkeys(folded(surface) for surface in portrait.surfaces)]
    return {
        "entity": portrait.entity,
        "called": list(dict.fromkeys(names))[:_CALLED_MAX],
        "name": sorted({form.full for form in known}),
        "names": sorted({name for form in known for name in form.forms}),
        "mentions": portrait.mentions,
        "revision": portrait.state.revision,
        **_classes(portrait.probabilities, portrait.state.heads),
    }


def _classes(probabilities: Mapping[str, float], heads: str) -> dict[str, Any]:
    kept = {category: round(float(p), 4) for category, p in probabilities.items() if p >= LIKELY}
    return {"probabilities": kept, "best": best_of(kept), "heads": heads}


def _id(entity: str) -> str:
    return str(uuid.uuid5(_SPACE, entity))
