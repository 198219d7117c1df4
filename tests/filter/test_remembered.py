"""Filters that were read are remembered by their exact types and values."""

from typing import Any

import pytest

from tamis.errors import Rejected
from tamis.model.filter import Match
from tamis.wire.filter_reader import read_filter


def match(value: Any) -> dict[str, Any]:
    return {"must": [{"key": "a", "match": {"value": value}}]}


def test_equal_filters_are_read_once() -> None:
    assert read_filter(match("same")) is read_filter(match("same"))


def test_values_that_compare_equal_are_told_apart() -> None:
    for value in (1, True, "1"):
        read = read_filter(match(value))
        assert read is not None
        (condition,) = read.must
        assert isinstance(condition, Match)
        assert type(condition.value) is type(value)
    with pytest.raises(Rejected):
        read_filter(match(1.0))


def test_a_changed_dict_is_read_again() -> None:
    given = match("before")
    first = read_filter(given)
    given["must"][0]["match"]["value"] = "after"
    assert read_filter(given) != first


def test_refusals_are_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(Rejected, match="nothing"):
            read_filter({"nothing": []})
