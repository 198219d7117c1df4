"""One row against one condition, in plain Python: what decides where no column can.

    matches(condition, payload, facts) -> bool        payload: the decoded JSON object of the row

The meaning of every condition is written here once, row by row; the columns of `segment.column` and the masks of
`search.filter.evaluate` must agree with it. Inside `nested` the row is an array element, and paths start there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

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
from tamis.model.geometry import geo_point, in_box, in_circle, in_polygon
from tamis.model.ids import PointId
from tamis.model.moment import parse_moment
from tamis.model.path import leaves, parse_path, resolve
from tamis.model.schema import PayloadIndex, TextOptions
from tamis.model.siphash import hash_id
from tamis.model.tokens import holds

__all__ = ["RowFacts", "between", "matches", "text_options"]

_WORDS = TextOptions()


class RowFacts(Protocol):
    """What a condition may ask of a point besides its payload."""

    @property
    def id(self) -> PointId:
        """The point's id."""
        ...

    @property
    def indexes(self) -> Mapping[str, PayloadIndex]:
        """The collection's payload indexes by canonical path; a text index says how to cut words."""
        ...

    def has_vector(self, name: str) -> bool:
        """Whether the point has the vector of that name."""
        ...


def matches(condition: Condition, payload: Mapping[str, Any], facts: RowFacts, prefix: str = "") -> bool:
    """Whether the row satisfies the condition. `prefix` is the path of the array that the row is an element of.

    >>> matches(Filter(must=(Match("tags", "new"),)), {"tags": ["new", 3]}, facts=None)
    True
    """
    if isinstance(condition, Filter):
        return _filter_matches(condition, payload, facts, prefix)
    if isinstance(condition, Nested):
        inner, path = condition.filter, _joined(prefix, condition.path)
        elements = resolve(payload, parse_path(condition.path))
        return any(matches(inner, element, facts, path) for element in elements if isinstance(element, dict))
    if isinstance(condition, HasId):
        point_id = facts.id
        return point_id in condition.numbers if isinstance(point_id, int) else str(point_id) in condition.uuids
    if isinstance(condition, HasVector):
        return facts.has_vector(condition.name)
    if isinstance(condition, Slice):
        return hash_id(facts.id) % condition.total == condition.index
    values = resolve(payload, parse_path(condition.path))
    if isinstance(condition, ValuesCount):
        counts = [_count(value) for value in values] or [0]
        return any(between(count, condition) for count in counts)
    if isinstance(condition, IsEmpty):
        return all(value is None or value == [] for value in values)
    if isinstance(condition, IsNull):
        return any(value is None or (isinstance(value, list) and None in value) for value in values)
    if isinstance(condition, MatchText):
        options = text_options(facts.indexes, _joined(prefix, condition.path))
        return any(
            holds(leaf, condition.text, condition.mode, options) for leaf in leaves(values) if isinstance(leaf, str)
        )
    test = _LEAF_TESTS[type(condition)]
    return any(test(condition, leaf) for leaf in leaves(values))


def text_options(indexes: Mapping[str, PayloadIndex], path: str) -> TextOptions:
    """How words are cut at a path: as its text index says, else plain lowercase words."""
    index = indexes.get(path)
    return _WORDS if index is None or index.text is None else index.text


def between(value: int | float, bounds: Range | DatetimeRange | ValuesCount) -> bool:
    """Whether a number satisfies every bound that is set.

    >>> between(3, Range("a", gte=3)), between(3, Range("a", gt=3))
    (True, False)
    """
    return (
        (bounds.gt is None or value > bounds.gt)
        and (bounds.gte is None or value >= bounds.gte)
        and (bounds.lt is None or value < bounds.lt)
        and (bounds.lte is None or value <= bounds.lte)
    )


def _filter_matches(condition: Filter, payload: Mapping[str, Any], facts: RowFacts, prefix: str) -> bool:
    def hold(one: Condition) -> bool:
        return matches(one, payload, facts, prefix)

    if not all(map(hold, condition.must)) or any(map(hold, condition.must_not)):
        return False
    if condition.should and not any(map(hold, condition.should)):
        return False
    least = condition.min_should
    return least is None or sum(map(hold, least.conditions)) >= least.min_count


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix else path


def _count(value: Any) -> int:
    return 0 if value is None else len(value) if isinstance(value, list) else 1


def _same(leaf: Any, value: bool | int | str) -> bool:
    """Equal and of the same JSON type: 1 is neither 1.0 nor true."""
    return type(leaf) is type(value) and bool(leaf == value)


def _one_of(leaf: Any, values: tuple[str | int, ...]) -> bool:
    return type(leaf) in (str, int) and leaf in values


def _in_range(condition: Range, leaf: Any) -> bool:
    return type(leaf) in (int, float) and between(leaf, condition)


def _in_datetime_range(condition: DatetimeRange, leaf: Any) -> bool:
    moment = parse_moment(leaf) if isinstance(leaf, str) else None
    return moment is not None and between(moment, condition)


def _at_place(test: Callable[[float, float, Any], bool]) -> Callable[[Any, Any], bool]:
    """A test of (lon, lat, condition) as a test of (condition, leaf)."""

    def test_leaf(condition: Any, leaf: Any) -> bool:
        point = geo_point(leaf)
        return point is not None and test(*point, condition)

    return test_leaf


_LEAF_TESTS: dict[type, Callable[[Any, Any], bool]] = {
    Match: lambda condition, leaf: _same(leaf, condition.value),
    MatchAny: lambda condition, leaf: _one_of(leaf, condition.values),
    MatchExcept: lambda condition, leaf: leaf is not None and not _one_of(leaf, condition.values),
    MatchPrefix: lambda condition, leaf: isinstance(leaf, str) and leaf.startswith(condition.prefix),
    MatchSubstring: lambda condition, leaf: isinstance(leaf, str) and condition.substring in leaf,
    Range: _in_range,
    DatetimeRange: _in_datetime_range,
    GeoBox: _at_place(in_box),
    GeoRadius: _at_place(in_circle),
    GeoPolygon: _at_place(in_polygon),
}
