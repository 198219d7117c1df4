"""What a change of the schema makes of it: total and deterministic, as everything that the log asks for.

A change names fields, not whole schemas, so two changes that are under way at once both count.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tamis.model.operation import ChangeSchema, VectorChange
from tamis.model.schema import (
    CollectionSchema,
    NoQuantization,
    Quantization,
    QuantizationChange,
    StrictMode,
    VectorParams,
)

__all__ = ["changed"]

_NULL = b"null"


def changed(schema: CollectionSchema, change: ChangeSchema) -> CollectionSchema:
    """The schema from then on. A vector that is not there any more is skipped."""
    replace = msgspec.structs.replace
    fields: dict[str, Any] = dict(change.params)
    if change.strict_mode is not None:
        fields["strict_mode"] = replace(schema.strict_mode or StrictMode(), **change.strict_mode)
    merged = {**schema.metadata, **change.metadata}
    return replace(
        schema,
        hnsw=replace(schema.hnsw, **change.hnsw),
        optimizers=replace(schema.optimizers, **change.optimizers),
        quantization=_quantization(schema.quantization, change.quantization),
        vectors={
            name: _vector(params, change.vectors[name]) if name in change.vectors else params
            for name, params in schema.vectors.items()
        },
        metadata={key: raw for key, raw in merged.items() if change.metadata.get(key) != _NULL},
        **fields,
    )


def _vector(params: VectorParams, change: VectorChange) -> VectorParams:
    return msgspec.structs.replace(
        params,
        hnsw={**(params.hnsw or {}), **change.hnsw} if change.hnsw else params.hnsw,
        quantization=_quantization(params.quantization, change.quantization),
        on_disk=params.on_disk if change.on_disk is None else change.on_disk,
        memory=params.memory if change.memory is None else change.memory,
    )


def _quantization(now: Quantization | None, change: QuantizationChange | None) -> Quantization | None:
    if change is None:
        return now
    return None if isinstance(change, NoQuantization) else change
