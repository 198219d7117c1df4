"""Mask kernels against numpy on bools, at sizes around the edges of words."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

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

# With NUMBA_DISABLE_JIT=1 numpy warns where compiled integers just wrap round.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")

SIZES = (0, 1, 2, 63, 64, 65, 127, 128, 1000, 64 * 1024 + 1)


def packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    padded = np.zeros((len(bits) + 63) & ~63, np.bool_)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").view(np.uint64)


def drawn(size: int, share: float, seed: int) -> NDArray[np.bool_]:
    return np.random.default_rng([size, seed]).random(size) < share


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_words(size: int, share: float) -> None:
    one, other = drawn(size, share, 1), drawn(size, 0.5, 2)
    assert count_bits(packed(one)) == one.sum()
    rows = np.empty(int(one.sum()), np.uint32)
    assert list_rows(packed(one), rows) == len(rows)
    assert rows.tolist() == np.flatnonzero(one).tolist()
    for kernel, want in ((and_count, one & other), (andnot_count, one & ~other)):
        mask = packed(one)
        assert kernel(mask, packed(other)) == want.sum()
        assert mask.tolist() == packed(want).tolist()


@pytest.mark.parametrize("size", SIZES)
def test_rows(size: int) -> None:
    random = np.random.default_rng(size)
    rows = random.integers(0, max(1, size), size // 2, dtype=np.uint32)
    before = drawn(size, 0.1, 3)
    mask = packed(before)
    set_rows(mask, rows)
    want = before.copy()
    want[rows] = True
    assert mask.tolist() == packed(want).tolist()
    kept = np.empty(len(rows), np.uint32)
    count = keep_rows(packed(before), rows, kept)
    assert kept[:count].tolist() == rows[before[rows]].tolist()


@pytest.mark.parametrize("size", SIZES)
def test_parents_and_children(size: int) -> None:
    parents_count = size // 3 + 1
    parents = np.sort(np.random.default_rng(size).integers(0, parents_count, size)).astype(np.uint32)
    children, chosen = drawn(size, 0.3, 4), drawn(parents_count, 0.5, 5)
    up = packed(np.zeros(parents_count, np.bool_))
    set_parents(up, parents, packed(children))
    want = np.zeros(parents_count, np.bool_)
    want[parents[children]] = True
    assert up.tolist() == packed(want).tolist()
    down = packed(np.zeros(size, np.bool_))
    set_targets(down, parents, packed(chosen))
    assert down.tolist() == packed(chosen[parents]).tolist()
