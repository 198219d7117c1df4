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
from tamis.model.schema import TextOptions
from tamis.search.filter.leaf import lane_of
from tamis.search.filter.route import route_of
from tamis.segment.column.bounds import Bounds
from tamis.segment.column.field import Field, set_size
from tamis.segment.column.table import Table

__all__ = ["Estimate", "estimate"]

OptionsAt = Callable[[str], TextOptions]
Count = Callable[[Any, Field], int]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rows that pass; `reads`: rows must be read to know. Orders by what is cheap and strict first."""

    rows: int
    reads: bool = False

    def __lt__(self, other: Estimate) -> bool:
        return (self.reads, self.rows) < (other.reads, other.rows)


def estimate(condition: Condition, table: Table, options_at: OptionsAt) -> Estimate:
    """Expected rows of `table` that satisfy the condition; options_at: how words are cut at a path."""
    if isinstance(condition, Filter):
        return _of_filter(condition, table, options_at)
    if isinstance(condition, HasId):
        return Estimate(min(table.rows, len(condition.numbers) + len(condition.uuids)))
    if isinstance(condition, Slice):
        return Estimate(table.rows // condition.total)
    count = _text(options_at) if isinstance(condition, MatchText) else _COUNTS.get(type(condition))
    if count is None or isinstance(condition, HasVector):
        return Estimate(table.rows)
    route = route_of(condition.path)
    level = table
    for hop in route.hops:
        child = level.child(hop)
        if child is None:
            return Estimate(0, reads=len(level.spilled) > 0)
        level = child.table
    field = level.field(route.last)
    if field is None:
        return Estimate(0, reads=len(level.spilled) > 0)
    rows, reads = count(condition, field), not route.exact
    if "long" in field.sets and _asks_strings(condition, field, options_at):
        rows, reads = rows + set_size(field.sets["long"]), True
    return Estimate(min(table.rows, rows), reads)


def _asks_strings(condition: Condition, field: Field, options_at: OptionsAt) -> bool:
    """Whether strings that are in no column must be read to answer."""
    if isinstance(condition, MatchText):
        return not field.text(options_at(condition.path)).whole
    if isinstance(condition, Match):
        return isinstance(condition.value, str) and len(condition.value.encode()) >= field.cut
    return isinstance(condition, (MatchPrefix, MatchSubstring, DatetimeRange))


def _of_filter(filter: Filter, table: Table, options_at: OptionsAt) -> Estimate:
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


def _any(field: Field, values: tuple[Any, ...]) -> int:
    total = 0
    for name, lane in field.lanes.items():
        fitting = [value for value in values if lane_of(value) == name]
        if fitting:
            total += lane.count_any(fitting)
    return total


def _range(condition: Range, field: Field) -> int:
    bounds = Bounds(condition.gt, condition.gte, condition.lt, condition.lte)
    return sum(lane.count_range(bounds) for name, lane in field.numbers.items() if name != "bool")


def _dates(condition: DatetimeRange, field: Field) -> int:
    bounds = Bounds(condition.gt, condition.gte, condition.lt, condition.lte)
    return 0 if field.strings is None else field.strings.moments().count_range(bounds)


def _prefix(condition: MatchPrefix, field: Field) -> int:
    return 0 if field.strings is None else field.strings.count_prefix(condition.prefix)


def _text(options_at: OptionsAt) -> Count:
    def count(condition: MatchText, field: Field) -> int:
        if field.strings is None and "long" not in field.sets:
            return 0
        return field.text(options_at(condition.path)).count(condition.text, condition.mode)

    return count


def _geo(condition: GeoBox | GeoRadius | GeoPolygon, field: Field) -> int:
    return 0 if field.points is None else field.points.count(condition)


def _everything(_: Condition, field: Field) -> int:
    return field.rows


_COUNTS: dict[type, Count] = {
    Match: lambda condition, field: _any(field, (condition.value,)),
    MatchAny: lambda condition, field: _any(field, condition.values),
    MatchExcept: _everything,
    MatchPrefix: _prefix,
    MatchSubstring: _everything,
    Range: _range,
    DatetimeRange: _dates,
    GeoBox: _geo,
    GeoRadius: _geo,
    GeoPolygon: _geo,
    ValuesCount: _everything,
    IsEmpty: _everything,
    IsNull: lambda _, field: set_size(field.sets["null"]) if "null" in field.sets else 0,
    Nested: _everything,
}
