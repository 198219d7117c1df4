"""One dense vector field of one body: full rows, which rows have it, and a graph once there is one.

    rows      float32[n, d], C-contiguous; length one under Cosine; zeros where a point lacks the vector
    present   bits over rows, or None when every row has the vector
    graph     None: the field is scanned exactly

A body that was made before its vector has a field of rows that all lack it, and no memory is taken for them.

Stored as arrays "rows", "present", and "graph.*"; opened over the mapped file without a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.distance import DOT, L1, L2
from tamis.model.schema import BinaryQuantization, Distance, HnswConfig, VectorParams
from tamis.segment.alive import Mask, no_rows, unpack_rows
from tamis.segment.vectors.graph import Graph, open_graph
from tamis.segment.vectors.graph_build import GraphShape, Progress, build_graph
from tamis.storage.aligned import aligned_empty

__all__ = ["METRIC", "Dense", "build_dense", "fitted", "open_dense"]

METRIC = {Distance.EUCLID: L2, Distance.COSINE: DOT, Distance.DOT: DOT, Distance.MANHATTAN: L1}
_PREFIX = "graph."


@dataclass(frozen=True, slots=True)
class Dense:
    """A vector field that can be searched."""

    params: VectorParams
    rows: NDArray[np.float32]
    present: Mask | None = None
    graph: Graph | None = None

    @property
    def metric(self) -> int:
        """The kernels' constant: smaller distances are nearer."""
        return METRIC[self.params.distance]

    @property
    def row_bytes(self) -> int:
        """Bytes of the rows."""
        return self.rows.nbytes if self.rows.flags.c_contiguous else 0  # otherwise one row stands for all

    def bytes(self) -> dict[str, int]:
        """Bytes by component."""
        sizes = {"vectors": self.row_bytes + (0 if self.present is None else self.present.nbytes)}
        if self.graph is not None:
            walked = self.graph.walked
            sizes["codes"] = 0 if walked.values is self.rows else walked.nbytes
            sizes["graph"] = self.graph.neighbours.nbytes + self.graph.entries.nbytes
        return sizes


def build_dense(
    rows: NDArray[np.float32],
    present: Mask | None,
    params: VectorParams,
    *,
    pool: Executor,
    hnsw: HnswConfig,
    graph: bool,
    progress: Progress | None = None,
) -> dict[str, NDArray[Any]]:
    """The arrays to store for these rows; with `graph`, a graph over the rows that have the vector.

    hnsw: m = 0 asks for no graph. params.quantization: scalar sets what share of the components the codes cover, binary
    asks for bits.
    """
    arrays: dict[str, NDArray[Any]] = {"rows": rows}
    if present is not None:
        arrays["present"] = present
    chosen = np.arange(len(rows)) if present is None else unpack_rows(present)
    if graph and hnsw.m > 0 and len(chosen) > 1:
        unit = params.distance is Distance.COSINE
        shape = GraphShape(METRIC[params.distance], unit, 2 * hnsw.m, max(hnsw.ef_construct, 2 * hnsw.m))
        if isinstance(params.quantization, BinaryQuantization):
            shape = replace(shape, bits=True)
        elif params.quantization is not None and params.quantization.quantile is not None:
            shape = replace(shape, quantile=params.quantization.quantile)
        with _workers(hnsw.max_indexing_threads, pool) as workers:
            built = build_graph(rows, chosen, shape, workers, progress)
        arrays |= {_PREFIX + name: array for name, array in built.items()}
    return arrays


@contextmanager
def _workers(threads: int, pool: Executor) -> Iterator[Executor]:
    """As many threads as the schema allows, 0: those of the shared pool."""
    if threads == 0:
        yield pool
    else:
        with ThreadPoolExecutor(threads, thread_name_prefix="tamis-index") as own:
            yield own


def open_dense(params: VectorParams, arrays: Mapping[str, NDArray[Any]]) -> Dense:
    """The field that `build_dense` stored; with always_ram its codes are copied from the mapped file."""
    rows = arrays["rows"]
    stored = {name.removeprefix(_PREFIX): array for name, array in arrays.items() if name.startswith(_PREFIX)}
    if params.quantization is not None and params.quantization.always_ram and "codes" in stored:
        mapped = stored["codes"]
        stored["codes"] = aligned_empty(mapped.shape, mapped.dtype)
        stored["codes"][:] = mapped
    return Dense(params, rows, arrays.get("present"), open_graph(stored, rows) if stored else None)


def fitted(fields: Mapping[str, Dense], vectors: Mapping[str, VectorParams], rows: int) -> dict[str, Dense]:
    """The fields of a body of so many rows as another schema shows them: dropped ones hidden, new ones empty."""
    fits: dict[str, Dense] = {}
    for name, params in vectors.items():
        field = fields.get(name)
        if field is None or field.params.created != params.created:
            zeros = np.broadcast_to(np.zeros(params.size, np.float32), (rows, params.size))
            field = Dense(params, zeros, no_rows(rows))
        fits[name] = field
    return fits
