"""Hits of a batch of queries, as arrays, and what each segment did for them.

    view, offset, distance   [queries, k], nearest first; view is -1 where there are fewer hits than k

Distances are the kernels' own (squared L2, negated dot, L1); `scores` turns them into what users see, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.distance import DOT, L2
from tamis.model.ids import PointId, id_order
from tamis.segment.view import SegmentView

__all__ = ["Leg", "Place", "Ranked", "passes", "scores"]

Place = tuple[PointId, float, SegmentView, int]  # id, score, view, offset


@dataclass(slots=True)
class Leg:
    """One segment's part in a search. Counters are summed over the queries; seconds by step, only when traced."""

    rows: int
    matches: int
    limit: int
    strategy: str
    reason: str
    beam: int = 0
    segment: int = 0
    distances: int = 0
    expansions: int = 0
    rows_scanned: int = 0
    abandoned: int = 0  # queries whose walk was repeated as a scan
    clauses: tuple[Any, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """The nearest of every query. `legs` has one entry per segment."""

    views: Sequence[SegmentView]
    metric: int
    view: NDArray[np.int32]
    offset: NDArray[np.uint32]
    distance: NDArray[np.float32]
    legs: list[Leg]

    def places(self, query: int) -> list[Place]:
        """One query's hits, best first; equal scores by id, so that answers repeat."""
        numbers = self.view[query].tolist()
        kept = len(numbers) if not numbers or numbers[-1] >= 0 else numbers.index(-1)
        values = scores(self.distance[query, :kept], self.metric).tolist()
        offsets = self.offset[query, :kept]
        if len(self.views) == 1:
            ids = self.views[0].body.ids(offsets).tolist()
        else:
            ids = [self.views[n].body.ids(offsets[i : i + 1])[0] for i, n in enumerate(numbers[:kept])]
        rows = zip(ids, values, [self.views[n] for n in numbers[:kept]], offsets.tolist(), strict=True)
        places = list(rows)
        if len(set(values)) < kept:
            sign = -1 if self.metric == DOT else 1
            places.sort(key=lambda place: (sign * place[1], id_order(place[0])))
        return places


def scores(distance: NDArray[np.float32], metric: int) -> NDArray[np.float32]:
    """Public scores: similarity for DOT (larger is nearer), true distance for L2 and L1."""
    if metric == DOT:
        similarity: NDArray[np.float32] = -distance
        return similarity
    return np.sqrt(distance) if metric == L2 else distance


def passes(score: float, threshold: float | None, metric: int) -> bool:
    """Whether a score is strictly better than the threshold."""
    if threshold is None:
        return True
    return score > threshold if metric == DOT else score < threshold
