"""Mask kernels against their twins, at sizes around the edges of words."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tamis.kernels import reference
from tamis.kernels.mask import (
    and_count,
    andnot_count,
    count_bits,
    keep_rows,
    list_rows,
    set_parents,
    set_rows,
    set_targets,
)
from tamis.kernels.scan import popcount, take_rows

# With NUMBA_DISABLE_JIT=1 numpy warns where compiled integers just wrap round.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")

SIZES = (0, 1, 2, 63, 64, 65, 127, 128, 1000, 64 * 1024 + 1)


def drawn(size: int, share: float, seed: int) -> NDArray[np.bool_]:
    return np.random.default_rng([size, seed]).random(size) < share


def packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    return reference.mask_of(np.flatnonzero(bits), (len(bits) + 63) >> 6)


def test_bits_lie_where_the_module_says() -> None:
    """Twins and kernels could agree on something else."""
    assert reference.mask_of([0, 2, 63, 64, 130], 3).tolist() == [1 + 4 + (1 << 63), 1, 4]
    assert reference.list_rows(np.array([1 + 4 + (1 << 63), 1, 4], np.uint64)).tolist() == [0, 2, 63, 64, 130]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_words(size: int, share: float) -> None:
    one, other = packed(drawn(size, share, 1)), packed(drawn(size, 0.5, 2))
    assert count_bits(one) == reference.count_bits(one)
    assert [popcount(word) for word in one[:20]] == [reference.popcount(word) for word in one[:20]]
    expected = reference.list_rows(one)
    rows = np.empty(len(expected), np.uint32)
    assert list_rows(one, rows) == len(expected)
    assert rows.tolist() == expected.tolist()
    for kernel, twin in ((and_count, reference.and_count), (andnot_count, reference.andnot_count)):
        mask = one.copy()
        want, count = twin(mask, other)
        assert kernel(mask, other) == count
        assert mask.tolist() == want.tolist()


@pytest.mark.parametrize("size", SIZES)
def test_rows(size: int) -> None:
    rows = np.random.default_rng(size).integers(0, max(1, size), size // 2, dtype=np.uint32)
    before = packed(drawn(size, 0.1, 3))
    mask = before.copy()
    set_rows(mask, rows)
    assert mask.tolist() == reference.set_rows(before, rows).tolist()
    kept = np.empty(len(rows), np.uint32)
    count = keep_rows(before, rows, kept)
    assert kept[:count].tolist() == reference.keep_rows(before, rows).tolist()


@pytest.mark.parametrize("size", SIZES)
def test_parents_and_children(size: int) -> None:
    parents_count = size // 3 + 1
    parents = np.random.default_rng(size).integers(0, parents_count, size).astype(np.uint32)
    children, chosen = packed(drawn(size, 0.3, 4)), packed(drawn(parents_count, 0.5, 5))
    up, down = packed(drawn(parents_count, 0.1, 6)), packed(drawn(size, 0.1, 7))
    want_up, want_down = reference.set_parents(up, parents, children), reference.set_targets(down, parents, chosen)
    set_parents(up, parents, children)
    assert up.tolist() == want_up.tolist()
    set_targets(down, parents, chosen)
    assert down.tolist() == want_down.tolist()


@pytest.mark.parametrize("size", [size for size in SIZES if size < 2_000])
@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("room", [1, 7, 256])
def test_rows_are_taken_in_blocks(size: int, share: float, room: int) -> None:
    mask = packed(drawn(size, share, 8))
    block = np.empty(room, np.int64)
    word, bits, taken = -1, np.uint64(0), []
    while word < len(mask):
        expected = reference.take_rows(mask, word, bits, room)
        word, bits, found = take_rows(mask, word, np.uint64(bits), block)
        assert block[:found].tolist() == expected.tolist()
        taken += block[:found].tolist()
    assert taken == reference.list_rows(mask).tolist()
