"""Records of another collection that belong to groups: those whose id is the group's value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tamis.embedded.options import read_fields
from tamis.errors import Rejected
from tamis.model.ids import IdArray, PointId, parse_id
from tamis.model.query import Fields
from tamis.segment.view import SegmentView
from tamis.server.query.groups import Value
from tamis.server.query.reader import Collections
from tamis.wire.answers import write_record

__all__ = ["lookup_ids", "lookup_records", "read_lookup"]


def lookup_records(find: Collections, with_lookup: Any, values: Sequence[Value]) -> dict[Value, bytes]:
    """By value the record, as JSON. with_lookup: a collection's name, or {collection, with_payload, with_vectors}."""
    if with_lookup is None:
        return {}
    given = read_lookup(with_lookup)
    collection = find(given["collection"])
    vectors = given.get("with_vectors", given.get("with_vector"))
    payload = given.get("with_payload")
    fields = read_fields(collection.schema, True if payload is None else payload, False if vectors is None else vectors)
    ids = lookup_ids(values)

    def make(view: SegmentView, offset: int, fields: Fields, order: int | float | None) -> tuple[PointId, bytes]:
        return view.body.ids(slice(offset, offset + 1))[0], write_record(view, offset, fields, order)

    return {ids[id]: record for id, record in collection.retrieve(IdArray.of(list(ids)), fields, make)}


def read_lookup(with_lookup: Any) -> dict[str, Any]:
    """{collection, with_payload, with_vectors} of either form."""
    given = {"collection": with_lookup} if isinstance(with_lookup, str) else with_lookup
    known = ("collection", "with_payload", "with_vectors", "with_vector")
    if not isinstance(given, dict) or not isinstance(given.get("collection"), str) or set(given) - set(known):
        raise Rejected(
            "with_lookup", "must be a collection's name, or an object with collection, with_payload, with_vectors"
        )
    return given


def lookup_ids(values: Sequence[Value]) -> dict[PointId, Value]:
    """Those of the values that are ids."""
    return {id: value for value in values if (id := _id(value)) is not None}


def _id(value: Value) -> PointId | None:
    try:
        return parse_id(value)
    except Rejected:
        return None
