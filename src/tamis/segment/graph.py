"""One navigable graph over the rows of one vector field: building it, and the arrays it is stored as.

    rows ─▶ codes (or the rows themselves) ─▶ rounds of link_out · group · link_back ─▶ trim ─▶ reach ─▶ calibrate

Flat, degree at most 2·m, neighbours nearest first. Every present row can be reached from the entries: what the
pruning cut off is linked back at the end. `calibrate` searches for sampled rows and stores the smallest beam that
finds 99 % of their ten nearest; it is what a search uses when nobody asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import F32_DOT, F32_L1, F32_L2, I8_DOT, I8_L2, search_graph
from tamis.kernels.distance import DOT, INT8_DOT, INT8_L2, L1
from tamis.kernels.link import group, link_back, link_out, reach, trim
from tamis.kernels.scan import seeds_of
from tamis.segment.codes import CODE_WIDTH_MAX, Encoder, rank_depth, train

__all__ = ["Graph", "GraphShape", "build_graph", "calibrate", "open_graph"]

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Progress = Callable[[float], None]

SEED = 20_200_229
ENTRIES = 16
SEEDS = 16
ALPHA = {I8_L2: 1.2, I8_DOT: 1.0, F32_L2: 1.2, F32_DOT: 1.0, F32_L1: 1.1}  # on the codec's distance: L2 is squared
SLACK = 1.25  # a list may grow this much beyond its degree before it is pruned
ROUND_SHARE = 50  # a round takes at most this part of all rows
TASK_ROWS = 1_024  # rows one task of the pool handles, so that searches get their turn
BEAMS = (64, 96, 128, 192, 256, 384, 512)  # from 64: sampled rows are easier to find than real queries
CALIBRATED_RECALL = 0.99
_NOTHING = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class GraphShape:
    """What the schema asks of a graph. metric: kernels.distance constant; unit: rows have length one, so that
    inner product ranks like L2; beam: width while building."""

    metric: int
    unit: bool
    degree: int
    beam: int


@dataclass(frozen=True, slots=True)
class Graph:
    """A finished graph. walked: what the walk measures on (codes, or full rows)."""

    codec: int
    metric: int
    walked: NDArray[Any]
    neighbours: I32
    entries: I32
    encoder: Encoder | None
    beam: int  # calibrated
    degree_mean: float

    @property
    def pointer(self) -> np.uint64:
        """The int8 distance that belongs to the codec."""
        return INT8_DOT if self.codec == I8_DOT else INT8_L2

    def queries(self, vectors: F32) -> NDArray[Any]:
        """Queries in the form the walk measures: codes, or `vectors` themselves."""
        return vectors if self.encoder is None else self.encoder.encode_queries(vectors)

    def starts(self, mask: NDArray[np.uint64], matches: int) -> I32:
        """Where a filtered walk begins: the entries, and matches spread over the mask."""
        starts = np.empty(len(self.entries) + SEEDS, np.int32)
        return starts[: seeds_of(mask, matches, self.entries, starts)]

    def rescored(self, limit: int) -> int:
        """How many of the ranking to measure on full rows for `limit` hits."""
        return limit if self.encoder is None else limit * self.encoder.depth + 4


def build_graph(
    rows: F32, chosen: NDArray[np.int64], shape: GraphShape, pool: Executor, progress: Progress | None = None
) -> dict[str, NDArray[Any]]:
    """Arrays of a graph over rows[chosen] (chosen: ascending row numbers); other rows get no edges."""
    compact = rows if len(chosen) == len(rows) else rows[chosen]
    codec, walked, encoder = _walked(rows, compact, shape, pool)
    order = np.random.default_rng(SEED).permutation(chosen).astype(np.int32)
    entries = order[:ENTRIES].copy()
    neighbours = _link(codec, walked, order, shape, pool, progress or (lambda _: None))
    entries = _connect(neighbours, order, entries)
    arrays: dict[str, NDArray[Any]] = {"neighbours": neighbours, "entries": entries}
    if encoder is not None:
        arrays |= {"codes": walked, "centre": encoder.centre, "signs": encoder.signs}
        arrays["scale"] = np.array([encoder.scale, encoder.depth], np.float32)
    degree_mean = float((neighbours[order] >= 0).sum() / max(len(order), 1))
    graph = Graph(codec, shape.metric, walked, neighbours, entries, encoder, BEAMS[-1], degree_mean)
    beam = calibrate(graph, rows, order)
    arrays["facts"] = np.array([codec, shape.metric, beam, round(degree_mean * 1000)], np.int64)
    return arrays


def open_graph(arrays: Mapping[str, NDArray[Any]], rows: F32) -> Graph:
    """The graph that `build_graph` stored."""
    codec, metric, beam, degree = arrays["facts"].tolist()
    encoder = None
    if "centre" in arrays:
        centre, signs = np.array(arrays["centre"]), np.array(arrays["signs"])
        scale, depth = arrays["scale"]
        encoder = Encoder(centre, signs, scale, codec == I8_DOT, int(depth))
    walked = arrays.get("codes", rows)
    return Graph(codec, metric, walked, arrays["neighbours"], np.array(arrays["entries"]), encoder, beam, degree / 1000)


def _walked(rows: F32, compact: F32, shape: GraphShape, pool: Executor) -> tuple[int, NDArray[Any], Encoder | None]:
    """What to walk on: codes where they rank as the rows do, else the rows."""
    if shape.metric == L1:  # a rotation does not keep L1
        return F32_L1, rows, None
    product = shape.metric == DOT and not shape.unit
    encoder = train(compact, product, SEED)
    depth = rank_depth(encoder, compact, SEED)
    if rows.shape[1] > CODE_WIDTH_MAX or depth is None:
        return F32_DOT if shape.metric == DOT else F32_L2, rows, None
    encoder = replace(encoder, depth=depth)
    codes = np.empty(rows.shape, np.int8)

    def encode(first: int, last: int) -> None:
        codes[first:last] = encoder.encode(rows[first:last])

    _spread(pool, encode, 0, len(rows), 16 * TASK_ROWS)
    return I8_DOT if product else I8_L2, codes, encoder


def _spread(pool: Executor, work: Callable[[int, int], None], first: int, last: int, size: int = TASK_ROWS) -> None:
    """Run work(a, b) over consecutive ranges on the pool and wait; the first failure is raised."""
    for task in [pool.submit(work, a, min(a + size, last)) for a in range(first, last, size)]:
        task.result()


def _link(
    codec: int, walked: NDArray[Any], order: I32, shape: GraphShape, pool: Executor, progress: Progress
) -> I32:
    """Insert the rows of `order` round by round; returns int32[n, degree] lists."""
    total, degree, alpha = len(walked), shape.degree, np.float32(ALPHA[codec])
    pointer = INT8_DOT if codec == I8_DOT else INT8_L2
    neighbours = np.full((total, int(degree * SLACK)), -1, np.int32)
    degrees = np.zeros(total, np.int32)
    done = 1
    while done < len(order):
        size = min(done, max(1, len(order) // ROUND_SHARE), len(order) - done)
        edges = np.full((size, degree), -1, np.int32)
        counts = np.zeros(size, np.int32)
        begun, entries = done, order[: min(ENTRIES, done)]

        def out(a: int, b: int) -> None:
            link_out[codec](
                pointer, walked, neighbours, entries, order, a, b, shape.beam, alpha, edges, counts, begun
            )

        _spread(pool, out, done, done + size, 256)
        fresh = order[done : done + size]
        neighbours[fresh, :degree] = edges
        degrees[fresh] = counts
        starts, sources = group(edges, counts, order, done, total)

        def back(a: int, b: int) -> None:
            link_back[codec](pointer, walked, neighbours, degrees, starts, sources, a, b, alpha, degree)

        _spread(pool, back, 0, total, max(TASK_ROWS, total // 8))
        done += size
        progress(done / len(order))
    trimmed = np.empty((total, degree), np.int32)

    def cut(a: int, b: int) -> None:
        trim[codec](pointer, walked, neighbours, degrees, a, b, alpha, trimmed)

    _spread(pool, cut, 0, total, 16 * TASK_ROWS)
    return trimmed


def _connect(neighbours: I32, order: I32, entries: I32) -> I32:
    """Give every row that the entries cannot reach an in-edge, in a free place of a reached list; returns the entries.

    A list of one of its own neighbours if there is room, else any reached list with room, else it becomes an entry.
    Under inner product short rows are nobody's neighbour, so there may be many.
    """
    reached = np.zeros(len(neighbours), np.bool_)
    frontier = np.empty(len(neighbours), np.int32)
    reached[entries] = True
    frontier[: len(entries)] = entries
    reach(neighbours, frontier, len(entries), reached)
    lost = order[~reached[order]].tolist()
    roomy = order[reached[order] & (neighbours[order, -1] < 0)].tolist() if lost else []
    added: list[int] = []
    for row in lost:
        if reached[row]:
            continue
        near = neighbours[row][neighbours[row] >= 0]
        hosts = near[reached[near] & (neighbours[near, -1] < 0)].tolist()
        while not hosts and roomy:
            if neighbours[roomy[-1], -1] < 0:
                hosts = [roomy[-1]]
            else:
                roomy.pop()
        if hosts:
            neighbours[hosts[0], int((neighbours[hosts[0]] >= 0).sum())] = row
        else:
            added.append(row)
        reached[row] = True
        frontier[0] = row
        reach(neighbours, frontier, 1, reached)
        if neighbours[row, -1] < 0:
            roomy.insert(0, row)
    return np.concatenate([entries, np.array(added, np.int32)])


def calibrate(graph: Graph, rows: F32, order: I32) -> int:
    """The smallest of BEAMS with which sampled rows find 99 % of their ten nearest, themselves left out."""
    probes = order[-min(200, len(order)) :]
    wanted = min(11, len(order))
    answers = {}
    for beam in (*BEAMS, 2 * BEAMS[-1]):
        offsets = np.empty((len(probes), wanted), np.uint32)
        distances = np.empty((len(probes), wanted), np.float32)
        counters = np.zeros((len(probes), 2), np.int64)
        queries = np.ascontiguousarray(rows[probes])
        search_graph[graph.codec, graph.metric](
            graph.pointer, graph.walked, graph.neighbours, graph.entries, graph.queries(queries), rows, queries, _NOTHING,
            False, beam, 1, beam, 0, 0, len(probes), offsets, distances, counters,
        )  # fmt: skip
        answers[beam] = offsets
    best = answers[2 * BEAMS[-1]]
    for beam in BEAMS:
        found = np.mean([len(np.intersect1d(a, b)) / wanted for a, b in zip(answers[beam], best, strict=True)])
        if found >= CALIBRATED_RECALL:
            return beam
    return BEAMS[-1]
