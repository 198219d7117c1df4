"""One condition on payload against one table of columns: the rows that satisfy it, and those that must be read.

    condition → route through child tables → leaf test on a Field → bits, projected back to the parents

Rows in `unsure` may be wrong in `mask`; everywhere else `mask` is exact. Unsure are rows with a string too long for a
column, with a path past the limit on columns, or whose path no column follows; usually there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.kernels.mask import set_parents, set_rows
from tamis.model.filter import (
    DatetimeRange,
    FieldCondition,
    GeoBox,
    GeoPolygon,
    GeoRadius,
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
from tamis.model.schema import TextOptions
from tamis.search.filter.route import Route, route_of
from tamis.segment.alive import all_rows
from tamis.segment.check_row import between
from tamis.segment.column.bounds import Bounds
from tamis.segment.column.field import Field, RowSet, mark_set
from tamis.segment.column.table import Table

__all__ = ["Found", "find_rows", "join", "lane_of", "rows_to_read"]

Mask = NDArray[np.uint64]
Doubt = RowSet | None
Test = Callable[[Field, Mask], tuple[str, Doubt]]  # adds bits; says how, and which rows it cannot tell

_INT64_MAX = 2**63 - 1
_LENGTH_MAX = 2**32 - 1
_NOTHING_THERE = "nothing at this path"


class Found(msgspec.Struct):
    """What a condition finds in one table."""

    mask: Mask
    unsure: Mask | None
    how: str


def find_rows(condition: FieldCondition, table: Table, options: TextOptions) -> Found:
    """Rows of `table` that satisfy a field condition; options: how words are cut at its path."""
    route = route_of(condition.path)
    if isinstance(condition, IsEmpty):
        return _inverted(_through(_filled(route), table, route, route.hops), table.rows)
    if isinstance(condition, ValuesCount):
        return _counted(condition, table, route)
    test = _text(condition, options) if isinstance(condition, MatchText) else _TESTS[type(condition)](condition)
    return _through(test, table, route, route.hops)


def rows_to_read(path: str, table: Table) -> Mask | None:
    """Rows whose values at `path` are not all in columns."""
    route = route_of(path)

    def test(field: Field, _: Mask) -> tuple[str, Doubt]:
        return "", field.sets.get("long")

    return _through(test, table, route, route.hops).unsure


def _through(test: Test, table: Table, route: Route, hops: tuple[str, ...]) -> Found:
    mask = np.zeros((table.rows + 63) >> 6, np.uint64)
    if not hops:
        return _at_field(test, table, route, mask)
    child = table.child(hops[0])
    found = Found(mask, _spilled(table, None if child is None else child.parents), _NOTHING_THERE)
    if child is not None:
        below = _through(test, child.table, route, hops[1:])
        found.how = below.how
        set_parents(mask, child.parents, below.mask)
        if below.unsure is not None:
            found.unsure = join(found.unsure, mask)
            set_parents(found.unsure, child.parents, below.unsure)
    return found


def _at_field(test: Test, table: Table, route: Route, mask: Mask) -> Found:
    field = table.field(route.last)
    if field is None:
        return Found(mask, _spilled(table, None), _NOTHING_THERE)
    unsure = _spilled(table, field) if len(table.spilled) else None
    if not route.exact:
        return Found(mask, _joined_set(unsure, field.sets.get("array"), mask), "path with positions")
    how, doubt = test(field, mask)
    if doubt is not None:
        unsure = _joined_set(unsure, doubt, mask)
    if route.each:
        np.bitwise_and(mask, field.arrays, out=mask)
        unsure = _joined_set(unsure, field.sets.get("deep"), mask)
    return Found(mask, unsure, how)


def join(some: Mask | None, like: Mask) -> Mask:
    """A mask to add to: `some`, or a new one of the size of `like`."""
    return np.zeros_like(like) if some is None else some


def _joined_set(some: Mask | None, rows: Doubt, like: Mask) -> Mask | None:
    if rows is None:
        return some
    joined = join(some, like)
    mark_set(rows, joined)
    return joined


def _spilled(table: Table, known: Field | NDArray[np.uint32] | None) -> Mask | None:
    """Rows with something in no column that have nothing at the place looked at (`known`: what is there)."""
    if not len(table.spilled):
        return None
    spilled = np.zeros((table.rows + 63) >> 6, np.uint64)
    set_rows(spilled, table.spilled)
    if isinstance(known, Field):
        spilled &= ~known.present
    elif known is not None:
        there = np.zeros_like(spilled)
        set_rows(there, known)
        spilled &= ~there
    return spilled


def _inverted(found: Found, rows: int) -> Found:
    np.bitwise_xor(found.mask, all_rows(rows), out=found.mask)
    return found


def _filled(route: Route) -> Test:
    """Some value that is neither null nor an empty array; with [], some element of that kind."""

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        np.bitwise_or(mask, field.valued, out=mask)
        if not route.each and "array" in field.sets:
            np.bitwise_or(mask, field.arrays_of(1, _LENGTH_MAX), out=mask)
        return "presence", None

    return test


def _counted(condition: ValuesCount, table: Table, route: Route) -> Found:
    zero, one = between(0, condition), between(1, condition)
    low, high = Bounds(condition.gt, condition.gte, condition.lt, condition.lte).integers(np.int64)

    def counts(field: Field, mask: Mask) -> tuple[str, Doubt]:
        if one:
            np.bitwise_or(mask, field.valued, out=mask)
        if zero:
            field.mark("null", mask)
        if not route.each and "array" in field.sets:  # what holds an array has its own count
            np.bitwise_and(mask, ~field.arrays, out=mask)
            np.bitwise_or(mask, field.arrays_of(low, high), out=mask)
        return "counts", None

    def anything(field: Field, mask: Mask) -> tuple[str, Doubt]:
        np.bitwise_or(mask, field.arrays_of(1, _LENGTH_MAX) if route.each else field.present, out=mask)
        return "counts", None

    found = _through(counts, table, route, route.hops)
    if zero:  # a row without any value counts as 0
        absent = _inverted(_through(anything, table, route, route.hops), table.rows)
        np.bitwise_or(found.mask, absent.mask, out=found.mask)
    return found


def lane_of(value: str | int | bool) -> str:
    """The lane that a value of this type is in."""
    if isinstance(value, str):
        return "str"
    if isinstance(value, bool):
        return "bool"
    return "big" if value > _INT64_MAX else "int"


def _long_ones(field: Field, values: tuple[Any, ...]) -> Doubt:
    """Rows whose string may be one of `values` and is in no lane."""
    rows = field.sets.get("long")
    if rows is None or not any(isinstance(v, str) and len(v.encode()) >= field.cut for v in values):
        return None
    return rows


def _match(condition: Match) -> Test:
    values = (condition.value,)
    name = lane_of(condition.value)

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        lane = field.lane(name)
        how = "no such value" if lane is None else lane.mark_any(values, mask)
        return how, _long_ones(field, values) if name == "str" else None

    return test


def _by_lane(values: tuple[str | int, ...]) -> dict[str, list[Any]]:
    split: dict[str, list[Any]] = {}
    for value in values:
        split.setdefault(lane_of(value), []).append(value)
    return split


def _match_any(condition: MatchAny) -> Test:
    split = _by_lane(condition.values)

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        how = "no such value"
        for name, values in split.items():
            if (lane := field.lane(name)) is not None:
                how = lane.mark_any(values, mask)
        return how, _long_ones(field, condition.values)

    return test


def _match_except(condition: MatchExcept) -> Test:
    split = _by_lane(condition.values)

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        for name, lane in field.lanes.items():
            if name in split:
                lane.mark_except(split[name], mask)
            else:
                lane.mark_all(mask)
        field.mark("other", mask)
        doubt = _long_ones(field, condition.values)
        if doubt is None:
            field.mark("long", mask)
        return "the other values", doubt

    return test


def _text(condition: MatchText, options: TextOptions) -> Test:
    # The beginnings that a prefix tokenizer keeps have no order, so phrases are looked for in the rows themselves.
    unordered = condition.mode == "phrase" and options.tokenizer == "prefix"

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        if field.strings is None and "long" not in field.sets:
            return "no strings", None
        words = field.text(options)
        doubt: Doubt = None if words.whole else field.sets.get("long")
        if not unordered:
            return words.mark(condition.text, condition.mode, mask), doubt
        candidates = np.zeros_like(mask)
        how = words.mark(condition.text, "all", candidates)
        if doubt is not None:
            mark_set(doubt, candidates)
        return how, candidates

    return test


def _prefix(condition: MatchPrefix) -> Test:
    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        how = "no strings" if field.strings is None else field.strings.mark_prefix(condition.prefix, mask)
        return how, field.sets.get("long")

    return test


def _substring(condition: MatchSubstring) -> Test:
    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        how = "no strings" if field.strings is None else field.strings.mark_substring(condition.substring, mask)
        return how, field.sets.get("long")

    return test


def _range(condition: Range) -> Test:
    bounds = Bounds(condition.gt, condition.gte, condition.lt, condition.lte)

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        how = "no numbers"
        for name in ("int", "big", "float"):
            lane = field.numbers.get(name)
            if lane is not None:
                how = lane.mark_range(bounds, mask)
        return how, None

    return test


def _datetime_range(condition: DatetimeRange) -> Test:
    bounds = Bounds(condition.gt, condition.gte, condition.lt, condition.lte)

    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        how = "no strings" if field.strings is None else field.strings.moments().mark_range(bounds, mask)
        return how, field.sets.get("long")  # a date may have a very long fraction

    return test


def _geo(condition: GeoBox | GeoRadius | GeoPolygon) -> Test:
    def test(field: Field, mask: Mask) -> tuple[str, Doubt]:
        return ("no points" if field.points is None else field.points.mark(condition, mask)), None

    return test


def _null_there(field: Field, mask: Mask) -> tuple[str, Doubt]:
    field.mark("null", mask)
    return "presence", None


_TESTS: dict[type, Callable[[Any], Test]] = {
    Match: _match,
    MatchAny: _match_any,
    MatchExcept: _match_except,
    MatchPrefix: _prefix,
    MatchSubstring: _substring,
    Range: _range,
    DatetimeRange: _datetime_range,
    GeoBox: _geo,
    GeoRadius: _geo,
    GeoPolygon: _geo,
    IsNull: lambda _: _null_there,
}
