"""The one-line filter language: what it says, and where it points when it cannot read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import Rejected
from tamis.wire.filter_reader import read_filter
from tamis.wire.where_reader import read_where
from tests.filter.oracle import Point, holds


def equal(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "match": {"value": value}}


A, B, C = equal("a", 1), equal("b", 2), equal("c", 3)

READ = {
    "a=1": {"must": [A]},
    "a = 1 and b = 2": {"must": [A, B]},
    "a=1 AND b=2 OR c=3": {"should": [{"must": [A, B]}, C]},
    "a=1 AND (b=2 OR c=3)": {"must": [A, {"should": [B, C]}]},
    "NOT a=1 AND b=2": {"must": [{"must_not": [A]}, B]},
    "NOT (a=1 OR b=2)": {"must_not": [{"should": [A, B]}]},
    "NOT NOT a=1": {"must_not": [{"must_not": [A]}]},
    "((a=1))": {"must": [A]},
    "a!=1": {"must_not": [A]},
    "module=asyncio*": {"must": [{"key": "module", "match": {"prefix": "asyncio"}}]},
    "module!=asyncio*": {"must_not": [{"key": "module", "match": {"prefix": "asyncio"}}]},
    "module='asyncio*'": {"must": [equal("module", "asyncio*")]},
    'name="two words"': {"must": [equal("name", "two words")]},
    r"name='it\'s'": {"must": [equal("name", "it's")]},
    "a=-7": {"must": [equal("a", -7)]},
    "a='7'": {"must": [equal("a", "7")]},
    "a=1.5": {"must": [{"key": "a", "range": {"gte": 1.5, "lte": 1.5}}]},
    "a=True": {"must": [equal("a", True)]},
    "a=not-a-keyword": {"must": [equal("a", "not-a-keyword")]},
    "n<1 AND n<=2 AND n>3 AND n>=-4e2": {
        "must": [
            {"key": "n", "range": {op: bound}} for op, bound in (("lt", 1), ("lte", 2), ("gt", 3), ("gte", -400.0))
        ]
    },
    "at >= 2024-01-31": {"must": [{"key": "at", "range": {"gte": "2024-01-31"}}]},
    "at < 2024-01-31T12:00:00Z": {"must": [{"key": "at", "range": {"lt": "2024-01-31T12:00:00Z"}}]},
    "tags IN (x, 'y z')": {"must": [{"key": "tags", "match": {"any": ["x", "y z"]}}]},
    "n NOT IN (1,2)": {"must_not": [{"key": "n", "match": {"any": [1, 2]}}]},
    "a IS NULL": {"must": [{"is_null": {"key": "a"}}]},
    "a is not empty": {"must_not": [{"is_empty": {"key": "a"}}]},
    "a.b[].c=1": {"must": [equal("a.b[].c", 1)]},
    '"odd key".b=1': {"must": [equal('"odd key".b', 1)]},
    '"odd key"=1': {"must": [equal('"odd key"', 1)]},
    "größe>1": {"must": [{"key": "größe", "range": {"gt": 1}}]},
}


@pytest.mark.parametrize("source", READ)
def test_what_it_says(source: str) -> None:
    assert read_where(source) == READ[source]
    assert read_filter(read_where(source)) is not None


REFUSED = {
    "": (0, "expected a field name"),
    "   ": (3, "expected a field name"),
    "a": (1, "expected =, !="),
    "a=": (2, "expected a value"),
    "a=1 AND": (7, "expected a field name"),
    "a=1 b=2": (4, "expected AND, OR or the end"),
    "(a=1": (4, "expected ')'"),
    "a=1)": (3, "expected AND, OR"),
    "= 1": (0, "expected a field name"),
    "a IN 1": (5, "expected '(' after IN"),
    "a IN (1": (7, "expected ',' or ')'"),
    "a IN ()": (6, "expected a value"),
    "a IN (1, b)": (9, "all words or all integers"),
    "a IN (x*)": (6, "IN lists"),
    "a NOT 1": (6, "expected IN"),
    "a IS 1": (5, "expected NULL or EMPTY"),
    "a < x": (4, "compares numbers and dates"),
    "a < true": (4, "compares numbers and dates"),
    "a='x": (2, "this quote is not closed"),
    "a ! 1": (2, "unexpected '!'"),
    "a=AND": (2, "expected a value; quote it"),
    "NOT " * 100 + "a=1": (264, "nested deeper than 64"),
    "(" * 100 + "a=1": (65, "nested deeper than 64"),
}


@pytest.mark.parametrize("source", REFUSED)
def test_a_caret_points_at_the_place(source: str) -> None:
    place, problem = REFUSED[source]
    with pytest.raises(Rejected) as caught:
        read_where(source)
    first, line, caret = str(caught.value).split("\n")
    assert first.startswith("where: ")
    assert problem in first
    assert line == "  " + source
    assert caret == " " * (place + 2) + "^"


@given(st.text(alphabet="abAN D()='\"<>!,*1.-\\O R", max_size=25))
def test_any_text_is_read_or_refused(source: str) -> None:
    try:
        filter = read_where(source)
    except Rejected as refused:
        filter, problem = {}, refused.problem
    assert filter.keys() <= {"must", "should", "must_not"}
    assert filter or problem.endswith("^")


def conditions() -> st.SearchStrategy[tuple[str, Any]]:
    """A condition as text, and as a function of a payload."""

    def leaf(key: str, value: int) -> tuple[str, Any]:
        return f"{key}={value}", lambda payload: payload[key] == value

    def joined(word: str, combine: Any) -> Any:
        return lambda parts: (
            "(" + f" {word} ".join(text for text, _ in parts) + ")",
            lambda payload: combine(check(payload) for _, check in parts),
        )

    leaves = st.builds(leaf, st.sampled_from("ab"), st.integers(0, 1))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(lambda part: (f"NOT {part[0]}", lambda payload: not part[1](payload))),
            st.lists(inner, min_size=1, max_size=3).map(joined("AND", all)),
            st.lists(inner, min_size=1, max_size=3).map(joined("OR", any)),
        ),
        max_leaves=8,
    )


@given(conditions(), st.integers(0, 1), st.integers(0, 1))
def test_boolean_algebra(condition: tuple[str, Any], a: int, b: int) -> None:
    text, check = condition
    payload = {"a": a, "b": b}
    assert holds(read_where(text), Point(payload=payload)) == check(payload)
