"""Distances and rankings against float64 numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.kernels import reference
from tamis.kernels.beam import unsort
from tamis.kernels.distance import DOT, L1, L2, row_distance, sort_key
from tamis.kernels.ranking import EMPTY, insert, offset_of, pack, place_of

SIZES = (1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 100, 129, 784)


@pytest.mark.parametrize("metric", [L2, DOT, L1])
@pytest.mark.parametrize("size", SIZES)
def test_row_distance(metric: int, size: int) -> None:
    random = np.random.default_rng(size)
    rows = random.standard_normal((5, size)).astype(np.float32)
    query = random.standard_normal(size).astype(np.float32)
    got = [row_distance[metric](rows, row, query) for row in range(5)]
    np.testing.assert_allclose(got, reference.distances(rows, query, metric), rtol=1e-4, atol=1e-4)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=30))
def test_sort_key_sorts_like_the_float_and_comes_back(values: list[float]) -> None:
    keys = [int(sort_key(np.float32(v))) for v in values]
    for a, key_a in zip(values, keys, strict=True):
        assert unsort(np.int64(key_a)) == np.float32(a)
        for b, key_b in zip(values, keys, strict=True):
            if a < b:
                assert key_a < key_b


@given(st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31 - 1))), st.integers(1, 12))
def test_insert_keeps_the_smallest(items: list[tuple[int, int]], capacity: int) -> None:
    ranking = np.full(capacity, EMPTY)
    for distance, offset in items:
        key = pack(distance, offset)
        if key < ranking[-1]:
            insert(ranking, key)
            assert ranking[place_of(ranking, key)] == key
    expected = sorted(items)[:capacity]
    taken = [key for key in ranking.tolist() if key != EMPTY]
    assert [(key >> 32, int(offset_of(key))) for key in taken] == expected
