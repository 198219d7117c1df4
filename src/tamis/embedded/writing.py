"""The writes of a collection: arguments in, one operation in the log out.

Every method validates everything first, so a refused call has changed nothing; it returns when the write is durable
and visible to reads. The number it returns is the write's position in the log, the `version` of the points it touched.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tamis.collection.collection import StoredCollection
from tamis.embedded.names import vector_params
from tamis.embedded.options import read_path, read_paths, read_update_mode
from tamis.embedded.points import distinct_ids, read_update_vectors, read_upsert
from tamis.embedded.warm_up import warm_up
from tamis.errors import Rejected
from tamis.model.filter import Filter
from tamis.model.ids import IdArray
from tamis.model.operation import (
    ClearPayload,
    CreateIndex,
    CreateVector,
    Delete,
    DeleteIndex,
    DeletePayload,
    DeleteVectors,
    DropVector,
    OverwritePayload,
    SetPayload,
)
from tamis.model.payload import encode_payload
from tamis.wire.configuration.index_reader import read_index
from tamis.wire.configuration.vector_reader import read_changing_name, read_new_vector
from tamis.wire.filter_reader import read_filter

__all__ = ["Writing"]


class Writing:
    """The half of `tamis.Collection` that changes it."""

    _stored: StoredCollection

    def upsert(
        self,
        ids: Any = None,
        vectors: Any = None,
        payloads: Any = None,
        *,
        points: Any = None,
        update_filter: Any = None,
        update_mode: Any = "upsert",
    ) -> int:
        """Insert points, or replace them whole. Of equal ids in one batch the last one wins.

        ids: ints from 0 to 2**64 - 1, `uuid.UUID`s or UUID strings. vectors: an array of points × dimensions of any
        float or int dtype, or {name: array}; a list may hold None where a point lacks that vector. payloads: one dict
        or None per point. Or points: dicts with "id", "vector" and "payload".

        update_filter: a point that exists already changes only if it matches before the write; new points are always
        inserted. update_mode: "upsert", "insert_only" (existing points stay as they are) or "update_only" (points that
        do not exist are skipped).

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        >>> c.upsert(ids=[1, 2], vectors=[[0, 1], [1, 0]], payloads=[{"kind": "a"}, None])
        1
        """
        operation = read_upsert(self._stored.schema, ids, vectors, payloads, points)
        filter, mode = read_filter(update_filter, "update_filter"), read_update_mode(update_mode)
        return self._stored.write(msgspec.structs.replace(operation, filter=filter, mode=mode))

    def update_vectors(
        self, ids: Any = None, vectors: Any = None, *, points: Any = None, update_filter: Any = None
    ) -> int:
        """Replace vectors of existing points; other vectors and the payload stay. NotFound names a missing id.

        update_filter: only of those points that match before the write.
        """
        operation = read_update_vectors(self._stored.schema, ids, vectors, points)
        filter = read_filter(update_filter, "update_filter")
        return self._stored.write(msgspec.structs.replace(operation, filter=filter))

    def delete_vectors(self, names: Any, *, ids: Any = None, filter: Any = None) -> int:
        """Remove vectors by name ("" is the unnamed one) from the points with these ids, or that match."""
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, (list, tuple, set)) or not names:
            raise Rejected("names", f"must be a list of at least one vector name, got {names!r}")
        for name in names:
            vector_params(self._stored.schema, name, "names")
        chosen = _selection(ids, filter)
        return self._stored.write(DeleteVectors(tuple(names), *chosen))

    def delete(self, *, ids: Any = None, filter: Any = None) -> int:
        """Delete the points with these ids, or all that match; missing ids are skipped."""
        return self._stored.write(Delete(*_selection(ids, filter)))

    def set_payload(self, payload: Any, *, ids: Any = None, filter: Any = None, key: str | None = None) -> int:
        """Merge `payload` into the payloads, top-level key by key; null deletes its key.

        key: merge into the object at this path instead, which is created where it is missing.
        """
        path = None if key is None else read_path(key, "key")
        raw = _payload(payload)
        ids, filter = _selection(ids, filter)
        return self._stored.write(SetPayload(raw, ids, filter, path))

    def overwrite_payload(self, payload: Any, *, ids: Any = None, filter: Any = None) -> int:
        """Replace the whole payloads."""
        return self._stored.write(OverwritePayload(_payload(payload), *_selection(ids, filter)))

    def delete_payload(self, keys: Any, *, ids: Any = None, filter: Any = None) -> int:
        """Remove the values at these paths."""
        paths = read_paths(keys, "keys")
        if not paths:
            raise Rejected("keys", "is empty; name at least one payload path")
        return self._stored.write(DeletePayload(paths, *_selection(ids, filter)))

    def clear_payload(self, *, ids: Any = None, filter: Any = None) -> int:
        """Remove all payload."""
        return self._stored.write(ClearPayload(*_selection(ids, filter)))

    def create_payload_index(self, field: str, schema: Any) -> int:
        """Declare what a payload path holds: a type, or a dict with "type" and its options.

        Types: keyword integer float bool datetime geo text uuid. Numbers, words and dates are fast without it; geo,
        text and uuid need it to be.

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        >>> c.create_payload_index("place", "geo")
        1
        """
        return self._stored.write(CreateIndex(read_path(field, "field"), read_index(schema, "schema")))

    def delete_payload_index(self, field: str) -> int:
        """Drop the index on a payload path; answers do not change, except that text is cut into words by default."""
        return self._stored.write(DeleteIndex(read_path(field, "field")))

    def create_vector(self, name: str, params: Any) -> int:
        """Add a named vector; points that are there lack it until they are given one. Conflict if there is one.

        params: {"size": 256, "distance": "Cosine", ...} as for a new collection, bare or as {"dense": {...}}.

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"text": {"size": 2, "distance": "Dot"}})
        >>> c.create_vector("image", {"size": 3, "distance": "Cosine"})
        1
        """
        name, read = read_new_vector(name, params)
        warm_up([read.distance])
        return self._stored.write(CreateVector(name, read))

    def drop_vector(self, name: str) -> int:
        """Take a named vector away from all points; its bytes go when their segments are merged. NotFound."""
        return self._stored.write(DropVector(read_changing_name(name)))


def _selection(ids: Any, filter: Any) -> tuple[IdArray | None, Filter | None]:
    """Exactly one of ids and filter."""
    if (ids is None) == (filter is None):
        raise Rejected("ids", "give either ids or filter" + ("" if ids is None else ", not both"))
    if ids is not None:
        return distinct_ids(ids), None
    return None, read_filter(filter) or Filter()


def _payload(payload: Any) -> bytes:
    if payload is None:
        raise Rejected("payload", "is missing; give a dict, or use clear_payload")
    return encode_payload(payload)
