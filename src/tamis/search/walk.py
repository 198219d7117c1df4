"""Walks of one segment's graph, a range of queries at a time; what a walk leaves short is scanned."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import NO_OFFSET, search_graph
from tamis.search.cost import ROOM
from tamis.search.exact import ranks_codes, scan, scan_codes
from tamis.search.planner import Choice
from tamis.search.ranked import Leg
from tamis.search.target import Answer, Target

__all__ = ["walk"]

_EVERYTHING = np.empty(0, np.uint64)
_TASK_QUERIES = 16


def walk(target: Target, choice: Choice, vectors: NDArray[np.float32], pool: Executor | None, leg: Leg) -> Answer:
    """The nearest leg.limit hits of each vector on the target's graph; the leg's counters are set.

    Queries whose walk passed the budget, or found fewer than there
    are, are answered by a scan.
    """
    graph = target.dense.graph
    assert graph is not None
    limit = min(leg.limit, target.matches)
    offsets = np.empty((len(vectors), limit), np.uint32)
    distances = np.empty((len(vectors), limit), np.float32)
    counters = np.zeros((len(vectors), 2), np.int64)
    filtered = target.mask is not None
    mask = _EVERYTHING if target.mask is None else target.mask
    starts = graph.starts(mask, target.matches) if filtered else graph.entries
    kernel, walked, asked = search_graph[graph.codec, graph.metric], graph.walked, graph.queries(vectors)

    def run(first: int, last: int) -> None:
        kernel(
            walked.values, walked.norms, graph.neighbours, starts, asked.values, asked.turned, target.dense.rows,
            vectors, mask, filtered, choice.beam, ROOM, graph.rescored(limit), choice.budget, first, last, offsets,
            distances, counters,
        )  # fmt: skip

    if pool is None or len(vectors) <= _TASK_QUERIES:
        run(0, len(vectors))
    else:
        firsts = range(0, len(vectors), _TASK_QUERIES)
        for task in [pool.submit(run, first, min(first + _TASK_QUERIES, len(vectors))) for first in firsts]:
            task.result()
    if len(vectors) == 1:
        leg.distances, leg.expansions = max(int(counters[0, 0]), 0), int(counters[0, 1])
        if counters[0, 0] >= 0 and offsets[0, -1] != NO_OFFSET:
            return offsets, distances
    else:
        leg.distances, leg.expansions = (int(total) for total in np.maximum(counters, 0).sum(axis=0))
    short = np.flatnonzero((counters[:, 0] < 0) | (offsets[:, -1] == NO_OFFSET))
    if len(short):
        again = scan_codes if ranks_codes(graph, limit) else scan
        offsets[short], distances[short] = again(target, vectors[short], limit, pool)
        leg.abandoned, leg.rows_scanned = len(short), target.matches * len(short)
        leg.distances += leg.rows_scanned
    return offsets, distances
