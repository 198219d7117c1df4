"""Bodies of searches → `Search`: the vector behind a query, the vector name, and what to give back.

    vector    a list of numbers
    id        the vector of that point, which is then not among the hits
    mmr       with a vector or an id: hits that differ from each other too
    recommend positive and negative examples → avg(positive) + avg(positive) − avg(negative), or avg(positive) alone

`lookup_from` finds the vectors of ids in another collection. What the query language has beyond is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

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
from tamis.model.schema import CollectionSchema, Distance, VectorParams
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

__all__ = [
    "Collections",
    "Examples",
    "Source",
    "example_ids",
    "limited",
    "lookup_vector",
    "named_vector",
    "read_examples",
    "read_fields_of",
    "read_mmr",
    "read_query",
    "read_recommend",
    "read_recommended",
    "read_search",
    "read_window",
    "refuse_shard_key",
    "wanted",
]

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
    examples = read_examples(body.query)
    using = vector_name(collection.schema, body.using)
    vector = _row(_Stored(find, collection, using, body.lookup_from), examples)
    search = _search(collection, using, vector, body, deadline)
    return search if examples.mmr is None else _diverse(search, examples.mmr)


def read_search(find: Collections, name: str, body: SearchBody | SearchGroupsBody, deadline: float | None) -> Search:
    """POST /collections/{name}/points/search: a list of numbers, or {"name", "vector"}."""
    collection = find(name)
    vector, using = named_vector(body.vector)
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
    vector = _row(_Stored(find, collection, using, body.lookup_from), read_recommended(body))
    return _search(collection, using, vector, body, deadline)


def read_recommended(body: RecommendBody | RecommendGroupsBody) -> Examples:
    """The examples of a recommendation."""
    _check_strategy(body.strategy, "strategy")
    return Examples(body.positive, body.negative, averaged=True)


def named_vector(vector: Any) -> tuple[Any, Any]:
    """The vector of a search and its name, None where it has none."""
    if not isinstance(vector, dict):
        return vector, None
    if set(vector) != {"name", "vector"}:
        raise Rejected("vector", "must be a list of numbers, or an object with name and vector")
    return vector["vector"], vector["name"]


def limited(body: Any) -> Any:
    """A body of the older endpoints, which have no default limit."""
    if body.limit is None and body.top is None:
        raise Rejected("limit", "is missing")
    return body


def read_window(body: Any, excluded: int) -> tuple[int, int]:
    """Limit and offset. excluded: hits that are left out and so have to be found in addition."""
    given = getattr(body, "limit", None)
    if given is None:
        given = getattr(body, "top", None)
    limit = _read_limit(_LIMIT if given is None else given)
    skip = read_offset(getattr(body, "offset", None) or 0)
    most = limit + skip + excluded
    if most > LIMIT_MAX:
        raise Rejected("limit", f"limit + offset must be at most {LIMIT_MAX}, got {most}")
    return limit, skip


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
    limit, skip = read_window(body, len(excluded))
    query = NearestQuery(
        rows,
        using,
        limit + skip + len(excluded),
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


class Examples(msgspec.Struct):
    """What a query is put together from. A positive example that is not averaged is the vector itself."""

    positive: Sequence[Any]
    negative: Sequence[Any] = ()
    averaged: bool = False
    mmr: dict[str, Any] | None = None


def read_examples(query: Any) -> Examples:
    """What a query is: a vector, an id, or an object that names its kind."""
    if isinstance(query, dict):
        if "nearest" in query:
            _only(query, ("nearest", "mmr"), "query")
            if isinstance(query["nearest"], dict):
                raise Rejected("query.nearest", "must be a vector or an id")
            return msgspec.structs.replace(read_examples(query["nearest"]), mmr=query.get("mmr"))
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
    return Examples([query])


def _diverse(search: Search, mmr: Any) -> Search:
    """The search for candidates, of which those are chosen that differ."""
    diversity, most = read_mmr(mmr, search.limit)
    query = msgspec.structs.replace(search.query, limit=most + len(search.excluded))
    return msgspec.structs.replace(search, query=query, diversity=diversity)


def read_mmr(mmr: Any, limit: int) -> tuple[float, int]:
    """The diversity, and the number of candidates: candidates_limit, or the limit."""
    given = mapping(mmr, "query.mmr", "an object with diversity and candidates_limit")
    _only(given, ("diversity", "candidates_limit"), "query.mmr")
    diversity = float(real(_DIVERSITY if given.get("diversity") is None else given["diversity"], "query.mmr.diversity"))
    if not 0 <= diversity <= 1:
        raise Invalid("query.mmr.diversity", f"value {diversity:g} invalid, must be from 0.0 to 1.0")
    count = given.get("candidates_limit")
    return diversity, limit if count is None else whole(count, "query.mmr.candidates_limit", 1, _CANDIDATES_MAX)


def _recommended(query: dict[str, Any]) -> Examples:
    _only(query, ("recommend",), "query")
    given = query["recommend"]
    if not isinstance(given, dict):
        raise Rejected("query.recommend", "must be an object with positive and negative")
    _only(given, ("positive", "negative", "strategy"), "query.recommend")
    _check_strategy(given.get("strategy"), "query.recommend.strategy")
    return Examples(given.get("positive") or [], given.get("negative") or [], averaged=True)


def _only(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in known:
            raise Rejected(f"{where}.{key}", f"unknown key; known are {', '.join(known)}")


def _refuse(kind: str) -> NoReturn:
    raise Rejected(f"query.{kind}", "is not supported yet; nearest (a vector or an id) and recommend are")


def _check_strategy(strategy: Any, where: str) -> None:
    if strategy not in (None, "average_vector"):
        raise Rejected(where, f"must be average_vector, the only one that is supported yet; got {strategy!r}")


class Source(Protocol):
    """Where the vectors of examples come from. foreign: another collection than the one that is searched."""

    name: str
    params: VectorParams
    foreign: bool

    def vectors(self, ids: list[PointId]) -> dict[PointId, Any]:
        """The vector `name` of each point that is there, None where it has none."""
        ...


class _Stored:
    """A collection here. Implements `Source`."""

    def __init__(self, find: Collections, collection: StoredCollection, using: str, lookup: Lookup | None) -> None:
        self.params = collection.schema.vectors[using]
        self.collection, self.name = collection, using
        if lookup is not None:
            refuse_shard_key(lookup)
            self.collection = find(lookup.collection)
            self.name = lookup_vector(self.collection.schema, using, lookup, self.params)
        self.foreign = self.collection is not collection

    def vectors(self, ids: list[PointId]) -> dict[PointId, Any]:
        fields = Fields(payload=False, vectors=(self.name,))
        found = {}
        for record in self.collection.retrieve(IdArray.of(ids), fields, record_at):
            vector = record.vector
            found[record.id] = vector.get(self.name) if isinstance(vector, dict) else vector
        return found


def lookup_vector(schema: CollectionSchema, using: str, lookup: Lookup, params: VectorParams) -> str:
    """The name of the vector that is looked up. params: of the vector that is searched, which must have its size."""
    name = using if lookup.vector is None else lookup.vector
    size = vector_params(schema, name, "lookup_from.vector").size
    if size != params.size:
        raise Rejected("lookup_from", f"vectors of size {params.size} are expected, those have size {size}")
    return name


def _row(source: Source, examples: Examples) -> _Vector:
    vector, excluded = wanted(source, examples)
    return one_vector(vector, source.params, "query"), excluded


def wanted(source: Source, examples: Examples) -> tuple[Any, frozenset[PointId]]:
    """The vector to search with, as it comes out of the examples, and the ids that it came from."""
    positive, negative = examples.positive, examples.negative
    if not positive:
        if negative:
            raise Rejected("positive", "average_vector needs at least one positive example")
        raise Invalid("positive", "give at least one example")
    if not examples.averaged and isinstance(positive[0], list):
        return positive[0], frozenset()
    ids = example_ids(examples)
    rows = _rows(source, ids) if ids else {}

    def mean(examples: Sequence[Any]) -> Any:
        found = [_given(one, source) if isinstance(one, (list, dict)) else rows[parse_id(one)] for one in examples]
        return np.concatenate(found).mean(axis=0)

    excluded = frozenset() if source.foreign else frozenset(ids)
    if not examples.averaged:
        return rows[ids[0]][0], excluded
    vector = mean(positive)
    return vector + vector - mean(negative) if negative else vector, excluded


def example_ids(examples: Examples) -> list[PointId]:
    """The examples that are ids."""
    given = (*examples.positive, *examples.negative)
    return [parse_id(one, "query") for one in given if not isinstance(one, (list, dict))]


def _rows(source: Source, ids: list[PointId]) -> dict[PointId, Rows]:
    found = source.vectors(ids)
    for id in ids:
        if id not in found:
            raise NotFound(f"No point with id {id} found")
        if found[id] is None:
            raise Rejected("query", f"point {id} has no vector {source.name!r}")
    return {id: found[id].reshape(1, -1) for id in ids}


def _given(example: Any, source: Source) -> Rows:
    """An example as it is: also under Cosine, where only stored vectors have length one."""
    if isinstance(example, dict):
        raise Rejected("query", "an example is a vector or an id")
    return one_vector(example, msgspec.structs.replace(source.params, distance=Distance.DOT), "query")
