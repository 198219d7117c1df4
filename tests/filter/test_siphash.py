"""Slices: the hash is a public contract."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client.local.siphash import siphash24

from tamis.model.ids import IdArray
from tamis.model.siphash import hash_id, hash_ids

GOLDEN_NUMBERS = [0xE849E8BB6FFE2567, 0x8004C5A694105F5E, 0x8050C18B6AC9D15E]
GOLDEN_UUID = 0x20B7E2F7430C2C29

ids = st.lists(st.one_of(st.integers(0, 2**64 - 1), st.uuids()), max_size=20)


@given(ids)
def test_one_and_many_equal_the_reference(points: list[int | UUID]) -> None:
    want = [siphash24(point.to_bytes(8, "little") if isinstance(point, int) else point.bytes) for point in points]
    assert [hash_id(point) for point in points] == want
    assert hash_ids(IdArray.of(points)).tolist() == want


def test_values_that_must_never_change() -> None:
    assert [hash_id(n) for n in (0, 1, 2**64 - 1)] == GOLDEN_NUMBERS
    assert hash_id(UUID(int=1)) == GOLDEN_UUID


def test_slices_are_even() -> None:
    share = np.bincount((hash_ids(IdArray(np.arange(10_000, dtype=np.uint64))) % np.uint64(4)).astype(int)) / 10_000
    assert np.all(np.abs(share - 0.25) < 0.02)
