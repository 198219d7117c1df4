"""Searches over several shards: each gives its best hits, the best of those are the answer.

    ids of stored points   are vectors by then (`examples`)
    hits                   limit + offset of every shard, merged by score and then by id, cut once
    mmr                    the candidates of all shards; their vectors are fetched, then the same choice as in one shard
    batches                one round for all searches, and one before it for all examples

A shard's scores are its own floats, so the order is that of one collection.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from tamis.embedded.options import read_offset
from tamis.model.ids import id_order
from tamis.model.schema import Distance, VectorParams
from tamis.segment.vectors.dense import METRIC
from tamis.server.endpoints.points import page_limit
from tamis.server.query.diversity import chosen
from tamis.server.query.reader import limited, read_mmr, read_window
from tamis.server.scatter.examples import Pending, fetch, pending, resolved, vectors_of
from tamis.server.scatter.legs import Legs
from tamis.wire.answers import join, write
from tamis.wire.bodies import (
    QueriesBody,
    QueryBody,
    RecommendBody,
    RecommendsBody,
    SearchBody,
    SearchesBody,
    read_body,
)
from tamis.wire.members import Members, read_items, read_searches
from tamis.wire.parts import Part, read_parts

__all__ = ["batch", "hits", "leg_path", "order_of", "points"]

_BODIES: dict[str, tuple[type[msgspec.Struct], type[msgspec.Struct]]] = {
    "query": (QueryBody, QueriesBody),
    "search": (SearchBody, SearchesBody),
    "recommend": (RecommendBody, RecommendsBody),
}
Order = Callable[[Part], Any]


class _Search(msgspec.Struct):
    """One of a request: what every shard is asked, how its answers are ordered, which of them are wanted."""

    legs: Legs
    body: dict[str, Any]
    order: Order
    limit: int
    skip: int
    vector: tuple[str, VectorParams] | None = None  # None: in the order of ids
    mmr: tuple[float, int] | None = None


def points(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """…/points/query."""
    return _pointed(hits(legs, method, path, body))


def hits(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """…/points/search and …/points/recommend: the hits without more."""
    kind = path.rsplit("/", 1)[1]
    given = read_body(write(body), _BODIES[kind][0])
    return _found(legs, kind, _read(kind, [(legs, body, given)]))[0]


def batch(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """…/query/batch, …/search/batch, …/recommend/batch."""
    kind = path.removesuffix("/batch").rsplit("/", 1)[1]
    raw = write(body)
    bodies: Any = read_body(raw, _BODIES[kind][1])
    asked = []
    for given, members in zip(bodies.searches, read_searches(raw), strict=True):
        members.pop("shard_key", None)
        asked.append((legs if given.shard_key is None else legs.under(given.shard_key), members, given))
    found = _found(legs, kind, _read(kind, asked)) if asked else []
    return join(map(_pointed, found) if kind == "query" else found)


def leg_path(kind: str) -> str:
    """Where a shard is asked: recommendations are queries by then."""
    return "/points/search" if kind == "search" else "/points/query"


def order_of(params: VectorParams) -> Order:
    """What sorts hits: the best first, equal ones by id."""
    sign = 1 if params.distance in (Distance.EUCLID, Distance.MANHATTAN) else -1

    def order(part: Part) -> tuple[float, tuple[int, int]]:
        return math.inf if part.score is None else sign * part.score, id_order(part.id)

    return order


def _pointed(found: bytes) -> bytes:
    return b'{"points":%b}' % found


def _read(kind: str, asked: Sequence[tuple[Legs, Members, Any]]) -> list[_Search]:
    """All searches of a request, their examples fetched. Rejected, NotFound."""
    waiting = [
        None if kind == "query" and given.query is None else pending(legs, kind, given) for legs, _, given in asked
    ]
    fetch(one for one in waiting if one is not None)
    searches = []
    for (legs, members, given), one in zip(asked, waiting, strict=True):
        searches.append(_in_order(legs, members, given) if one is None else _ranked(kind, legs, members, given, one))
    return searches


def _in_order(legs: Legs, members: Members, given: Any) -> _Search:
    """A query without a query: by id."""
    limit, skip = page_limit(given.limit), read_offset(given.offset or 0)
    body = {**members, "limit": limit + skip, "offset": 0}
    return _Search(legs, body, lambda part: id_order(part.id), limit, skip)


def _ranked(kind: str, legs: Legs, members: Members, given: Any, one: Pending) -> _Search:
    asking = resolved(one, members, given)
    limit, skip = read_window(given if kind == "query" else limited(given), asking.excluded)
    mmr = None if asking.mmr is None else read_mmr(asking.mmr, limit)
    body = {**asking.body, "limit": limit + skip if mmr is None else mmr[1], "offset": 0}
    return _Search(legs, body, order_of(one.vector[1]), limit, skip, one.vector, mmr)


def _found(legs: Legs, kind: str, searches: Sequence[_Search]) -> list[bytes]:
    """The hits of every search."""
    written = []
    for search, parts in zip(searches, _answers(legs, leg_path(kind), searches), strict=True):
        parts.sort(key=search.order)
        last = search.skip + search.limit
        if search.mmr is not None:
            parts = _diverse(search, parts[: search.mmr[1]], last)
        written.append(join(part.raw for part in parts[search.skip : last]))
    return written


def _answers(legs: Legs, path: str, searches: Sequence[_Search]) -> list[list[Part]]:
    """What all shards found for every search."""
    lists: dict[int, list[msgspec.Raw]] = {}
    numbers: dict[int, list[int]] = {}
    for number, search in enumerate(searches):
        body = msgspec.Raw(write(search.body))  # once for all shards
        for shard in search.legs.shards:
            lists.setdefault(shard, []).append(body)
            numbers.setdefault(shard, []).append(number)
    found: list[list[Part]] = [[] for _ in searches]
    if len(searches) == 1:
        for raw in legs.ask("POST", path, {shard: bodies[0] for shard, bodies in lists.items()}).values():
            found[0] += read_parts(raw)
        return found
    asked = {shard: {"searches": bodies} for shard, bodies in lists.items()}
    for shard, raw in legs.ask("POST", f"{path}/batch", asked).items():
        for number, one in zip(numbers[shard], read_items(raw), strict=True):
            found[number] += read_parts(bytes(one))
    return found


def _diverse(search: _Search, candidates: list[Part], count: int) -> list[Part]:
    """Those of the candidates that differ from each other."""
    assert search.mmr is not None
    assert search.vector is not None
    name, params = search.vector
    vectors = vectors_of(search.legs, [part.id for part in candidates], name)
    candidates = [part for part in candidates if vectors.get(part.id) is not None]  # some may be deleted by now
    if not candidates:
        return []
    scores = np.array([math.inf if part.score is None else part.score for part in candidates], np.float32)
    rows = np.stack([vectors[part.id] for part in candidates])
    return [candidates[row] for row in chosen(rows, scores, METRIC[params.distance], search.mmr[0], count)]
