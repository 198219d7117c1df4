"""Strict mode: what a collection's owner does not want asked of it, refused before any work.

    sizes       limits of queries, filters, batches, beams and oversampling; no exact search; no long deadlines
    indexes     filters only over payload paths that have an index that answers them
    totals      points, bytes of vectors and of payloads, payload indexes
    rates       reads and writes a minute; what does not fit is told when to come back

Nothing here is needed for an answer to be right or fast: columns make every filter fast. It is for who relies on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from tamis.collection.collection import StoredCollection
from tamis.errors import Rejected
from tamis.model.filter import (
    Condition,
    DatetimeRange,
    Filter,
    GeoBox,
    GeoPolygon,
    GeoRadius,
    Match,
    MatchAny,
    MatchExcept,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    Range,
)
from tamis.model.query import NearestQuery
from tamis.model.schema import IndexKind, PayloadIndex, StrictMode
from tamis.server.error_map import RateLimited
from tamis.server.filter_walk import walk_conditions

__all__ = [
    "Rates",
    "check_batch",
    "check_filter",
    "check_index",
    "check_page",
    "check_search",
    "check_timeout",
    "check_write",
    "mode_of",
]

_WORDS = (IndexKind.KEYWORD, IndexKind.UUID)
_NUMBERS = (IndexKind.INTEGER, IndexKind.FLOAT)
_MINUTE = 60.0


def mode_of(collection: StoredCollection) -> StrictMode | None:
    """The collection's limits, if they are in force."""
    mode = collection.schema.strict_mode
    return mode if mode is not None and mode.enabled else None


def check_search(collection: StoredCollection, query: NearestQuery, limit: int) -> None:
    """One nearest-neighbour query. limit: hits asked for, those that are skipped included."""
    mode = mode_of(collection)
    if mode is None:
        return
    _at_most(limit, mode.max_query_limit, "limit")
    _at_most(query.params.hnsw_ef, mode.search_max_hnsw_ef, "hnsw_ef")
    _at_most(query.params.oversampling, mode.search_max_oversampling, "oversampling")
    if query.params.exact and mode.search_allow_exact is False:
        raise _refused("Exact search is not allowed here", "Set exact to false")
    check_filter(collection, query.filter, writes=False)


def check_page(rates: Rates, collection: StoredCollection, limit: int, filter: Filter | None) -> None:
    """One page, count or facet; it is counted as a read."""
    mode = mode_of(collection)
    if mode is not None:
        _at_most(limit, mode.max_query_limit, "limit")
        check_filter(collection, filter, writes=False)
        rates.spend(collection, writes=False)


def check_write(rates: Rates, collection: StoredCollection, points: int, filter: Filter | None) -> None:
    """One write: of so many new or changed points, or of those that a filter chooses; it is counted as a write."""
    mode = mode_of(collection)
    if mode is not None:
        _at_most(points, mode.upsert_max_batchsize, "upsert batch size")
        check_filter(collection, filter, writes=True)
        if points:
            _check_growth(collection, mode, points)
        rates.spend(collection, writes=True)


def check_batch(collection: StoredCollection, size: int) -> None:
    """How many queries come in one request."""
    mode = mode_of(collection)
    if mode is not None:
        _at_most(size, mode.search_max_batchsize, "search batch size")


def check_filter(collection: StoredCollection, filter: Filter | None, writes: bool) -> None:
    """A filter. writes: it chooses points to change."""
    mode = mode_of(collection)
    if mode is None or filter is None:
        return
    conditions = list(walk_conditions(filter))
    _at_most(len(conditions), mode.filter_max_conditions, "filter conditions")
    unindexed = mode.unindexed_filtering_update if writes else mode.unindexed_filtering_retrieve
    indexes = collection.schema.indexes
    for condition, path in conditions:
        if isinstance(condition, (MatchAny, MatchExcept)):
            _at_most(len(condition.values), mode.condition_max_size, "condition size")
        if unindexed is False and path is not None:
            kinds = _answering(condition)
            index = indexes.get(path)
            if index is None or not _answers(index, kinds, condition):
                raise _refused(
                    f"Index required but not found for {path!r} of one of the following types: [{', '.join(kinds)}]",
                    "Create an index for this key or use a different filter",
                )


def _check_growth(collection: StoredCollection, mode: StrictMode, points: int) -> None:
    if mode.max_points_count is not None:
        _at_most(collection.count(None) + points, mode.max_points_count, "points count")
    if mode.max_collection_vector_size_bytes is None and mode.max_collection_payload_size_bytes is None:
        return
    memory = collection.memory()
    vectors = memory.resident.get("vectors", 0) + memory.resident.get("head.vectors", 0)
    payloads = memory.disk.get("payload", 0) + memory.resident.get("head.payload", 0)
    _at_most(vectors, mode.max_collection_vector_size_bytes, "vector storage size in bytes")
    _at_most(payloads, mode.max_collection_payload_size_bytes, "payload storage size in bytes")


def check_index(collection: StoredCollection, path: str) -> None:
    """One more payload index."""
    mode = mode_of(collection)
    if mode is not None and path not in collection.schema.indexes:
        _at_most(len(collection.schema.indexes) + 1, mode.max_payload_index_count, "payload index count")


def check_timeout(collection: StoredCollection, seconds: int) -> None:
    """A deadline that a request asks for."""
    mode = mode_of(collection)
    if mode is not None:
        _at_most(seconds, mode.max_timeout, "timeout")


class Rates:
    """How many reads and writes each collection has had lately: a bucket that fills evenly, a minute's worth deep."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[str, bool], tuple[float, float]] = {}  # tokens left, and when that was

    def spend(self, collection: StoredCollection, writes: bool, cost: int = 1) -> None:
        """Count `cost` operations. RateLimited, which says when there will be room."""
        mode = mode_of(collection)
        most = None if mode is None else mode.write_rate_limit if writes else mode.read_rate_limit
        if most is None:
            return
        key, now = (collection.name, writes), self._clock()
        with self._lock:
            left, before = self._left.get(key, (float(most), now))
            left = min(float(most), left + (now - before) * most / _MINUTE)
            if cost <= left:
                self._left[key] = left - cost, now
                return
            self._left[key] = left, now
        kind = "Write" if writes else "Read"
        if cost > most:
            raise RateLimited(f"{kind} rate limit exceeded: {cost} operations at once, {most} a minute", int(_MINUTE))
        seconds = int((cost - left) * _MINUTE / most) + 1
        raise RateLimited(f"{kind} rate limit exceeded: try again in {seconds} seconds", seconds)


def _at_most(value: float | None, most: float | None, what: str) -> None:
    if value is not None and most is not None and value > most:
        raise _refused(f"Limit exceeded {value:g} > {most:g} for {what!r}", f"Reduce {what!r} to or below {most:g}")


def _refused(problem: str, advice: str) -> Rejected:
    return Rejected("", f"{problem}. Help: {advice}.")


def _answering(condition: Condition) -> Iterable[IndexKind]:
    """The kinds of index that answer a condition."""
    if isinstance(condition, (Match, MatchAny, MatchExcept)):
        values = (condition.value,) if isinstance(condition, Match) else condition.values
        if any(isinstance(value, str) for value in values):
            return _WORDS
        return (IndexKind.BOOL,) if values and isinstance(values[0], bool) else (IndexKind.INTEGER,)
    if isinstance(condition, (MatchPrefix, MatchSubstring)):
        return (IndexKind.KEYWORD,)
    if isinstance(condition, MatchText):
        return (IndexKind.TEXT,)
    if isinstance(condition, Range):
        return _NUMBERS
    if isinstance(condition, DatetimeRange):
        return (IndexKind.DATETIME,)
    if isinstance(condition, (GeoBox, GeoRadius, GeoPolygon)):
        return (IndexKind.GEO,)
    return tuple(IndexKind)


def _answers(index: PayloadIndex, kinds: Iterable[IndexKind], condition: Condition) -> bool:
    if index.kind not in kinds:
        return False
    if isinstance(condition, MatchPrefix):
        return bool(index.options.get("prefix"))
    if index.kind is IndexKind.INTEGER:
        use = (
            "range"
            if isinstance(condition, Range)
            else "lookup"
            if isinstance(condition, (Match, MatchAny, MatchExcept))
            else ""
        )
        return bool(index.options.get(use, True))
    return True
