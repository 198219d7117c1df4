"""What a collection must do, in plain Python: a dict of points and loops over it."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np

from tamis.model.moment import parse_moment
from tests.filter.oracle import Point, holds

Id = int | UUID
Filter = dict[str, Any]


@dataclass
class Stored:
    """One point."""

    vectors: dict[str, list[float]]
    payload: dict[str, Any]
    version: int


def order(point_id: Id) -> tuple[bool, int]:
    return (isinstance(point_id, UUID), int(point_id))


@dataclass
class Model:
    """All points by id."""

    distances: dict[str, str]
    points: dict[Id, Stored] = field(default_factory=dict)

    def matching(self, filter: Filter | None) -> list[Id]:
        """Ids in order."""
        found = [i for i, p in self.points.items() if holds(filter, Point(i, p.payload, frozenset(p.vectors)))]
        return sorted(found, key=order)

    def chosen(self, ids: Iterable[Id] | None, filter: Filter | None) -> list[Stored]:
        """The points that a write selects."""
        return [self.points[i] for i in (self.matching(filter) if ids is None else set(ids)) if i in self.points]

    def score(self, point_id: Id, name: str, query: list[float]) -> float:
        stored = np.array(self.points[point_id].vectors[name], np.float32)
        asked = np.array(query, np.float32)
        if self.distances[name] == "Cosine":
            stored, asked = (v / (np.linalg.norm(v) or 1) for v in (stored, asked))
        if self.distances[name] in ("Dot", "Cosine"):
            return float(stored @ asked)
        gap = np.abs(stored - asked)
        return float(gap.sum() if self.distances[name] == "Manhattan" else np.sqrt((gap * gap).sum()))

    def best(self, name: str, query: list[float], filter: Filter | None) -> list[tuple[Id, float]]:
        """All matching points that have the vector, best first, equal scores by id."""
        with_it = [i for i in self.matching(filter) if name in self.points[i].vectors]
        sign = -1 if self.distances[name] in ("Dot", "Cosine") else 1
        scored = [(i, self.score(i, name, query)) for i in with_it]
        return sorted(scored, key=lambda hit: (sign * hit[1], order(hit[0])))


def merged(payload: dict[str, Any], patch: dict[str, Any], key: str | None) -> dict[str, Any]:
    """set_payload; key: a path of object keys, None is the root."""
    result = deepcopy(payload)
    target = result
    for step in key.split(".") if key else []:
        if not isinstance(target.get(step), dict):
            target[step] = {}
        target = target[step]
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
    return result


def without(payload: dict[str, Any], path: str) -> dict[str, Any]:
    """delete_payload of one path of object keys."""
    result = deepcopy(payload)
    *outer, last = path.split(".")
    target: Any = result
    for step in outer:
        target = target.get(step) if isinstance(target, dict) else None
    if isinstance(target, dict):
        target.pop(last, None)
    return result


def order_values(payload: dict[str, Any], key: str) -> list[float]:
    """What a scroll ordered by a top-level key sees: numbers, and dates as microseconds."""
    value = payload.get(key)
    found: list[float] = []
    for leaf in value if isinstance(value, list) else [value]:
        if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
            found.append(leaf)
        elif isinstance(leaf, str) and (moment := parse_moment(leaf)) is not None:
            found.append(moment)
    return found
