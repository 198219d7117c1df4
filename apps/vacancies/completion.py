"""Completing a text: what the user typed → phrases, best first.

    clause     the last clause of the text and its tails (`clause`), embedded as a whole
    searches   in one batch, each filtered by language and group, all in the order of the clause's vector:
                 per tail   phrases that begin like it       filter: start, words in their places
                            phrases with its words           filter: words begin like these; not of long tails
                 once       phrases that mean the like       no filter on words: other words, other language, typos
    ranking    one order, each text once (`ranking`)
    counts     per group, whatever group is asked for: phrases that go on from the tail that the best completion does;
               if none does, of the hundred that are nearest in meaning

A keystroke is two requests to tamis: the batch and the counts. Nothing is remembered between keystrokes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from apps.vacancies.clause import Clause, Tail, last_clause
from apps.vacancies.errors import BadInput, NotBuilt
from apps.vacancies.groups import GROUPS, LANGUAGES
from apps.vacancies.marks import marked
from apps.vacancies.meaning.embedding import Embedding
from apps.vacancies.ranking import Candidate, Ranked, ranked
from apps.vacancies.words import folded_words, placed

__all__ = ["LIMIT_MAX", "Answer", "Completer", "Completion", "Question"]

LIMIT_MAX = 50
_WEIGHT_SHARE = 1.0
_PER_SEARCH = 16
_SCATTERED_WORDS_MAX = 3
_NEAREST = 100
_LIKENESS_MIN = 0.4
_MEANING_CHARS_MIN = 3
_MEANING_CHARS = 6


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    language: en, nl or both. group: an ISCO major group, 0 to 9; None asks for all. limit: completions, at most 50.
    meaning: False leaves out everything but prefixes and weights, to see what meaning adds.
    """

    text: str
    language: str = "both"
    group: int | None = None
    limit: int = 8
    meaning: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise BadInput("text", f"must be text, got {type(self.text).__name__}")
        if self.language not in (*LANGUAGES, "both"):
            raise BadInput("language", f"must be en, nl or both, got {str(self.language)[:40]!r}")
        if self.group is not None and (type(self.group) is not int or self.group not in GROUPS):
            raise BadInput("group", f"must be an ISCO major group, 0 to 9, got {str(self.group)[:40]!r}")
        if type(self.limit) is not int or not 1 <= self.limit <= LIMIT_MAX:
            raise BadInput("limit", f"must be a number from 1 to {LIMIT_MAX}, got {str(self.limit)[:40]!r}")
        if type(self.meaning) is not bool:
            raise BadInput("meaning", f"must be true or false, got {str(self.meaning)[:40]!r}")


@dataclass(frozen=True, slots=True)
class Completion:
    """A phrase that takes the place of the text from `start` on.

    marks: the characters [from, to) of `text` that were typed. concept: the occupation, or "". by: prefix or meaning.
    """

    text: str
    start: int
    marks: tuple[tuple[int, int], ...]
    language: str
    kind: str
    group: int | None
    concept: str
    by: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Completions, best first; how many phrases each group has for this text; and how long it took."""

    completions: tuple[Completion, ...]
    groups: Mapping[int, int]
    took_ms: float


class Completer:
    """Completes texts with an index that `build` made. Threads may share it."""

    def __init__(self, client: QdrantClient, embedding: Embedding) -> None:
        """client: where the points are. Raises NotBuilt if the collection that the embedding names is not there."""
        self._client = client
        self._embedding = embedding
        self._collection = str(embedding.about.get("collection", ""))
        if not self._collection or not client.collection_exists(self._collection):
            raise NotBuilt(f"the collection {self._collection or '?'} is not there; make it with: vacancies build")

    @property
    def phrases(self) -> int:
        """How many phrases can be offered."""
        return int(self._embedding.about["phrases"])

    def complete(self, question: Question) -> Answer:
        """What the text could go on with. Any text has an answer, perhaps an empty one."""
        begin = time.perf_counter()
        clause = last_clause(question.text)
        found = self._found(question, clause) if clause.words else []
        best = ranked(found, clause, question.limit)
        groups = self._counts(question, clause, best)
        completions = tuple(_completion(one, clause) for one in best)
        return Answer(completions, groups, round(1e3 * (time.perf_counter() - begin), 2))

    def _found(self, question: Question, clause: Clause) -> list[Candidate]:
        vector = self._vector(clause, question.meaning)
        wanted = _wanted(question, group=True)
        filters = [
            models.Filter(must=[*wanted, one])
            for tail in clause.tails
            for one in _going_on(tail)[: 1 if len(tail.folded) > _SCATTERED_WORDS_MAX else 2]
        ]
        by_prefix = len(filters)
        if vector[:-1].any():
            filters.append(models.Filter(must=wanted))
        query = vector.tolist()
        requests = [
            models.QueryRequest(query=query, filter=filter, limit=_PER_SEARCH, with_payload=True) for filter in filters
        ]
        replies = self._client.query_batch_points(self._collection, requests=requests)
        hits = {hit.id: hit for reply in replies[by_prefix:] for hit in reply.points if _is_near(hit, vector)}
        hits |= {hit.id: hit for reply in replies[:by_prefix] for hit in reply.points}
        return [_candidate(hit) for hit in hits.values()]

    def _vector(self, clause: Clause, meaning: bool) -> NDArray[np.float32]:
        """The clause as it is asked for; without meaning, only weight orders what the filters leave."""
        made = np.zeros(self._embedding.dimensions + 1, np.float32)
        if meaning and sum(map(len, clause.words)) >= _MEANING_CHARS_MIN:
            chars = sum(map(len, clause.words))
            sure = chars / (chars + _MEANING_CHARS)
            made[:-1] = sure * self._embedding.embed(clause.words[-8:], clause.complete)
        made[-1] = _WEIGHT_SHARE
        return made

    def _counts(self, question: Question, clause: Clause, best: Sequence[Ranked]) -> dict[int, int]:
        wanted = _wanted(question, group=False)
        if not clause.words:
            return self._facet(wanted)
        goes_on = [one.tail for one in best if one.goes_on]
        for tail in goes_on[:1] or clause.tails:  # with none in the group that is asked for, others may have some
            counts = self._facet([*wanted, models.Filter(should=_going_on(tail))])
            if counts:
                return counts
        return self._nearby(question, clause)

    def _facet(self, wanted: Sequence[Any]) -> dict[int, int]:
        facet = self._client.facet(
            self._collection, "group", facet_filter=models.Filter(must=[*wanted]), limit=len(GROUPS), exact=True
        )
        return {int(hit.value): hit.count for hit in facet.hits}

    def _nearby(self, question: Question, clause: Clause) -> dict[int, int]:
        vector = self._vector(clause, question.meaning)
        if not vector[:-1].any():
            return {}
        reply = self._client.query_points(
            self._collection,
            query=vector.tolist(),
            query_filter=models.Filter(must=_wanted(question, group=False)),
            limit=_NEAREST,
            with_payload=["group", "weight"],
        )
        near = [hit.payload or {} for hit in reply.points if _is_near(hit, vector)]
        return dict(Counter(told["group"] for told in near if "group" in told))


def _wanted(question: Question, group: bool) -> list[Any]:
    wanted: list[Any] = []
    if question.language != "both":
        wanted.append(_is("language", question.language))
    if group and question.group is not None:
        none = models.IsEmptyCondition(is_empty=models.PayloadField(key="group"))
        wanted.append(models.Filter(should=[_is("group", question.group), none]))
    return wanted


def _is(key: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def _going_on(tail: Tail) -> list[Any]:
    return [
        models.FieldCondition(key="start", match=models.MatchText(text=placed(tail.folded))),
        models.FieldCondition(key="words", match=models.MatchText(text=tail.text)),
    ]


def _is_near(hit: models.ScoredPoint, asked: NDArray[np.float32]) -> bool:
    """Whether a phrase means the like, whatever its weight."""
    meaning = hit.score - _WEIGHT_SHARE * float((hit.payload or {})["weight"])
    return meaning >= _LIKENESS_MIN * float(np.linalg.norm(asked[:-1]))


def _candidate(hit: models.ScoredPoint) -> Candidate:
    told = hit.payload or {}
    return Candidate(
        told["text"],
        folded_words(told["text"]),
        told["language"],
        told["kind"],
        told.get("group"),
        told.get("concept", ""),
        hit.score,
    )


def _completion(one: Ranked, clause: Clause) -> Completion:
    candidate = one.candidate
    marks = marked(candidate.text, one.tail.folded) if one.goes_on else ()
    by = "prefix" if one.goes_on else "meaning"
    return Completion(
        candidate.text,
        one.tail.start,
        marks,
        candidate.language,
        candidate.kind,
        candidate.group,
        candidate.concept,
        by,
    )
