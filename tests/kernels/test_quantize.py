"""The rotation and the int8 codes."""

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.product import CODE_UNIT
from tamis.kernels.quantize import ROTATION_ROUNDS, ask_bits, encode_bits, encode_rows, rotate

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
    width = -(-size // CODE_UNIT) * CODE_UNIT
    scale = np.float32(0 if own_scale else scale)
    for dtype, shift in ((np.int8, 0), (np.uint8, 128)):
        for product in (False, True):
            codes = np.empty((len(rows), width), dtype)
            norms, turned = np.empty(len(rows), np.int32), np.empty(len(rows), np.int32)
            encode_rows(rows, centre, signs, scale, product, np.int32(shift), codes, norms, turned, 0, len(rows))
            plain = codes.astype(np.int64) - shift
            assert np.abs(plain[:, :size] - expected).max() <= 0.51
            assert not plain[:, size:].any()
            assert norms.tolist() == [0 if product else int(row @ row) for row in plain]
            assert turned.tolist() == (norms + 256 * plain.sum(axis=1)).tolist()


def test_encode_only_the_range_asked_for() -> None:
    rows = np.ones((4, 8), np.float32)
    codes, numbers = np.full((4, 64), 99, np.int8), np.full(4, 99, np.int32)
    centre, one = np.zeros(8, np.float32), np.float32(1)
    encode_rows(rows, centre, _signs(8), one, False, np.int32(0), codes, numbers, numbers.copy(), 1, 3)
    assert (codes[[0, 3]] == 99).all()
    assert (codes[1:3, :8] != 99).all()
    assert numbers[[0, 3]].tolist() == [99, 99]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("product", [False, True])
def test_bits_are_the_signs_and_estimate_distances(size: int, product: bool) -> None:
    random = np.random.default_rng(size)
    rows = random.standard_normal((6, size)).astype(np.float32)
    rows[3] = 0
    centre = np.zeros(size, np.float32) if product else random.standard_normal(size).astype(np.float32)
    signs = _signs(size)
    turned_rows = (rows - centre).astype(np.float64) @ reference.rotation(signs)
    width = -(-size // CODE_UNIT) * CODE_UNIT
    bits, norms = np.empty((6, width // 8), np.uint8), np.empty((6, 2), np.float32)
    encode_bits(rows, centre, signs, product, bits, norms, 0, 6)
    ones = np.unpackbits(bits, axis=1, bitorder="little")
    clear = np.abs(turned_rows) > 1e-4  # rounding decides the rest
    assert (ones[:, :size][clear] == (turned_rows > 0)[clear]).all()
    assert not ones[:, size:].any()
    squares = (turned_rows**2).sum(axis=1)
    np.testing.assert_allclose(norms[:, 0], 0 if product else squares, rtol=1e-3, atol=1e-4)
    asked, turned = np.empty((6, width), np.int8), np.empty((6, 2), np.float32)
    ask_bits(rows, centre, signs, asked, turned)
    # each row asks itself: the estimate of a · a is exact, up to the rounding of the query
    own = [
        norms[i, 0] - norms[i, 1] * (turned[i, 0] * (asked[i].astype(int) @ ones[i]) - turned[i, 1]) for i in range(6)
    ]
    np.testing.assert_allclose(own, (-2 if product else -1) * squares, rtol=0.02, atol=1e-3)
