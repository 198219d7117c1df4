"""Codes: centre, rotate at random, then one scale for bytes, or the sign for bits.

    byte = round((x - centre) · R / scale), clipped to ±127; stored as byte + 128, the width rounded up to 64
    bit  = (x - centre) · R > 0; RaBitQ's code (arXiv 2405.12497), s = ±1 a dimension

    distance = norm of a + turned of b - 2 · Σ (a + 128) · b          one product of bytes (`kernels.product`)
    |a - b|²        norm Σ a²     turned Σ b² + 256 · Σ b
    -2 · a · b      norm 0        turned 256 · Σ b
    a · b of bits  ≈  |a|² / (a · s) · (s · b)                        unbiased over rotations

R is orthogonal, so squared L2 between codes is squared L2 between vectors up to the scale and the rounding. It is
built from random signs and fast Walsh-Hadamard transforms on the first and the last 2^p dimensions in turn, in the
manner of the Kac walk used by RaBitQ's library (extended RaBitQ, arXiv 2409.09913): O(d log d), no padding, and
after four rounds every input dimension has reached every output dimension.

Inner products survive only when nothing is subtracted, so there the centre is zero. Its queries are encoded with a
scale each (`scale` = 0): that changes no order and uses all of int8.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.compile import DISTANCE_MATH, kernel

__all__ = ["ROTATION_ROUNDS", "ask_bits", "encode_bits", "encode_rows", "rotate"]

ROTATION_ROUNDS = 4


@kernel(fastmath=DISTANCE_MATH)
def _hadamard8(x, start, width):
    """The strides 1, 2 and 4 of `_hadamard` in one pass: as loops of their own they would not vectorise."""
    for i in range(start, start + width, 8):
        a0, a1, a2, a3 = x[i] + x[i + 1], x[i] - x[i + 1], x[i + 2] + x[i + 3], x[i + 2] - x[i + 3]
        a4, a5, a6, a7 = x[i + 4] + x[i + 5], x[i + 4] - x[i + 5], x[i + 6] + x[i + 7], x[i + 6] - x[i + 7]
        b0, b1, b2, b3 = a0 + a2, a1 + a3, a0 - a2, a1 - a3
        b4, b5, b6, b7 = a4 + a6, a5 + a7, a4 - a6, a5 - a7
        x[i], x[i + 1], x[i + 2], x[i + 3] = b0 + b4, b1 + b5, b2 + b6, b3 + b7
        x[i + 4], x[i + 5], x[i + 6], x[i + 7] = b0 - b4, b1 - b5, b2 - b6, b3 - b7


@kernel(fastmath=DISTANCE_MATH)
def _hadamard(x, start, width):
    """In place on x[start:start + width], width a power of two; not normalised."""
    half = 1
    if width >= 8:
        _hadamard8(x, start, width)
        half = 8
    while half < width:
        for block in range(start, start + width, half * 2):
            low = x[block : block + half]
            high = x[block + half : block + 2 * half]
            for i in range(half):
                a = low[i]
                b = high[i]
                low[i] = a + b
                high[i] = a - b
        half *= 2


@kernel(fastmath=DISTANCE_MATH)
def rotate(x, signs):
    """Rotate one vector in place. x: float32[d]; signs: float32[ROTATION_ROUNDS, d] of ±1."""
    size = x.shape[0]
    width = 1
    while width * 2 <= size:
        width *= 2
    shrink = np.float32(1.0 / np.sqrt(width))
    for turn in range(signs.shape[0]):
        start = 0 if turn % 2 == 0 else size - width
        for d in range(size):
            x[d] *= signs[turn, d]
        _hadamard(x, start, width)
        for d in range(start, start + width):
            x[d] *= shrink


@kernel
def _turn(rows, row, centre, signs, x):
    """(rows[row] - centre) · R into x: float32[d]."""
    for d in range(x.shape[0]):
        x[d] = rows[row, d] - centre[d]
    rotate(x, signs)


@kernel
def encode_rows(rows, centre, signs, scale, product, shift, codes, norms, turned, first, last):
    """Encode rows[first:last] into codes, norms and turned [first:last].

    rows: float32[n, d]; centre: float32[d]; signs: float32[ROTATION_ROUNDS, d]; scale: float32, 0 for a scale of
    every row's own; product: they are compared by inner product; shift: int32 added to every code, 128 to store it,
    0 to ask with it. codes: uint8 or int8[n, w], beyond d as if the code was 0; norms, turned: int32[n], or
    both the same array, where only `turned` is wanted.
    """
    size = rows.shape[1]
    x = np.empty(size, np.float32)
    for row in range(first, last):
        _turn(rows, row, centre, signs, x)
        step = scale
        if step == 0:
            largest = np.float32(1e-30)
            for d in range(size):
                largest = max(largest, abs(x[d]))
            step = largest / np.float32(127)
        inverse = np.float32(1) / step
        norm = np.int32(0)
        total = np.int32(0)
        for d in range(size):
            code = np.int32(min(max(np.rint(x[d] * inverse), np.float32(-127)), np.float32(127)))
            norm += code * code
            total += code
            codes[row, d] = code + shift
        for d in range(size, codes.shape[1]):
            codes[row, d] = shift
        norms[row] = 0 if product else norm
        turned[row] = norms[row] + np.int32(256) * total


@kernel
def encode_bits(rows, centre, signs, product, bits, norms, first, last):
    """Bits of rows[first:last]: uint8[n, w / 8], beyond d zero; norms: float32[n, 2], |a|² (0 for product), its factor.

    The factor |a|² / (a · s) turns s · b into an estimate of a · b.
    """
    size = rows.shape[1]
    x = np.empty(size, np.float32)
    for row in range(first, last):
        _turn(rows, row, centre, signs, x)
        norm, along = np.float32(0), np.float32(0)
        bits[row, :] = 0
        for d in range(size):
            norm += x[d] * x[d]
            along += abs(x[d])
            if x[d] > 0:
                bits[row, d >> 3] |= np.uint8(1 << (d & 7))
        norms[row, 0] = np.float32(0) if product else norm
        norms[row, 1] = norm / along if along > 0 else np.float32(0)


@kernel
def ask_bits(queries, centre, signs, asked, turned):
    """Queries to ask bits with: asked: int8[q, w], every query with a scale of its own; turned: float32[q, 2].

    s · b = scale · (2 · Σ asked over set bits - Σ asked), so norm - factor · (turned 0 · Σ over set bits - turned 1) is
    |a|² - 2 · a · b, or twice the negated product.
    """
    size = queries.shape[1]
    x = np.empty(size, np.float32)
    for q in range(queries.shape[0]):
        _turn(queries, q, centre, signs, x)
        largest = np.float32(1e-30)
        for d in range(size):
            largest = max(largest, abs(x[d]))
        scale, total = largest / np.float32(127), np.int32(0)
        asked[q, :] = 0
        for d in range(size):
            code = np.int32(np.rint(x[d] / scale))
            asked[q, d] = code
            total += code
        turned[q, 0] = np.float32(4) * scale
        turned[q, 1] = np.float32(2) * scale * np.float32(total)
