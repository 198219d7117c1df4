"""The rotation, the int8 codes and the bits against their twins."""

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import B1
from tamis.kernels.product import CODE_UNIT
from tamis.kernels.quantize import ROTATION_ROUNDS, ask_bits, encode_bits, encode_rows, rotate

SIZES = (1, 2, 3, 8, 9, 16, 31, 100, 129, 300)
ROUNDED = 0.51  # a half, and the rotation's rounding


def _signs(size: int) -> np.ndarray:
    return np.random.default_rng(size).choice(np.array([-1, 1], np.float32), (ROTATION_ROUNDS, size))


def _width(size: int) -> int:
    return -(-size // CODE_UNIT) * CODE_UNIT


@pytest.mark.parametrize("size", SIZES)
def test_rotate_is_the_orthogonal_matrix(size: int) -> None:
    signs = _signs(size)
    rows = np.random.default_rng(size + 1).standard_normal((4, size)).astype(np.float32)
    matrix = reference.rotation(signs)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(size), atol=1e-12)
    turned = rows.copy()
    for row in turned:
        rotate(row, signs)
    np.testing.assert_allclose(turned, reference.rotate(rows, signs), atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("own_scale", [False, True])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_encode_rounds_and_clips(size: int, own_scale: bool, count: int) -> None:
    random = np.random.default_rng(size)
    rows = (3 * random.standard_normal((count, size))).astype(np.float32)
    rows[3:4] = 0
    centre = random.standard_normal(size).astype(np.float32) if not own_scale else np.zeros(size, np.float32)
    signs, width, scale = _signs(size), _width(size), 0.0 if own_scale else 0.05
    expected = reference.encode_rows(rows, centre, signs, scale, width)
    for dtype, shift in ((np.int8, 0), (np.uint8, 128)):
        for product in (False, True):
            codes = np.empty((count, width), dtype)
            norms, turned = np.empty(count, np.int32), np.empty(count, np.int32)
            encode_rows(
                rows, centre, signs, np.float32(scale), product, np.int32(shift), codes, norms, turned, 0, count
            )
            plain = codes.astype(np.int64) - shift
            assert (np.abs(plain - expected) <= ROUNDED).all()
            assert not plain[:, size:].any()
            want_norms, want_turned = reference.code_norms(plain, product)
            assert (norms.tolist(), turned.tolist()) == (want_norms.tolist(), want_turned.tolist())


def test_encode_only_the_range_asked_for() -> None:
    rows = np.ones((4, 8), np.float32)
    codes, numbers = np.full((4, 64), 99, np.int8), np.full(4, 99, np.int32)
    centre, one = np.zeros(8, np.float32), np.float32(1)
    encode_rows(rows, centre, _signs(8), one, False, np.int32(0), codes, numbers, numbers.copy(), 1, 3)
    assert (codes[[0, 3]] == 99).all()
    assert (codes[1:3, :8] != 99).all()
    assert numbers[[0, 3]].tolist() == [99, 99]
    bits, norms = np.full((4, 8), 99, np.uint8), np.full((4, 2), 99, np.float32)
    encode_bits(rows, centre, _signs(8), False, bits, norms, 1, 3)
    assert (bits[[0, 3]] == 99).all()
    assert (bits[1:3, 1:] == 0).all()
    assert (norms[[0, 3]] == 99).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("count", [0, 1, 6])
def test_bits_are_the_signs_and_estimate_distances(size: int, product: bool, count: int) -> None:
    random = np.random.default_rng(size)
    rows = random.standard_normal((count, size)).astype(np.float32)
    rows[3:4] = 0
    centre = np.zeros(size, np.float32) if product else random.standard_normal(size).astype(np.float32)
    signs, width = _signs(size), _width(size)
    bits, norms = np.empty((count, width // 8), np.uint8), np.empty((count, 2), np.float32)
    encode_bits(rows, centre, signs, product, bits, norms, 0, count)
    want_bits, want_norms = reference.encode_bits(rows, centre, signs, product, width)
    differing = np.unpackbits(bits ^ want_bits, axis=1, bitorder="little")
    turned_rows = reference.rotate(rows - centre, signs)
    assert (np.abs(turned_rows)[differing[:, :size] == 1] < 1e-4).all()  # rounding decides these
    assert not differing[:, size:].any()
    np.testing.assert_allclose(norms, want_norms, rtol=1e-3, atol=1e-4)

    asked, turned = np.empty((count, width), np.int8), np.empty((count, 2), np.float32)
    ask_bits(rows, centre, signs, asked, turned)
    want_asked, scale = reference.ask_bits(rows, centre, signs, width)
    assert (np.abs(asked - want_asked) <= ROUNDED).all()
    np.testing.assert_allclose(turned, reference.question_norms(asked, scale), rtol=1e-3, atol=1e-4)
    # each row asks itself: the estimate of a · a is exact, up to the rounding of the query
    own = [reference.measures(B1, bits, norms, row, asked, turned, row) for row in range(count)]
    np.testing.assert_allclose(own, (-2 if product else -1) * (turned_rows**2).sum(axis=1), rtol=0.02, atol=1e-3)
