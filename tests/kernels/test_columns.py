"""Column kernels against their twins, at sizes around the edges of words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tamis.kernels import reference
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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_codes(size: int, dtype: Any) -> None:
    keys = 200
    codes = np.random.default_rng(size).integers(0, keys + 1, size).astype(dtype)
    before = packed(drawn(size, 0.1, 6))
    for low, high in ((0, 0), (0, 1), (17, 150), (0, keys), (keys - 1, keys)):
        low_and_width = np.uint32(low), np.uint32(high - low)
        mask = before.copy()
        mark_range(codes, *low_and_width, mask)
        assert mask.tolist() == reference.mark_range(codes, *low_and_width, before).tolist()
    flags = np.zeros(keys + 1, np.uint8)
    flags[[3, 77, keys - 1]] = 1
    for flagged in (flags, flags[[0, 3, 4]].copy()):  # the second knows fewer values than there are codes
        mask = before.copy()
        mark_flagged(codes, flagged, mask)
        assert mask.tolist() == reference.mark_flagged(codes, flagged, before).tolist()
    chosen, counts = packed(drawn(size, 0.5, 7)), np.arange(keys)
    want = reference.count_codes_in(codes, chosen, counts)
    count_codes_in(codes, chosen, counts)
    assert counts.tolist() == want


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint32])
def test_lists(size: int, dtype: Any) -> None:
    keys = 50
    random = np.random.default_rng(size)
    codes = random.integers(0, keys + 2, size).astype(dtype)  # the last two are no values
    rows = random.permutation(size).astype(np.uint32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=keys)[:keys])]).astype(np.uint32)
    cursor, placed = starts[:-1].astype(np.int64), np.full(size, 7, np.uint32)
    want, ends = reference.place_rows(codes, rows, cursor, placed)
    place_rows(codes, rows, cursor, placed)
    assert placed.tolist() == want.tolist()
    assert cursor.tolist() == ends.tolist() == starts[1:].tolist()
    chosen = drawn(size, 0.5, 8)
    counts = np.full(keys, 7, np.int64)
    count_lists_in(starts, placed, packed(chosen), counts)
    assert counts.tolist() == reference.count_lists_in(starts, placed, packed(chosen))
    before = packed(drawn(size, 0.1, 9))
    mask = before.copy()
    mark_where(rows, chosen, mask)
    assert mask.tolist() == reference.mark_where(rows, chosen, before).tolist()


@pytest.mark.parametrize("chosen", [range(7), (3, 6, 0), ()])
def test_phrase(chosen: Any) -> None:
    texts = [[1, 2, 3], [2, 3], [], [3, 2, 1, 2, 3], [1, 2], [1, 1, 2], [2]]
    sequence = np.array([word for words in texts for word in words], np.uint32)
    ends = np.cumsum([0, *map(len, texts)]).astype(np.uint32)
    documents = np.array(chosen, np.uint32)
    for words in ([1, 2, 3], [2, 3], [1], [3, 1], [1, 2], [2, 2]):
        phrase, found = np.array(words, np.uint32), np.zeros(len(documents), np.uint8)
        mark_phrase(sequence, ends, documents, phrase, found)
        assert found.tolist() == reference.mark_phrase(sequence, ends, documents, phrase)
