"""Hits of a batch of queries, as arrays, and what each segment did for them.

    view, offset, distance   [queries, k], nearest first; view is -1 where there are fewer hits than k

Distances are the kernels' own (squared L2, negated dot, L1); `scores` turns them into what users see, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.kernels.distance import DOT, L2
from tamis.model.ids import PointId, id_order
from tamis.segment.view import SegmentView

__all__ = ["Leg", "Places", "Ranked", "passes", "scores"]


class Leg(msgspec.Struct):
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
    seconds: dict[str, float] = {}


class Ranked(msgspec.Struct, frozen=True):
    """The nearest of every query. `legs` has one entry per segment."""

    views: list[SegmentView]
    metric: int
    view: NDArray[np.int32]
    offset: NDArray[np.uint32]
    distance: NDArray[np.float32]
    legs: list[Leg]

    def places(self, query: int) -> Places:
        """One query's hits, best first; equal scores by id, so that answers repeat."""
        numbers, offsets, distance = self.view[query].tolist(), self.offset[query], self.distance[query]
        if numbers and numbers[-1] < 0:
            kept = numbers.index(-1)
            numbers, offsets, distance = numbers[:kept], offsets[:kept], distance[:kept]
        values: list[float] = scores(distance, self.metric).tolist()
        if len(self.views) == 1:
            views: Sequence[SegmentView] = self.views * len(values)
            ids = self.views[0].body.ids(offsets).tolist()
        else:
            views = [self.views[n] for n in numbers]
            ids = [view.body.ids(offsets[i : i + 1])[0] for i, view in enumerate(views)]
        places = Places(ids, values, views, offsets.tolist())
        return places if len(set(values)) == len(values) else places.ordered(-1 if self.metric == DOT else 1)


class Places(msgspec.Struct, frozen=True):
    """Hits of one query by column, best first."""

    ids: Sequence[PointId]
    scores: Sequence[float]
    views: Sequence[SegmentView]
    offsets: Sequence[int]

    def __len__(self) -> int:
        return len(self.ids)

    def ordered(self, sign: int) -> Places:
        """By sign · score, then by id."""
        rows = list(zip(self.ids, self.scores, self.views, self.offsets, strict=True))
        rows.sort(key=lambda row: (sign * row[1], id_order(row[0])))
        return Places(*map(tuple, zip(*rows, strict=True)))

    def between(self, first: int, last: int) -> Places:
        """Those in [first, last)."""
        part = slice(first, last)
        return Places(self.ids[part], self.scores[part], self.views[part], self.offsets[part])

    def take(self, rows: Sequence[int]) -> Places:
        """These rows, in that order."""
        columns: tuple[Sequence[Any], ...] = (self.ids, self.scores, self.views, self.offsets)
        return Places(*([column[row] for row in rows] for column in columns))


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
