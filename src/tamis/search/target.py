"""What a search looks at in one segment: a vector field, the rows that may be found, and how many they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tamis.model.query import NearestQuery
from tamis.search.filter.evaluate import Clause, evaluate
from tamis.segment.alive import all_rows, count_rows
from tamis.segment.dense import Dense
from tamis.segment.view import Mask, SegmentView

__all__ = ["Answer", "Target", "aim"]

Answer = tuple[NDArray[np.uint32], NDArray[np.float32]]  # offsets, distances [queries, k], nearest first


@dataclass(frozen=True, slots=True)
class Target:
    """Rows of one segment that pass filter and deletions and have the vector. mask: None when that is all of them."""

    dense: Dense
    rows: int
    mask: Mask | None
    matches: int
    clauses: tuple[Clause, ...] = ()

    def allowed(self) -> Mask:
        """The mask as words, also where everything is allowed."""
        return all_rows(self.rows) if self.mask is None else self.mask


def aim(view: SegmentView, query: NearestQuery, trace: bool) -> Target:
    """Evaluate the query's filter on one segment; trace: keep account of the clauses."""
    dense = view.body.vectors[query.using]
    rows = view.body.count
    clauses: tuple[Clause, ...] = ()
    if query.filter is None:
        mask, matches = view.alive, view.alive_count
    else:
        evaluation = evaluate(view, query.filter, trace=trace)
        mask, matches, clauses = evaluation.mask, evaluation.count, evaluation.clauses
    if dense.present is not None:
        mask = mask & dense.present
        matches = count_rows(mask)
    return Target(dense, rows, None if matches == rows else mask, matches, clauses)
