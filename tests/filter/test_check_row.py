"""The row check against the oracle, and against the reference's own local mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.model.filter import Filter
from tamis.model.payload import decode_payload, encode_payload
from tamis.model.schema import PayloadIndex
from tamis.segment.check_row import matches
from tamis.wire.filter_reader import read_filter
from tests.filter import oracle, strategies


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


vector_names = st.frozensets(st.sampled_from(strategies.NAMES[:2]))


@settings(max_examples=500, deadline=None)
@given(
    strategies.filters(), st.lists(strategies.payloads(), min_size=1, max_size=5), strategies.point_ids(), vector_names
)
def test_row_check_equals_oracle(
    data: dict[str, Any], payloads: list[dict[str, Any]], point_id: int | UUID, vectors: frozenset[str]
) -> None:
    condition = read(data)
    for payload in payloads:
        stored = decode_payload(encode_payload(payload))
        want = oracle.holds(data, oracle.Point(point_id, payload, vectors))
        assert matches(condition, stored, Facts(point_id, vectors)) == want
