"""A stored collection: its shard, and every question to it answered from one snapshot.

    write(operation)  → the shard's log and state; durable and visible on return
    search, count, …  → snapshot → search/* → results with payload, k of them

There is one shard; the methods here are where several would be asked and their answers merged. What comes in is
validated already (`tamis.embedded`, `tamis.wire`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from tamis.collection.hit_arrays import hit_arrays
from tamis.collection.threads import search_pool
from tamis.errors import Conflict
from tamis.log.log import Log
from tamis.model.filter import Filter
from tamis.model.ids import IdArray, PointId
from tamis.model.operation import Operation
from tamis.model.query import Fields, NearestQuery, ScrollQuery
from tamis.model.result import FacetHit, Hit
from tamis.model.schema import CollectionSchema
from tamis.search.count import count
from tamis.search.facet import facet
from tamis.search.fetch import Make, T, fetch, hits_at
from tamis.search.nearest import nearest
from tamis.search.plan import Plan, explain
from tamis.search.ranked import Ranked, passes
from tamis.search.scroll import scroll
from tamis.shard.manifest import Manifest, manifest_numbers
from tamis.shard.report import MemoryReport, ShardInfo
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.store import Store

__all__ = ["StoredCollection"]


class StoredCollection:
    """One collection's data. Threads may read and write at the same time."""

    def __init__(self, name: str, shard: Shard) -> None:
        self.name = name
        self._shard = shard

    @property
    def shared(self) -> bool:
        """Whether this is one shard of a collection that several nodes have."""
        return self._shard.shared

    @property
    def shard(self) -> Shard:
        """The shard, for who moves it along with other nodes."""
        return self._shard

    @classmethod
    def open(cls, name: str, place: tuple[Store, Log], schema: CollectionSchema, runtime: Runtime) -> StoredCollection:
        """The collection whose bytes are in `place`; a new one with this schema where there are none yet."""
        store, log = place
        try:
            if log.end == 0 and not manifest_numbers(store):
                with suppress(Conflict) if runtime.shared else nullcontext():  # another node was first
                    return cls(name, Shard.create(store, log, schema, runtime))
            return cls(name, Shard.open(store, log, runtime))
        except BaseException:
            log.close()
            raise

    @property
    def schema(self) -> CollectionSchema:
        """As it is now, payload indexes included."""
        return self._shard.schema

    @property
    def position(self) -> int:
        """Of the last write."""
        return self._shard.snapshot().position

    def write(self, operation: Operation) -> int:
        """Durable and visible on return; the position it has in the log."""
        return self._shard.write(operation)

    def search(self, query: NearestQuery, skip: int, fields: Fields) -> list[Hit]:
        """The hits of the one vector of `query`, best first, without the `skip` best ones."""
        ranked = nearest(self._shard.snapshot().views, query)
        places = ranked.places(0)
        if query.score_threshold is not None or skip:
            better = sum(passes(score, query.score_threshold, ranked.metric) for score in places.scores)
            places = places.between(skip, better)
        return hits_at(places, fields)

    def ranked(self, query: NearestQuery, pool: Executor | None = None) -> Ranked:
        """The nearest to each vector of `query`, as columns that are not looked up yet."""
        return nearest(self._shard.snapshot().views, query, pool)

    def search_batch(self, query: NearestQuery, threads: int | None) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """(ids, scores), queries × limit, padded with NaN; threads: None means all cores."""
        ranked = nearest(self._shard.snapshot().views, query, search_pool(threads))
        return hit_arrays(ranked, query.limit, query.score_threshold)

    def explain(self, query: NearestQuery) -> Plan:
        """How `search` answers."""
        return explain(self._shard.snapshot().views, query)

    def count(self, filter: Filter | None) -> int:
        """How many points match."""
        return count(self._shard.snapshot().views, filter)

    def scroll(self, query: ScrollQuery, make: Make[T]) -> tuple[list[T], PointId | None]:
        """A page of points, each as `make` makes it, and the id the next page starts at."""
        return scroll(self._shard.snapshot().views, query, make)

    def retrieve(self, ids: IdArray, fields: Fields, make: Make[T]) -> list[T]:
        """The points with these ids, in that order, without those that are missing."""
        return fetch(self._shard.snapshot(), ids, fields, make)

    def facet(self, path: str, filter: Filter | None, limit: int) -> list[FacetHit]:
        """The most frequent values at a path."""
        return facet(self._shard.snapshot().views, path, filter, limit)

    def optimize(self, report: Callable[[str, float], None] | None = None) -> None:
        """Return when everything is sealed, merged and has its graph."""
        self._shard.optimize(report)

    def sealed(self) -> AbstractContextManager[tuple[Store, Manifest]]:
        """Everything written before this call, in files that stay while the block runs."""
        return self._shard.sealed()

    def info(self) -> ShardInfo:
        """Status, counts, segments."""
        return self._shard.info()

    def memory(self) -> MemoryReport:
        """Bytes per component."""
        return self._shard.memory()

    def close(self, reason: str) -> None:
        """Let go of everything; whoever asks from now on gets a Conflict that says why."""
        shard, self._shard = self._shard, cast(Shard, _Closed(reason))
        shard.close()


class _Closed:
    """Stands where the shard was."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> NoReturn:
        raise Conflict(self._reason)
