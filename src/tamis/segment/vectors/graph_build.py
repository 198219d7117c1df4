"""Building a graph over the rows of one vector field.

    rows ─▶ codes (or the rows themselves) ─▶ rounds of link_out · group · link_back ─▶ trim ─▶ connect ─▶ calibrate

Every present row can be reached from the entries: what the pruning cut off is linked back at the end. The result is
the arrays that `tamis.segment.vectors.graph.open_graph` reads; equal rows give equal bytes on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import B1, F32_DOT, F32_L1, F32_L2, I8
from tamis.kernels.distance import DOT, L1
from tamis.kernels.link import group, link_back, link_out, reach, trim
from tamis.segment.vectors.codes import CODE_WIDTH_MAX, Codes, Encoder, rank_depth, train
from tamis.segment.vectors.graph import Graph, calibrate
from tamis.storage.aligned import aligned_empty

__all__ = ["GraphShape", "Progress", "build_graph"]

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Progress = Callable[[float], None]

SEED = 20_200_229
ENTRIES = 16
ALPHA = {I8: 1.2, F32_L2: 1.2, F32_DOT: 1.0, F32_L1: 1.1}  # on the codec's distance: L2 is squared
SLACK = 1.25  # a list may grow this much beyond its degree before it is pruned
ROUND_SHARE = 50  # a round takes at most this part of all rows
PIVOTS, GROUP_DIMENSIONS = 128, 64  # what neighbours in a round are recognised by
WALKS = 64  # new rows one task links: few, so that all threads end a round together
TASK_ROWS = 1_024  # rows one task of the pool handles, so that a build shares the pool with others


@dataclass(frozen=True, slots=True)
class GraphShape:
    """What the schema asks of a graph. metric: kernels.distance constant; unit: rows have length one, so that
    inner product ranks like L2; beam: width while building; quantile: share of components that codes cover; bits: walk
    on bits, where they suit."""

    metric: int
    unit: bool
    degree: int
    beam: int
    quantile: float = 0.9995
    bits: bool = False

    @property
    def product(self) -> bool:
        """Whether rows are compared by an inner product that is no metric."""
        return self.metric == DOT and not self.unit


def build_graph(
    rows: F32, chosen: NDArray[np.int64], shape: GraphShape, pool: Executor, progress: Progress | None = None
) -> dict[str, NDArray[Any]]:
    """Arrays of a graph over rows[chosen] (chosen: ascending row numbers); other rows get no edges."""
    codec, walked, encoder = _walked(rows, rows if len(chosen) == len(rows) else rows[chosen], shape, pool)
    order = _grouped(np.random.default_rng(SEED).permutation(chosen).astype(np.int32), walked.values)
    neighbours = _Linking(codec, walked, order, shape, pool).run(progress or (lambda _: None))
    entries = _connect(neighbours, order, order[:ENTRIES].copy())
    arrays: dict[str, NDArray[Any]] = {"neighbours": neighbours, "entries": entries}
    if encoder is not None and encoder.bits:
        codec, walked = B1, _bits(rows, encoder, pool)
    if encoder is not None:
        arrays |= {"codes": walked.values, "norms": walked.norms, "centre": encoder.centre, "signs": encoder.signs}
        arrays["scale"] = np.array([encoder.scale, encoder.depth, encoder.product], np.float32)
    degree_mean = float((neighbours[order] >= 0).sum() / max(len(order), 1))
    graph = Graph(codec, shape.metric, walked, neighbours, entries, encoder, 0, degree_mean)
    facts = [codec, shape.metric, calibrate(graph, rows, order), round(degree_mean * 1000)]
    return arrays | {"facts": np.array(facts, np.int64)}


def _walked(rows: F32, compact: F32, shape: GraphShape, pool: Executor) -> tuple[int, Codes, Encoder | None]:
    """What to walk on: codes where they rank as the rows do, else the rows."""
    if shape.metric == L1:  # a rotation does not keep L1
        return F32_L1, Codes(rows), None
    encoder = train(compact, shape.product, shape.quantile, SEED)
    depth = rank_depth(encoder, compact, SEED)
    if rows.shape[1] > CODE_WIDTH_MAX or not depth:
        return F32_DOT if shape.metric == DOT else F32_L2, Codes(rows), None
    codes = Codes.empty(len(rows), rows.shape[1])

    def encode(first: int, last: int) -> None:
        encoder.encode(rows, codes, first, last)

    _spread(pool, encode, (0, len(rows)), 4 * TASK_ROWS)
    asking = replace(encoder, bits=True)
    if shape.bits and (bit_depth := rank_depth(asking, compact, SEED)):
        return I8, codes, replace(asking, depth=bit_depth)
    return I8, codes, replace(encoder, depth=depth)


def _bits(rows: F32, encoder: Encoder, pool: Executor) -> Codes:
    """What to walk on instead of the codes that the graph was built on."""
    bits = Codes.empty_bits(*rows.shape)

    def encode(first: int, last: int) -> None:
        encoder.encode_bits(rows, bits, first, last)

    _spread(pool, encode, (0, len(rows)), 4 * TASK_ROWS)
    return bits


def _rounds(total: int) -> Iterator[tuple[int, int]]:
    """Rows that are in the graph before each round, and rows of the round."""
    done = 1
    while done < total:
        size = min(done, max(1, total // ROUND_SHARE), total - done)
        yield done, size
        done += size


def _grouped(order: I32, walked: NDArray[Any]) -> I32:
    """The same rounds, each sorted by the nearest of some pivots: walks that follow one another share the cache.

    A round's walks do not see one another, so this changes the speed and nothing else worth having.
    """
    dimensions = np.linspace(0, walked.shape[1] - 1, min(GROUP_DIMENSIONS, walked.shape[1])).astype(np.int64)
    pivots = walked[order[:PIVOTS]][:, dimensions].astype(np.float32)
    norms = np.einsum("ij,ij->i", pivots, pivots)
    groups = np.empty(len(order), np.uint8)
    for first in range(0, len(order), 16 * TASK_ROWS):
        part = slice(first, first + 16 * TASK_ROWS)
        rows = walked[order[part]][:, dimensions].astype(np.float32)
        groups[part] = np.argmin(norms - 2 * rows @ pivots.T, axis=1)
    grouped = order.copy()
    for done, size in _rounds(len(order)):
        part = slice(done, done + size)
        grouped[part] = order[part][np.argsort(groups[part], kind="stable")]
    return grouped


def _spread(pool: Executor, work: Callable[[int, int], None], rows: tuple[int, int], size: int) -> None:
    """Run work(a, b) over consecutive ranges of `rows` on the pool and wait; the first failure is raised."""
    first, last = rows
    for task in [pool.submit(work, a, min(a + size, last)) for a in range(first, last, size)]:
        task.result()


class _Linking:
    """The graph while it grows: lists with slack, and how long each is."""

    def __init__(self, codec: int, walked: Codes, order: I32, shape: GraphShape, pool: Executor) -> None:
        self.codec, self.order, self.shape, self.pool = codec, order, shape, pool
        self.alpha = np.float32(1 if shape.product else ALPHA[codec])
        self.neighbours = aligned_empty((len(walked.values), int(shape.degree * SLACK)), np.int32)
        self.neighbours[:] = -1
        self.degrees = np.zeros(len(walked.values), np.int32)
        self.measured = (walked.values, walked.norms, walked.turned)

    def run(self, progress: Progress) -> I32:
        """Insert the rows of `order` round by round; int32[n, degree] lists, nearest first."""
        for done, size in _rounds(len(self.order)):
            self._round(done, size)
            progress((done + size) / len(self.order))
        return self._trimmed()

    def _round(self, done: int, size: int) -> None:
        degree, entries = self.shape.degree, self.order[: min(ENTRIES, done)]
        edges = np.full((size, degree), -1, np.int32)
        counts = np.zeros(size, np.int32)

        def out(a: int, b: int) -> None:
            link_out[self.codec](
                *self.measured, self.neighbours, entries, self.order, a, b, self.shape.beam, self.alpha,
                edges, counts, done,
            )  # fmt: skip

        _spread(self.pool, out, (done, done + size), WALKS)
        fresh = self.order[done : done + size]
        self.neighbours[fresh, :degree] = edges
        self.degrees[fresh] = counts
        total = len(self.degrees)
        starts, sources = group(edges, counts, self.order, done, total)

        def back(a: int, b: int) -> None:
            link_back[self.codec](
                *self.measured, self.neighbours, self.degrees, starts, sources, a, b, self.alpha, degree
            )

        _spread(self.pool, back, (0, total), max(TASK_ROWS, total // 16))

    def _trimmed(self) -> I32:
        trimmed = aligned_empty((len(self.degrees), self.shape.degree), np.int32)

        def cut(a: int, b: int) -> None:
            trim[self.codec](*self.measured, self.neighbours, self.degrees, a, b, self.alpha, trimmed)

        _spread(self.pool, cut, (0, len(self.degrees)), 4 * TASK_ROWS)
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
