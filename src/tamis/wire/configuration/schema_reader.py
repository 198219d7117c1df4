"""A collection's configuration: the body that makes it, as plain dicts ↔ `CollectionSchema`.

    vectors                {"size", "distance", ...} or {name: {"size", "distance", ...}} or nothing
    hnsw_config            m, ef_construct, ...        optimizers_config      deleted_threshold, ...
    quantization_config    {"scalar": {...}} or {"binary": {...}}
    strict_mode_config     limits that a server keeps  metadata               the user's own
    wal_config, on_disk_payload, shard_number, ...     hints: kept and given back

`write_schema` gives back what was set and leaves out what was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tamis.errors import Rejected
from tamis.limits import SHARDS_MAX
from tamis.model.payload import encode_payload
from tamis.model.schema import CollectionSchema, HnswConfig, OptimizersConfig, StrictMode, WalConfig
from tamis.wire.configuration.quantization_reader import read_quantization, write_quantization
from tamis.wire.configuration.settings_reader import (
    HNSW,
    OPTIMIZERS,
    PARAMS,
    STRICT_MODE,
    WAL,
    Field,
    check_keys,
    read_setting,
    read_settings,
    set_fields,
)
from tamis.wire.configuration.vector_reader import read_vectors, write_vectors

__all__ = ["read_metadata", "read_schema", "write_schema"]

_SHARDS = f"an integer from 1 to {SHARDS_MAX:,}"
_PLACE: dict[str, Field] = {
    **PARAMS,
    "shard_number": (lambda v: isinstance(v, int) and not isinstance(v, bool) and 1 <= v <= SHARDS_MAX, _SHARDS),
    "sharding_method": (lambda v: v in ("auto", "custom"), "auto or custom"),
}
_OPTIONS = (
    "vectors",
    "hnsw_config",
    "optimizers_config",
    "quantization_config",
    "strict_mode_config",
    "wal_config",
    "metadata",
    *_PLACE,
)


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def read_schema(options: Mapping[str, Any]) -> CollectionSchema:
    """Validate the options of a new collection.

    >>> read_schema({"vectors": {"size": 4, "distance": "Dot"}}).vectors[""].size
    4
    """
    check_keys(options, "", _OPTIONS)
    strict = options.get("strict_mode_config")
    return CollectionSchema(
        vectors=read_vectors(options.get("vectors")),
        hnsw=_read_struct(options, "hnsw_config", HnswConfig(), HNSW),
        optimizers=_read_struct(options, "optimizers_config", OptimizersConfig(), OPTIMIZERS),
        quantization=read_quantization(options.get("quantization_config"), "quantization_config"),
        strict_mode=None if strict is None else _read_struct(options, "strict_mode_config", StrictMode(), STRICT_MODE),
        wal=_read_struct(options, "wal_config", WalConfig(), WAL),
        metadata=read_metadata(options.get("metadata")),
        **{key: read_setting(options.get(key), key, field) for key, field in _PLACE.items()},
    )


def _read_struct(options: Mapping[str, Any], key: str, unset: _Struct, fields: Mapping[str, Field]) -> _Struct:
    """`unset` with the fields that are given."""
    return msgspec.structs.replace(unset, **read_settings(options.get(key), key, fields))


def write_schema(schema: CollectionSchema) -> dict[str, Any]:
    """The schema as the plain dicts that `read_schema` reads, without what was not set.

    >>> write_schema(read_schema({"vectors": {"size": 4, "distance": "Dot"}}))["vectors"]
    {'size': 4, 'distance': 'Dot'}
    """
    config: dict[str, Any] = {
        "vectors": write_vectors(schema.vectors),
        "hnsw_config": set_fields(schema.hnsw, every=True),
        "optimizers_config": set_fields(schema.optimizers, every=True),
    }
    if schema.quantization is not None:
        config["quantization_config"] = write_quantization(schema.quantization)
    if schema.strict_mode is not None:
        config["strict_mode_config"] = set_fields(schema.strict_mode, every=True)
    if schema.wal != WalConfig():
        config["wal_config"] = set_fields(schema.wal, every=True)
    if schema.metadata:
        config["metadata"] = {k: msgspec.json.decode(v) for k, v in schema.metadata.items()}
    placed = {key: getattr(schema, key) for key in _PLACE}
    return config | {key: value for key, value in placed.items() if value is not None}


def read_metadata(value: object) -> dict[str, bytes]:
    """The user's own, each value as JSON."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Rejected("metadata", f"must be a dict, got {type(value).__name__}")
    encode_payload(dict(value), "metadata")
    return {key: encode_payload({"": inner}, "metadata")[4:-1] for key, inner in value.items()}
