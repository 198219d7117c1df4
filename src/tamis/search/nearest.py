"""Nearest points: every segment answers on its own, then the answers are merged.

    views ─▶ allowed (filter & alive & has the vector) ─▶ choose ─▶ scan or walk ─▶ merge over segments

The hot path of the library. One call of a kernel per segment and query (or per range of queries on the pool);
nothing per candidate happens in Python.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import NO_OFFSET, search_graph
from tamis.kernels.scan import scan_codes
from tamis.model.query import NearestQuery
from tamis.search.cost import machine_cost
from tamis.search.evaluate import evaluate
from tamis.search.exact import INSERTED_MAX, SHARED_QUERIES, scan
from tamis.search.planner import ROOM, Choice, Situation, beam_of, choose
from tamis.search.ranked import Leg, Ranked
from tamis.segment.alive import all_rows, count_rows
from tamis.segment.dense import Dense
from tamis.segment.view import Mask, SegmentView

__all__ = ["nearest"]

F32 = NDArray[np.float32]
U32 = NDArray[np.uint32]

_EVERYTHING = np.empty(0, np.uint64)
_TASK_QUERIES = 16
SCAN_DEPTH = 4  # of a ranking by codes, this many per hit (and a few) are measured on full rows


def nearest(
    views: Sequence[SegmentView], query: NearestQuery, pool: Executor | None = None, trace: bool = False
) -> Ranked:
    """The `query.limit` nearest points to each of query.vectors; with a pool, ranges of queries run in parallel.

    trace: collect the seconds and clauses that `explain` shows.
    """
    answers, legs = [], []
    live = [view for view in views if view.alive_count]
    for number, view in enumerate(live):
        offsets, distances, leg = _segment(view, query, pool, trace)
        leg.segment = number
        answers.append((offsets, distances))
        legs.append(leg)
    metric = live[0].body.vectors[query.using].metric if live else 0
    return Ranked(live, metric, *_merge(answers, len(query.vectors), query.limit), legs)


def _segment(view: SegmentView, query: NearestQuery, pool: Executor | None, trace: bool) -> tuple[U32, F32, Leg]:
    begin = time.perf_counter()
    dense = view.body.vectors[query.using]
    mask, matches, clauses = _allowed(view, dense, query, trace)
    graph, params = dense.graph, query.params
    rows = view.body.count
    beam = beam_of(params.hnsw_ef, graph.beam, query.limit) if graph is not None else 0
    degree = graph.degree_mean if graph is not None and beam <= INSERTED_MAX else None
    coded = degree is not None and graph is not None and graph.encoder is not None
    coded = coded and len(query.vectors) < SHARED_QUERIES
    now = Situation(
        rows, matches, query.limit, beam, dense.params.size, degree, coded, params.exact, params.indexed_only
    )
    choice = choose(now, machine_cost())
    leg = Leg(0, rows, matches, choice.strategy, choice.reason, choice.beam, clauses=clauses)
    evaluated = time.perf_counter()
    if choice.strategy == "scan":
        offsets, distances = _scan(view, dense, mask, query.vectors, min(query.limit, matches), pool)
        leg.rows_scanned = leg.distances = matches * len(query.vectors)
    elif choice.strategy == "scan_codes":
        offsets, distances = _scan_codes(dense, mask, query.vectors, min(query.limit, matches))
        leg.rows_scanned = leg.distances = matches * len(query.vectors)
    elif choice.strategy in ("empty", "skipped"):
        offsets, distances = _none(len(query.vectors))
    else:
        offsets, distances = _walk(view, dense, mask, query, choice, pool, leg)
    if trace:
        leg.seconds = {"filter": evaluated - begin, "search": time.perf_counter() - evaluated}
    return offsets, distances, leg


def _allowed(
    view: SegmentView, dense: Dense, query: NearestQuery, trace: bool
) -> tuple[Mask | None, int, list[object]]:
    """The rows that may be found (None: all of them), how many, and the filter's clauses when traced."""
    clauses: list[object] = []
    if query.filter is not None:
        evaluation = evaluate(view, query.filter, trace=trace)
        mask, matches, clauses = evaluation.mask, evaluation.count, list(evaluation.clauses)
    else:
        mask, matches = (None if view.alive_count == view.body.count else view.alive), view.alive_count
    if dense.present is not None:
        mask = dense.present if mask is None else mask & dense.present
        matches = count_rows(mask)
    return (None if matches == view.body.count else mask), matches, clauses


def _none(queries: int) -> tuple[U32, F32]:
    return np.empty((queries, 0), np.uint32), np.empty((queries, 0), np.float32)


def _scan(
    view: SegmentView, dense: Dense, mask: Mask | None, vectors: F32, limit: int, pool: Executor | None
) -> tuple[U32, F32]:
    return scan(dense, all_rows(view.body.count) if mask is None else mask, vectors, limit, pool)


def _scan_codes(dense: Dense, mask: Mask | None, vectors: F32, limit: int) -> tuple[U32, F32]:
    graph = dense.graph
    assert graph is not None
    assert mask is not None
    offsets = np.empty((len(vectors), limit), np.uint32)
    distances = np.empty((len(vectors), limit), np.float32)
    scan_codes[graph.codec, graph.metric](
        graph.pointer, graph.walked, graph.queries(vectors), dense.rows, vectors, mask, SCAN_DEPTH * limit + 24,
        0, len(vectors), offsets, distances,
    )  # fmt: skip
    return offsets, distances


def _walk(
    view: SegmentView, dense: Dense, mask: Mask | None, query: NearestQuery, choice: Choice, pool: Executor | None, leg: Leg
) -> tuple[U32, F32]:
    graph = dense.graph
    assert graph is not None
    vectors, limit = query.vectors, min(query.limit, leg.matches)
    offsets = np.empty((len(vectors), limit), np.uint32)
    distances = np.empty((len(vectors), limit), np.float32)
    counters = np.zeros((len(vectors), 2), np.int64)
    filtered = mask is not None
    starts = graph.starts(mask, leg.matches) if mask is not None else graph.entries
    kernel, encoded = search_graph[graph.codec, graph.metric], graph.queries(vectors)
    arguments = (
        graph.pointer, graph.walked, graph.neighbours, starts, encoded, dense.rows, vectors,
        mask if mask is not None else _EVERYTHING, filtered, choice.beam, ROOM, graph.rescored(limit), choice.budget,
    )  # fmt: skip
    if pool is None or len(vectors) <= _TASK_QUERIES:
        kernel(*arguments, 0, len(vectors), offsets, distances, counters)
    else:
        firsts = range(0, len(vectors), _TASK_QUERIES)
        results = (offsets, distances, counters)
        for task in [
            pool.submit(kernel, *arguments, a, min(a + _TASK_QUERIES, len(vectors)), *results) for a in firsts
        ]:
            task.result()
    leg.distances, leg.expansions = (int(total) for total in np.maximum(counters, 0).sum(axis=0))
    short = np.flatnonzero((counters[:, 0] < 0) | (offsets[:, -1] == NO_OFFSET))
    if len(short):
        offsets[short], distances[short] = _scan(view, dense, mask, vectors[short], limit, pool)
        leg.abandoned, leg.rows_scanned = len(short), leg.matches * len(short)
        leg.distances += leg.rows_scanned
    return offsets, distances


def _merge(
    answers: list[tuple[U32, F32]], queries: int, limit: int
) -> tuple[NDArray[np.int32], U32, F32]:
    """The nearest of all segments: view, offset, distance [queries, ≤ limit], padded with view -1."""
    if len(answers) == 1:
        offsets, distances = answers[0]
        views = np.zeros(offsets.shape, np.int32)
        if offsets.size:
            views[offsets == NO_OFFSET] = -1
        return views, offsets, distances
    if not answers:
        return np.empty((queries, 0), np.int32), *_none(queries)
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
