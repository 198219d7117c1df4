"""Compile the kernels a collection needs before somebody waits for them, and say so on a terminal.

Kernels are compiled on first use and kept on disk for every later process. Compiling takes seconds, which is fine with
a progress bar and puzzling without: so on a terminal, the first collection of each metric on a machine (and version) is
preceded by a rehearsal on random points. Elsewhere nothing happens here; the first calls compile what they use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from tamis.collection.collection import StoredCollection
from tamis.collection.places import MemoryPlaces
from tamis.collection.threads import build_pool
from tamis.embedded.points import read_upsert
from tamis.embedded.progress import Report, shown
from tamis.kernels.compile import CACHE_DIRECTORY
from tamis.model.filter import Filter, Match, Range
from tamis.model.operation import SetPayload
from tamis.model.query import Fields, NearestQuery, OrderBy, ScrollQuery, SearchParams
from tamis.model.schema import CollectionSchema, Distance, HnswConfig, OptimizersConfig, VectorParams
from tamis.search.fetch import record_at
from tamis.shard.runtime import Runtime

__all__ = ["rehearse", "warm_up"]

_POINTS, _SIZE = 2_000, 16


def warm_up(distances: Iterable[Distance]) -> None:
    """Rehearse the metrics that no process on this machine has rehearsed, if somebody is watching."""
    for distance in sorted(set(distances)):
        done = CACHE_DIRECTORY / f"rehearsed-{distance.value}"
        if done.exists():
            continue
        with shown() as report:
            if report is None:
                return
            rehearse(distance, report)
        done.touch()


def rehearse(distance: Distance, report: Report) -> None:
    """Do everything once that runs kernels, on a small collection in memory."""
    schema = CollectionSchema(
        {"": VectorParams(_SIZE, distance)}, HnswConfig(full_scan_threshold=1), OptimizersConfig(indexing_threshold=1)
    )
    runtime = Runtime(build_pool(), background=False)
    stored = StoredCollection.open("rehearsal", MemoryPlaces().shard(1), schema, runtime)
    half = Filter(must=(Match("kind", "even"), Range("n", gte=10.0)))
    vectors = np.random.default_rng(0).standard_normal((_POINTS, _SIZE)).astype(np.float32)
    payloads = [
        {"kind": ("even", "odd")[n % 2], "n": n, "half": n / 2, "tags": ["a"] * (n % 3)} for n in range(_POINTS)
    ]

    def ask() -> None:
        for filter in (None, half):
            for exact in (False, True):
                query = NearestQuery(vectors[:64], "", 10, filter, SearchParams(exact=exact))
                stored.search_batch(query, None)
                stored.search(query, 0, Fields())
        stored.facet("kind", half, 10)
        stored.scroll(ScrollQuery(half), record_at)
        stored.scroll(ScrollQuery(order=OrderBy("n")), record_at)

    steps: list[Callable[[], object]] = [
        lambda: stored.write(read_upsert(schema, range(_POINTS), vectors, payloads, None)),
        ask,
        stored.optimize,
        ask,
        lambda: stored.write(SetPayload(b'{"n":1}', filter=half)),
        ask,
    ]
    for number, step in enumerate(steps):
        report(f"compiling kernels for {distance.value}, once", number / len(steps))
        step()
    stored.close("the rehearsal is over")
