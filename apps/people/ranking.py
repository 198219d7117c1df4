"""The best by two vectors at once: the engine ranks by one, and this adds up.

    score = balance · likeness of interests + (1 − balance) · likeness of words

Each list comes best first, so whoever is in none of them scores at most the sum of the last ones. When the wanted
number of people score no less, they are the best; otherwise the lists are made longer (the threshold algorithm of
Fagin, Lotem and Naor, 2001). Scores missing in one list are asked for by id. After lists of 1,024 it ends as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from qdrant_client import QdrantClient, models

from apps.people.profile import Refused

__all__ = ["Examples", "Scored", "ranked", "scored"]

_DEPTH_MAX = 1_024
_Lists = dict[str, dict[int, float]]


@dataclass(frozen=True, slots=True)
class Examples:
    """By vector name: the people to be like, and the people not to be like; and how much each vector counts."""

    positive: dict[str, list[int]]
    negative: dict[str, list[int]]
    weights: dict[str, float]

    def counted(self) -> dict[str, float]:
        """The weights of the vectors that can be compared; they add up to one. Refused if there is none."""
        left = {name: weight for name, weight in self.weights.items() if weight > 0 and self.positive.get(name)}
        if not left:
            raise Refused("person: there is nothing to compare; give interests or a description that others share")
        return {name: weight / sum(left.values()) for name, weight in left.items()}


@dataclass(frozen=True, slots=True)
class Scored:
    """A person, the score, and its parts by vector."""

    id: int
    score: float
    parts: dict[str, float]


def ranked(client: QdrantClient, name: str, examples: Examples, filter: models.Filter, limit: int) -> list[Scored]:
    """At most `limit` people that pass the filter, best first; ties by id."""
    depth = 4 * limit + 32
    weights = examples.counted()
    while True:
        lists = _asked(client, name, examples, dict.fromkeys(weights, filter), depth)
        ceiling = sum(
            weight * max(0.0, min(lists[vector].values())) if len(lists[vector]) == depth else 0.0
            for vector, weight in weights.items()
        )
        full = any(len(found) == depth for found in lists.values())
        found = _summed(_completed(client, name, examples, lists), weights)[:limit]
        if not full or depth >= _DEPTH_MAX or (len(found) == limit and found[-1].score >= ceiling):
            return found
        depth *= 4


def scored(client: QdrantClient, name: str, examples: Examples, filter: models.Filter, limit: int) -> list[Scored]:
    """Everybody that passes a filter which lets at most `limit` people pass, best first."""
    weights = examples.counted()
    return _summed(_asked(client, name, examples, dict.fromkeys(weights, filter), limit), weights)


def _completed(client: QdrantClient, name: str, examples: Examples, lists: _Lists) -> _Lists:
    """The lists with everybody in all of them who has the vector."""
    everybody = set().union(*lists.values())
    lacking = {vector: sorted(everybody - found.keys()) for vector, found in lists.items()}
    filters = {
        vector: models.Filter(must=[models.HasIdCondition(has_id=[*ids])]) for vector, ids in lacking.items() if ids
    }
    more = _asked(client, name, examples, filters, max(map(len, lacking.values()), default=0)) if filters else {}
    return {vector: found | more.get(vector, {}) for vector, found in lists.items()}


def _asked(
    client: QdrantClient, name: str, examples: Examples, filters: dict[str, models.Filter], limit: int
) -> _Lists:
    """One recommendation for each vector, in one request."""
    requests = [
        models.QueryRequest(
            query=models.RecommendQuery(
                recommend=models.RecommendInput(
                    positive=[*examples.positive[vector]], negative=[*examples.negative.get(vector, [])]
                )
            ),
            using=vector,
            filter=filter,
            limit=limit,
        )
        for vector, filter in filters.items()
    ]
    answers = client.query_batch_points(name, requests)
    return {
        vector: {int(hit.id): hit.score for hit in answer.points}
        for vector, answer in zip(filters, answers, strict=True)
    }


def _summed(lists: _Lists, weights: dict[str, float]) -> list[Scored]:
    everybody: dict[int, dict[str, float]] = {}
    for vector, found in lists.items():
        for id, score in found.items():
            everybody.setdefault(id, {})[vector] = score
    summed = [
        Scored(id, sum(weights[vector] * score for vector, score in parts.items()), parts)
        for id, parts in everybody.items()
    ]
    return sorted(summed, key=lambda person: (-person.score, person.id))
