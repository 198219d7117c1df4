"""Conditions as one line of text, for the plan that `explain` shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tamis.model.filter import (
    Condition,
    DatetimeRange,
    Filter,
    GeoBox,
    GeoPolygon,
    GeoRadius,
    HasId,
    HasVector,
    IsEmpty,
    IsNull,
    Match,
    MatchAny,
    MatchExcept,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    Nested,
    Range,
    Slice,
    ValuesCount,
)
from tamis.model.moment import format_moment

__all__ = ["describe"]

_SHOWN = 4  # values of a list


def describe(condition: Condition) -> str:
    """What a condition asks.

    >>> describe(Filter(must=(Match("city", "Bonn"), Range("n", gte=1, lt=5))))
    "city = 'Bonn' and 1 <= n < 5"
    """
    return _TEXTS[type(condition)](condition)


def _filter(filter: Filter) -> str:
    parts = [_inner(one) for one in filter.must]
    if filter.should:
        some = " or ".join(map(_inner, filter.should))
        parts.append(f"({some})" if len(filter.should) > 1 else some)
    if filter.min_should is not None:
        parts.append(
            f"at least {filter.min_should.min_count} of ({', '.join(map(_inner, filter.min_should.conditions))})"
        )
    parts.extend(f"not {_inner(one)}" for one in filter.must_not)
    return " and ".join(parts) or "anything"


def _inner(condition: Condition) -> str:
    text = describe(condition)
    return f"({text})" if isinstance(condition, Filter) and " and " in text else text


def _listed(values: tuple[Any, ...]) -> str:
    shown = ", ".join(map(repr, values[:_SHOWN]))
    return f"[{shown}]" if len(values) <= _SHOWN else f"[{shown}, ... {len(values)} values]"


def _bounded(name: str, bounds: Range | DatetimeRange | ValuesCount, show: Callable[[Any], str] = str) -> str:
    if bounds.gt is None and bounds.gte is None and bounds.lt is None and bounds.lte is None:
        return f"{name} is a number"
    left = "".join(f"{show(b)} {sign} " for b, sign in ((bounds.gt, "<"), (bounds.gte, "<=")) if b is not None)
    right = "".join(f" {sign} {show(b)}" for b, sign in ((bounds.lt, "<"), (bounds.lte, "<=")) if b is not None)
    return f"{left}{name}{right}"


def _moment(microseconds: int) -> str:
    try:
        return format_moment(microseconds)
    except OverflowError:
        return str(microseconds)


_TEXTS: dict[type, Callable[[Any], str]] = {
    Filter: _filter,
    Match: lambda c: f"{c.path} = {c.value!r}",
    MatchAny: lambda c: f"{c.path} in {_listed(c.values)}",
    MatchExcept: lambda c: f"{c.path} has a value not in {_listed(c.values)}",
    MatchText: lambda c: f"{c.path} has {c.mode} of {c.text!r}",
    MatchPrefix: lambda c: f"{c.path} starts with {c.prefix!r}",
    MatchSubstring: lambda c: f"{c.path} contains {c.substring!r}",
    Range: lambda c: _bounded(c.path, c),
    DatetimeRange: lambda c: _bounded(c.path, c, _moment),
    GeoBox: lambda c: f"{c.path} in box {c.left}..{c.right}, {c.bottom}..{c.top}",
    GeoRadius: lambda c: f"{c.path} within {c.radius_m:g} m of {c.lon}, {c.lat}",
    GeoPolygon: lambda c: f"{c.path} in polygon of {len(c.exterior) - 1} corners",
    ValuesCount: lambda c: _bounded(f"count({c.path})", c),
    IsEmpty: lambda c: f"{c.path} is empty",
    IsNull: lambda c: f"{c.path} is null",
    HasId: lambda c: f"id in {_listed(c.numbers + c.uuids)}",
    HasVector: lambda c: f"has vector {c.name!r}",
    Slice: lambda c: f"slice {c.index} of {c.total}",
    Nested: lambda c: f"some {c.path} with ({_filter(c.filter)})",
}
