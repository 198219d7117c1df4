"""One search that a request asks for, and how several of them run together.

    Search ×n ─▶ those that ask alike (collection, vector, filter, params, limit) ─▶ one call of the engine ─▶ Places ×n

Many clients ask the same question about different vectors. Waiting together costs one evaluation of the filter and lets
the kernels read the graph's rows once for several queries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from itertools import islice

import msgspec
import numpy as np

from tamis.collection.collection import StoredCollection
from tamis.collection.threads import search_pool
from tamis.model.ids import PointId
from tamis.model.query import Fields, NearestQuery
from tamis.search.ranked import Leg, Places, Ranked, passes
from tamis.server.query.diversity import diverse

__all__ = ["Asked", "Found", "Search", "run", "run_together"]

_POOLED = 8  # searches of one call from which on all cores share them


class Search(msgspec.Struct, frozen=True):
    """One vector, and which of its hits are wanted.

    query: one row; its limit covers the hits that are skipped or excluded. limit, skip: of what is left. diversity:
    from 0 to 1, how much hits should differ from each other; None to rank by nearness alone.
    """

    collection: StoredCollection
    query: NearestQuery
    limit: int
    skip: int
    fields: Fields
    excluded: frozenset[PointId] = frozenset()
    diversity: float | None = None

    @property
    def alike(self) -> Hashable:
        """Equal for searches that one call of the engine can answer."""
        query = self.query
        return id(self.collection), query.using, query.limit, id(query.filter), query.params


class Asked(msgspec.Struct, frozen=True):
    """A search that waits for others like it, and what makes the answer of its hits."""

    search: Search
    write: Callable[[Places], bytes]


class Found(msgspec.Struct, frozen=True):
    """The hits of a search, what the engine did for it and those that ran with it, and how long that took."""

    places: Places
    legs: Sequence[Leg]
    together: int
    seconds: float


def run(search: Search) -> Found:
    """One search."""
    begin = time.perf_counter()
    ranked = search.collection.ranked(search.query)
    return Found(_wanted(search, ranked, 0), ranked.legs, 1, time.perf_counter() - begin)


def run_together(searches: Sequence[Search], pool: Executor | None = None) -> list[Found]:
    """Several searches, in that order. pool: for many that ask alike; that of all searches unless given."""
    if len(searches) == 1:
        return [run(searches[0])]
    groups: dict[Hashable, list[int]] = {}
    for number, search in enumerate(searches):
        groups.setdefault(search.alike, []).append(number)
    found: dict[int, Found] = {}
    for numbers in groups.values():
        found.update(zip(numbers, _run_alike([searches[number] for number in numbers], pool), strict=True))
    return [found[number] for number in range(len(searches))]


def _run_alike(searches: Sequence[Search], pool: Executor | None) -> list[Found]:
    first, count = searches[0], len(searches)
    if count == 1:
        return [run(first)]
    begin = time.perf_counter()
    deadlines = [search.query.deadline for search in searches]
    query = msgspec.structs.replace(
        first.query,
        vectors=np.concatenate([search.query.vectors for search in searches]),
        deadline=None if None in deadlines else max(filter(None, deadlines)),
    )
    ranked = first.collection.ranked(query, (pool or search_pool(None)) if count >= _POOLED else None)
    seconds = time.perf_counter() - begin
    return [Found(_wanted(search, ranked, row), ranked.legs, count, seconds) for row, search in enumerate(searches)]


def _wanted(search: Search, ranked: Ranked, row: int) -> Places:
    """The hits of one query without those that are excluded, not good enough, or skipped."""
    places, threshold = ranked.places(row), search.query.score_threshold
    if search.excluded:
        places = places.take([n for n, id in enumerate(places.ids) if id not in search.excluded])
        places = places.between(0, search.query.limit - len(search.excluded))
    last = search.skip + search.limit
    if threshold is not None:
        candidates = places.scores if search.diversity is not None else islice(places.scores, last)
        better = sum(passes(score, threshold, ranked.metric) for score in candidates)
        places = places.between(0, better)
    if search.diversity is not None:
        places = diverse(places, search.query.using, ranked.metric, search.diversity, last)
    return places if not search.skip and last >= len(places) else places.between(search.skip, last)
