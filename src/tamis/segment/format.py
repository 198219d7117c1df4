"""Which arrays a sealed segment keeps, in which files, under which names.

    segments/<name>/points          ids.low ids.high? ids.uuids? ids.order?
                                    vector.<i>.<array>   of the i-th vector name of the meta
    segments/<name>/payload-<n>     versions   rows.bytes rows.offsets   table.<array>
    segments/<name>/overlay-<n>     targets versions rows.bytes rows.offsets

The points file never changes; a payload file is replaced by the next number when an overlay is folded or an index
is declared; overlay files carry what changed since, as of one manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from numpy.typing import NDArray

from tamis.model.schema import VectorParams

__all__ = [
    "SEGMENTS",
    "PayloadMeta",
    "PointsMeta",
    "array_group",
    "overlay_key",
    "payload_key",
    "points_key",
    "vector_prefix",
    "with_prefix",
]

SEGMENTS = "segments/"


class PointsMeta(msgspec.Struct, frozen=True):
    """Meta of the points file; the vectors are in the order of their array names."""

    rows: int
    vectors: dict[str, VectorParams]


class PayloadMeta(msgspec.Struct, frozen=True):
    """Meta of a payload file; table: what the columns' builder said."""

    rows: int
    table: bytes


def points_key(name: str) -> str:
    """Key of the points file of a segment."""
    return f"{SEGMENTS}{name}/points"


def payload_key(name: str, number: int) -> str:
    """Key of a payload file of a segment."""
    return f"{SEGMENTS}{name}/payload-{number}"


def overlay_key(name: str, number: int) -> str:
    """Key of an overlay file of a segment."""
    return f"{SEGMENTS}{name}/overlay-{number}"


def vector_prefix(number: int) -> str:
    """What the names of the arrays of the i-th vector name begin with."""
    return f"vector.{number}."


def with_prefix(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The same arrays under longer names."""
    return {prefix + name: array for name, array in arrays.items()}


def array_group(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays whose names begin with `prefix`, without it.

    >>> array_group("a.", {"a.x": 1, "b": 2})
    {'x': 1}
    """
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
