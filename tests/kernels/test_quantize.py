"""The rotation and the int8 codes."""

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.quantize import ROTATION_ROUNDS, encode_rows, rotate

SIZES = (1, 2, 3, 8, 9, 16, 31, 100, 129, 300)


def _signs(size: int) -> np.ndarray:
    return np.random.default_rng(size).choice(np.array([-1, 1], np.float32), (ROTATION_ROUNDS, size))


@pytest.mark.parametrize("size", SIZES)
def test_rotate_is_the_orthogonal_matrix(size: int) -> None:
    signs = _signs(size)
    rows = np.random.default_rng(size + 1).standard_normal((4, size)).astype(np.float32)
    matrix = reference.rotation(signs)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(size), atol=1e-12)
    turned = rows.copy()
    for row in turned:
        rotate(row, signs)
    np.testing.assert_allclose(turned, rows @ matrix, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("own_scale", [False, True])
def test_encode_rounds_and_clips(size: int, own_scale: bool) -> None:
    random = np.random.default_rng(size)
    rows = (3 * random.standard_normal((7, size))).astype(np.float32)
    rows[3] = 0
    centre = random.standard_normal(size).astype(np.float32) if not own_scale else np.zeros(size, np.float32)
    signs = _signs(size)
    turned = (rows - centre).astype(np.float64) @ reference.rotation(signs)
    scale = 0.05
    steps = np.maximum(np.abs(turned).max(axis=1, keepdims=True), 1e-30) / 127 if own_scale else scale
    expected = np.clip(turned / steps, -127, 127)
    codes = np.empty(rows.shape, np.int8)
    encode_rows(rows, centre, signs, np.float32(0 if own_scale else scale), codes, 0, len(rows))
    assert np.abs(codes - expected).max() <= 0.51


def test_encode_only_the_range_asked_for() -> None:
    rows = np.ones((4, 8), np.float32)
    codes = np.full((4, 8), 99, np.int8)
    encode_rows(rows, np.zeros(8, np.float32), _signs(8), np.float32(1), codes, 1, 3)
    assert (codes[[0, 3]] == 99).all()
    assert (codes[1:3] != 99).all()
