"""Field conditions: {"key": path, operator: ...} → structs of `tamis.model.filter`.

    match         value | any | except | text | text_any | phrase | prefix | substring
    range         gt, gte, lt, lte: numbers, or dates when one bound is a text or a Python date
    geo_*         see `geo_reader`
    values_count  gt, gte, lt, lte: whole numbers
    is_empty, is_null   true, or false for the opposite

Several operators in one field condition are alternatives: any of them is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from tamis.errors import Rejected
from tamis.limits import INTEGER_MAX, INTEGER_MIN
from tamis.model.filter import (
    Condition,
    DatetimeRange,
    Filter,
    IsEmpty,
    IsNull,
    Match,
    MatchAny,
    MatchExcept,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    Range,
    ValuesCount,
)
from tamis.model.moment import moment_of, parse_moment
from tamis.model.path import parse_path
from tamis.wire.checks import at, items, mapping, only_known, plain_scalar, real, text, truth, whole
from tamis.wire.geo_reader import read_geo_box, read_geo_polygon, read_geo_radius

__all__ = ["read_field_condition", "read_path"]

_BOUNDS = ("gt", "gte", "lt", "lte")
_DATES = "write it as 2024-05-31, 2024-05-31T12:30 or 2024-05-31T12:30:00.5+02:00 (no zone: UTC)"

Reader = Callable[[str, Any, str], Condition]  # canonical path, data, place


def read_path(value: object, where: str) -> str:
    """The canonical spelling of a payload path."""
    return str(parse_path(text(value, where), where))


def read_field_condition(given: Mapping[str, Any], where: str) -> Condition:
    """A dict that has a "key"; several operators become a `Filter` of alternatives.

    >>> read_field_condition({"key": "size", "range": {"gte": 3}}, "must[0]")
    Range(path='size', gt=None, gte=3, lt=None, lte=None)
    """
    only_known(given, _FIELD_KEYS, where, "a field condition")
    path = read_path(given["key"], at(where, "key"))
    found = [
        read(path, given[name], at(where, name)) for name, read in _OPERATORS.items() if given.get(name) is not None
    ]
    if not found:
        raise Rejected(where, f"a field condition needs an operator beside its key: {', '.join(_OPERATORS)}")
    return found[0] if len(found) == 1 else Filter(should=tuple(found))


def _match(path: str, data: object, where: str) -> Condition:
    given = mapping(data, where, f"a dict with one of {', '.join(_MATCHES)}")
    only_known(given, _MATCH_KINDS, where, "match")
    kinds = [kind for kind in given if given[kind] is not None]
    if len(kinds) != 1:
        got = f"got {' and '.join(kinds)}" if kinds else "got none"
        raise Rejected(where, f"takes exactly one of {', '.join(_MATCHES)}; {got}")
    return _MATCHES[kinds[0]](path, given[kinds[0]], at(where, kinds[0]))


def _value(path: str, data: Any, where: str) -> Condition:
    value = plain_scalar(data)
    if isinstance(value, UUID):
        value = str(value)
    if isinstance(value, bool):
        return Match(path, value)
    if isinstance(value, int):
        return Match(path, whole(value, where))
    if isinstance(value, str):
        return Match(path, text(value, where))
    if isinstance(value, float):
        raise Rejected(where, f"floats are not compared for equality; use range with gte and lte. Got {value}")
    raise Rejected(where, f"must be a string, an integer or true/false; got {type(value).__name__}")


def _values(data: object, where: str) -> tuple[str | int, ...]:
    """All strings or all integers, each once."""
    values = items(data, where, "a list of strings or of integers")
    kinds = set(map(type, values))
    if kinds - {str, int}:  # numpy scalars, enums, UUIDs; or what is neither
        values = [str(v) if isinstance(v, UUID) else plain_scalar(v) for v in values]
        for i, value in enumerate(values):
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise Rejected(f"{where}[{i}]", f"must be a string or an integer; got {type(value).__name__}")
        kinds = {str if isinstance(value, str) else int for value in values}
    if len(kinds) > 1:
        i = next(i for i, value in enumerate(values) if isinstance(value, str) != isinstance(values[0], str))
        raise Rejected(f"{where}[{i}]", "mixes strings and integers; give one kind, or two conditions under should")
    if not _sound(values):
        check = text if str in kinds else whole
        for i, value in enumerate(values):
            check(value, f"{where}[{i}]")
    return tuple(dict.fromkeys(values))


def _sound(values: list[Any]) -> bool:
    """Whether every string is UTF-8 and every integer in range: all at once, as lists may be long."""
    if not values or isinstance(values[0], int):
        return not values or (min(values) >= INTEGER_MIN and max(values) <= INTEGER_MAX)
    return "".join(values).isascii()


def _range(path: str, data: object, where: str) -> Condition:
    given = mapping(data, where, f"a dict with some of {', '.join(_BOUNDS)}")
    only_known(given, _BOUNDS, where, "range")
    bounds = {key: value for key, value in given.items() if value is not None}
    if any(isinstance(value, (str, date)) for value in bounds.values()):
        return DatetimeRange(path, **{key: _moment(value, at(where, key)) for key, value in bounds.items()})
    return Range(path, **{key: real(value, at(where, key)) for key, value in bounds.items()})


def _moment(value: object, where: str) -> int:
    """Microseconds since 1970, UTC."""
    if isinstance(value, date):
        return moment_of(value)
    if not isinstance(value, str):
        raise Rejected(where, f"another bound is a date, so this must be one; got {value!r}")
    moment = parse_moment(value)
    if moment is None:
        raise Rejected(where, f"{value!r} is not a date; {_DATES}")
    return moment


def _values_count(path: str, data: object, where: str) -> Condition:
    given = mapping(data, where, f"a dict with some of {', '.join(_BOUNDS)}")
    only_known(given, _BOUNDS, where, "values_count")
    bounds = {k: whole(v, at(where, k), 0, INTEGER_MAX) for k, v in given.items() if v is not None}
    return ValuesCount(path, **bounds)


def _is_empty(path: str, data: object, where: str) -> Condition:
    return IsEmpty(path) if truth(data, where) else Filter(must_not=(IsEmpty(path),))


def _is_null(path: str, data: object, where: str) -> Condition:
    return IsNull(path) if truth(data, where) else Filter(must_not=(IsNull(path),))


_MATCHES: dict[str, Reader] = {
    "value": _value,
    "any": lambda path, data, where: MatchAny(path, _values(data, where)),
    "except": lambda path, data, where: MatchExcept(path, _values(data, where)),
    "text": lambda path, data, where: MatchText(path, text(data, where), "all"),
    "text_any": lambda path, data, where: MatchText(path, text(data, where), "any"),
    "phrase": lambda path, data, where: MatchText(path, text(data, where), "phrase"),
    "prefix": lambda path, data, where: MatchPrefix(path, text(data, where)),
    "substring": lambda path, data, where: MatchSubstring(path, text(data, where)),
}
_MATCH_KINDS = tuple(_MATCHES)

_OPERATORS: dict[str, Reader] = {
    "match": _match,
    "range": _range,
    "geo_bounding_box": read_geo_box,
    "geo_radius": read_geo_radius,
    "geo_polygon": read_geo_polygon,
    "values_count": _values_count,
    "is_empty": _is_empty,
    "is_null": _is_null,
}
_FIELD_KEYS = ("key", *_OPERATORS)
