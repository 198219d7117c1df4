"""Bodies of searches → `Search`: the vector behind a query, the vector name, and what to give back.

    vector    a list of numbers
    id        the vector of that point, which is then not among the hits
    mmr       with a vector or an id: hits that differ from each other too
    recommend positive and negative examples → avg(positive) + avg(positive) − avg(negative), or avg(positive) alone

`lookup_from` finds the vectors of ids in another collection. What the query language has beyond is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.collection.collection import StoredCollection
from tamis.embedded.arrays import one_vector
from tamis.embedded.names import vector_name, vector_params
from tamis.embedded.options import read_fields, read_limit, read_offset, read_params, read_threshold
from tamis.errors import Invalid, NotFound, Rejected
from tamis.limits import LIMIT_MAX
from tamis.model.ids import IdArray, PointId, parse_id
from tamis.model.query import Fields, NearestQuery
from tamis.model.schema import Distance
from tamis.search.fetch import record_at
from tamis.server.query.search import Search
from tamis.server.strict_mode import check_search
from tamis.wire.bodies import (
    Lookup,
    QueryBody,
    QueryGroupsBody,
    RecommendBody,
    RecommendGroupsBody,
    SearchBody,
    SearchGroupsBody,
)
from tamis.wire.checks import mapping, real, whole
from tamis.wire.filter_reader import read_filter

__all__ = ["Collections", "read_fields_of", "read_query", "read_recommend", "read_search", "refuse_shard_key"]

Collections = Callable[[str], StoredCollection]
Rows = NDArray[np.float32]
_Vector = tuple[Rows, frozenset[PointId]]  # what to search with, and the ids that it came from
_LATER = ("discover", "context", "order_by", "fusion", "rrf", "formula", "sample", "relevance_feedback", "text")
_LIMIT = 10
_DIVERSITY = 0.5
_CANDIDATES_MAX = 16_384


def read_query(find: Collections, name: str, body: QueryBody | QueryGroupsBody, deadline: float | None) -> Search:
    """POST /collections/{name}/points/query; the query must be there."""
    if body.prefetch not in (None, [], {}):
        raise Rejected("prefetch", "is not supported yet; ask one query at a time")
    collection = find(name)
    examples = _examples(body.query)
    using = vector_name(collection.schema, body.using)
    vector = _row(_Source(find, collection, using, body.lookup_from), examples)
    search = _search(collection, using, vector, body, deadline)
    return search if examples.mmr is None else _diverse(search, examples.mmr)


def read_search(find: Collections, name: str, body: SearchBody | SearchGroupsBody, deadline: float | None) -> Search:
    """POST /collections/{name}/points/search: a list of numbers, or {"name", "vector"}."""
    collection = find(name)
    vector, using = body.vector, None
    if isinstance(vector, dict):
        if set(vector) != {"name", "vector"}:
            raise Rejected("vector", "must be a list of numbers, or an object with name and vector")
        vector, using = vector["vector"], vector["name"]
    if body.lookup_from is not None:
        raise Rejected("lookup_from", "has no meaning for a search by vector")
    using = vector_name(collection.schema, using)
    rows = one_vector(vector, collection.schema.vectors[using])
    return _search(collection, using, (rows, frozenset()), body, deadline)


def read_recommend(
    find: Collections, name: str, body: RecommendBody | RecommendGroupsBody, deadline: float | None
) -> Search:
    """POST /collections/{name}/points/recommend."""
    collection = find(name)
    using = vector_name(collection.schema, body.using)
    source = _Source(find, collection, using, body.lookup_from)
    _check_strategy(body.strategy, "strategy")
    vector = _row(source, _Examples(body.positive, body.negative, averaged=True))
    return _search(collection, using, vector, body, deadline)


def read_fields_of(collection: StoredCollection, body: Any, payload: bool) -> Fields:
    """with_payload, and with_vector under either of its names. payload: whether payloads are given unasked."""
    with_payload = payload if body.with_payload is None else body.with_payload
    with_vector = body.with_vectors if body.with_vector is None else body.with_vector
    return read_fields(collection.schema, with_payload, False if with_vector is None else with_vector)


def refuse_shard_key(body: Any) -> None:
    """A collection here has no shard keys."""
    if body.shard_key is not None:
        raise Rejected("shard_key", "this collection has no shard keys; leave it out")


def _search(collection: StoredCollection, using: str, vector: _Vector, body: Any, deadline: float | None) -> Search:
    rows, excluded = vector
    refuse_shard_key(body)
    given = getattr(body, "limit", None)
    if given is None:
        given = getattr(body, "top", None)
    limit = _read_limit(_LIMIT if given is None else given)
    skip = read_offset(getattr(body, "offset", None) or 0)
    most = limit + skip + len(excluded)
    if most > LIMIT_MAX:
        raise Rejected("limit", f"limit + offset must be at most {LIMIT_MAX}, got {most}")
    query = NearestQuery(
        rows,
        using,
        most,
        read_filter(body.filter),
        read_params(body.params),
        read_threshold(body.score_threshold),
        deadline,
    )
    check_search(collection, query, limit + skip)
    return Search(collection, query, limit, skip, read_fields_of(collection, body, payload=False), excluded)


def _read_limit(limit: int) -> int:
    if limit < 1:
        raise Invalid("limit", f"value {limit} invalid, must be 1 or larger")
    return read_limit(limit)


class _Examples(msgspec.Struct):
    """What a query is put together from. A positive example that is not averaged is the vector itself."""

    positive: Sequence[Any]
    negative: Sequence[Any] = ()
    averaged: bool = False
    mmr: dict[str, Any] | None = None


def _examples(query: Any) -> _Examples:
    if isinstance(query, dict):
        if "nearest" in query:
            _only(query, ("nearest", "mmr"), "query")
            if isinstance(query["nearest"], dict):
                raise Rejected("query.nearest", "must be a vector or an id")
            return msgspec.structs.replace(_examples(query["nearest"]), mmr=query.get("mmr"))
        if "recommend" in query:
            return _recommended(query)
        for key in query:
            if key in _LATER:
                _refuse(key)
        if {"indices", "values"} & set(query):
            raise Rejected("query", "sparse vectors are not supported yet")
        if {"text", "image", "object", "model"} & set(query):
            raise Rejected("query", "inference is not supported; give a vector")
        raise Rejected(
            "query",
            f"unknown kind of query {', '.join(map(repr, query)) or 'without a key'}; nearest and recommend are known",
        )
    if isinstance(query, list) and query and isinstance(query[0], list):
        raise Rejected("query", "multivectors are not supported yet")
    if isinstance(query, bool) or not isinstance(query, (list, int, str)):
        raise Rejected("query", "must be a vector, an id, or an object that names the kind of query")
    return _Examples([query])


def _diverse(search: Search, mmr: Any) -> Search:
    """The search for candidates, of which those are chosen that differ: of no more than candidates_limit, or limit."""
    given = mapping(mmr, "query.mmr", "an object with diversity and candidates_limit")
    _only(given, ("diversity", "candidates_limit"), "query.mmr")
    diversity = float(real(_DIVERSITY if given.get("diversity") is None else given["diversity"], "query.mmr.diversity"))
    if not 0 <= diversity <= 1:
        raise Invalid("query.mmr.diversity", f"value {diversity:g} invalid, must be from 0.0 to 1.0")
    count = given.get("candidates_limit")
    most = search.limit if count is None else whole(count, "query.mmr.candidates_limit", 1, _CANDIDATES_MAX)
    query = msgspec.structs.replace(search.query, limit=most + len(search.excluded))
    return msgspec.structs.replace(search, query=query, diversity=diversity)


def _recommended(query: dict[str, Any]) -> _Examples:
    _only(query, ("recommend",), "query")
    given = query["recommend"]
    if not isinstance(given, dict):
        raise Rejected("query.recommend", "must be an object with positive and negative")
    _only(given, ("positive", "negative", "strategy"), "query.recommend")
    _check_strategy(given.get("strategy"), "query.recommend.strategy")
    return _Examples(given.get("positive") or [], given.get("negative") or [], averaged=True)


def _only(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in known:
            raise Rejected(f"{where}.{key}", f"unknown key; known are {', '.join(known)}")


def _refuse(kind: str) -> NoReturn:
    raise Rejected(f"query.{kind}", "is not supported yet; nearest (a vector or an id) and recommend are")


def _check_strategy(strategy: Any, where: str) -> None:
    if strategy not in (None, "average_vector"):
        raise Rejected(where, f"must be average_vector, the only one that is supported yet; got {strategy!r}")


class _Source:
    """Where the vectors of examples come from."""

    def __init__(self, find: Collections, collection: StoredCollection, using: str, lookup: Lookup | None) -> None:
        self.params = collection.schema.vectors[using]
        self.collection, self.name = collection, using
        if lookup is not None:
            refuse_shard_key(lookup)
            self.collection = find(lookup.collection)
            self.name = using if lookup.vector is None else lookup.vector
            size = vector_params(self.collection.schema, self.name, "lookup_from.vector").size
            if size != self.params.size:
                raise Rejected(
                    "lookup_from", f"vectors of size {self.params.size} are expected, those have size {size}"
                )
        self.foreign = self.collection is not collection

    def rows(self, ids: list[PointId]) -> list[Rows]:
        """The vector of each id, 1 × size."""
        fields = Fields(payload=False, vectors=(self.name,))
        records = {r.id: r for r in self.collection.retrieve(IdArray.of(ids), fields, record_at)}
        found = []
        for id in ids:
            if id not in records:
                raise NotFound(f"No point with id {id} found")
            vector = records[id].vector
            if isinstance(vector, dict):
                vector = vector.get(self.name)
            if vector is None:
                raise Rejected("query", f"point {id} has no vector {self.name!r}")
            found.append(vector.reshape(1, -1))
        return found


def _row(source: _Source, examples: _Examples) -> _Vector:
    """The vector to search with, and the ids that it came from."""
    positive, negative = examples.positive, examples.negative
    if not positive:
        if negative:
            raise Rejected("positive", "average_vector needs at least one positive example")
        raise Invalid("positive", "give at least one example")
    if not examples.averaged and isinstance(positive[0], list):
        return one_vector(positive[0], source.params, "query"), frozenset()
    ids: list[PointId] = [
        parse_id(given, "query") for given in (*positive, *negative) if not isinstance(given, (list, dict))
    ]
    rows = dict(zip(ids, source.rows(ids), strict=True)) if ids else {}

    def mean(examples: Sequence[Any]) -> Any:
        found = [_given(one, source) if isinstance(one, (list, dict)) else rows[parse_id(one)] for one in examples]
        return np.concatenate(found).mean(axis=0)

    excluded = frozenset() if source.foreign else frozenset(ids)
    if not examples.averaged:
        wanted = rows[ids[0]][0]
    else:
        wanted = mean(positive)
        if negative:
            wanted = wanted + wanted - mean(negative)
    return one_vector(wanted, source.params, "query"), excluded


def _given(example: Any, source: _Source) -> Rows:
    """An example as it is: also under Cosine, where only stored vectors have length one."""
    if isinstance(example, dict):
        raise Rejected("query", "an example is a vector or an id")
    return one_vector(example, msgspec.structs.replace(source.params, distance=Distance.DOT), "query")
