"""Conditions on entities, for the filters of `Memory.like`, `entities` and `facets`.

>>> from qdrant_client import models
>>> physicists_of_the_century = models.Filter(must=[is_best("era", "19th century"), is_likely("occ:PHYSICIST", 0.3)])
"""

from __future__ import annotations

from qdrant_client import models

__all__ = ["is_best", "is_known", "is_likely"]


def is_best(facet: str, *names: str) -> models.FieldCondition:
    """The most probable category of the facet is one of these: ("country", "France", "Belgium")."""
    return models.FieldCondition(key=f"best.{facet}", match=models.MatchAny(any=list(names)))


def is_likely(category: str, least: float = 0.5) -> models.FieldCondition:
    """The category has at least this probability. Those below 0.1 are not stored, so `least` is from there on."""
    return models.FieldCondition(key=f'probabilities."{category}"', range=models.Range(gte=least))


def is_known(mentions: int) -> models.FieldCondition:
    """There are at least so many mentions."""
    return models.FieldCondition(key="mentions", range=models.Range(gte=mentions))
