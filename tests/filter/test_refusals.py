"""Malformed filters: each is refused with the place of the mistake and a message that says what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tamis.errors import Rejected
from tamis.limits import FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX
from tamis.model.filter import Filter, HasId, Match, MatchAny, Range
from tamis.wire.filter_reader import read_filter

NAN = float("nan")
HERE = {"lon": 0, "lat": 0}
SQUARE = [{"lon": 0, "lat": 0}, {"lon": 0, "lat": 1}, {"lon": 1, "lat": 1}, {"lon": 0, "lat": 0}]


def on(**operators: Any) -> dict[str, Any]:
    """A filter of one condition on the field a."""
    return {"must": [{"key": "a", **operators}]}


def box(**corners: Any) -> dict[str, Any]:
    return on(geo_bounding_box={"top_left": HERE, "bottom_right": HERE, **corners})


def within(inner: Any) -> dict[str, Any]:
    return {"should": [{"nested": {"key": "parts", "filter": inner}}]}


# filter, place, words of the message
TABLE: list[tuple[Any, str, str]] = [
    # the root and its clauses
    (7, "filter", "must be a filter"),
    ("a=1", "filter", "must be a filter"),
    ([{"key": "a", "match": {"value": 1}}], "filter", "must be a filter"),
    ({"key": "a", "match": {"value": 1}}, "filter", "{'must': [{'key': 'a'"),
    ({"has_id": [1]}, "filter", "is a condition"),
    ({"mist": []}, "mist", "did you mean 'must'?"),
    ({"must": [], "filter": {}}, "filter", "takes must, should, must_not, min_should"),
    ({"must": 3}, "must", "must be a condition"),
    ({"must": [None]}, "must[0]", "got null"),
    ({"should": [{}, "x"]}, "should[1]", "must be a condition"),
    ({"must_not": [[]]}, "must_not[0]", "must be a condition"),
    ({"must": [{"foo": 1}]}, "must[0]", "got a dict with 'foo'"),
    ({"must": [{"must": [{"foo": 1}]}]}, "must[0].must[0]", "got a dict with 'foo'"),
    ({"must": [{"must": [], "has_id": [1]}]}, "must[0].must", "takes has_id"),
    # min_should
    ({"min_should": []}, "min_should", "{'conditions': [...], 'min_count': n}"),
    ({"min_should": {"conditions": []}}, "min_should.min_count", "is missing"),
    ({"min_should": {"min_count": 1}}, "min_should.conditions", "is missing"),
    ({"min_should": {"conditions": [], "min_count": 0}}, "min_should.min_count", "at least 1; got 0"),
    ({"min_should": {"conditions": [], "min_count": 1.0}}, "min_should.min_count", "must be an integer"),
    ({"min_should": {"conditions": [], "min_count": True}}, "min_should.min_count", "must be an integer"),
    ({"min_should": {"conditions": [{"key": "a"}], "min_count": 1}}, "min_should.conditions[0]", "needs an operator"),
    ({"min_should": {"conditions": [], "min_count": 1, "max_count": 2}}, "min_should.max_count", "unknown key"),
    # keys and paths
    ({"must": {"key": "a"}}, "must", "needs an operator beside its key: match, range"),
    ({"must": [{"key": 5, "is_null": True}]}, "must[0].key", "must be a string; got int 5"),
    ({"must": [{"key": None, "is_null": True}]}, "must[0].key", "got null"),
    ({"must": [{"key": "", "is_null": True}]}, "must[0].key", "path is empty"),
    ({"must": [{"key": "a..b", "is_null": True}]}, "must[0].key", "expected a key at character 2"),
    ({"must": [{"key": "a b", "is_null": True}]}, "must[0].key", "unexpected ' ' at character 1"),
    ({"must": [{"key": "a[x]", "is_null": True}]}, "must[0].key", "unexpected '['"),
    ({"must": [{"key": "a[-1]", "is_null": True}]}, "must[0].key", "unexpected '['"),
    ({"must": [{"key": "a.", "is_null": True}]}, "must[0].key", "expected a key at character 2"),
    ({"must": [{"key": '"a', "is_null": True}]}, "must[0].key", "not closed"),
    ({"must": [{"key": f"a[{2**64}]", "is_null": True}]}, "must[0].key", "out of range"),
    ({"must": [{"key": "a" * 2000, "is_null": True}]}, "must[0].key", "at most 1024"),
    ({"must": [{"key": "a\ud800", "is_null": True}]}, "must[0].key", "lone surrogate"),
    (on(rnage={"gt": 1}), "must[0].rnage", "did you mean 'range'?"),
    (on(match=None), "must[0]", "needs an operator"),
    # match
    (on(match=1), "must[0].match", "a dict with one of value, any"),
    (on(match={}), "must[0].match", "got none"),
    (on(match={"value": 1, "any": [1]}), "must[0].match", "got value and any"),
    (on(match={"values": 1}), "must[0].match.values", "did you mean 'value'?"),
    (on(match={"value": 1.0}), "must[0].match.value", "floats are not compared for equality"),
    (on(match={"value": [1]}), "must[0].match.value", "must be a string, an integer or true/false"),
    (on(match={"value": 2**64}), "must[0].match.value", "from -9223372036854775808 to 18446744073709551615"),
    (on(match={"value": "\udfff"}), "must[0].match.value", "lone surrogate"),
    (on(match={"any": "red"}), "must[0].match.any", "must be a list"),
    (on(match={"any": [1, "a"]}), "must[0].match.any[1]", "mixes strings and integers"),
    (on(match={"any": ["a", 1.5]}), "must[0].match.any[1]", "must be a string or an integer; got float"),
    (on(match={"any": ["a", None]}), "must[0].match.any[1]", "got NoneType"),
    (on(match={"any": [True]}), "must[0].match.any[0]", "got bool"),
    (on(match={"any": [1, 2**64]}), "must[0].match.any[1]", "must be an integer from"),
    (on(match={"except": ["a", "\ud800"]}), "must[0].match.except[1]", "lone surrogate"),
    (on(match={"except": {"a": 1}}), "must[0].match.except", "must be a list"),
    (on(match={"text": ["a"]}), "must[0].match.text", "must be a string"),
    (on(match={"phrase": 3}), "must[0].match.phrase", "must be a string; got int 3"),
    (on(match={"prefix": 3}), "must[0].match.prefix", "must be a string"),
    # range and values_count
    (on(range=[1, 2]), "must[0].range", "a dict with some of gt, gte, lt, lte"),
    (on(range={"min": 1}), "must[0].range.min", "takes gt, gte, lt, lte"),
    (on(range={"gte": NAN}), "must[0].range.gte", "got NaN"),
    (on(range={"gte": True}), "must[0].range.gte", "must be a number; got bool True"),
    (on(range={"gte": [1]}), "must[0].range.gte", "must be a number"),
    (on(range={"lt": 10**400}), "must[0].range.lt", "too large"),
    (on(range={"gte": "cheap"}), "must[0].range.gte", "'cheap' is not a date; write it as 2024-05-31"),
    (on(range={"gte": "2021-02-30"}), "must[0].range.gte", "is not a date"),
    (on(range={"gte": "2021-01-01", "lt": 5}), "must[0].range.lt", "another bound is a date"),
    (on(values_count={"gt": -1}), "must[0].values_count.gt", "at least 0; got -1"),
    (on(values_count={"gt": 1.5}), "must[0].values_count.gt", "must be an integer; got float 1.5"),
    (on(values_count=2), "must[0].values_count", "a dict with some of"),
    (on(values_count={"eq": 2}), "must[0].values_count.eq", "unknown key"),
    # geo
    (box(top_left={"lon": 181, "lat": 0}), "must[0].geo_bounding_box.top_left.lon", "from -180 to 180; got 181"),
    (box(bottom_right={"lon": 0, "lat": 91}), "must[0].geo_bounding_box.bottom_right.lat", "from -90 to 90"),
    (box(bottom_right={"lon": 0, "lat": 1}), "must[0].geo_bounding_box.top_left.lat", "must not lie south"),
    (box(bottom_right=None), "must[0].geo_bounding_box.bottom_right", "is missing"),
    (box(top_left=[0, 0]), "must[0].geo_bounding_box.top_left", "{'lon': degrees, 'lat': degrees}"),
    (box(top_left={"lon": 0, "lng": 0}), "must[0].geo_bounding_box.top_left.lng", "did you mean 'lon'?"),
    (box(top_left={"lon": NAN, "lat": 0}), "must[0].geo_bounding_box.top_left.lon", "got NaN"),
    (box(top_right=HERE), "must[0].geo_bounding_box.top_right", "unknown key"),
    (on(geo_radius={"center": HERE}), "must[0].geo_radius.radius", "is missing"),
    (on(geo_radius={"center": HERE, "radius": -1}), "must[0].geo_radius.radius", "at least 0; got -1"),
    (on(geo_radius={"center": HERE, "radius": float("inf")}), "must[0].geo_radius.radius", "finite"),
    (on(geo_radius={"center": {"lat": 0}, "radius": 1}), "must[0].geo_radius.center.lon", "is missing"),
    (on(geo_radius={"center": HERE, "radius": "1km"}), "must[0].geo_radius.radius", "must be a number; got str '1km'"),
    (on(geo_polygon={"exterior": {"points": SQUARE[:3]}}), "must[0].geo_polygon.exterior.points", "at least 4"),
    (
        on(geo_polygon={"exterior": {"points": [*SQUARE[:3], {"lon": 1, "lat": 0}]}}),
        "must[0].geo_polygon.exterior.points",
        "its last point (1.0, 0.0) must equal its first (0.0, 0.0)",
    ),
    (on(geo_polygon={"exterior": SQUARE}), "must[0].geo_polygon.exterior", "a dict with points"),
    (on(geo_polygon={"interiors": []}), "must[0].geo_polygon.exterior", "is missing"),
    (
        on(geo_polygon={"exterior": {"points": SQUARE}, "interiors": [{"points": SQUARE}, {"points": []}]}),
        "must[0].geo_polygon.interiors[1].points",
        "got 0",
    ),
    (
        on(geo_polygon={"exterior": {"points": [*SQUARE[:3], {"lon": 1}]}}),
        "must[0].geo_polygon.exterior.points[3].lat",
        "is missing",
    ),
    # is_empty, is_null
    (on(is_empty=1), "must[0].is_empty", "must be true or false"),
    (on(is_null="yes"), "must[0].is_null", "must be true or false; got str 'yes'"),
    ({"must": [{"is_empty": "a"}]}, "must[0].is_empty", "{'key': path}"),
    ({"must": [{"is_null": {}}]}, "must[0].is_null.key", "is missing"),
    ({"must": [{"is_null": {"key": "a", "value": True}}]}, "must[0].is_null.value", "unknown key"),
    ({"must": [{"is_empty": {"key": "a["}}]}, "must[0].is_empty.key", "unexpected '['"),
    # points
    ({"must": [{"has_id": 1}]}, "must[0].has_id", "a list of point ids"),
    ({"must": [{"has_id": [1, -1]}]}, "must[0].has_id[1]", "out of range"),
    ({"must": [{"has_id": [1, "one"]}]}, "must[0].has_id[1]", "not a valid point id"),
    ({"must": [{"has_id": [1.0]}]}, "must[0].has_id[0]", "not a valid point id"),
    ({"must": [{"has_id": [1], "has_vector": ""}]}, "must[0].has_vector", "takes has_id"),
    ({"must": [{"has_vector": 1}]}, "must[0].has_vector", "must be a string"),
    ({"must": [{"slice": {"total": 0, "index": 0}}]}, "must[0].slice.total", "at least 1; got 0"),
    ({"must": [{"slice": {"total": 2, "index": 2}}]}, "must[0].slice.index", "from 0 to 1; got 2"),
    ({"must": [{"slice": {"total": 2}}]}, "must[0].slice.index", "is missing"),
    ({"must": [{"slice": [2, 0]}]}, "must[0].slice", "{'total': n, 'index': i}"),
    # nested
    ({"must": [{"nested": {"filter": {}}}]}, "must[0].nested.key", "is missing"),
    ({"must": [{"nested": {"key": "a"}}]}, "must[0].nested.filter", "is missing"),
    ({"must": [{"nested": {"key": "a", "filter": [], "limit": 3}}]}, "must[0].nested.limit", "unknown key"),
    (within([]), "should[0].nested.filter", "must be a filter"),
    (
        within({"must": [{"key": "a", "match": {"value": 0.5}}]}),
        "should[0].nested.filter.must[0].match.value",
        "floats",
    ),
    (within({"must": {"has_id": [1]}}), "should[0].nested.filter.must.has_id", "move it out of nested"),
    (within({"must": [{"must": [{"slice": {}}]}]}), "should[0].nested.filter.must[0].must[0].slice", "move it out"),
    (within(within({"must_not": [{"has_vector": ""}]})), "", "move it out of nested"),
]


@pytest.mark.parametrize(("data", "place", "words"), TABLE, ids=range(len(TABLE)))
def test_the_place_and_the_reason_are_named(data: Any, place: str, words: str) -> None:
    with pytest.raises(Rejected) as refusal:
        read_filter(data)
    inner = "should[0].nested.filter.should[0].nested.filter.must_not[0].has_vector"
    assert refusal.value.where == (place or inner)
    assert words in refusal.value.problem


def test_the_argument_is_named_at_the_root() -> None:
    with pytest.raises(Rejected, match=r"^update_filter: must be a filter"):
        read_filter([], "update_filter")


def test_depth_and_number_of_conditions_are_bounded() -> None:
    deep: dict[str, Any] = {}
    for _ in range(FILTER_DEPTH_MAX - 1):
        deep = {"must": deep}
    assert read_filter(deep) is not None
    with pytest.raises(Rejected, match=f"deeper than {FILTER_DEPTH_MAX}"):
        read_filter({"must": deep})
    with pytest.raises(Rejected, match=f"deeper than {FILTER_DEPTH_MAX}"):
        read_filter({"must": {"nested": {"key": "a", "filter": deep}}})
    with pytest.raises(Rejected, match=f"at most {FILTER_CONDITIONS_MAX}"):
        read_filter({"should": [{"is_null": {"key": "a"}}] * (FILTER_CONDITIONS_MAX + 1)})


def test_a_filter_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["must"] = loop
    with pytest.raises(Rejected, match="nested deeper"):
        read_filter(loop)


def test_null_is_the_same_as_left_out() -> None:
    assert read_filter(None) is None
    assert read_filter({"must": None, "should": None, "min_should": None}) == Filter()
    data = {"must": [{"key": "a", "match": None, "range": {"gt": None, "lt": 3}}]}
    assert read_filter(data) == Filter(must=(Range("a", lt=3),))


def test_numpy_and_enum_values_are_read_as_what_they_hold() -> None:
    data = {
        "must": [
            {"key": "a", "match": {"value": np.int64(3)}},
            {"key": "a", "match": {"value": np.True_}},
            {"key": "a", "match": {"any": np.array([1, 2, 1])}},
            {"key": "a", "range": {"gt": np.float32(0.5)}},
            {"has_id": np.array([4, 5], np.uint64)},
        ]
    }
    three, true, some, above, ids = read_filter(data).must  # type: ignore[union-attr]
    assert (three, some, above) == (Match("a", 3), MatchAny("a", (1, 2)), Range("a", gt=0.5))
    assert isinstance(true, Match)
    assert true.value is True
    assert ids == HasId(numbers=(4, 5))
