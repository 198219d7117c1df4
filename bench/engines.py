"""hnswlib, faiss, usearch and tamis behind one face, for search without a filter.

Every engine gets m = 16, ef_construct = 100, two threads to build and one to search. `beam` is each engine's own ef.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data import F32, DataSet

M, EF_CONSTRUCT, BUILD_THREADS = 16, 100, 2


class Engine(ABC):
    """Build once, search a batch at a beam, search one query at a time."""

    name: str

    @abstractmethod
    def build(self, data: DataSet) -> None: ...

    @abstractmethod
    def batch(self, queries: F32, k: int, beam: int) -> NDArray[np.integer]:
        """Offsets [q, k], on one thread."""

    @abstractmethod
    def one(self, query: F32, k: int, beam: int) -> Any:
        """One call for one query."""


class Hnswlib(Engine):
    name = "hnswlib"

    def build(self, data: DataSet) -> None:
        import hnswlib

        self.index = hnswlib.Index("l2" if data.distance == "Euclid" else "ip", data.base.shape[1])
        self.index.init_index(len(data.base), M=M, ef_construction=EF_CONSTRUCT)
        self.index.add_items(data.base, num_threads=BUILD_THREADS)

    def batch(self, queries: F32, k: int, beam: int) -> NDArray[np.integer]:
        self.index.set_ef(beam)
        return self.index.knn_query(queries, k, num_threads=1)[0]

    def one(self, query: F32, k: int, beam: int) -> Any:
        return self.index.knn_query(query, k, num_threads=1)


class Faiss(Engine):
    name = "faiss"

    def build(self, data: DataSet) -> None:
        import faiss

        metric = faiss.METRIC_L2 if data.distance == "Euclid" else faiss.METRIC_INNER_PRODUCT
        faiss.omp_set_num_threads(BUILD_THREADS)
        self.index = faiss.IndexHNSWFlat(data.base.shape[1], M, metric)
        self.index.hnsw.efConstruction = EF_CONSTRUCT
        self.index.add(data.base)
        faiss.omp_set_num_threads(1)

    def batch(self, queries: F32, k: int, beam: int) -> NDArray[np.integer]:
        self.index.hnsw.efSearch = beam
        return self.index.search(queries, k)[1]

    def one(self, query: F32, k: int, beam: int) -> Any:
        return self.index.search(query[None], k)


class Usearch(Engine):
    name = "usearch"

    def build(self, data: DataSet) -> None:
        from usearch.index import Index

        self.index = Index(
            ndim=data.base.shape[1],
            metric="l2sq" if data.distance == "Euclid" else "ip",
            dtype="f32",
            connectivity=M,
            expansion_add=EF_CONSTRUCT,
        )
        self.index.add(np.arange(len(data.base)), data.base, threads=BUILD_THREADS)

    def batch(self, queries: F32, k: int, beam: int) -> NDArray[np.integer]:
        self.index.expansion_search = beam
        return np.asarray(self.index.search(queries, k, threads=1).keys)

    def one(self, query: F32, k: int, beam: int) -> Any:
        return self.index.search(query, k, threads=1)


class Tamis(Engine):
    name = "tamis"

    def build(self, data: DataSet) -> None:
        import tamis

        self.database = tamis.open()
        self.collection = self.database.create_collection(
            "bench",
            vectors={"size": data.base.shape[1], "distance": data.distance},
            hnsw_config={"m": M, "ef_construct": EF_CONSTRUCT},
        )
        for first in range(0, len(data.base), 10_000):
            part = data.base[first : first + 10_000]
            self.collection.upsert(ids=np.arange(first, first + len(part)), vectors=part)
        self.collection.optimize()

    def batch(self, queries: F32, k: int, beam: int) -> NDArray[np.integer]:
        return self.collection.search_batch(queries, limit=k, params={"hnsw_ef": beam}, threads=1)[0]

    def one(self, query: F32, k: int, beam: int) -> Any:
        return self.collection.search(query, limit=k, params={"hnsw_ef": beam})
