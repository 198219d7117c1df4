"""Searches: the query API and the older search and recommend endpoints.

A query that is answered by one search is handed on as `Asked`, so that searches which wait together run together. With
`explain=true` the plan comes beside the result, as the envelope's member `plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tamis.embedded.options import read_limit, read_offset, read_path
from tamis.errors import Invalid, Rejected
from tamis.limits import SEARCHES_MAX
from tamis.model.query import ScrollQuery
from tamis.search.ranked import Places
from tamis.server.backend import Backend
from tamis.server.query.groups import Grouping, Value, group
from tamis.server.query.lookup import lookup_records
from tamis.server.query.reader import (
    limited,
    read_fields_of,
    read_query,
    read_recommend,
    read_search,
    refuse_shard_key,
)
from tamis.server.query.search import Asked, Search, run, run_together
from tamis.server.request import Request, Result
from tamis.server.strict_mode import check_batch, check_page
from tamis.wire.answers import join, write, write_point_in_order, write_points
from tamis.wire.bodies import (
    QueriesBody,
    QueryBody,
    QueryGroupsBody,
    RecommendBody,
    RecommendGroupsBody,
    RecommendsBody,
    SearchBody,
    SearchesBody,
    SearchGroupsBody,
    read_body,
)
from tamis.wire.filter_reader import read_filter

__all__ = [
    "query",
    "query_batch",
    "query_groups",
    "recommend",
    "recommend_batch",
    "recommend_groups",
    "search",
    "search_batch",
    "search_groups",
]

_GROUPS, _GROUP_SIZE = 10, 3


def query(backend: Backend, request: Request) -> Asked | Result:
    """POST /collections/{name}/points/query: the nearest points to a vector, a point, or examples."""
    body = read_body(request.body, QueryBody)
    if body.query is None:
        return Result(_points(_in_order(backend, request, body)))
    return _answered(_read(backend, request, read_query, body), request, _points_of)


def query_batch(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/query/batch: several queries at once."""
    bodies = read_body(request.body, QueriesBody).searches
    _check_batch(backend, request, len(bodies))
    searches = [None if body.query is None else _read(backend, request, read_query, body) for body in bodies]
    answers = iter(_answers([search for search in searches if search is not None]))
    return Result(
        join(
            _points(_in_order(backend, request, body) if search is None else next(answers))
            for body, search in zip(bodies, searches, strict=True)
        )
    )


def query_groups(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/query/groups: the nearest points, grouped by a payload value."""
    body = read_body(request.body, QueryGroupsBody)
    if body.query is None:
        raise Rejected("query", "is missing; groups need one to be ordered by")
    return _grouped(backend, _read(backend, request, read_query, body), body)


def search(backend: Backend, request: Request) -> Asked | Result:
    """POST /collections/{name}/points/search: the nearest points to a vector (older form)."""
    body = limited(read_body(request.body, SearchBody))
    return _answered(_read(backend, request, read_search, body), request, _bare_points_of)


def search_batch(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/search/batch: several searches at once (older form)."""
    bodies = [limited(body) for body in read_body(request.body, SearchesBody).searches]
    _check_batch(backend, request, len(bodies))
    return Result(join(_answers([_read(backend, request, read_search, body) for body in bodies])))


def search_groups(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/search/groups: the nearest points, grouped by a payload value (older form)."""
    body = read_body(request.body, SearchGroupsBody)
    return _grouped(backend, _read(backend, request, read_search, body), body)


def recommend(backend: Backend, request: Request) -> Asked | Result:
    """POST /collections/{name}/points/recommend: the nearest points to examples (older form)."""
    body = limited(read_body(request.body, RecommendBody))
    return _answered(_read(backend, request, read_recommend, body), request, _bare_points_of)


def recommend_batch(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/recommend/batch: several recommendations at once (older form)."""
    bodies = [limited(body) for body in read_body(request.body, RecommendsBody).searches]
    _check_batch(backend, request, len(bodies))
    return Result(join(_answers([_read(backend, request, read_recommend, body) for body in bodies])))


def recommend_groups(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/recommend/groups: recommended points, grouped by a payload value (older form)."""
    body = read_body(request.body, RecommendGroupsBody)
    return _grouped(backend, _read(backend, request, read_recommend, body), body)


def _read(backend: Backend, request: Request, read: Callable[..., Search], body: Any) -> Search:
    search = read(backend.collection, request.path["name"], body, request.deadline)
    backend.rates.spend(search.collection, writes=False)
    return search


def _check_batch(backend: Backend, request: Request, size: int) -> None:
    if size > SEARCHES_MAX:
        raise Rejected("searches", f"{size} queries in one request; at most {SEARCHES_MAX}")
    check_batch(backend.collection(request.path["name"]), size)


def _answered(
    search: Search, request: Request, written: Callable[[Search], Callable[[Places], bytes]]
) -> Asked | Result:
    if not request.flag("explain"):
        return Asked(search, written(search))
    plan, places = search.collection.explain(search.query).to_dict(), run(search).places
    return Result(written(search)(places), b',"plan":' + write({**plan, "hits": len(places)}))


def _points_of(search: Search) -> Callable[[Places], bytes]:
    fields = search.fields
    return lambda places: _points(write_points(places, fields))


def _bare_points_of(search: Search) -> Callable[[Places], bytes]:
    fields = search.fields
    return lambda places: write_points(places, fields)


def _points(points: bytes) -> bytes:
    return b'{"points":%b}' % points


def _answers(searches: Sequence[Search]) -> list[bytes]:
    found = run_together(searches) if searches else []
    return [write_points(one.places, search.fields) for search, one in zip(searches, found, strict=True)]


def _in_order(backend: Backend, request: Request, body: QueryBody) -> bytes:
    """A query without a query: points by id, score 0."""
    for given, what in (
        (body.prefetch, "prefetch"),
        (body.lookup_from, "lookup_from"),
        (body.score_threshold, "score_threshold"),
    ):
        if given not in (None, [], {}):
            raise Rejected(what, "needs a query" if what != "prefetch" else "is not supported yet")
    refuse_shard_key(body)
    collection = backend.collection(request.path["name"])
    limit = 10 if body.limit is None else body.limit
    if limit < 1:
        raise Invalid("limit", f"value {limit} invalid, must be 1 or larger")
    skip = read_offset(body.offset or 0)
    fields = read_fields_of(collection, body, payload=False)
    asked = ScrollQuery(read_filter(body.filter), read_limit(limit + skip), fields=fields)
    check_page(backend.rates, collection, asked.limit, asked.filter)
    return join(collection.scroll(asked, write_point_in_order)[0][skip:])


def _grouped(backend: Backend, search: Search, body: Any) -> Result:
    if search.diversity is not None:
        raise Rejected("query.mmr", "does not go with groups")
    groups = _GROUPS if body.limit is None else body.limit
    size = _GROUP_SIZE if body.group_size is None else body.group_size
    for name, value in (("limit", groups), ("group_size", size)):
        if value < 1:
            raise Invalid(name, f"value {value} invalid, must be 1 or larger")
    found = group(
        search, Grouping(read_path(body.group_by, "group_by"), read_limit(groups), read_limit(size, "group_size"))
    )
    records = lookup_records(backend.collection, body.with_lookup, [value for value, _ in found])
    return Result(b'{"groups":%b}' % join(_group(search, value, places, records) for value, places in found))


def _group(search: Search, value: Value, places: Places, records: dict[Value, bytes]) -> bytes:
    lookup = b',"lookup":%b' % records[value] if value in records else b""
    return b'{"id":%b,"hits":%b%b}' % (write(value), write_points(places, search.fields), lookup)
