"""Column kernels against numpy in float64, at sizes around the edges of words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tamis.kernels.columns import (
    count_codes_in,
    count_lists_in,
    mark_flagged,
    mark_phrase,
    mark_range,
    mark_where,
    place_rows,
)
from tests.kernels.test_masks import SIZES, drawn, packed

# With NUMBA_DISABLE_JIT=1 numpy warns where compiled integers just wrap round.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def unpacked(mask: NDArray[np.uint64], size: int) -> NDArray[np.bool_]:
    bits = np.unpackbits(mask.view(np.uint8), bitorder="little")
    assert not bits[size:].any(), "bits beyond the last row"
    return bits[:size].astype(np.bool_)


def empty(size: int) -> NDArray[np.uint64]:
    return np.zeros((size + 63) >> 6, np.uint64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_codes(size: int, dtype: Any) -> None:
    keys = 200
    codes = np.random.default_rng(size).integers(0, keys + 1, size).astype(dtype)
    for low, high in ((0, 0), (0, 1), (17, 150), (0, keys), (keys - 1, keys)):
        before = drawn(size, 0.1, 6)
        mask = packed(before)
        mark_range(codes, np.uint32(low), np.uint32(high - low), mask)
        assert np.array_equal(unpacked(mask, size), before | ((codes >= low) & (codes < high)))
    flags = np.zeros(keys + 1, np.uint8)
    flags[[3, 77, keys - 1]] = 1
    mask = empty(size)
    mark_flagged(codes, flags, mask)
    assert np.array_equal(unpacked(mask, size), np.isin(codes, [3, 77, keys - 1]))
    chosen = drawn(size, 0.5, 7)
    counts = np.zeros(keys, np.int64)
    count_codes_in(codes, packed(chosen), counts)
    assert counts.tolist() == np.bincount(codes[chosen], minlength=keys + 1)[:keys].tolist()


@pytest.mark.parametrize("size", SIZES)
def test_lists(size: int) -> None:
    keys = 50
    codes = np.random.default_rng(size).integers(0, keys, size).astype(np.uint32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=keys))]).astype(np.uint32)
    placed = np.empty(size, np.uint32)
    place_rows(codes, np.arange(size, dtype=np.uint32), starts[:-1].astype(np.int64), placed)
    assert placed.tolist() == np.argsort(codes, kind="stable").tolist()
    chosen = drawn(size, 0.5, 8)
    counts = np.zeros(keys, np.int64)
    count_lists_in(starts, placed, packed(chosen), counts)
    assert counts.tolist() == np.bincount(codes[chosen], minlength=keys).tolist()
    mask = empty(size)
    mark_where(placed, chosen, mask)
    want = np.zeros(size, np.bool_)
    want[placed[chosen]] = True
    assert np.array_equal(unpacked(mask, size), want)


def test_phrase() -> None:
    documents = [[1, 2, 3], [2, 3], [], [3, 2, 1, 2, 3], [1, 2], [1, 1, 2]]
    sequence = np.array([word for words in documents for word in words], np.uint32)
    ends = np.cumsum([0, *map(len, documents)]).astype(np.uint32)
    for phrase in ([1, 2, 3], [2, 3], [1], [3, 1], [1, 2]):
        found = np.zeros(len(documents), np.uint8)
        mark_phrase(sequence, ends, np.arange(len(documents), dtype=np.uint32), np.array(phrase, np.uint32), found)
        size = len(phrase)
        want = [any(words[i : i + size] == phrase for i in range(len(words) - size + 1)) for words in documents]
        assert found.tolist() == want
