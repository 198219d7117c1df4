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

__all__ = ["Candidate", "Linking", "Question"]

_AT_ONCE: Final = 32
_WITNESSES: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be meant; score: a probability; mentions: the nearest of those that voted, nearest first."""

    entity: str
    score: float
    mentions: list[Mention]


@dataclass(frozen=True, slots=True)
class Question:
    """Who may be meant by a name, and what speaks for each; votes: the nearest mentions, nearest first."""

    entities: list[str]
    evidence: Evidence
    votes: list[Mention]


class Linking:
    """Sentences with a marked name → candidates. `weights` may be replaced."""

    def __init__(self, mentions: Mentions, entities: Entities, encoder: Encoder, aggregator: Aggregator) -> None:
        self._mentions = mentions
        self._entities = entities
        self._encoder = encoder
        self._aggregator = aggregator
        self.weights = Weights()

    def link(self, sentences: Sequence[MarkedSentence], limit: int) -> list[list[Candidate]]:
        """For every sentence its candidates, most probable first; none if a stranger is more probable than any."""
        return [_candidates(one, self.weights, limit) for one in self.questions(sentences)]

    def questions(self, sentences: Sequence[MarkedSentence]) -> list[Question]:
        """For every sentence what is known of who may be meant."""
        found: list[Question] = []
        for start in range(0, len(sentences), _AT_ONCE):
            some = sentences[start : start + _AT_ONCE]
            vectors = self._encoder.encode([sentence.masked for sentence in some])
            hits = self._mentions.near(vectors, [sentence.surface for sentence in some], NEAREST)
            alone = np.stack([self._aggregator.aggregate(row[None]).vector for row in vectors])
            known = self._entities.candidates(alone, [called(sentence.surface) for sentence in some], NEAREST)
            self._complete(known, alone, hits)
            found += [_question(one, entities) for one, entities in zip(hits, known, strict=True)]
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


def _question(hits: list[Hit], known: dict[str, Stored]) -> Question:
    votes = [hit for hit in hits if hit.mention.entity in known]  # others were forgotten between the two searches
    numbers = {entity: number for number, entity in enumerate(known)}
    evidence = Evidence(
        np.array([hit.similarity for hit in votes], np.float64),
        np.array([numbers[hit.mention.entity] for hit in votes], np.int64),
        np.array([stored.score for stored in known.values()], np.float64),
        np.array([stored.mentions for stored in known.values()], np.float64),
    )
    return Question(list(known), evidence, [hit.mention for hit in votes])


def _candidates(question: Question, weights: Weights, limit: int) -> list[Candidate]:
    entities = question.entities
    chances = scores(question.evidence, weights)
    if not entities or chances.max() < 1.0 - chances.sum():
        return []
    best = sorted(range(len(entities)), key=lambda number: (-chances[number], entities[number]))[:limit]
    return [
        Candidate(
            entities[number],
            float(chances[number]),
            [mention for mention in question.votes if mention.entity == entities[number]][:_WITNESSES],
        )
        for number in best
    ]
