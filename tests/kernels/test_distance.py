"""Distances and rankings against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.kernels import reference
from tamis.kernels.beam import B1, F32_DOT, F32_L1, F32_L2, I8, measures, unsort, write_ranking
from tamis.kernels.distance import DOT, L1, L2, row_distance, sort_key
from tamis.kernels.product import CODE_UNIT
from tamis.kernels.ranking import EMPTY, insert, offset_of, pack, place_of
from tamis.kernels.scan import measure_rows

SIZES = (1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 100, 129, 784)
NO_NUMBERS = np.empty(0, np.int32)


@pytest.mark.parametrize("metric", [L2, DOT, L1])
@pytest.mark.parametrize("size", SIZES)
def test_row_distance(metric: int, size: int) -> None:
    random = np.random.default_rng(size)
    rows = random.standard_normal((5, size)).astype(np.float32)
    query = random.standard_normal(size).astype(np.float32)
    got = [row_distance[metric](rows, row, query) for row in range(5)]
    np.testing.assert_allclose(got, reference.distances(rows, query, metric), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("metric", [L2, DOT, L1])
@pytest.mark.parametrize("wanted", [(3, 19, 3), (0,), ()])
@pytest.mark.parametrize("dtype", [np.int64, np.uint32])
def test_measure_rows(metric: int, wanted: tuple[int, ...], dtype: type) -> None:
    random = np.random.default_rng(1)
    rows, query = random.standard_normal((20, 5)).astype(np.float32), random.standard_normal(5).astype(np.float32)
    offsets, measured = np.array(wanted, dtype), np.empty(len(wanted), np.float32)
    measure_rows[metric](rows, offsets, query, measured)
    np.testing.assert_allclose(measured, reference.measure_rows(rows, offsets, query, metric), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 17, 100])
@pytest.mark.parametrize("codec", [F32_L2, F32_DOT, F32_L1])
def test_rows_are_measured_as_they_are(codec: int, size: int) -> None:
    random = np.random.default_rng(size)
    rows = random.standard_normal((4, size)).astype(np.float32)
    for row in range(4):
        for at in range(4):
            got = unsort(measures[codec](rows, NO_NUMBERS, row, rows, NO_NUMBERS, at))
            want = reference.measures(codec, rows, NO_NUMBERS, row, rows, NO_NUMBERS, at)
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


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
        assert place_of(ranking, key) == reference.place_of(ranking, key)
        if key < ranking[-1]:
            want = reference.insert(ranking, key)
            insert(ranking, key)
            assert ranking.tolist() == want
            assert ranking[place_of(ranking, key)] == key
    taken = [key for key in ranking.tolist() if key != EMPTY]
    assert [(key >> 32, int(offset_of(key))) for key in taken] == sorted(items)[:capacity]


@given(st.lists(st.tuples(st.floats(width=32, allow_nan=False), st.integers(0, 2**31 - 1)), max_size=6))
def test_a_ranking_is_written_and_padded(found: list[tuple[float, int]]) -> None:
    best = np.full(6, EMPTY)
    best[: len(found)] = [pack(sort_key(np.float32(distance)), offset) for distance, offset in found]
    offsets, distances = np.empty(6, np.uint32), np.empty(6, np.float32)
    write_ranking(best, offsets, distances)
    assert (offsets.tolist(), distances.tolist()) == reference.write_ranking(found, 6)


@pytest.mark.parametrize("width", [CODE_UNIT, 3 * CODE_UNIT])
def test_codes_and_bits_are_measured_exactly(width: int) -> None:
    random = np.random.default_rng(width)
    stored, bits = random.integers(1, 256, (5, width), np.uint8), random.integers(0, 256, (5, width // 8), np.uint8)
    asked = random.integers(-127, 128, (3, width)).astype(np.int8)
    norms, turned = random.integers(0, 10**6, 5, np.int32), random.integers(0, 10**6, 3, np.int32)
    factors, scales = random.integers(0, 9, (5, 2)).astype(np.float32), random.integers(0, 9, (3, 2)).astype(np.float32)
    for row in range(5):
        for at in range(3):
            far = measures[I8](stored, norms, row, asked, turned, at)
            assert far == reference.measures(I8, stored, norms, row, asked, turned, at)
            far = unsort(measures[B1](bits, factors, row, asked, scales, at))
            assert far == reference.measures(B1, bits, factors, row, asked, scales, at)
