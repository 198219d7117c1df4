"""Collection configuration: the options of `create_collection` as plain dicts ↔ `CollectionSchema`.

    vectors                {"size", "distance", ...} or {name: {"size", "distance", ...}}
    hnsw_config            m, ef_construct, full_scan_threshold, max_indexing_threads
    optimizers_config      deleted_threshold, vacuum_min_vector_number, max_segment_size, indexing_threshold
    quantization_config    {"scalar": {"type": "int8", "quantile", "always_ram"}} or {"binary": {"always_ram", ...}}

Known options of the reference that are not built yet are refused as such, unknown keys by name; nothing is
accepted silently. `write_schema` gives back what was set and leaves out what was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from tamis.errors import Rejected
from tamis.limits import VECTOR_NAME_BYTES_MAX, VECTOR_SIZE_MAX
from tamis.model.payload import encode_payload
from tamis.model.schema import (
    BinaryQuantization,
    CollectionSchema,
    Distance,
    HnswConfig,
    OptimizersConfig,
    Quantization,
    ScalarQuantization,
    VectorParams,
)
from tamis.wire.checks import mapping, plain_scalar

__all__ = ["read_schema", "write_schema"]

_FORBIDDEN = set('<>:"/\\|?*\0\x1f')
_LATER = {
    "multivector_config": "multivectors are",
    "on_disk": "the placement of vectors is",
    "memory": "the placement of vectors is",
    "inline_storage": "inline storage is",
    "payload_m": "payload_m is",
    "sparse": "sparse vectors are",
    "product": "product quantization is",
    "turbo": "turbo quantization is",
    "default_segment_number": "choosing the number of segments is",
    "memmap_threshold": "memmap_threshold is",
    "flush_interval_sec": "flush_interval_sec is",
    "max_optimization_threads": "max_optimization_threads is",
    "prevent_unoptimized": "prevent_unoptimized is",
}
_Struct = TypeVar("_Struct", HnswConfig, OptimizersConfig, ScalarQuantization, BinaryQuantization)
_Check = Callable[[Any], bool]


def read_schema(
    vectors: object,
    hnsw_config: object = None,
    optimizers_config: object = None,
    quantization_config: object = None,
    metadata: object = None,
) -> CollectionSchema:
    """Validate the options of a new collection.

    >>> read_schema({"size": 4, "distance": "Dot"}).vectors[""].size
    4
    """
    hnsw = _read_struct(hnsw_config, "hnsw_config", HnswConfig(), _HNSW)
    given = mapping(vectors, "vectors", "{'size': 256, 'distance': 'Cosine'}, or a dict of names to such dicts")
    if not given:
        raise Rejected("vectors", "a collection needs at least one vector: {'size': 256, 'distance': 'Cosine'}")
    if {"size", "distance"} & given.keys() and not all(isinstance(value, Mapping) for value in given.values()):
        params = {"": _read_vector(given, "vectors", hnsw)}
    else:
        params = {_read_name(name): _read_vector(value, f"vectors.{name}", hnsw) for name, value in given.items()}
    if metadata is not None and not isinstance(metadata, Mapping):
        raise Rejected("metadata", f"must be a dict, got {type(metadata).__name__}")
    return CollectionSchema(
        vectors=params,
        hnsw=hnsw,
        optimizers=_read_struct(optimizers_config, "optimizers_config", OptimizersConfig(), _OPTIMIZERS),
        quantization=_read_quantization(quantization_config, "quantization_config"),
        metadata=_raw_fields(metadata or {}),
    )


def write_schema(schema: CollectionSchema) -> dict[str, Any]:
    """The schema as the plain dicts that `read_schema` reads, without what was not set.

    >>> write_schema(read_schema({"size": 4, "distance": "Dot"}))["vectors"]
    {'size': 4, 'distance': 'Dot'}
    """
    vectors = {name: _write_vector(params) for name, params in schema.vectors.items()}
    config: dict[str, Any] = {
        "vectors": vectors[""] if list(vectors) == [""] else vectors,
        "hnsw_config": _set_fields(schema.hnsw, every=True),
        "optimizers_config": _set_fields(schema.optimizers, every=True),
    }
    if schema.quantization is not None:
        config["quantization_config"] = _write_quantization(schema.quantization)
    if schema.metadata:
        config["metadata"] = {k: msgspec.json.decode(v) for k, v in schema.metadata.items()}
    return config


def _read_name(name: object) -> str:
    if not isinstance(name, str):
        raise Rejected("vectors", f"vector names are strings, got {name!r}")
    length = len(name.encode(errors="replace"))
    if length > VECTOR_NAME_BYTES_MAX:
        raise Rejected("vectors", f"the vector name is {length} bytes long; at most {VECTOR_NAME_BYTES_MAX}")
    if _FORBIDDEN & set(name):
        raise Rejected("vectors", f'the vector name {name!r} holds one of < > : " / \\ | ? * or a control character')
    return name


def _read_vector(value: object, where: str, hnsw: HnswConfig) -> VectorParams:
    given = mapping(value, where, "{'size': 256, 'distance': 'Cosine'}")
    _known(given, where, ("size", "distance", "datatype", "hnsw_config", "quantization_config"))
    for needed in ("size", "distance"):
        if needed not in given:
            raise Rejected(f"{where}.{needed}", "is missing; a vector has a size and a distance")
    size = plain_scalar(given["size"])
    if not _whole(size) or not 1 <= size <= VECTOR_SIZE_MAX:
        raise Rejected(f"{where}.size", f"must be an integer from 1 to {VECTOR_SIZE_MAX}, got {size!r}")
    distance = plain_scalar(given["distance"])
    names = [d.value for d in Distance]
    if distance not in names:
        raise Rejected(f"{where}.distance", f"must be one of {', '.join(names)}, got {distance!r}")
    datatype = plain_scalar(given.get("datatype"))
    if datatype not in (None, "float32"):
        raise Rejected(f"{where}.datatype", f"{datatype!r} is not supported yet; vectors are stored as float32")
    own = given.get("hnsw_config")
    return VectorParams(
        size=int(size),
        distance=Distance(distance),
        hnsw=None if own is None else _read_struct(own, f"{where}.hnsw_config", hnsw, _HNSW),
        quantization=_read_quantization(given.get("quantization_config"), f"{where}.quantization_config"),
    )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _real(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_HNSW: dict[str, tuple[_Check, str]] = {
    "m": (lambda v: _whole(v) and (v == 0 or 2 <= v <= 128), "an integer from 2 to 128, or 0 for no graph"),
    "ef_construct": (lambda v: _whole(v) and 4 <= v <= 10_000, "an integer from 4 to 10000"),
    "full_scan_threshold": (lambda v: _whole(v) and v >= 0, "kilobytes, an integer of at least 0"),
    "max_indexing_threads": (lambda v: _whole(v) and v >= 0, "an integer of at least 0 (0: all cores)"),
}
_OPTIMIZERS: dict[str, tuple[_Check, str]] = {
    "deleted_threshold": (lambda v: _real(v) and 0 <= v <= 1, "a share from 0 to 1"),
    "vacuum_min_vector_number": (lambda v: _whole(v) and v >= 100, "an integer of at least 100"),
    "max_segment_size": (lambda v: _whole(v) and v >= 1, "kilobytes, an integer of at least 1"),
    "indexing_threshold": (lambda v: _whole(v) and v >= 0, "kilobytes, an integer of at least 0 (0: never)"),
}
_SCALAR: dict[str, tuple[_Check, str]] = {
    "quantile": (lambda v: _real(v) and 0.5 <= v <= 1, "a number from 0.5 to 1"),
    "always_ram": (lambda v: isinstance(v, bool), "true or false"),
}

_BINARY: dict[str, tuple[_Check, str]] = {
    "always_ram": (lambda v: isinstance(v, bool), "true or false"),
    "encoding": (lambda v: v == "one_bit", "'one_bit'; other encodings are not supported yet"),
    "query_encoding": (
        lambda v: v in ("default", "scalar8bits"),
        "'default' or 'scalar8bits'; queries have eight bits a dimension",
    ),
}


def _read_struct(
    value: object, where: str, unset: _Struct, checks: Mapping[str, tuple[_Check, str]], also: tuple[str, ...] = ()
) -> _Struct:
    """`unset` with the fields that are given."""
    given = {} if value is None else mapping(value, where, f"a dict with keys among {', '.join(checks)}")
    _known(given, where, (*checks, *also))
    fields = {}
    for key, (check, wanted) in checks.items():
        if given.get(key) is None:
            continue
        if not check(given[key]):
            raise Rejected(f"{where}.{key}", f"must be {wanted}, got {given[key]!r}")
        fields[key] = given[key]
    return msgspec.structs.replace(unset, **fields)


def _read_quantization(value: object, where: str) -> Quantization | None:
    if value is None:
        return None
    given = mapping(value, where, "{'scalar': {'type': 'int8'}} or {'binary': {}}")
    _known(given, where, ("scalar", "binary"))
    kinds = [kind for kind in given if given[kind] is not None]
    if len(kinds) != 1:
        raise Rejected(where, f"must name one kind, scalar or binary, got {', '.join(kinds) or 'none'}")
    if kinds == ["binary"]:
        return _read_struct(given["binary"], f"{where}.binary", BinaryQuantization(), _BINARY)
    scalar = mapping(given.get("scalar"), f"{where}.scalar", "{'type': 'int8'}")
    kind = plain_scalar(scalar.get("type"))
    if kind != "int8":
        raise Rejected(f"{where}.scalar.type", f"must be 'int8', got {kind!r}")
    return _read_struct(scalar, f"{where}.scalar", ScalarQuantization(), _SCALAR, also=("type",))


def _known(given: Mapping[str, Any], where: str, known: tuple[str, ...]) -> None:
    for key, value in given.items():
        if key in known or (key in _LATER and value is None):
            continue
        if key in _LATER:
            raise Rejected(f"{where}.{key}", f"{_LATER[key]} not supported yet")
        raise Rejected(f"{where}.{key}", f"unknown option; known are {', '.join(known)}")


def _raw_fields(metadata: Mapping[str, Any]) -> dict[str, bytes]:
    encode_payload(dict(metadata), "metadata")
    return {key: encode_payload({"": value}, "metadata")[4:-1] for key, value in metadata.items()}


def _set_fields(struct: msgspec.Struct, every: bool = False) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.structs.asdict(struct) if every else msgspec.to_builtins(struct)
    return {key: value for key, value in plain.items() if value is not None}


def _write_quantization(quantization: Quantization) -> dict[str, Any]:
    fields = _set_fields(quantization, every=True)
    return (
        {"binary": fields} if isinstance(quantization, BinaryQuantization) else {"scalar": {"type": "int8", **fields}}
    )


def _write_vector(params: VectorParams) -> dict[str, Any]:
    written: dict[str, Any] = {"size": params.size, "distance": params.distance.value}
    if params.hnsw is not None:
        written["hnsw_config"] = _set_fields(params.hnsw)
    if params.quantization is not None:
        written["quantization_config"] = _write_quantization(params.quantization)
    return written
