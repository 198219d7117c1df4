"""Operations: what a write is, in memory and as bytes in the log.

An operation is already validated: applying it cannot fail and reads nothing but the shard's own state. Vectors
travel as float32 blocks, payloads as JSON bytes. The byte form is msgpack; arrays are little-endian.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.model.filter import Filter
from tamis.model.ids import IdArray
from tamis.model.schema import PayloadIndex, QuantizationChange, Settings, VectorParams

__all__ = [
    "ChangeSchema",
    "ClearPayload",
    "CreateIndex",
    "CreateVector",
    "Delete",
    "DeleteIndex",
    "DeletePayload",
    "DeleteVectors",
    "DropVector",
    "Operation",
    "OverwritePayload",
    "SetPayload",
    "UpdateMode",
    "UpdateVectors",
    "Upsert",
    "VectorBlock",
    "VectorChange",
    "decode_operation",
    "encode_operation",
]


class VectorBlock(msgspec.Struct, frozen=True):
    """One named vector for points of a batch. points: which of them have it, ascending; None means all."""

    rows: NDArray[np.float32]  # m × size, normalised already under Cosine
    points: NDArray[np.uint32] | None = None


class UpdateMode(StrEnum):
    """Which points an upsert writes: all, those that are not there yet, those that are there."""

    UPSERT = "upsert"
    INSERT_ONLY = "insert_only"
    UPDATE_ONLY = "update_only"


class Upsert(msgspec.Struct, frozen=True, tag="upsert", omit_defaults=True):
    """Insert or replace whole points. ids are distinct (the caller keeps the last of duplicates).

    filter: a point that is there already changes only if it matches before the write.
    """

    ids: IdArray
    vectors: dict[str, VectorBlock]
    payloads: list[bytes]  # one JSON object per id
    filter: Filter | None = None
    mode: UpdateMode = UpdateMode.UPSERT


class Delete(msgspec.Struct, frozen=True, tag="delete"):
    """Delete points by id or by filter; missing ids are skipped."""

    ids: IdArray | None = None  # exactly one of ids and filter
    filter: Filter | None = None


class SetPayload(msgspec.Struct, frozen=True, tag="set_payload"):
    """Merge `payload` into the payload (or into the object at path `key`); a null value deletes its key."""

    payload: bytes
    ids: IdArray | None = None  # exactly one of ids and filter
    filter: Filter | None = None
    key: str | None = None


class OverwritePayload(msgspec.Struct, frozen=True, tag="overwrite_payload"):
    """Replace the whole payload."""

    payload: bytes
    ids: IdArray | None = None  # exactly one of ids and filter
    filter: Filter | None = None


class DeletePayload(msgspec.Struct, frozen=True, tag="delete_payload"):
    """Remove the values at these paths."""

    keys: tuple[str, ...]
    ids: IdArray | None = None  # exactly one of ids and filter
    filter: Filter | None = None


class ClearPayload(msgspec.Struct, frozen=True, tag="clear_payload"):
    """Remove all payload."""

    ids: IdArray | None = None  # exactly one of ids and filter
    filter: Filter | None = None


class UpdateVectors(msgspec.Struct, frozen=True, tag="update_vectors", omit_defaults=True):
    """Replace the given named vectors of existing points, keep the others and the payload.

    filter: only of points that match before the write.
    """

    ids: IdArray
    vectors: dict[str, VectorBlock]
    filter: Filter | None = None


class DeleteVectors(msgspec.Struct, frozen=True, tag="delete_vectors"):
    """Remove named vectors."""

    names: tuple[str, ...]
    ids: IdArray | None = None  # exactly one of ids and filter
    filter: Filter | None = None


class CreateIndex(msgspec.Struct, frozen=True, tag="create_index"):
    """Declare an explicit index on a path (canonical spelling)."""

    path: str
    index: PayloadIndex


class DeleteIndex(msgspec.Struct, frozen=True, tag="delete_index"):
    """Drop the explicit index on a path."""

    path: str


class CreateVector(msgspec.Struct, frozen=True, tag="create_vector"):
    """Add a named vector, which no point has yet."""

    name: str
    params: VectorParams


class DropVector(msgspec.Struct, frozen=True, tag="drop_vector"):
    """Take a named vector away from the collection and all its points."""

    name: str


class VectorChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changes about one vector of a collection."""

    hnsw: Settings = {}
    quantization: QuantizationChange | None = None
    on_disk: bool | None = None
    memory: str | None = None


class ChangeSchema(msgspec.Struct, frozen=True, tag="change_schema", omit_defaults=True):
    """Change the fields of the schema that are named, keep the others."""

    hnsw: Settings = {}
    optimizers: Settings = {}
    quantization: QuantizationChange | None = None
    vectors: dict[str, VectorChange] = {}
    params: Settings = {}  # fields of the schema itself
    strict_mode: Settings | None = None
    metadata: dict[str, bytes] = {}  # merged; null removes its key


Operation = (
    Upsert
    | Delete
    | SetPayload
    | OverwritePayload
    | DeletePayload
    | ClearPayload
    | UpdateVectors
    | DeleteVectors
    | CreateIndex
    | DeleteIndex
    | ChangeSchema
    | CreateVector
    | DropVector
)

Redefining = ChangeSchema | CreateVector | DropVector  # what others are admitted by
Selecting = Delete | SetPayload | OverwritePayload | DeletePayload | ClearPayload | DeleteVectors


class _Array(msgspec.Struct, frozen=True, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


def _to_plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _Array(value.dtype.newbyteorder("<").str, value.shape, np.ascontiguousarray(value).tobytes())
    raise NotImplementedError(type(value))


def _from_plain(kind: type, value: Any) -> Any:
    array = msgspec.convert(value, _Array)
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation, dec_hook=_from_plain)


def encode_operation(operation: Operation) -> bytes:
    """The operation as the log keeps it."""
    return _encoder.encode(operation)


def decode_operation(raw: bytes | memoryview) -> Operation:
    """The operation that `encode_operation` wrote; arrays are read-only views of a copy."""
    return _decoder.decode(raw)
