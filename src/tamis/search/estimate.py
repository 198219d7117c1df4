"""About how many rows a condition passes: only to put clauses in order, never to answer.

Sealed columns know the count of every key and every range of keys, so most estimates are exact. Live columns and
arrays give an upper bound. What needs rows to be read is said so, and is asked last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tamis.model.filter import (
    Condition,
    DatetimeRange,
    Filter,
    GeoBox,
    GeoPolygon,
    GeoRadius,
    HasId,
    IsNull,
    Match,
    MatchAny,
    MatchPrefix,
    MatchText,
    Range,
    Slice,
)
from tamis.model.schema import TextOptions
from tamis.search.route import route_of
from tamis.segment.column.field import Bounds, Field, set_size
from tamis.segment.column.table import Table

__all__ = ["Estimate", "estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rows that pass; `reads`: rows must be read to know. Orders by what is cheap and strict first."""

    rows: int
    reads: bool = False

    def __lt__(self, other: Estimate) -> bool:
        return (self.reads, self.rows) < (other.reads, other.rows)


def estimate(condition: Condition, table: Table, options_at: Callable[[str], TextOptions]) -> Estimate:
    """Expected rows of `table` that satisfy the condition."""
    if isinstance(condition, Filter):
        return _of_filter(condition, table, options_at)
    if isinstance(condition, HasId):
        return Estimate(min(table.rows, len(condition.numbers) + len(condition.uuids)))
    if isinstance(condition, Slice):
        return Estimate(table.rows // condition.total)
    path = getattr(condition, "path", None)
    if path is None:
        return Estimate(table.rows)
    route = route_of(path)
    level = table
    for hop in route.hops:
        child = level.child(hop)
        if child is None:
            return Estimate(0, reads=len(level.spilled) > 0)
        level = child.table
    count = _COUNTS.get(type(condition))
    if count is None:
        return Estimate(table.rows, reads=not route.exact)
    field = level.field(route.last)
    if field is None:
        return Estimate(0, reads=len(level.spilled) > 0)
    return Estimate(min(table.rows, count(condition, field, options_at)), reads=not route.exact)


def _of_filter(filter: Filter, table: Table, options_at: Callable[[str], TextOptions]) -> Estimate:
    rows, reads = table.rows, False
    for condition in filter.must:
        one = estimate(condition, table, options_at)
        rows, reads = min(rows, one.rows), reads or one.reads
    if filter.should:
        some = [estimate(condition, table, options_at) for condition in filter.should]
        rows, reads = min(rows, sum(one.rows for one in some)), reads or any(one.reads for one in some)
    for condition in filter.must_not:
        one = estimate(condition, table, options_at)
        rows, reads = min(rows, max(0, table.rows - one.rows)), reads or one.reads
    return Estimate(rows, reads)


def _match(condition: Match, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    return _any(field, (condition.value,))


def _any(field: Field, values: tuple[Any, ...]) -> int:
    total = 0
    for name, lane in field.lanes.items():
        kind = str if name == "str" else bool if name == "bool" else int
        fitting = [v for v in values if type(v) is kind and (kind is not int or (v > 2**63 - 1) == (name == "big"))]
        if fitting and name != "float":
            total += lane.count_any(fitting)
    return total


def _range(condition: Range, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    bounds = Bounds(condition.gt, condition.gte, condition.lt, condition.lte)
    return sum(lane.count_range(bounds) for name, lane in field.lanes.items() if name in ("int", "big", "float"))


def _dates(condition: DatetimeRange, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    bounds = Bounds(condition.gt, condition.gte, condition.lt, condition.lte)
    lane = field.lanes.get("str")
    return 0 if lane is None else lane.moments().count_range(bounds)


def _prefix(condition: MatchPrefix, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    lane = field.lanes.get("str")
    return 0 if lane is None else lane.count_prefix(condition.prefix)


def _text(condition: MatchText, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    if "str" not in field.lanes and "long" not in field.sets:
        return 0
    words = field.text(options_at(condition.path))
    return words.count(condition.text, condition.mode)


def _geo(condition: GeoBox | GeoRadius | GeoPolygon, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    return 0 if field.points is None else field.points.count(condition)


def _null(condition: IsNull, field: Field, options_at: Callable[[str], TextOptions]) -> int:
    return set_size(field.sets["null"]) if "null" in field.sets else 0


_COUNTS: dict[type, Callable[[Any, Field, Callable[[str], TextOptions]], int]] = {
    Match: _match,
    MatchAny: lambda condition, field, options_at: _any(field, condition.values),
    MatchPrefix: _prefix,
    MatchText: _text,
    Range: _range,
    DatetimeRange: _dates,
    GeoBox: _geo,
    GeoRadius: _geo,
    GeoPolygon: _geo,
    IsNull: _null,
}
