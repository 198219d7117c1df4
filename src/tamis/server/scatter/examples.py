"""Queries by stored points: their vectors are fetched from the shards that have them, and sent to all as vectors.

Stored      where the vectors of a query's ids are: this collection, or the one of lookup_from
fetch       for all queries of a request at once
Resolved    the body that every shard gets
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from tamis.embedded.names import vector_name
from tamis.model.ids import PointId
from tamis.model.schema import CollectionSchema, VectorParams
from tamis.server.query.reader import (
    Examples,
    example_ids,
    lookup_vector,
    named_vector,
    read_examples,
    read_recommended,
    refuse_shard_key,
    wanted,
)
from tamis.server.scatter.legs import Legs
from tamis.server.scatter.reads import retrieved
from tamis.server.scatter.schemas import by_schema
from tamis.wire.bodies import Lookup
from tamis.wire.members import Members
from tamis.wire.parts import read_value

__all__ = ["Pending", "Resolved", "Stored", "also", "fetch", "pending", "resolved", "vectors_of"]

_EXAMPLES = ("query", "positive", "negative", "strategy", "lookup_from", "top")


class Stored:
    """The vectors of a collection's points. Implements `Source`."""

    def __init__(self, legs: Legs, vector: tuple[str, VectorParams], lookup: Lookup | None) -> None:
        using, self.params = vector
        self.legs, self.name = legs, using
        if lookup is not None:
            refuse_shard_key(lookup)
            self.legs = legs.elsewhere(lookup.collection)
            self.name = by_schema(self.legs, lambda schema: lookup_vector(schema, using, lookup, self.params))
        self.foreign = self.legs.collection != legs.collection
        self.known: dict[PointId, Any] = {}

    def vectors(self, ids: list[PointId]) -> dict[PointId, Any]:
        return {id: self.known[id] for id in ids if id in self.known}


class Pending(msgspec.Struct):
    """A query whose examples may have to be fetched. vector: name and parameters. source, examples: if it has any."""

    vector: tuple[str, VectorParams]
    source: Stored | None = None
    examples: Examples | None = None


class Resolved(msgspec.Struct):
    """What every shard is asked but for limits, how many ids are left out, what `mmr` said."""

    body: dict[str, Any]
    excluded: int = 0
    mmr: Any = None


def pending(legs: Legs, kind: str, given: Any) -> Pending:
    """What the body of a search (kind: query, search, recommend) asks for. Rejected, NotFound."""
    if kind == "search":
        return Pending(_vector(legs, named_vector(given.vector)[1]))
    examples = read_examples(given.query) if kind == "query" else read_recommended(given)
    vector = _vector(legs, given.using)
    return Pending(vector, Stored(legs, vector, given.lookup_from), examples)


def _vector(legs: Legs, using: Any) -> tuple[str, VectorParams]:
    def read(schema: CollectionSchema) -> tuple[str, VectorParams]:
        name = vector_name(schema, using)
        return name, schema.vectors[name]

    return by_schema(legs, read)


def fetch(all: Iterable[Pending]) -> None:
    """Ask for the examples of all queries: once for each collection and vector name."""
    groups: dict[tuple[str, tuple[int, ...], str], list[Pending]] = {}
    for one in all:
        if one.source is not None and one.examples is not None and example_ids(one.examples):
            legs = one.source.legs
            groups.setdefault((legs.collection, tuple(legs.shards), one.source.name), []).append(one)
    for (_, _, name), some in groups.items():
        ids = {id: None for one in some if one.examples is not None for id in example_ids(one.examples)}
        for one in some[:1]:
            assert one.source is not None
            known = vectors_of(one.source.legs, list(ids), name)
        for one in some:
            assert one.source is not None
            one.source.known = known


def vectors_of(legs: Legs, ids: list[PointId], name: str) -> dict[PointId, Any]:
    """The vector of each point that is there, None where it has none."""
    found = {}
    for id, part in retrieved(legs, ids, {"with_payload": False, "with_vector": [name]}).items():
        vector = read_value(part.raw)["vector"]
        if isinstance(vector, dict):
            vector = vector.get(name)
        found[id] = None if vector is None else np.array(vector, np.float32)
    return found


def resolved(one: Pending, members: Members, given: Any) -> Resolved:
    """The body with a vector in the place of examples, which are left out of the hits by their ids."""
    if one.source is None or one.examples is None:
        return Resolved({key: value for key, value in members.items() if key != "top"})
    vector, excluded = wanted(one.source, one.examples)
    body: dict[str, Any] = {key: value for key, value in members.items() if key not in _EXAMPLES}
    body["query"] = members["query"] if isinstance(getattr(given, "query", None), list) else vector
    if excluded:
        without = {"must_not": [{"has_id": list(excluded)}]}
        body["filter"] = also(None if given.filter is None else members["filter"], without)
    return Resolved(body, len(excluded), one.examples.mmr)


def also(filter: Any, condition: dict[str, Any]) -> dict[str, Any]:
    """A filter and one more condition."""
    return {"must": [condition] if filter is None else [filter, condition]}
