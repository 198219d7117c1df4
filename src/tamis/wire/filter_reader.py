"""Filters as users write them: plain dicts → `tamis.model.filter` structs, or an error that names the place.

    {"must": [condition, ...], "should": ..., "must_not": ..., "min_should": {"conditions": [...], "min_count": n}}

A condition is a field condition ("key" and operators, see `condition_reader`), a filter again, or one of
is_empty, is_null, has_id, has_vector, nested, slice. A clause may hold one condition instead of a list. null is the
same as leaving a key out. Models of qdrant_client are read like the dicts they stand for.

Places are relative to the root of the filter: ``must[1].range.gte``. Whether a payload path or a vector name exists
is not asked here. Programs ask the same filter again and again, so small ones that were read are remembered, by the
exact types and values they are made of.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import numpy as np

from tamis.errors import Rejected
from tamis.limits import FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX, INTEGER_MAX
from tamis.model.filter import (
    Condition,
    Filter,
    HasId,
    HasVector,
    IsEmpty,
    IsNull,
    MinShould,
    Nested,
    Slice,
)
from tamis.model.ids import parse_ids
from tamis.wire.checks import at, items, mapping, only_known, text, whole
from tamis.wire.condition_reader import read_field_condition, read_path

__all__ = ["read_filter"]

_REMEMBERED_MAX = 1_024  # filters
_REMEMBERED_BYTES = 4_096  # each
_remembered: dict[bytes, Filter] = {}

_CLAUSES = ("must", "should", "must_not", "min_should")
_POINT_CONDITIONS = ("has_id", "has_vector", "slice")
_CONDITION = (
    "a condition: a dict with key and an operator, a filter, "
    "or one of is_empty, is_null, has_id, has_vector, nested, slice"
)


def read_filter(data: object, where: str = "filter") -> Filter | None:
    """Validate a filter; None stays None. `where` names the argument for errors at the root.

    >>> read_filter({"must": {"key": "city", "match": {"value": "Berlin"}}}).must
    (Match(path='city', value='Berlin'),)
    >>> read_filter({"must": [{"key": "price", "range": {"gte": "cheap"}}]})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    tamis.errors.Rejected: must[0].range.gte: 'cheap' is not a date; write it as 2024-05-31, ...
    """
    if data is None:
        return None
    key = _key(data)
    read = _remembered.get(key)
    if read is None:
        read = _read(data, where)
        if key and len(key) <= _REMEMBERED_BYTES:
            if len(_remembered) >= _REMEMBERED_MAX:
                _remembered.clear()
            _remembered[key] = read
    return read


def _key(data: Any) -> bytes:
    """Plain Python data as bytes that differ where types or values do; empty for anything else."""
    try:
        return marshal.dumps(data, 2)  # version 2 writes every object out, so equal data gives equal bytes
    except ValueError:
        return b""


def _read(data: object, where: str) -> Filter:
    wanted = f"a filter: a dict with some of {', '.join(_CLAUSES)}"
    given = mapping(data, where, wanted)
    if given and not any(key in _CLAUSES for key in given) and _family(given) is not None:
        raise Rejected(where, f"is a condition; a filter holds conditions in clauses: {{'must': [{_short(given)}]}}")
    return _Walk().filter(given, "")


class _Walk:
    """One reading: counts conditions, levels, and whether it is inside nested."""

    __slots__ = ("conditions", "depth", "nested")

    def __init__(self) -> None:
        self.conditions = 0
        self.depth = 0
        self.nested = 0

    def filter(self, given: Mapping[str, Any], where: str) -> Filter:
        only_known(given, _CLAUSES, where, "a filter")
        self.depth += 1
        if self.depth > FILTER_DEPTH_MAX:
            raise Rejected(where, f"filters are nested deeper than {FILTER_DEPTH_MAX} levels")
        minimum = given.get("min_should")
        read = Filter(
            must=self.clause(given.get("must"), at(where, "must")),
            should=self.clause(given.get("should"), at(where, "should")),
            must_not=self.clause(given.get("must_not"), at(where, "must_not")),
            min_should=None if minimum is None else self.min_should(minimum, at(where, "min_should")),
        )
        self.depth -= 1
        return read

    def clause(self, data: Any, where: str) -> tuple[Condition, ...]:
        if data is None:
            return ()
        if isinstance(data, (list, tuple)):
            return tuple(self.condition(one, f"{where}[{i}]") for i, one in enumerate(data))
        return (self.condition(data, where),)

    def min_should(self, data: object, where: str) -> MinShould:
        given = mapping(data, where, "{'conditions': [...], 'min_count': n}")
        only_known(given, ("conditions", "min_count"), where, "min_should")
        for key in ("conditions", "min_count"):
            if given.get(key) is None:
                raise Rejected(f"{where}.{key}", "is missing; min_should takes conditions and min_count")
        conditions = self.clause(given["conditions"], f"{where}.conditions")
        return MinShould(conditions, whole(given["min_count"], f"{where}.min_count", 1))

    def condition(self, data: object, where: str) -> Condition:
        self.conditions += 1
        if self.conditions > FILTER_CONDITIONS_MAX:
            raise Rejected(where, f"a filter holds at most {FILTER_CONDITIONS_MAX} conditions; use match any for lists")
        given = mapping(data, where, _CONDITION)
        if "key" in given:
            return read_field_condition(given, where)
        family = _family(given)
        if family is None:
            if given and not any(key in _CLAUSES for key in given):
                raise Rejected(where, f"is not {_CONDITION}; got a dict with {', '.join(map(repr, given))}")
            return self.filter(given, where)
        only_known(given, (family,), where, f"a condition with {family}")
        if self.nested and family in _POINT_CONDITIONS:
            raise Rejected(at(where, family), "belongs to points, not to array elements; move it out of nested")
        place = at(where, family)
        if family == "nested":
            return self.element(given[family], place)
        return _SIMPLE[family](given[family], place)

    def element(self, data: object, where: str) -> Nested:
        given = mapping(data, where, "{'key': path, 'filter': {...}}")
        only_known(given, ("key", "filter"), where, "nested")
        for key in ("key", "filter"):
            if given.get(key) is None:
                raise Rejected(f"{where}.{key}", "is missing; nested takes key and filter")
        path = read_path(given["key"], f"{where}.key")
        place = f"{where}.filter"
        self.nested += 1
        inner = self.filter(mapping(given["filter"], place, "a filter"), place)
        self.nested -= 1
        return Nested(path if path.endswith("[]") else path + "[]", inner)


def _family(given: Mapping[str, Any]) -> str | None:
    """Which condition a dict without clauses stands for: "key", a name such as "has_id", or None."""
    return "key" if "key" in given else next((name for name in (*_SIMPLE, "nested") if name in given), None)


def _short(given: Mapping[str, Any]) -> str:
    shown = repr(dict(given))
    return shown if len(shown) <= 80 else "..."


def _has_id(data: object, where: str) -> Condition:
    wanted = "a list of point ids"
    ids = parse_ids(data if isinstance(data, np.ndarray) else items(data, where, wanted), where)
    points = ids.tolist()
    if ids.uuids is None:
        return HasId(numbers=tuple(points))  # type: ignore[arg-type]
    return HasId(
        numbers=tuple(point for point in points if isinstance(point, int)),
        uuids=tuple(str(point) for point in points if isinstance(point, UUID)),
    )


def _slice(data: object, where: str) -> Condition:
    given = mapping(data, where, "{'total': n, 'index': i}")
    only_known(given, ("total", "index"), where, "slice")
    for key in ("total", "index"):
        if given.get(key) is None:
            raise Rejected(f"{where}.{key}", "is missing; slice takes total and index")
    total = whole(given["total"], f"{where}.total", 1, INTEGER_MAX)
    return Slice(total, whole(given["index"], f"{where}.index", 0, total - 1))


def _key_of(data: object, where: str) -> str:
    given = mapping(data, where, "{'key': path}")
    only_known(given, ("key",), where, "this condition")
    if given.get("key") is None:
        raise Rejected(f"{where}.key", "is missing; name the payload path")
    return read_path(given["key"], f"{where}.key")


_SIMPLE: dict[str, Callable[[Any, str], Condition]] = {
    "is_empty": lambda data, where: IsEmpty(_key_of(data, where)),
    "is_null": lambda data, where: IsNull(_key_of(data, where)),
    "has_id": _has_id,
    "has_vector": lambda data, where: HasVector(text(data, where)),
    "slice": _slice,
}
