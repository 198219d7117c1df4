"""Fetching what `linker` scores: the mentions near a sentence of those who can be called so, and their entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.memory.entities import Entities, Stored, these
from apps.mention.memory.linker import NEAREST, Evidence, Weights, scores
from apps.mention.memory.mention import Mention
from apps.mention.memory.mentions import Hit, Mentions, called
from apps.mention.model.aggregate import Aggregator, Encoder
from apps.mention.sentence import MarkedSentence

__all__ = ["Candidate", "Linking"]

_AT_ONCE: Final = 32
_WITNESSES: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be meant; score: a probability; mentions: the nearest of those that voted, nearest first."""

    entity: str
    score: float
    mentions: list[Mention]


class Linking:
    """Sentences with a marked name → candidates."""

    def __init__(self, mentions: Mentions, entities: Entities, encoder: Encoder, aggregator: Aggregator) -> None:
        self._mentions = mentions
        self._entities = entities
        self._encoder = encoder
        self._aggregator = aggregator
        self.weights = Weights()

    def link(self, sentences: Sequence[MarkedSentence], limit: int) -> list[list[Candidate]]:
        """For every sentence its candidates, most probable first; none if a stranger is more probable than any."""
        found: list[list[Candidate]] = []
        for start in range(0, len(sentences), _AT_ONCE):
            some = sentences[start : start + _AT_ONCE]
            vectors = self._encoder.encode([sentence.masked for sentence in some])
            hits = self._mentions.near(vectors, [sentence.surface for sentence in some], NEAREST)
            alone = np.stack([self._aggregator.aggregate(row[None]).vector for row in vectors])
            known = self._entities.candidates(alone, [called(sentence.surface) for sentence in some], NEAREST)
            self._complete(known, alone, hits)
            found += [
                _candidates(one, entities, self.weights, limit) for one, entities in zip(hits, known, strict=True)
            ]
        return found

    def _complete(self, known: list[dict[str, Stored]], alone: NDArray[np.float32], hits: list[list[Hit]]) -> None:
        """Add those who have a vote, and were called so only in mentions that are no longer listened to."""
        missing = [
            {hit.mention.entity for hit in one} - entities.keys() for one, entities in zip(hits, known, strict=True)
        ]
        rows = [row for row, entities in enumerate(missing) if entities]
        if rows:
            found = self._entities.candidates(alone[rows], [these(sorted(missing[row])) for row in rows], NEAREST)
            for row, entities in zip(rows, found, strict=True):
                known[row] |= entities


def _candidates(hits: list[Hit], known: dict[str, Stored], weights: Weights, limit: int) -> list[Candidate]:
    votes = [hit for hit in hits if hit.mention.entity in known]
    if not known:
        return []
    entities = list(known)
    chances = scores(_evidence(votes, known), weights)
    if chances.max() < 1.0 - chances.sum():
        return []
    best = sorted(range(len(entities)), key=lambda number: (-chances[number], entities[number]))[:limit]
    return [
        Candidate(
            entities[number],
            float(chances[number]),
            [hit.mention for hit in votes if hit.mention.entity == entities[number]][:_WITNESSES],
        )
        for number in best
    ]


def _evidence(votes: list[Hit], known: dict[str, Stored]) -> Evidence:
    numbers = {entity: number for number, entity in enumerate(known)}
    similarities: NDArray[np.float64] = np.array([hit.similarity for hit in votes], np.float64)
    voters = np.array([numbers[hit.mention.entity] for hit in votes], np.int64)
    likeness = np.array([stored.score for stored in known.values()])
    mentions = np.array([float(stored.mentions) for stored in known.values()])
    return Evidence(similarities, voters, likeness, mentions)
