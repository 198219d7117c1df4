"""What a search looks at in one segment: a vector field, the rows that may be found, and how many they are.

A view never changes, so the mask of a filter that was asked of it stays right, and so does the plan made with it; the
last few are kept with the view and go with it. They are known by the very object that `read_filter` returns for an
equal filter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.model.filter import Filter
from tamis.model.query import NearestQuery, SearchParams
from tamis.search.filter.evaluate import Clause, Evaluation, evaluate
from tamis.segment.alive import Mask, all_rows, count_rows
from tamis.segment.vectors.dense import Dense
from tamis.segment.view import SegmentView

__all__ = ["Answer", "Target", "aim", "keep"]

ANSWERS_KEPT = 32  # per view, masks and the plans made with them; a mask is a bit per row

Answer = tuple[NDArray[np.uint32], NDArray[np.float32]]  # offsets, distances [queries, k], nearest first


class Target(msgspec.Struct, frozen=True):
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
    dense = _as_asked(view.body.vectors[query.using], query.params)
    rows = view.body.count
    clauses: tuple[Clause, ...] = ()
    if query.filter is None:
        mask, matches = view.alive, view.alive_count
    else:
        evaluation = evaluate(view, query.filter, trace=True) if trace else _evaluated(view, query.filter)
        mask, matches, clauses = evaluation.mask, evaluation.count, evaluation.clauses
    if dense.present is not None:
        mask = mask & dense.present
        matches = count_rows(mask)
    return Target(dense, rows, None if matches == rows else mask, matches, clauses)


def _as_asked(dense: Dense, params: SearchParams) -> Dense:
    """The field with its codes used as the caller wants."""
    graph = dense.graph
    if graph is not None and params.ignore_codes and graph.encoder is not None:
        return replace(dense, graph=graph.on_rows(dense.rows))
    if graph is not None and params.oversampling is not None:
        return replace(dense, graph=graph.oversampled(params.oversampling))
    return dense


def _evaluated(view: SegmentView, filter: Filter) -> Evaluation:
    """The filter's rows in this view, now or from before."""
    known = view.answered.get(id(filter))
    if known is not None and known[0] is filter:
        return cast(Evaluation, known[1])
    evaluation = evaluate(view, filter)
    keep(view, id(filter), filter, evaluation)
    return evaluation


def keep(view: SegmentView, key: object, filter: Filter | None, answer: object) -> None:
    """Keep an answer with the view. The filter is kept too, so that no other object can get its identity."""
    if len(view.answered) >= ANSWERS_KEPT:
        view.answered.clear()
    view.answered[key] = (filter, answer)
