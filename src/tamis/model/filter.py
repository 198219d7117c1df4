"""Filters: a boolean tree of conditions on payload, ids and vectors.

    Filter  must (all) · should (any) · must_not (none) · min_should (at least N); all four are ANDed
    leaf    one condition; field conditions carry the canonical spelling of their path

Structs are frozen, hashable, and validated by the reader that makes them (`tamis.wire.filter_reader`); they are
also what travels in the log when an operation selects points by filter. Empty `should` is no constraint.
"""

from __future__ import annotations

import msgspec

from tamis.model.path import Path, parse_path

__all__ = [
    "Condition",
    "DatetimeRange",
    "FieldCondition",
    "Filter",
    "GeoBox",
    "GeoPolygon",
    "GeoRadius",
    "HasId",
    "HasVector",
    "IsEmpty",
    "IsNull",
    "Match",
    "MatchAny",
    "MatchExcept",
    "MatchPrefix",
    "MatchSubstring",
    "MatchText",
    "MinShould",
    "Nested",
    "Range",
    "Slice",
    "ValuesCount",
]


class FieldCondition(msgspec.Struct, frozen=True, tag=True):
    """A condition on the values at one payload path."""

    path: str  # canonical

    @property
    def parsed(self) -> Path:
        """The steps of the path."""
        return parse_path(self.path)


class Match(FieldCondition, frozen=True, tag="match"):
    """Some leaf equals `value`, same JSON type (1 is not 1.0, True is not 1)."""

    value: bool | int | str


class MatchAny(FieldCondition, frozen=True, tag="any"):
    """Some leaf is one of `values` (all str or all int)."""

    values: tuple[str | int, ...]


class MatchExcept(FieldCondition, frozen=True, tag="except"):
    """Some non-null leaf is none of `values`."""

    values: tuple[str | int, ...]


class MatchText(FieldCondition, frozen=True, tag="text"):
    """Some string leaf holds the tokens of `text`. mode: all | any | phrase."""

    text: str
    mode: str = "all"


class MatchPrefix(FieldCondition, frozen=True, tag="prefix"):
    """Some string leaf starts with `prefix`, case-sensitive."""

    prefix: str


class MatchSubstring(FieldCondition, frozen=True, tag="substring"):
    """Some string leaf contains `substring`, case-sensitive."""

    substring: str


class Range(FieldCondition, frozen=True, tag="range"):
    """Some number leaf (never a bool) lies in the range. None: no bound.

    Compared as numbers, exactly, as Python does: 2**53 + 1 lies above 2.0**53. Bounds may be infinite, never NaN.
    """

    gt: int | float | None = None
    gte: int | float | None = None
    lt: int | float | None = None
    lte: int | float | None = None


class DatetimeRange(FieldCondition, frozen=True, tag="datetime_range"):
    """Some string leaf that reads as a date and time lies in the range. Microseconds since 1970, UTC."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class GeoBox(FieldCondition, frozen=True, tag="geo_box"):
    """Some {lon, lat} leaf lies strictly inside; left > right crosses the antimeridian. Degrees."""

    left: float
    top: float
    right: float
    bottom: float


class GeoRadius(FieldCondition, frozen=True, tag="geo_radius"):
    """Some {lon, lat} leaf lies nearer than `radius_m` metres (haversine)."""

    lon: float
    lat: float
    radius_m: float


class GeoPolygon(FieldCondition, frozen=True, tag="geo_polygon"):
    """Some {lon, lat} leaf lies inside the exterior ring and in no hole. Rings are closed, of (lon, lat) pairs."""

    exterior: tuple[tuple[float, float], ...]
    interiors: tuple[tuple[tuple[float, float], ...], ...] = ()


class ValuesCount(FieldCondition, frozen=True, tag="values_count"):
    """The number of values lies in the range: array length, 1 for a scalar or object, 0 for null or missing."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class IsEmpty(FieldCondition, frozen=True, tag="is_empty"):
    """Every value at the path is missing, null or []."""


class IsNull(FieldCondition, frozen=True, tag="is_null"):
    """Some value at the path is null, or an array that holds null."""


class HasId(msgspec.Struct, frozen=True, tag="has_id"):
    """The point's id is one of these."""

    numbers: tuple[int, ...] = ()
    uuids: tuple[str, ...] = ()  # hyphenated


class HasVector(msgspec.Struct, frozen=True, tag="has_vector"):
    """The point has this named vector ("" is the unnamed one)."""

    name: str


class Slice(msgspec.Struct, frozen=True, tag="slice"):
    """siphash24(id) % total == index: a stable partition of all points."""

    total: int
    index: int


class Nested(msgspec.Struct, frozen=True, tag="nested"):
    """Some object element of the array at `path` satisfies the whole inner filter. `path` ends in []."""

    path: str
    filter: Filter


class MinShould(msgspec.Struct, frozen=True):
    """At least `min_count` of the conditions hold."""

    conditions: tuple[Condition, ...]
    min_count: int


class Filter(msgspec.Struct, frozen=True, tag="filter"):
    """Clauses, all ANDed; a Filter is itself a condition."""

    must: tuple[Condition, ...] = ()
    should: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()
    min_should: MinShould | None = None


Condition = (
    Filter
    | Match
    | MatchAny
    | MatchExcept
    | MatchText
    | MatchPrefix
    | MatchSubstring
    | Range
    | DatetimeRange
    | GeoBox
    | GeoRadius
    | GeoPolygon
    | ValuesCount
    | IsEmpty
    | IsNull
    | HasId
    | HasVector
    | Slice
    | Nested
)
