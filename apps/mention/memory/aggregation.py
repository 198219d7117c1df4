"""An entity is the aggregate of the mentions that exist, whoever else writes meanwhile.

    read the taught categories, the mentions' ids, and what the stored entity was made from   ◀─┐
    the same?  done                                                                             │
    otherwise aggregate, write, and look again ─────────────────────────────────────────────────┘

Everybody who changes mentions does this afterwards. The last one to write an entity looks once more, and sees every
mention whose writer may have looked too early; so threads, and processes over one server, need no lock between them.
The locks here only spare threads of one process from doing the same work twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.memory.entities import Entities, Older, Portrait, State
from apps.mention.memory.errors import Unsettled
from apps.mention.memory.mention import MentionId
from apps.mention.memory.mentions import Held, Mentions
from apps.mention.memory.teaching.taught import Heads, Taught
from apps.mention.model.aggregate import Aggregator

__all__ = ["Aggregation"]

_ROUNDS_MAX: Final = 100
_PAGE: Final = 500  # entities that are asked the taught categories at once
_LOCKS: Final = 64
Vector = NDArray[np.float32]


class Aggregation:
    """Keeps the collection of entities what the mentions and the taught categories make it."""

    def __init__(self, mentions: Mentions, entities: Entities, taught: Taught, aggregator: Aggregator) -> None:
        self._mentions = mentions
        self._entities = entities
        self._taught = taught
        self._aggregator = aggregator
        self._categories = frozenset(aggregator.categories)
        self._locks = [threading.Lock() for _ in range(_LOCKS)]

    def refresh(self, entities: Iterable[str], vectors: Mapping[MentionId, Vector] | None = None) -> None:
        """Return when each entity is the aggregate of its mentions. vectors: of mentions, to spare reading them."""
        waiting = sorted(set(entities))
        known = dict(vectors or {})
        with self._alone(waiting):
            for _ in range(_ROUNDS_MAX):
                if not waiting:
                    return
                waiting = self._round(waiting, known)
        raise Unsettled(f"entity {waiting[0]!r}: others changed it {_ROUNDS_MAX} times meanwhile; refresh it later")

    def reclassify(self) -> None:
        """Return when every entity was asked the taught categories that there are."""
        while True:
            heads = self._taught.current()
            older = self._entities.outdated(heads.revision, _PAGE)
            if not older:
                return
            chances = heads.probabilities(np.stack([one.vector for one in older])).tolist()
            asked = [
                self._own(one) | dict(zip(heads.categories, row, strict=True))
                for one, row in zip(older, chances, strict=True)
            ]
            self._entities.reclassify(older, asked, heads.revision)

    def _own(self, older: Older) -> dict[str, float]:
        """The probabilities of the model's own categories."""
        return {name: p for name, p in older.payload["probabilities"].items() if name in self._categories}

    def _round(self, waiting: list[str], known: dict[MentionId, Vector]) -> list[str]:
        """Look at all, write those that are not what they should be, and return these."""
        heads = self._taught.current()
        held = self._mentions.held(waiting)
        states = self._entities.states(waiting)
        due = {entity: State(held[entity].revision, heads.revision) for entity in held}
        stale = [entity for entity in waiting if states.get(entity) != due.get(entity)]
        if gone := [entity for entity in stale if entity not in held]:
            self._entities.remove(gone)
        missing = [id for entity in stale if entity in held for id in held[entity].ids if id not in known]
        known.update(self._mentions.vectors(missing))
        whole = [entity for entity in stale if entity in held and all(id in known for id in held[entity].ids)]
        self._entities.write([self._portrait(entity, held[entity], known, heads) for entity in whole])
        return stale

    def _portrait(self, entity: str, held: Held, known: Mapping[MentionId, Vector], heads: Heads) -> Portrait:
        aggregate = self._aggregator.aggregate(np.stack([known[id] for id in held.ids]))
        chances = dict(zip(self._aggregator.categories, aggregate.probabilities.tolist(), strict=True))
        chances |= dict(zip(heads.categories, heads.probabilities(aggregate.vector[None])[0].tolist(), strict=True))
        state = State(held.revision, heads.revision)
        return Portrait(entity, held.mentions, held.surfaces, aggregate.vector, chances, state)

    @contextmanager
    def _alone(self, entities: list[str]) -> Iterator[None]:
        """One thread of this process at a time for each of these."""
        with ExitStack() as held:
            for number in sorted({hash(entity) % _LOCKS for entity in entities}):
                held.enter_context(self._locks[number])
            yield
