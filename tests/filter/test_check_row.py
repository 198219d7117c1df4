"""The row check against the oracle: every operator by itself, and whole filters."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.model.filter import Filter
from tamis.model.payload import decode_payload, encode_payload
from tamis.model.schema import PayloadIndex
from tamis.segment.check_row import matches
from tamis.wire.filter_reader import read_filter
from tests.filter import oracle
from tests.filter.strategies import IDS, OPERATORS, PATHS, Sampler

PAYLOADS = 40  # of a sample; each filter is asked of all of them


@dataclass
class Facts:
    """What `matches` asks of a point."""

    id: int | UUID = 0
    vectors: frozenset[str] = frozenset({""})
    indexes: dict[str, PayloadIndex] = field(default_factory=dict)

    def has_vector(self, name: str) -> bool:
        return name in self.vectors


def read(data: dict[str, Any]) -> Filter:
    read = read_filter(data)
    assert read is not None
    return read


def stored(payload: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from a segment."""
    return decode_payload(encode_payload(payload))


def points(sampler: Sampler) -> list[tuple[oracle.Point, Facts]]:
    drawn = []
    for _ in range(PAYLOADS):
        point_id, names = sampler.one_of(IDS), frozenset(name for name in ("", "image") if sampler.chance(0.5))
        drawn.append((oracle.Point(point_id, sampler.payload(), names), Facts(point_id, names)))
    return drawn


def compare(data: dict[str, Any], asked: list[tuple[oracle.Point, Facts]]) -> int:
    """How many points hold, when both agree on every one."""
    condition, held = read(data), 0
    for point, facts in asked:
        want = oracle.holds(data, point)
        assert matches(condition, stored(point.payload), facts) == want, f"{data}\n{point}"
        held += want
    return held


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**48))
def test_filters_equal_the_oracle(seed: int) -> None:
    sampler = Sampler(seed)
    asked = points(sampler)
    for _ in range(25):
        compare(sampler.filter(), asked)


@pytest.mark.parametrize("operator", OPERATORS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**48))
def test_each_operator_equals_the_oracle(operator: str, seed: int) -> None:
    sampler = Sampler(seed)
    asked = points(sampler)
    for _ in range(40):
        compare({"must": [sampler.field_condition(operator, paths=PATHS)]}, asked)


def test_an_enum_is_stored_as_it_is_asked_for() -> None:
    class Colour(str, Enum):  # noqa: UP042 - the older kind, whose str() is not its value
        RED = "red"

    asked = read({"must": {"key": "colour", "match": {"value": Colour.RED}}})
    assert stored({"colour": Colour.RED}) == {"colour": "red"}
    assert matches(asked, stored({"colour": Colour.RED}), Facts())


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_samples_are_worth_asking(operator: str) -> None:
    """Points on both sides of every operator: a test that compares nothing with nothing proves nothing."""
    sampler = Sampler(20240531)
    asked = points(sampler)
    held = [compare({"must": [sampler.field_condition(operator)]}, asked) for _ in range(60)]
    assert 0.02 < sum(held) / (PAYLOADS * len(held)) < 0.98
