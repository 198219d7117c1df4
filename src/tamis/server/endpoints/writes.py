"""Writes of points: upsert, delete, vectors, payloads, payload indexes, and lists of them.

Every write is durable and visible before it is answered. `wait=true` says so, "completed"; without it the answer is
"acknowledged" and what only the application of a write can find (a missing id) is not reported, as in the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from tamis.collection.collection import StoredCollection
from tamis.embedded.collection import Collection
from tamis.embedded.writing import Writing
from tamis.errors import Invalid, NotFound, Rejected
from tamis.model.schema import CollectionSchema
from tamis.server.backend import Backend
from tamis.server.query.reader import refuse_shard_key
from tamis.server.request import Request, Result
from tamis.server.strict_mode import check_index, check_write
from tamis.wire.answers import join, write
from tamis.wire.bodies import (
    ClearPayloadBody,
    CreateIndexBody,
    DeletePayloadBody,
    DeleteVectorsBody,
    OperationsBody,
    OverwritePayloadBody,
    SelectBody,
    SetPayloadBody,
    UpdateVectorsBody,
    UpsertBody,
    convert_body,
    read_body,
)
from tamis.wire.filter_reader import read_filter

__all__ = ["OPERATIONS", "batch", "checked", "create_index", "delete_index", "read_steps", "updated", "write_endpoint"]

Act = Callable[[Collection, Any], int]
_ORDERINGS = ("weak", "medium", "strong")


def _upsert(collection: Collection, body: UpsertBody) -> int:
    """Write points; one that exists is replaced, payload and all."""
    how: dict[str, Any] = {"update_filter": body.update_filter, "update_mode": body.update_mode}
    if (body.points is None) == (body.batch is None):
        raise Rejected("points", "give either points or batch")
    if body.batch is not None:
        return collection.upsert(ids=body.batch.ids, vectors=body.batch.vectors, payloads=body.batch.payloads, **how)
    return collection.upsert(points=body.points, **how)


def _delete(collection: Collection, body: SelectBody) -> int:
    """Delete points by id or by filter."""
    return collection.delete(ids=body.points, filter=body.filter)


def _update_vectors(collection: Collection, body: UpdateVectorsBody) -> int:
    """Replace some vectors of stored points."""
    if not body.points:
        raise Invalid("points", "is empty; give at least one point")
    return collection.update_vectors(points=body.points, update_filter=body.update_filter)


def _delete_vectors(collection: Collection, body: DeleteVectorsBody) -> int:
    """Delete some vectors of points by id or by filter."""
    if not body.vector:
        raise Invalid("vector", "is empty; name at least one vector")
    return collection.delete_vectors(body.vector, ids=body.points, filter=body.filter)


def _set_payload(collection: Collection, body: SetPayloadBody) -> int:
    """Set top-level keys of payloads, or those at `key`; null deletes one."""
    return collection.set_payload(body.payload, ids=body.points, filter=body.filter, key=body.key)


def _overwrite_payload(collection: Collection, body: OverwritePayloadBody) -> int:
    """Replace whole payloads."""
    if body.key is not None:
        raise Rejected("key", "has no meaning when the whole payload is replaced; use set payload")
    return collection.overwrite_payload(body.payload, ids=body.points, filter=body.filter)


def _delete_payload(collection: Collection, body: DeletePayloadBody) -> int:
    """Delete the values at payload paths."""
    return collection.delete_payload(body.keys, ids=body.points, filter=body.filter)


def _clear_payload(collection: Collection, body: ClearPayloadBody) -> int:
    """Delete whole payloads."""
    return collection.clear_payload(ids=body.points, filter=body.filter)


# by the name it has in a list of operations: what reads its body, what it does
OPERATIONS: dict[str, tuple[type[msgspec.Struct], Act]] = {
    "upsert": (UpsertBody, _upsert),
    "delete": (SelectBody, _delete),
    "update_vectors": (UpdateVectorsBody, _update_vectors),
    "delete_vectors": (DeleteVectorsBody, _delete_vectors),
    "set_payload": (SetPayloadBody, _set_payload),
    "overwrite_payload": (OverwritePayloadBody, _overwrite_payload),
    "delete_payload": (DeletePayloadBody, _delete_payload),
    "clear_payload": (ClearPayloadBody, _clear_payload),
}


def write_endpoint(name: str) -> Callable[[Backend, Request], Result]:
    """The endpoint that does one operation of `OPERATIONS`."""
    kind, act = OPERATIONS[name]

    def endpoint(backend: Backend, request: Request) -> Result:
        wait = _wait(request)
        body = read_body(request.body, kind)
        refuse_shard_key(body)
        collection = backend.db.get_collection(request.path["name"])
        return Result(updated(_applied(backend, collection, act, body, wait), wait))

    endpoint.__name__, endpoint.__doc__ = name, act.__doc__
    return endpoint


def batch(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/batch: one after the other; what came before a refusal stays."""
    wait = _wait(request)
    collection = backend.db.get_collection(request.path["name"])
    steps = read_steps(request.body)
    for _, body in steps:
        refuse_shard_key(body)
    return Result(
        join([updated(_applied(backend, collection, OPERATIONS[name][1], body, wait), wait) for name, body in steps])
    )


def read_steps(raw: bytes) -> list[tuple[str, Any]]:
    """A list of operations: the name and the body of each."""
    given = read_body(raw, OperationsBody).operations
    return [_step(one, f"operations[{row}]") for row, one in enumerate(given)]


def _step(given: dict[str, Any], where: str) -> tuple[str, Any]:
    if len(given) != 1 or next(iter(given)) not in OPERATIONS:
        raise Rejected(
            where, f"must be an object with one of the keys {', '.join(OPERATIONS)}; got {', '.join(given) or 'none'}"
        )
    name, inner = next(iter(given.items()))
    body = convert_body(inner, OPERATIONS[name][0], f"{where}.{name}")
    return name, body


def checked(schema: CollectionSchema, name: str, body: Any) -> None:
    """Refuse the body of an operation as a collection with this schema would; nothing is written."""
    OPERATIONS[name][1](cast(Collection, _Nowhere(schema)), body)


class _Nowhere(Writing):
    """A collection that checks what is written to it and forgets it."""

    def __init__(self, schema: CollectionSchema) -> None:
        self._stored = cast(StoredCollection, _Forgetful(schema))


class _Forgetful(msgspec.Struct):
    schema: CollectionSchema

    def write(self, operation: Any) -> int:
        return 0


def create_index(backend: Backend, request: Request) -> Result:
    """PUT /collections/{name}/index: declare what a payload path is for."""
    wait = _wait(request)
    body = read_body(request.body, CreateIndexBody)
    collection = backend.db.get_collection(request.path["name"])
    if body.field_schema is None:
        raise Rejected("field_schema", "is missing; name the type of the index")
    check_index(collection.stored, body.field_name)
    return Result(updated(collection.create_payload_index(body.field_name, body.field_schema), wait))


def delete_index(backend: Backend, request: Request) -> Result:
    """DELETE /collections/{name}/index/{field}: take that declaration back; answers stay the same."""
    wait = _wait(request)
    collection = backend.db.get_collection(request.path["name"])
    return Result(updated(collection.delete_payload_index(request.path["field"]), wait))


def updated(position: int, wait: bool) -> bytes:
    """The result of a write. position: in the log, which is the version of the points it touched."""
    return write({"operation_id": position, "status": "completed" if wait else "acknowledged"})


def _wait(request: Request) -> bool:
    ordering = request.query.get("ordering", "weak")
    if ordering not in _ORDERINGS:
        raise Rejected("ordering", f"must be one of {', '.join(_ORDERINGS)}, got {ordering!r}")
    return request.flag("wait")


def _applied(backend: Backend, collection: Collection, act: Act, body: Any, wait: bool) -> int:
    """Do it; its position. Without `wait` nobody is told of ids that are missing."""
    filter = getattr(body, "filter", None) or getattr(body, "update_filter", None)
    check_write(backend.rates, collection.stored, _points_of(body), read_filter(filter))
    try:
        return act(collection, body)
    except NotFound as error:
        if wait or type(error) is not NotFound:
            raise
        return collection.stored.position


def _points_of(body: Any) -> int:
    """How many points come with a body, not counting those it only names."""
    if isinstance(body, UpsertBody) and body.batch is not None:
        return len(body.batch.ids)
    return len(body.points or ()) if isinstance(body, (UpsertBody, UpdateVectorsBody)) else 0
