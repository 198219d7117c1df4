"""Searches over several shards: each gives its best hits, the best of those are the answer.

    examples by id   fetched from their shards first, sent on as vectors, and left out of the hits by their ids
    hits             limit + offset of every shard, merged by score and then by id, cut once
    groups           the best groups of every shard; then every chosen group is filled from all shards

A shard's scores are its own floats, so the order is that of one collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tamis.embedded.options import read_limit, read_offset
from tamis.errors import Invalid, NotFound, Rejected
from tamis.limits import LIMIT_MAX
from tamis.model.ids import PointId, id_order, parse_id
from tamis.server.scatter.legs import Legs
from tamis.server.scatter.reads import retrieved
from tamis.wire.answers import join, write
from tamis.wire.parts import Part, read_group_part, read_parts, read_value

__all__ = ["batch", "groups", "hits", "points"]

_LIMIT, _GROUPS, _GROUP_SIZE = 10, 10, 3


def points(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """POST …/points/query."""
    return b'{"points":%b}' % hits(legs, method, path, body)


def hits(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """POST …/points/search and …/recommend: the hits without more."""
    given = body.get("limit", body.get("top"))
    given = _LIMIT if given is None else given
    if isinstance(given, int) and given < 1:
        raise Invalid("limit", f"value {given} invalid, must be 1 or larger")
    limit, skip = read_limit(given), read_offset(body.get("offset") or 0)
    if limit + skip > LIMIT_MAX:
        raise Rejected("limit", f"limit + offset must be at most {LIMIT_MAX}, got {limit + skip}")
    kind = path.rsplit("/", 1)[1]
    asked = {**_resolved(legs, kind, body), "limit": limit + skip, "offset": 0}
    asked.pop("top", None)
    path = "/points/query" if kind == "recommend" else path
    answers = legs.ask(method, path, dict.fromkeys(legs.shards, asked))
    found = [part for raw in answers.values() for part in read_parts(raw)]
    if kind == "query" and body.get("query") is None:
        found.sort(key=lambda part: id_order(part.id))
    else:
        _sort(found, legs.sign[_using(kind, body)])
    return join(part.raw for part in found[skip : skip + limit])


def batch(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """…/query/batch, …/search/batch, …/recommend/batch: one after the other."""
    searches = body.get("searches")
    if not isinstance(searches, list) or not all(isinstance(one, dict) for one in searches):
        return next(iter(legs.ask(method, path, {legs.shards[0]: body}).values()))
    single = path.removesuffix("/batch")
    answer = points if single.endswith("/query") else hits
    return join(answer(legs, method, single, one) for one in searches)


def groups(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """…/query/groups, …/search/groups, …/recommend/groups."""
    wanted = read_limit(_GROUPS if body.get("limit") is None else body["limit"])
    size = read_limit(_GROUP_SIZE if body.get("group_size") is None else body["group_size"], "group_size")
    kind = path.removesuffix("/groups").rsplit("/", 1)[1]
    sign = legs.sign[_using(kind, body)]
    asked = _resolved(legs, kind, {key: value for key, value in body.items() if key != "with_lookup"})
    path = "/points/query/groups" if kind == "recommend" else path
    first: dict[int | str, list[Part]] = {}
    for raw in legs.ask(method, path, dict.fromkeys(legs.shards, asked)).values():
        for value, found in read_group_part(raw):
            first.setdefault(value, []).extend(found)
    for found in first.values():
        _sort(found, sign)
    best = sorted(first, key=lambda value: (sign * first[value][0].score, id_order(first[value][0].id)))[:wanted]
    filled = _filled(legs, path.removesuffix("/groups"), asked, best, size)
    looked_up = _looked_up(legs, body.get("with_lookup"), best)
    written = []
    for value in best:
        _sort(filled[value], sign)
        members = join(part.raw for part in filled[value][:size])
        lookup = b',"lookup":%b' % looked_up[value] if value in looked_up else b""
        written.append(b'{"id":%b,"hits":%b%b}' % (write(value), members, lookup))
    return b'{"groups":%b}' % join(written)


def _filled(
    legs: Legs, path: str, asked: Mapping[str, Any], values: Sequence[int | str], size: int
) -> dict[int | str, list[Part]]:
    """The best hits of every group from all shards."""
    plain = {key: given for key, given in asked.items() if key not in ("group_by", "group_size", "limit")}
    searches = [
        {
            **plain,
            "limit": size,
            "filter": _and(plain.get("filter"), {"key": asked["group_by"], "match": {"value": value}}),
        }
        for value in values
    ]
    if not searches:
        return {}
    asking = {"searches": searches}
    answers = legs.ask("POST", f"{path}/batch", dict.fromkeys(legs.shards, asking))
    filled: dict[int | str, list[Part]] = {value: [] for value in values}
    for raw in answers.values():
        for value, one in zip(values, read_value(raw), strict=True):
            filled[value].extend(read_parts(write(one)))
    return filled


def _looked_up(legs: Legs, with_lookup: Any, values: Sequence[int | str]) -> dict[int | str, bytes]:
    if with_lookup is None:
        return {}
    given = {"collection": with_lookup} if isinstance(with_lookup, str) else dict(with_lookup)
    ids: dict[PointId, int | str] = {}
    for value in values:
        try:
            ids[parse_id(value)] = value
        except Rejected:
            continue
    name = given.pop("collection", None)
    if not isinstance(name, str):
        raise Rejected("with_lookup", "must be a collection's name, or an object with collection")
    if not ids:
        return {}
    found = retrieved(legs.elsewhere(name), {**given, "ids": [ids[id] for id in ids]})
    return {ids[id]: part.raw for id, part in found.items()}


def _resolved(legs: Legs, kind: str, body: Any) -> dict[str, Any]:
    """The body with vectors in the place of stored examples."""
    body = {key: value for key, value in body.items() if key != "lookup_from"} | _source(body)
    if kind == "search":
        return dict(body)
    query = body.get("query")
    if kind == "recommend":
        examples = {key: body.pop(key) for key in ("positive", "negative", "strategy") if key in body}
        query = {"recommend": examples}
    lookup = body.pop("lookup_from", None)
    if isinstance(query, dict) and query.get("mmr") is not None:
        raise Rejected("query.mmr", "is not supported for a collection of several shards; make it with one")
    if isinstance(query, dict) and "nearest" in query:
        query = query["nearest"]
    if isinstance(query, dict) and isinstance(query.get("recommend"), dict):
        given = query["recommend"]
        positive, negative = given.get("positive") or [], given.get("negative") or []
        if not isinstance(positive, list) or not isinstance(negative, list) or not positive:
            return {**body, "query": query}
        return _examples(legs, body, lookup, (positive, negative), averaged=True)
    if isinstance(query, (int, str)) and not isinstance(query, bool):
        return _examples(legs, body, lookup, ([query], []), averaged=False)
    return {**body, "query": query} if "query" in body or query is not None else dict(body)


def _source(body: Any) -> dict[str, Any]:
    return {"lookup_from": body["lookup_from"]} if body.get("lookup_from") is not None else {}


def _examples(
    legs: Legs, body: dict[str, Any], lookup: Any, given: tuple[list[Any], list[Any]], *, averaged: bool
) -> dict[str, Any]:
    """A query by vector, and the filter without the examples."""
    source, name = legs, body.get("using") or ""
    if lookup is not None:
        source, name = legs.elsewhere(lookup["collection"]), lookup.get("vector") or name
    ids = [parse_id(one, "query") for one in (*given[0], *given[1]) if not isinstance(one, (list, dict))]
    vectors = _vectors(source, ids, name)

    def mean(examples: list[Any]) -> Any:
        rows = [np.asarray(one if isinstance(one, list) else vectors[parse_id(one)], np.float32) for one in examples]
        return np.mean(rows, axis=0)

    wanted = mean(given[0])
    if averaged and given[1]:
        wanted = wanted + wanted - mean(given[1])
    body = {**body, "query": wanted.tolist()}
    if ids and lookup is None:
        excluded = {"must_not": [{"has_id": [id if isinstance(id, int) else str(id) for id in ids]}]}
        body["filter"] = _and(body.get("filter"), excluded)
    return body


def _vectors(source: Legs, ids: Sequence[PointId], name: str) -> dict[PointId, Any]:
    """The stored vector of each. NotFound."""
    if not ids:
        return {}
    asked = [id if isinstance(id, int) else str(id) for id in ids]
    found = retrieved(source, {"ids": asked, "with_payload": False, "with_vector": [name] if name else True})
    vectors: dict[PointId, Any] = {}
    for id in ids:
        if id not in found:
            raise NotFound(f"No point with id {id} found")
        vector = read_value(found[id].raw).get("vector")
        if isinstance(vector, dict):
            vector = vector.get(name)
        if not vector:
            raise NotFound(f"No vector {name!r} at point {id}")
        vectors[id] = vector
    return vectors


def _and(filter: Any, also: Any) -> dict[str, Any]:
    return {"must": [also] if filter is None else [filter, also]}


def _using(kind: str, body: Any) -> str:
    vector = body.get("vector")
    if kind == "search" and isinstance(vector, dict):
        return str(vector.get("name") or "")
    return body.get("using") or ""


def _sort(found: list[Part], sign: int) -> None:
    found.sort(key=lambda part: (sign * part.score, id_order(part.id)))
