"""Changes of a collection's configuration: the body that asks for them, as plain dicts → `ChangeSchema`.

    vectors                {name: {hnsw_config, quantization_config, on_disk, memory}}, "" is the unnamed vector
    quantization_config    as when a collection is made, or "Disabled" to remove it
    params                 on_disk_payload, replication_factor, write_consistency_factor
    metadata               merged; null removes a key
    hnsw_config, optimizers_config, strict_mode_config    the fields to change

What is left out or null stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.model.operation import ChangeSchema, VectorChange
from tamis.model.schema import NoQuantization, QuantizationChange
from tamis.wire.checks import mapping, plain_scalar
from tamis.wire.configuration.quantization_reader import read_quantization
from tamis.wire.configuration.schema_reader import read_metadata
from tamis.wire.configuration.settings_reader import (
    HNSW,
    OPTIMIZERS,
    PARAMS,
    STRICT_MODE,
    check_keys,
    read_setting,
    read_settings,
)
from tamis.wire.configuration.vector_reader import PLACE, read_vector_name

__all__ = ["read_change"]

_OPTIONS = (
    "vectors",
    "hnsw_config",
    "optimizers_config",
    "quantization_config",
    "params",
    "strict_mode_config",
    "metadata",
)
_VECTOR = ("hnsw_config", "quantization_config", *PLACE)


def read_change(options: Mapping[str, Any]) -> ChangeSchema:
    """Validate the options of a change; which vectors there are is for the collection to know.

    >>> read_change({"hnsw_config": {"m": 32}}).hnsw
    {'m': 32}
    """
    check_keys(options, "", _OPTIONS)
    strict = options.get("strict_mode_config")
    return ChangeSchema(
        hnsw=read_settings(options.get("hnsw_config"), "hnsw_config", HNSW),
        optimizers=read_settings(options.get("optimizers_config"), "optimizers_config", OPTIMIZERS),
        quantization=_read_quantization(options.get("quantization_config"), "quantization_config"),
        vectors=_read_vectors(options.get("vectors")),
        params=read_settings(options.get("params"), "params", PARAMS),
        strict_mode=None if strict is None else read_settings(strict, "strict_mode_config", STRICT_MODE),
        metadata=read_metadata(options.get("metadata")),
    )


def _read_vectors(value: object) -> dict[str, VectorChange]:
    given = {} if value is None else mapping(value, "vectors", "a dict of vector names to what changes")
    return {
        read_vector_name(name): _read_vector(inner, f"vectors.{name}" if name else "vectors")
        for name, inner in given.items()
    }


def _read_vector(value: object, where: str) -> VectorChange:
    given = mapping(value, where, f"a dict with keys among {', '.join(_VECTOR)}")
    check_keys(given, where, _VECTOR)
    return VectorChange(
        hnsw=read_settings(given.get("hnsw_config"), f"{where}.hnsw_config", HNSW),
        quantization=_read_quantization(given.get("quantization_config"), f"{where}.quantization_config"),
        **{key: read_setting(given.get(key), f"{where}.{key}", field) for key, field in PLACE.items()},
    )


def _read_quantization(value: object, where: str) -> QuantizationChange | None:
    if plain_scalar(value) == "Disabled":
        return NoQuantization()
    return read_quantization(value, where)
