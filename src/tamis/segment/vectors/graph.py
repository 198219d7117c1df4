"""One navigable graph over the rows of one vector field, as it is searched.

    walked      what the walk measures on: codes, bits where they were asked for, full rows where codes do not suit
    neighbours  int32[n, degree]: nearest first, -1 ends a list
    entries     where walks begin

Flat, degree at most 2·m. `beam` was calibrated when the graph was built: the smallest that finds 99 % of the ten
nearest of sampled rows; a search uses it when nobody asks for another. Immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import B1, F32_DOT, F32_L2, search_graph
from tamis.kernels.distance import DOT
from tamis.kernels.scan import seeds_of
from tamis.segment.vectors.codes import Codes, Encoder

__all__ = ["Graph", "calibrate", "open_graph"]

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

SEEDS = 256  # matches a filtered walk begins at, besides the entries
BEAMS = (64, 96, 128, 192, 256, 384, 512)  # from 64: sampled rows are easier to find than real queries
CALIBRATED_RECALL = 0.99
PROBES = 200
_NOTHING = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Graph:
    """codec: kernels.beam constant; metric: kernels.distance constant; encoder: None without codes."""

    codec: int
    metric: int
    walked: Codes
    neighbours: I32
    entries: I32
    encoder: Encoder | None
    beam: int
    degree_mean: float

    def queries(self, vectors: F32) -> Codes:
        """Queries in the form the walk measures: codes, or `vectors` themselves."""
        return Codes(vectors) if self.encoder is None else self.encoder.encode_queries(vectors)

    def starts(self, mask: NDArray[np.uint64], matches: int) -> I32:
        """Where a filtered walk begins: the entries, and matches spread over the mask."""
        starts = np.empty(len(self.entries) + SEEDS, np.int32)
        return starts[: seeds_of(mask, matches, self.entries, starts)]

    def rescored(self, limit: int) -> int:
        """How many of the ranking to measure on full rows for `limit` hits."""
        return limit if self.encoder is None else ceil(limit * self.encoder.depth) + 4

    def on_rows(self, rows: F32) -> Graph:
        """The same graph, walked on full rows."""
        return replace(self, codec=F32_DOT if self.metric == DOT else F32_L2, walked=Codes(rows), encoder=None)

    def oversampled(self, times: float) -> Graph:
        """The same graph; for k hits, times · k of a ranking by codes are measured on full rows."""
        return self if self.encoder is None else replace(self, encoder=replace(self.encoder, depth=times))


def open_graph(arrays: Mapping[str, NDArray[Any]], rows: F32) -> Graph:
    """The graph that `graph_build.build_graph` stored."""
    codec, metric, beam, degree = arrays["facts"].tolist()
    encoder = None
    if "centre" in arrays:
        centre, signs = np.array(arrays["centre"]), np.array(arrays["signs"])
        scale, depth, product = arrays["scale"]
        encoder = Encoder(centre, signs, scale, bool(product), int(depth), codec == B1)
    walked = Codes(arrays["codes"], arrays["norms"]) if "codes" in arrays else Codes(rows)
    return Graph(codec, metric, walked, arrays["neighbours"], np.array(arrays["entries"]), encoder, beam, degree / 1000)


def calibrate(graph: Graph, rows: F32, order: I32) -> int:
    """The smallest of BEAMS with which sampled rows find 99 % of what twice the widest finds."""
    probes = order[-min(PROBES, len(order)) :]
    queries = np.ascontiguousarray(rows[probes])
    best = _found(graph, rows, queries, 2 * BEAMS[-1], min(11, len(order)))
    for beam in BEAMS:
        answers = _found(graph, rows, queries, beam, best.shape[1])
        agreed = np.mean([len(np.intersect1d(a, b)) / best.shape[1] for a, b in zip(answers, best, strict=True)])
        if agreed >= CALIBRATED_RECALL:
            return beam
    return BEAMS[-1]


def _found(graph: Graph, rows: F32, queries: F32, beam: int, limit: int) -> NDArray[np.uint32]:
    offsets = np.empty((len(queries), limit), np.uint32)
    distances = np.empty((len(queries), limit), np.float32)
    counters = np.zeros((len(queries), 2), np.int64)
    walked, asked = graph.walked, graph.queries(queries)
    search_graph[graph.codec, graph.metric](
        walked.values, walked.norms, graph.neighbours, graph.entries, asked.values, asked.turned, rows, queries,
        _NOTHING, False, beam, 1, beam, 0, 0, len(queries), offsets, distances, counters,
    )  # fmt: skip
    return offsets
