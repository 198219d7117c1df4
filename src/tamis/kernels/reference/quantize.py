"""Codes in float64, by the matrix of the rotation. Codes are returned before rounding, which may go either way."""

from __future__ import annotations

import numpy as np

__all__ = ["ask_bits", "code_norms", "encode_bits", "encode_rows", "question_norms", "rotate", "rotation"]


def rotation(signs):
    """The orthogonal matrix R with rotate(x) = x · R, float64[d, d]."""
    rounds, size = signs.shape
    width = 1 << (size.bit_length() - 1)
    hadamard = np.ones((1, 1))
    while len(hadamard) < width:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    matrix = np.eye(size)
    for turn in range(rounds):
        start = 0 if turn % 2 == 0 else size - width
        matrix = matrix * signs[turn]
        matrix[:, start : start + width] = matrix[:, start : start + width] @ hadamard / np.sqrt(width)
    return matrix


def rotate(x, signs):
    """x: number[…, d], rotated."""
    return np.asarray(x, np.float64) @ rotation(signs)


def encode_rows(rows, centre, signs, scale, width):
    """The codes before they are rounded and shifted, float64[n, width]; scale 0: the largest of a row becomes 127."""
    turned = rotate(rows - centre, signs)
    steps = scale or np.maximum(np.abs(turned).max(axis=1, keepdims=True), 1e-30) / 127
    return np.pad(np.clip(turned / steps, -127, 127), [(0, 0), (0, width - turned.shape[1])])


def code_norms(codes, product):
    """`norms` and `turned` of codes that are not shifted: what is added to their products to make distances."""
    codes = codes.astype(np.int64)
    norms = (0 if product else 1) * (codes**2).sum(axis=1)
    return norms, norms + 256 * codes.sum(axis=1)


def encode_bits(rows, centre, signs, product, width):
    """The signs as bits, uint8[n, width / 8]; and |a|² (0 for a product) and |a|² / (a · s), float64[n, 2]."""
    turned = rotate(rows - centre, signs)
    square, along = (turned**2).sum(axis=1), np.abs(turned).sum(axis=1)
    bits = np.pad(turned > 0, [(0, 0), (0, width - turned.shape[1])])
    factor = np.divide(square, along, out=np.zeros(len(rows)), where=along > 0)
    return np.packbits(bits, axis=1, bitorder="little"), np.stack([0 * square if product else square, factor], axis=1)


def ask_bits(queries, centre, signs, width):
    """The questions before they are rounded, float64[q, width], and the scale of each, float64[q]."""
    largest = np.maximum(np.abs(rotate(queries - centre, signs)).max(axis=1), 1e-30)
    return encode_rows(queries, centre, signs, 0, width), largest / 127


def question_norms(asked, scale):
    """`turned` of rounded questions: 2 · s · b = 4 · scale · Σ over set bits - 2 · scale · Σ over all."""
    return np.stack([4 * scale, 2 * scale * asked.astype(np.int64).sum(axis=1)], axis=1)
