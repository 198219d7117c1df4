"""int8 codes for the graph: centre, rotate at random, one scale.

    code = round((x - centre) · R / scale), clipped to ±127

R is orthogonal, so squared L2 between codes is squared L2 between vectors up to the scale and the rounding. It is
built from random signs and fast Walsh-Hadamard transforms on the first and the last 2^p dimensions in turn, in the
manner of the Kac walk used by RaBitQ's library (extended RaBitQ, arXiv 2409.09913): O(d log d), no padding, and
after four rounds every input dimension has reached every output dimension.

Inner product is no metric. Its rows get one more dimension, sqrt(M² - |x|²) with M the largest norm, and its queries
a zero there (Bachrach et al., RecSys 2014): then the nearest by L2 is the largest by inner product, for every query.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.compile import DISTANCE_MATH, kernel

__all__ = ["ROTATION_ROUNDS", "encode_rows", "rotate"]

ROTATION_ROUNDS = 4


@kernel(fastmath=DISTANCE_MATH)
def _hadamard(x, start, width):
    """In place on x[start:start + width], width a power of two; not normalised."""
    half = 1
    while half < width:
        for block in range(start, start + width, half * 2):
            for i in range(block, block + half):
                a = x[i]
                b = x[i + half]
                x[i] = a + b
                x[i + half] = a - b
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
def encode_rows(rows, lift, centre, signs, scale, codes, first, last):
    """Encode rows[first:last] into codes[first:last].

    rows: float32[n, d]; lift: float32, M² of inner product, or 0 when the code has no extra dimension; centre:
    float32[c] with c = d or d + 1; codes: int8[n, c]. A query of inner product passes lift = -1: its extra
    dimension is zero.
    """
    size, width = rows.shape[1], codes.shape[1]
    x = np.empty(width, np.float32)
    inverse = np.float32(1) / scale
    for row in range(first, last):
        norm = np.float32(0)
        for d in range(size):
            norm += rows[row, d] * rows[row, d]
            x[d] = rows[row, d] - centre[d]
        if width > size:
            extra = np.float32(0)
            if lift > norm:
                extra = np.sqrt(lift - norm)
            x[size] = extra - centre[size]
        rotate(x, signs)
        for d in range(width):
            code = np.float32(np.round_(x[d] * inverse))
            codes[row, d] = np.int8(min(max(code, np.float32(-127)), np.float32(127)))
