"""What is refused before it reaches the log, because applying it could not say no.

Shapes against the schema, distinct ids, points and vectors that must exist. Everything else about an operation was
checked by whoever made it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tamis.errors import Conflict, NotFound, Outdated, Rejected
from tamis.model.ids import IdArray
from tamis.model.operation import (
    ChangeSchema,
    ClearPayload,
    CreateVector,
    DeletePayload,
    DeleteVectors,
    DropVector,
    Operation,
    OverwritePayload,
    Selecting,
    SetPayload,
    UpdateVectors,
    Upsert,
    VectorBlock,
)
from tamis.model.schema import CollectionSchema, VectorParams
from tamis.shard.state import State

__all__ = ["admit"]

Existing = UpdateVectors | SetPayload | OverwritePayload | DeletePayload | ClearPayload | DeleteVectors


def admit(state: State, operation: Operation) -> None:
    """Rejected, NotFound or Conflict, or nothing: then `apply` will do it. Unavailable: the shard takes no more."""
    if state.schema.fenced:
        raise Outdated("the collection was deleted or replaced a moment ago; nothing was written; try again")
    if isinstance(operation, CreateVector) and operation.name in state.schema.vectors:
        raise Conflict(f"vector {operation.name!r} exists already")
    if isinstance(operation, DropVector) and operation.name not in state.schema.vectors:
        raise NotFound(f"Not existing vector name error: {operation.name!r}")
    if isinstance(operation, Upsert | UpdateVectors):
        _check_distinct(operation.ids)
        _check_vectors(state.schema, operation.vectors, len(operation.ids))
    if isinstance(operation, Upsert) and len(operation.payloads) != len(operation.ids):
        raise Rejected("payloads", f"{len(operation.payloads)} given for {len(operation.ids)} ids")
    if isinstance(operation, Selecting):
        if (operation.ids is None) == (operation.filter is None):
            raise Rejected("ids", "give either ids or a filter")
        if operation.ids is not None:
            _check_distinct(operation.ids)
    if isinstance(operation, DeleteVectors):
        for name in operation.names:
            _params(state.schema, name)
    if isinstance(operation, ChangeSchema):
        for name in operation.vectors:
            _params(state.schema, name)
    if isinstance(operation, Existing) and operation.ids is not None:
        _check_present(state, operation.ids)


def _check_distinct(ids: IdArray) -> None:
    order = ids.order()
    low = ids.low[order]
    same = low[1:] == low[:-1]
    if ids.high is not None and ids.uuids is not None:
        high, uuids = ids.high[order], ids.uuids[order]
        same &= (high[1:] == high[:-1]) & (uuids[1:] == uuids[:-1])
    if same.any():
        raise Rejected("ids", f"id {ids[int(order[np.flatnonzero(same)[0]])]} is given twice")


def _check_present(state: State, ids: IdArray) -> None:
    missing = np.ones(len(ids), np.bool_)
    for chosen in state.locate(ids):
        missing[chosen.numbers] = False
    if missing.any():
        raise NotFound(f"No point with id {ids[int(np.flatnonzero(missing)[0])]} found")


def _params(schema: CollectionSchema, name: str) -> VectorParams:
    if name not in schema.vectors:
        known = ", ".join(repr(known) for known in schema.vectors) or "none"
        raise Rejected("vectors", f"Not existing vector name error: {name!r}; this collection has {known}")
    return schema.vectors[name]


def _check_vectors(schema: CollectionSchema, vectors: Mapping[str, VectorBlock], points: int) -> None:
    for name, block in vectors.items():
        expected = (points if block.points is None else len(block.points), _params(schema, name).size)
        if block.rows.shape != expected:
            raise Rejected(f"vectors[{name!r}]", f"has shape {block.rows.shape}, expected {expected}")
