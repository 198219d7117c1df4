"""Scans of one segment: every allowed row is measured.

scan         full rows, exact: one query by the kernel, many by one matrix product over the same rows
scan_codes   ranked by codes, the head of the ranking measured on full rows: one query by the kernel, many over tiles
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import B1, NO_OFFSET
from tamis.kernels.distance import L1, L2
from tamis.kernels.ranking import EMPTY
from tamis.kernels.scan import measure_rankings, measure_rows, merge_block, merge_codes, scan_rows
from tamis.kernels.scan import scan_codes as by_codes
from tamis.search.target import Answer, Target
from tamis.segment.alive import Mask, unpack_rows
from tamis.segment.vectors.dense import Dense
from tamis.segment.vectors.graph import Graph

__all__ = ["INSERTED_MAX", "ranks_codes", "scan", "scan_codes", "shares"]

F32 = NDArray[np.float32]
U32 = NDArray[np.uint32]

SHARED_QUERIES = 8  # from here one product for all queries beats one scan each
INSERTED_MAX = 2_048  # up to this many hits the kernels insert into a sorted array; beyond, everything is sorted once
HEAD = 8  # of a ranking by codes, so many more than after a walk are measured on full rows
_BLOCK_ROWS = 4_096
_BLOCK_QUERIES = 256
_TASK_QUERIES = 64  # that pass over tiles together, on one thread of the pool
_SLACK = 16  # hits kept beyond the limit, because a product rounds differently; they are measured again


def scan(target: Target, queries: F32, limit: int, pool: Executor | None) -> Answer:
    """The nearest `limit` of the target's rows for each query, padded with NO_OFFSET and infinity."""
    dense, mask = target.dense, target.allowed()
    offsets = np.full((len(queries), limit), NO_OFFSET, np.uint32)
    distances = np.full((len(queries), limit), np.inf, np.float32)
    if limit > INSERTED_MAX:
        for q in range(len(queries)):
            _sort_all(dense, mask, queries[q], offsets[q], distances[q])
    elif not shares(dense, len(queries)):
        _each(dense, mask, queries, (offsets, distances), pool)
    else:
        wanted = unpack_rows(mask)
        for first in range(0, len(queries), _BLOCK_QUERIES):
            part = slice(first, first + _BLOCK_QUERIES)
            _product(dense, wanted, queries[part], offsets[part], distances[part])
    return offsets, distances


def scan_codes(target: Target, queries: F32, limit: int, pool: Executor | None) -> Answer:
    """As `scan`, by codes; the target's field has a graph with codes."""
    graph, rows = target.dense.graph, target.dense.rows
    assert graph is not None
    offsets = np.empty((len(queries), limit), np.uint32)
    distances = np.empty((len(queries), limit), np.float32)
    walked, asked, head = graph.walked, graph.queries(queries), graph.rescored(limit) + HEAD
    if len(queries) < SHARED_QUERIES or graph.codec == B1:

        def each(first: int, last: int) -> None:
            by_codes[graph.codec, graph.metric](
                walked.values, walked.norms, asked.values, asked.turned, rows, queries, target.allowed(), head,
                first, last, offsets, distances,
            )  # fmt: skip

        _spread(each, len(queries), pool)
        return offsets, distances
    wanted, fours = unpack_rows(target.allowed()), walked.values.view(np.uint32)

    def run(first: int, last: int) -> None:
        part = slice(first, last)
        rankings = np.full((part.stop - part.start, head), EMPTY)
        merge_codes(fours, walked.norms, asked.values[part], asked.turned[part], wanted, rankings)
        measure_rankings[graph.metric](rows, queries[part], rankings, offsets[part], distances[part])

    _spread(run, len(queries), pool)
    return offsets, distances


def _spread(work: Callable[[int, int], None], queries: int, pool: Executor | None) -> None:
    """Run work(first, last) over ranges of queries on the pool, each of at least _TASK_QUERIES or all of them."""
    parts = 1 if pool is None else max(queries // _TASK_QUERIES, 1)
    if pool is None or parts == 1:
        work(0, queries)
        return
    ends = [queries * part // parts for part in range(parts + 1)]
    for task in [pool.submit(work, first, last) for first, last in pairwise(ends)]:
        task.result()


def ranks_codes(graph: Graph | None, limit: int) -> bool:
    """Whether a scan may rank by codes: there are some, and the head to measure is short enough to be inserted into."""
    return graph is not None and graph.encoder is not None and graph.rescored(limit) + HEAD <= INSERTED_MAX


def shares(dense: Dense, queries: int) -> bool:
    """Whether a scan for so many queries passes over the rows once."""
    return queries >= SHARED_QUERIES and dense.metric != L1


def _each(dense: Dense, mask: Mask, queries: F32, answer: Answer, pool: Executor | None) -> None:
    kernel = scan_rows[dense.metric]

    def run(first: int, last: int) -> None:
        kernel(dense.rows, queries, mask, first, last, *answer)

    if pool is None or len(queries) == 1:
        run(0, len(queries))
        return
    for task in [pool.submit(run, q, q + 1) for q in range(len(queries))]:
        task.result()


def _sort_all(dense: Dense, mask: Mask, query: F32, offsets: U32, distances: F32) -> None:
    wanted = unpack_rows(mask)
    measured = np.empty(len(wanted), np.float32)
    measure_rows[dense.metric](dense.rows, wanted, query, measured)
    nearest = np.lexsort((wanted, measured))[: len(offsets)]
    offsets[: len(nearest)] = wanted[nearest]
    distances[: len(nearest)] = measured[nearest]


def _product(dense: Dense, wanted: NDArray[np.int64], queries: F32, offsets: U32, distances: F32) -> None:
    """Squared L2 as |x|² - 2 x·q (the query's own length changes no order), or -x·q; then the kept are measured."""
    rankings = np.full((len(queries), min(offsets.shape[1] + _SLACK, len(wanted))), EMPTY)
    for first in range(0, len(wanted), _BLOCK_ROWS):
        chosen = wanted[first : first + _BLOCK_ROWS]
        rows = dense.rows[chosen]
        block = queries @ rows.T
        np.negative(block, out=block)
        if dense.metric == L2:
            block *= 2
            block += np.einsum("ij,ij->i", rows, rows)
        merge_block(block, chosen, rankings)
    measure_rankings[dense.metric](dense.rows, queries, rankings, offsets, distances)
