"""The row check against the local mode of qdrant_client, wherever the reference is consistent.

Deliberate differences, which `comparable` keeps out of the random part and the tests below pin down:
- several operators in one field condition are alternatives, as on the server; local mode reads the first it knows
- a place outside -180..180, -90..90 is no place, as in the server's geo index; local mode computes with it
- an integer bound of a range is exact beyond 2**53; the reference turns it into a float first
- conditions on the point inside nested are refused; the reference lets them hold never
- a box whose top lies south of its bottom is refused; the reference finds nothing
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import models
from qdrant_client.local.payload_filters import check_filter

from tamis.errors import Rejected
from tamis.segment.check_row import matches
from tests.filter.strategies import Sampler, comparable, on_the_globe, with_dates
from tests.filter.test_check_row import Facts, points, read, stored


def reference(asked: models.Filter, payload: dict[str, Any], facts: Facts) -> bool:
    stored_id = str(facts.id) if isinstance(facts.id, UUID) else facts.id
    return check_filter(asked, payload, stored_id, dict.fromkeys(facts.vectors, True))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**48))
def test_row_check_equals_the_local_mode_of_the_reference(seed: int) -> None:
    sampler = Sampler(seed)
    asked = [(point, facts) for point, facts in points(sampler) if on_the_globe(point.payload)]
    for _ in range(25):
        data = sampler.filter(alone=True)
        if not comparable(data):
            continue
        condition, foreign = read(data), models.Filter(**with_dates(data))
        for point, facts in asked:
            want = reference(foreign, point.payload, facts)
            assert matches(condition, stored(point.payload), facts) == want, f"{data}\n{point}"


def test_several_operators_are_alternatives() -> None:
    data = {"must": [{"key": "n", "range": {"gt": 5}, "match": {"value": 1}}]}
    assert [matches(read(data), {"n": n}, Facts()) for n in (1, 3, 7)] == [True, False, True]
    assert [reference(models.Filter(**data), {"n": n}, Facts()) for n in (1, 3, 7)] == [True, False, False]


def test_a_place_off_the_globe_is_no_place() -> None:
    data = {"must": [{"key": "p", "geo_radius": {"center": {"lon": 0, "lat": 0}, "radius": 1000}}]}
    assert not matches(read(data), {"p": {"lon": 360, "lat": 0}}, Facts())
    assert reference(models.Filter(**data), {"p": {"lon": 360, "lat": 0}}, Facts())


def test_integer_bounds_are_exact() -> None:
    data = {"must": [{"key": "n", "range": {"gt": 2**53 + 1}}]}
    assert [matches(read(data), {"n": 2**53 + i}, Facts()) for i in (0, 1, 2)] == [False, False, True]
    assert [reference(models.Filter(**data), {"n": 2**53 + i}, Facts()) for i in (0, 1, 2)] == [False, True, True]


@pytest.mark.parametrize(
    "data",
    [
        {"must": [{"nested": {"key": "a", "filter": {"must": [{"has_id": [1]}]}}}]},
        {
            "must": [
                {
                    "key": "p",
                    "geo_bounding_box": {"top_left": {"lon": 0, "lat": 0}, "bottom_right": {"lon": 1, "lat": 1}},
                }
            ]
        },
    ],
)
def test_what_can_only_be_a_mistake_is_refused(data: dict[str, Any]) -> None:
    assert not reference(models.Filter(**data), {"a": [{}], "p": {"lon": 0.5, "lat": 0.5}}, Facts(1))
    with pytest.raises(Rejected):
        read(data)


def test_models_of_the_client_are_read_like_dicts() -> None:
    data: dict[str, Any] = {
        "must": [
            {"key": "a[].b", "match": {"except": ["x"]}},
            {"key": "n", "range": {"gte": 1.5}},
            {"nested": {"key": "parts", "filter": {"should": [{"key": "size", "match": {"any": [1, 2]}}]}}},
            {"is_empty": {"key": "z"}},
        ],
        "min_should": {
            "conditions": [{"has_id": [1]}, {"has_vector": ""}, {"slice": {"total": 2, "index": 1}}],
            "min_count": 2,
        },
    }
    assert read(models.Filter(**data)) == read(data)  # type: ignore[arg-type]
    mixed = {"must": [models.FieldCondition(key="n", match=models.MatchValue(value=3))]}
    assert read(mixed) == read({"must": {"key": "n", "match": {"value": 3}}})
