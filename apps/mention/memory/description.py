"""What somebody is, by category, and which mentions speak for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.memory.entities import LIKELY
from apps.mention.memory.mention import Mention
from apps.mention.memory.teaching.taught import Heads
from apps.mention.memory.words import facet_of, readable
from apps.mention.model.aggregate import Aggregate, Aggregator

__all__ = ["Category", "Description", "Similar", "described", "likely"]

_LEFT_OUT_MAX: Final = 8
_ODDS: Final = 1e-6
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Category:
    """A category of somebody.

    key: "facet:NAME"; name: in words; speakers: the mentions with by how much the log-odds fall without each, most
    first; below zero it speaks against the category.
    """

    key: str
    name: str
    facet: str
    probability: float
    speakers: tuple[tuple[Mention, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """An entity: mentions: how many there are; categories: most probable first."""

    entity: str
    mentions: int
    categories: list[Category]


@dataclass(frozen=True, slots=True)
class Similar:
    """Somebody found: score: cosine to whom was asked about, 0 if nobody was; categories: the likely ones."""

    entity: str
    score: float
    mentions: int
    categories: list[Category]


def likely(probabilities: Mapping[str, float], least: float = LIKELY) -> list[Category]:
    """The categories with at least this probability, most probable first."""
    ordered = sorted(probabilities.items(), key=lambda item: (-item[1], item[0]))
    return [Category(key, readable(key), facet_of(key), float(p)) for key, p in ordered if p >= least]


def described(
    listened: Sequence[tuple[Mention, Vector]], aggregator: Aggregator, heads: Heads, each: int | None
) -> list[Category]:
    """The likely categories, or so many of each facet, from the mentions themselves, and how each mention speaks."""
    mentions = [mention for mention, _ in listened]
    rows = np.stack([vector for _, vector in listened])
    whole = aggregator.aggregate(rows)
    taught = heads.probabilities(whole.vector[None])[0]
    support = np.concatenate([whole.support, _taught_support(rows, whole, aggregator, heads)], axis=1)
    keys = (*aggregator.categories, *heads.categories)
    columns = {key: column for column, key in enumerate(keys)}
    probabilities = dict(zip(keys, [*whole.probabilities.tolist(), *taught.tolist()], strict=True))
    found = likely(probabilities) if each is None else likely(_first(probabilities, each), 0.0)
    speakers = _speakers(mentions, support[:, [columns[one.key] for one in found]])
    return [
        Category(one.key, one.name, one.facet, one.probability, some) for one, some in zip(found, speakers, strict=True)
    ]


def _first(probabilities: Mapping[str, float], each: int) -> dict[str, float]:
    """The most probable of every facet."""
    facets: dict[str, list[str]] = {}
    for key in sorted(probabilities, key=lambda key: (-probabilities[key], key)):
        facets.setdefault(facet_of(key), []).append(key)
    return {key: probabilities[key] for some in facets.values() for key in some[:each]}


def _speakers(mentions: Sequence[Mention], support: Vector) -> list[tuple[tuple[Mention, float], ...]]:
    """For every column of (mentions, categories) the mentions with their support, most first."""
    order = np.argsort(-support, axis=0, kind="stable")
    ranked = np.take_along_axis(support, order, axis=0)
    return [
        tuple((mentions[row], value) for row, value in zip(rows, values, strict=True))
        for rows, values in zip(order.T.tolist(), ranked.T.tolist(), strict=True)
    ]


def _taught_support(rows: Vector, whole: Aggregate, aggregator: Aggregator, heads: Heads) -> Vector:
    """(mentions, taught categories): what leaving one out takes from the log-odds, for those listened to most."""
    support = np.zeros((len(rows), len(heads.categories)), np.float32)
    if not heads.categories:
        return support
    with_all = _odds(heads.probabilities(whole.vector[None])[0])
    if len(rows) == 1:
        return with_all[None]
    for row in np.argsort(-whole.weights, kind="stable")[:_LEFT_OUT_MAX]:
        without = aggregator.aggregate(np.delete(rows, row, axis=0))
        support[row] = with_all - _odds(heads.probabilities(without.vector[None])[0])
    return support


def _odds(probabilities: Vector) -> Vector:
    kept = np.clip(probabilities, _ODDS, 1.0 - _ODDS)
    odds: Vector = np.log(kept / (1.0 - kept))
    return odds
