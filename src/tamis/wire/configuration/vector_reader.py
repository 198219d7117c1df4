"""Vectors of a collection: {"size", "distance", …} ↔ `VectorParams`, one of them or several by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.errors import Invalid, Rejected
from tamis.limits import VECTOR_NAME_BYTES_MAX, VECTOR_SIZE_MAX
from tamis.model.schema import Distance, VectorParams
from tamis.wire.checks import mapping, only_known, plain_scalar
from tamis.wire.configuration.quantization_reader import read_quantization, write_quantization
from tamis.wire.configuration.settings_reader import HNSW, TRUTH, Field, check_keys, read_setting, read_settings

__all__ = [
    "PLACE",
    "read_changing_name",
    "read_new_vector",
    "read_vector",
    "read_vector_name",
    "read_vectors",
    "write_vectors",
]

_FORBIDDEN = set('<>:"/\\|?*\0\x1f')
_OPTIONS = ("size", "distance", "datatype", "on_disk", "memory", "hnsw_config", "quantization_config")
PLACE: dict[str, Field] = {
    "on_disk": TRUTH,
    "memory": (lambda v: v in ("cold", "cached"), "cold or cached"),
}


def read_vectors(value: object) -> dict[str, VectorParams]:
    """One vector without a name, or several by name, or none.

    >>> read_vectors({"text": {"size": 4, "distance": "Dot"}})["text"].size
    4
    """
    if value is None:
        return {}
    given = mapping(value, "vectors", "{'size': 256, 'distance': 'Cosine'}, or a dict of names to such dicts")
    if {"size", "distance"} & given.keys() and not all(isinstance(inner, Mapping) for inner in given.values()):
        return {"": read_vector(given, "vectors")}
    return {read_vector_name(name): read_vector(inner, f"vectors.{name}") for name, inner in given.items()}


def read_vector_name(name: object, where: str = "vectors") -> str:
    """At most `VECTOR_NAME_BYTES_MAX` bytes, none of the characters that file systems and URLs dislike."""
    if not isinstance(name, str):
        raise Rejected(where, f"vector names are strings, got {name!r}")
    length = len(name.encode(errors="replace"))
    if length > VECTOR_NAME_BYTES_MAX:
        raise Invalid(where, f"the vector name is {length} bytes long; at most {VECTOR_NAME_BYTES_MAX}")
    if _FORBIDDEN & set(name):
        raise Invalid(where, f'the vector name {name!r} holds one of < > : " / \\ | ? * or a control character')
    return name


def read_vector(value: object, where: str) -> VectorParams:
    """The parameters of one vector."""
    given = mapping(value, where, "{'size': 256, 'distance': 'Cosine'}")
    check_keys(given, where, _OPTIONS)
    for needed in ("size", "distance"):
        if needed not in given:
            raise Rejected(f"{where}.{needed}", "is missing; a vector has a size and a distance")
    size = plain_scalar(given["size"])
    if not isinstance(size, int) or isinstance(size, bool):
        raise Rejected(f"{where}.size", f"must be an integer from 1 to {VECTOR_SIZE_MAX}, got {size!r}")
    if not 1 <= size <= VECTOR_SIZE_MAX:
        raise Invalid(f"{where}.size", f"must be an integer from 1 to {VECTOR_SIZE_MAX}, got {size}")
    distance = plain_scalar(given["distance"])
    names = [d.value for d in Distance]
    if distance not in names:
        raise Rejected(f"{where}.distance", f"must be one of {', '.join(names)}, got {distance!r}")
    datatype = plain_scalar(given.get("datatype"))
    if datatype not in (None, "float32"):
        raise Rejected(f"{where}.datatype", f"{datatype!r} is not supported yet; vectors are stored as float32")
    own = given.get("hnsw_config")
    return VectorParams(
        size=size,
        distance=Distance(distance),
        hnsw=None if own is None else read_settings(own, f"{where}.hnsw_config", HNSW),
        quantization=read_quantization(given.get("quantization_config"), f"{where}.quantization_config"),
        datatype=datatype,
        **{key: read_setting(given.get(key), f"{where}.{key}", field) for key, field in PLACE.items()},
    )


def read_new_vector(name: object, value: object) -> tuple[str, VectorParams]:
    """A vector to be added to a collection: {"dense": {"size", "distance", …}}, or what is inside.

    >>> read_new_vector("text", {"size": 4, "distance": "Dot"})[1].size
    4
    """
    given = mapping(value, "params", "{'size': 256, 'distance': 'Cosine'}")
    if "sparse" in given:
        raise Rejected("params.sparse", "sparse vectors are not supported yet")
    if "dense" in given:
        only_known(given, ("dense",), "params", "a new vector")
        return read_changing_name(name), read_vector(given["dense"], "params.dense")
    return read_changing_name(name), read_vector(given, "params")


def read_changing_name(name: object) -> str:
    """The name of a vector that is added or dropped; the one without a name stays."""
    if name == "":
        raise Rejected("name", "is empty; the vector without a name is made with its collection and goes with it")
    return read_vector_name(name, "name")


def write_vectors(vectors: Mapping[str, VectorParams]) -> dict[str, Any]:
    """As `read_vectors` reads them, without what was not set."""
    written = {name: _write_vector(params) for name, params in vectors.items()}
    return written[""] if list(written) == [""] else written


def _write_vector(params: VectorParams) -> dict[str, Any]:
    written: dict[str, Any] = {"size": params.size, "distance": params.distance.value}
    if params.hnsw is not None:
        written["hnsw_config"] = dict(params.hnsw)
    if params.quantization is not None:
        written["quantization_config"] = write_quantization(params.quantization)
    placed = {"on_disk": params.on_disk, "memory": params.memory, "datatype": params.datatype}
    return written | {key: value for key, value in placed.items() if value is not None}
