"""What an operation does to a shard's state: total, deterministic, the same live and in recovery.

    apply(state, position, operation)   reads no clock, no chance, no settings; cannot fail on what was admitted

    upsert, update_vectors, delete_vectors   a new row in the head, the old row dead
    delete                                   the old row dead
    payload changes                          of a sealed row: an overlay row; of a head row: a new row, the old one dead
    indexes, named vectors                   another schema; bodies are shown under it and stay as they are

Points that are not there are skipped: the refusals happened before the log (`admission`). Operations that select by
filter are evaluated here, on the exact path, before anything changes. What was applied already is skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from tamis.model.operation import (
    ChangeSchema,
    ClearPayload,
    CreateIndex,
    CreateVector,
    Delete,
    DeleteIndex,
    DeletePayload,
    DeleteVectors,
    DropVector,
    Operation,
    OverwritePayload,
    SetPayload,
    UpdateMode,
    UpdateVectors,
    Upsert,
)
from tamis.model.path import parse_path
from tamis.model.payload import EMPTY, decode_payload, decode_payloads, encode_stored
from tamis.segment.head import HeadView
from tamis.segment.points import Points, gather_points
from tamis.shard.change.payload import merge, merge_at, remove
from tamis.shard.change.schema import changed
from tamis.shard.state import Chosen, State

__all__ = ["apply"]


def apply(state: State, position: int, operation: Operation) -> None:
    """Bring `state` from the position before to `position`."""
    if position <= state.position:
        return
    assert position == state.position + 1, f"position {position} applied after {state.position}"
    _APPLY[type(operation)](state, position, operation)
    state.position = position


def _upsert(state: State, position: int, operation: Upsert) -> None:
    points = Points(operation.ids, operation.vectors, operation.payloads)
    found = state.locate(operation.ids)
    insert_only = operation.mode is UpdateMode.INSERT_ONLY
    changing = [] if insert_only else [chosen.matching(operation.filter) for chosen in found]
    written = np.full(len(operation.ids), operation.mode is not UpdateMode.UPDATE_ONLY)
    for chosen in found:
        written[chosen.numbers] = False
    for chosen in changing:
        written[chosen.numbers] = True
        state.kill(chosen)
    state.append(points if written.all() else points.take(np.flatnonzero(written)), position)


def _delete(state: State, _position: int, operation: Delete) -> None:
    for chosen in state.select(operation.ids, operation.filter):
        state.kill(chosen)


def _set_payload(state: State, position: int, operation: SetPayload) -> None:
    patch = decode_payload(operation.payload)
    path = None if operation.key is None else parse_path(operation.key)

    def change(payloads: list[bytes]) -> list[bytes]:
        decoded = decode_payloads(payloads)
        if path is None:
            return [encode_stored(merge(payload, patch)) for payload in decoded]
        return [encode_stored(merge_at(payload, path, patch)) for payload in decoded]

    _change_payloads(state, position, operation, change)


def _overwrite_payload(state: State, position: int, operation: OverwritePayload) -> None:
    _change_payloads(state, position, operation, lambda payloads: [operation.payload] * len(payloads))


def _clear_payload(state: State, position: int, operation: ClearPayload) -> None:
    _change_payloads(state, position, operation, lambda payloads: [EMPTY] * len(payloads))


def _delete_payload(state: State, position: int, operation: DeletePayload) -> None:
    paths = [parse_path(key) for key in operation.keys]

    def change(payloads: list[bytes]) -> list[bytes]:
        return [encode_stored(remove(payload, paths)) for payload in decode_payloads(payloads)]

    _change_payloads(state, position, operation, change)


PayloadOperation = SetPayload | OverwritePayload | DeletePayload | ClearPayload


def _change_payloads(
    state: State, position: int, operation: PayloadOperation, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    for chosen in state.select(operation.ids, operation.filter):
        payloads = change(chosen.payloads())
        if isinstance(chosen.slot.body, HeadView):
            _replace(state, position, chosen, gather_points(chosen.slot.body, chosen.rows, payloads))
        else:
            state.overlay(chosen, payloads, position)


def _replace(state: State, position: int, chosen: Chosen, points: Points) -> None:
    state.kill(chosen)
    state.append(points, position)


def _update_vectors(state: State, position: int, operation: UpdateVectors) -> None:
    for chosen in [chosen.matching(operation.filter) for chosen in state.locate(operation.ids)]:
        assert chosen.numbers is not None
        if not len(chosen.rows):
            continue
        points = gather_points(chosen.slot.body, chosen.rows, chosen.payloads())
        for name, block in operation.vectors.items():
            row_of = np.full(len(operation.ids), -1, np.int64)  # per id of the operation, its row of the block
            row_of[slice(None) if block.points is None else block.points] = np.arange(len(block.rows))
            rows = row_of[chosen.numbers]
            given = np.flatnonzero(rows >= 0)
            points = points.updated(name, state.schema.vectors[name], block.rows[rows[given]], given)
        _replace(state, position, chosen, points)


def _delete_vectors(state: State, position: int, operation: DeleteVectors) -> None:
    for chosen in state.select(operation.ids, operation.filter):
        points = gather_points(chosen.slot.body, chosen.rows, chosen.payloads())
        _replace(state, position, chosen, points.without(operation.names))


def _create_index(state: State, _position: int, operation: CreateIndex) -> None:
    _follow(state, indexes={**state.schema.indexes, operation.path: operation.index})


def _delete_index(state: State, _position: int, operation: DeleteIndex) -> None:
    _follow(state, indexes={path: index for path, index in state.schema.indexes.items() if path != operation.path})


def _create_vector(state: State, position: int, operation: CreateVector) -> None:
    params = msgspec.structs.replace(operation.params, created=position)
    _follow(state, vectors={**state.schema.vectors, operation.name: params})


def _drop_vector(state: State, _position: int, operation: DropVector) -> None:
    _follow(state, vectors={name: kept for name, kept in state.schema.vectors.items() if name != operation.name})


def _follow(state: State, **changed: Any) -> None:
    state.follow(msgspec.structs.replace(state.schema, **changed))


def _change_schema(state: State, _position: int, operation: ChangeSchema) -> None:
    state.schema = changed(state.schema, operation)


_APPLY: dict[type[msgspec.Struct], Callable[[State, int, Any], None]] = {
    Upsert: _upsert,
    Delete: _delete,
    SetPayload: _set_payload,
    OverwritePayload: _overwrite_payload,
    ClearPayload: _clear_payload,
    DeletePayload: _delete_payload,
    UpdateVectors: _update_vectors,
    DeleteVectors: _delete_vectors,
    CreateIndex: _create_index,
    DeleteIndex: _delete_index,
    ChangeSchema: _change_schema,
    CreateVector: _create_vector,
    DropVector: _drop_vector,
}
