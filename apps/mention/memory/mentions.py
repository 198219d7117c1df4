"""Mentions as points: writing, removing, counting and finding them.

payload: entity, text, start, end, source, date, surface (the name as written), name and names (`names.NameForms`), rank
(newest first). Of one entity at most `LISTENED_MAX` mentions are aggregated, the newest: `Held.ids`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from apps.mention.memory.collections import PAGE, in_list, is_value, numbers
from apps.mention.memory.mention import Mention, MentionId
from apps.mention.memory.names import forms

__all__ = ["LISTENED_MAX", "Held", "Hit", "Mentions", "called"]

LISTENED_MAX: Final = 64
"""Mentions of one entity that its aggregate is made of."""
_UPLOAD: Final = 1_000
_ENTITIES: Final = 64  # asked for at once
_VECTORS: Final = 1_000  # read at once
_SHOWN: Final = ["entity", "text", "start", "end", "source", "date"]
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Held:
    """Of one entity: how many mentions there are, and the ids and surfaces of those that are listened to, by id."""

    mentions: int
    ids: tuple[MentionId, ...]
    surfaces: tuple[str, ...]

    @property
    def revision(self) -> str:
        """Changes with every mention that comes, goes, or is listened to instead of another."""
        return hashlib.blake2b("\n".join([str(self.mentions), *self.ids]).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Hit:
    """A mention near a question, and its cosine to it."""

    mention: Mention
    similarity: float


class Mentions:
    """The collection of mentions."""

    def __init__(self, client: QdrantClient, name: str) -> None:
        self._client = client
        self._name = name

    def write(self, mentions: Sequence[Mention], vectors: NDArray[np.float32]) -> None:
        """Store them with their vectors, one row each."""
        for start in range(0, len(mentions), _UPLOAD):
            some = mentions[start : start + _UPLOAD]
            batch = models.Batch(
                ids=[mention.id for mention in some],
                vectors=[numbers(row) for row in vectors[start : start + _UPLOAD]],
                payloads=[_payload(mention) for mention in some],
            )
            self._client.upsert(self._name, points=batch, wait=True)

    def remove(self, ids: Sequence[MentionId]) -> None:
        """Take them away."""
        self._client.delete(self._name, points_selector=[*ids], wait=True)

    def count(self, entity: str | None = None) -> int:
        """How many there are, of an entity or of all."""
        chosen = None if entity is None else _of([entity])
        return self._client.count(self._name, count_filter=chosen, exact=True).count

    def held(self, entities: Sequence[str]) -> dict[str, Held]:
        """What there is of each entity; those without mentions are left out."""
        found: dict[str, Held] = {}
        for start in range(0, len(entities), _ENTITIES):
            found |= self._held(list(entities[start : start + _ENTITIES]))
        return found

    def vectors(self, ids: Sequence[MentionId]) -> dict[MentionId, Vector]:
        """The vectors of those that are there."""
        found: dict[MentionId, Vector] = {}
        for start in range(0, len(ids), _VECTORS):
            some = ids[start : start + _VECTORS]
            records = self._client.retrieve(self._name, [*some], with_payload=False, with_vectors=True)
            found |= {MentionId(str(record.id)): np.asarray(record.vector, np.float32) for record in records}
        return found

    def get(self, ids: Sequence[MentionId]) -> dict[MentionId, Mention]:
        """Those of the ids that are there."""
        records = self._client.retrieve(self._name, [*ids], with_payload=_SHOWN)
        return {MentionId(str(record.id)): _mention(record.payload or {}) for record in records}

    def newest(self, entity: str, limit: int) -> list[Mention]:
        """The mentions of an entity, newest first."""
        order = models.OrderBy(key="rank", direction=models.Direction.DESC)
        page, _ = self._client.scroll(self._name, _of([entity]), limit=limit, order_by=order, with_payload=_SHOWN)
        return [_mention(record.payload or {}) for record in page]

    def listened(self, entity: str) -> list[tuple[Mention, Vector]]:
        """What the entity's aggregate is made of, newest first."""
        order = models.OrderBy(key="rank", direction=models.Direction.DESC)
        page, _ = self._client.scroll(
            self._name, _of([entity]), limit=LISTENED_MAX, order_by=order, with_payload=_SHOWN, with_vectors=True
        )
        return [(_mention(record.payload or {}), np.asarray(record.vector, np.float32)) for record in page]

    def pages(self, chosen: Mapping[str, str]) -> Iterator[dict[MentionId, str]]:
        """Mention → entity, of all mentions with these values, page by page; what is read may be removed meanwhile."""
        wanted = models.Filter(must=[is_value(key, value) for key, value in chosen.items()])
        offset = None
        while True:
            page, offset = self._client.scroll(self._name, wanted, limit=PAGE, offset=offset, with_payload=["entity"])
            if page:
                yield {MentionId(str(record.id)): str((record.payload or {})["entity"]) for record in page}
            if offset is None:
                return

    def near(self, vectors: NDArray[np.float32], surfaces: Sequence[str], limit: int) -> list[list[Hit]]:
        """For every row the nearest mentions of those who can be called as its surface says, nearest first."""
        asked = [
            models.QueryRequest(
                query=numbers(row),
                filter=called(surface),
                limit=limit,
                with_payload=models.PayloadSelectorInclude(include=_SHOWN),
            )
            for row, surface in zip(vectors, surfaces, strict=True)
        ]
        answers = self._client.query_batch_points(self._name, requests=asked)
        return [[Hit(_mention(point.payload or {}), point.score) for point in answer.points] for answer in answers]

    def _held(self, entities: list[str]) -> dict[str, Held]:
        """All ids at once; if they are too many for that, entity by entity."""
        most = LISTENED_MAX * len(entities)
        page, more = self._client.scroll(self._name, _of(entities), limit=most, with_payload=["entity", "surface"])
        if more is not None:
            return {entity: self._many(entity, count) for entity in entities if (count := self.count(entity))}
        rows: dict[str, list[tuple[MentionId, str]]] = {}
        for record in page:
            payload = record.payload or {}
            rows.setdefault(payload["entity"], []).append((MentionId(str(record.id)), payload["surface"]))
        return {
            entity: _held(len(some), some) if len(some) <= LISTENED_MAX else self._many(entity, len(some))
            for entity, some in rows.items()
        }

    def _many(self, entity: str, count: int) -> Held:
        order = models.OrderBy(key="rank", direction=models.Direction.DESC)
        page, _ = self._client.scroll(
            self._name, _of([entity]), limit=LISTENED_MAX, order_by=order, with_payload=["surface"]
        )
        return _held(count, [(MentionId(str(record.id)), (record.payload or {})["surface"]) for record in page])


def called(surface: str) -> models.Filter:
    """Those who can be called so: one of the two names is a form of the other."""
    asked = forms(surface)
    return models.Filter(should=[is_value("names", asked.full), in_list("name", list(asked.forms))])


def _held(count: int, rows: list[tuple[MentionId, str]]) -> Held:
    rows = sorted(rows)
    return Held(count, tuple(id for id, _ in rows), tuple(surface for _, surface in rows))


def _of(entities: list[str]) -> models.Filter:
    return models.Filter(must=[in_list("entity", entities)])


def _payload(mention: Mention) -> dict[str, Any]:
    surface = mention.text[mention.start : mention.end]
    name = forms(surface)
    told = {
        "entity": mention.entity,
        "text": mention.text,
        "start": mention.start,
        "end": mention.end,
        "source": mention.source,
        "surface": surface,
        "name": name.full,
        "names": list(name.forms),
        "rank": mention.rank,
    }
    return told if mention.date is None else told | {"date": mention.date}


def _mention(payload: dict[str, Any]) -> Mention:
    return Mention(**{key: payload[key] for key in _SHOWN if key in payload})
