"""Nearest points: every segment answers on its own, then the answers are merged.

    views ─▶ aim (filter & alive & has the vector) ─▶ choose ─▶ scan or walk ─▶ merge over segments

The hot path of the library. One call of a kernel per segment and query (or per range of queries on the pool);
nothing per candidate happens in Python.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from math import ceil
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tamis.errors import TimedOut, UnknownVector
from tamis.kernels.beam import B1, NO_OFFSET
from tamis.model.query import NearestQuery
from tamis.search.cost import machine_cost
from tamis.search.exact import INSERTED_MAX, ranks_codes, scan, scan_codes, shares
from tamis.search.planner import Choice, Situation, beam_of, choose
from tamis.search.ranked import Leg, Ranked
from tamis.search.target import Answer, Target, aim, keep
from tamis.search.walk import walk
from tamis.segment.view import Body, SegmentView

__all__ = ["nearest"]


def nearest(
    views: Sequence[SegmentView], query: NearestQuery, pool: Executor | None = None, trace: bool = False
) -> Ranked:
    """The `query.limit` nearest points to each of query.vectors; with a pool, ranges of queries run in parallel.

    trace: collect the seconds and clauses that `explain` shows. Raises TimedOut when query.deadline has passed; it is
    looked at before every segment.
    """
    answers, legs = [], []
    live = [view for view in views if view.alive_count]
    if live:
        _check_vector(live[0].body, query)
    for number, view in enumerate(live):
        if query.deadline is not None and time.monotonic() > query.deadline:
            raise TimedOut(f"the deadline passed after {number} of {len(live)} segments")
        answer, leg = _segment(view, query, pool, trace)
        leg.segment = number
        answers.append(answer)
        legs.append(leg)
    metric = live[0].body.vectors[query.using].metric if live else 0
    return Ranked(live, metric, *_merge(answers, len(query.vectors), query.limit), legs)


def _check_vector(body: Body, query: NearestQuery) -> None:
    """The vectors may have changed since the question was read; all bodies of a snapshot have the same."""
    dense = body.vectors.get(query.using)
    if dense is None or dense.params.size != query.vectors.shape[1]:
        raise UnknownVector(f"using: vector {query.using!r} was dropped a moment ago")


def _segment(view: SegmentView, query: NearestQuery, pool: Executor | None, trace: bool) -> tuple[Answer, Leg]:
    begin = time.perf_counter() if trace else 0.0
    target, choice = _prepared(view, query, trace)
    leg = Leg(target.rows, target.matches, query.limit, choice.strategy, choice.reason, choice.beam)
    aimed = time.perf_counter() if trace else 0.0
    answer = _answer(target, choice, query, pool, leg)
    if trace:
        leg.clauses = target.clauses
        leg.seconds = {"filter": aimed - begin, "search": time.perf_counter() - aimed}
    return answer, leg


def _prepared(view: SegmentView, query: NearestQuery, trace: bool) -> tuple[Target, Choice]:
    """Target and choice, from before if this view was asked the same; a trace always works them out."""
    key = (id(query.filter), query.using, query.limit, query.params, len(query.vectors))
    known = view.answered.get(key)
    if known is not None and known[0] is query.filter and not trace:
        return cast(tuple[Target, Choice], known[1])
    target = aim(view, query, trace)
    choice = choose(_situation(target, query), machine_cost())
    if not trace:
        keep(view, key, query.filter, (target, choice))
    return target, choice


def _situation(target: Target, query: NearestQuery) -> Situation:
    """What the ladder has to know."""
    dense, graph, params = target.dense, target.dense.graph, query.params
    oversampling = 1 if params.oversampling is None else params.oversampling
    together = shares(dense, len(query.vectors)) and (graph is None or graph.codec != B1)
    shared = len(query.vectors) if together else 0
    return Situation(
        rows=target.rows,
        matches=target.matches,
        limit=query.limit,
        beam=0 if graph is None else beam_of(params.hnsw_ef, graph.beam, ceil(query.limit * oversampling)),
        size=dense.params.size,
        degree=None if graph is None else graph.degree_mean,
        beam_max=INSERTED_MAX,
        coded=ranks_codes(graph, query.limit),
        shared=shared,
        asked=params.hnsw_ef is not None,
        exact=params.exact,
        indexed_only=params.indexed_only,
    )


def _answer(target: Target, choice: Choice, query: NearestQuery, pool: Executor | None, leg: Leg) -> Answer:
    vectors, limit = query.vectors, min(query.limit, target.matches)
    if choice.strategy in ("walk", "walk_filtered"):
        return walk(target, choice, vectors, pool, leg)
    if choice.strategy in ("empty", "skipped"):
        return np.empty((len(vectors), 0), np.uint32), np.empty((len(vectors), 0), np.float32)
    leg.rows_scanned = leg.distances = target.matches * len(vectors)
    if choice.strategy == "scan_codes":
        return scan_codes(target, vectors, limit, pool)
    return scan(target, vectors, limit, pool)


def _merge(
    answers: list[Answer], queries: int, limit: int
) -> tuple[NDArray[np.int32], NDArray[np.uint32], NDArray[np.float32]]:
    """The nearest of all segments: view, offset, distance [queries, ≤ limit], padded with view -1."""
    if len(answers) == 1:
        offsets, distances = answers[0]
        if queries > 1:
            return np.where(offsets == NO_OFFSET, np.int32(-1), np.int32(0)), offsets, distances
        views = np.zeros(offsets.shape, np.int32)
        if offsets.size and offsets[0, -1] == NO_OFFSET:
            views[offsets == NO_OFFSET] = -1
        return views, offsets, distances
    if not answers:
        return np.empty((queries, 0), np.int32), np.empty((queries, 0), np.uint32), np.empty((queries, 0), np.float32)
    offsets = np.concatenate([offsets for offsets, _ in answers], axis=1)
    distances = np.concatenate([distances for _, distances in answers], axis=1)
    numbers = np.concatenate([np.full(found.shape[1], n, np.int32) for n, (found, _) in enumerate(answers)])
    views = np.where(offsets == NO_OFFSET, np.int32(-1), numbers[None, :])
    order = np.argsort(distances, axis=1, kind="stable")[:, :limit]
    return (
        np.take_along_axis(views, order, axis=1),
        np.take_along_axis(offsets, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
    )
