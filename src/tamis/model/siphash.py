"""SipHash-2-4 with the zero key over point ids: which slice of the collection a point belongs to.

A number hashes as its 8 little-endian bytes, a UUID as its 16 bytes. The outcome is a public contract: it never
changes. Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. The rounds below take Python ints and
uint64 arrays alike.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.model.ids import IdArray, PointId

__all__ = ["hash_id", "hash_ids"]

_ALL = (1 << 64) - 1
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)

Word = Any  # an int below 2**64, or an array of uint64


def hash_id(point_id: PointId) -> int:
    """The hash of one id, 0 to 2**64 - 1.

    >>> hash_id(1) % 4
    2
    """
    words: tuple[int, ...] = (point_id,) if isinstance(point_id, int) else struct.unpack("<QQ", point_id.bytes)
    return int(_hash(words, 0))


def hash_ids(ids: IdArray) -> NDArray[np.uint64]:
    """The hashes of many ids, in row order.

    >>> hash_ids(IdArray.of([1])).tolist() == [hash_id(1)]
    True
    """
    hashes: NDArray[np.uint64] = _hash((ids.low,), np.zeros(len(ids), np.uint64))
    if ids.uuids is not None and ids.high is not None:
        rows = np.flatnonzero(ids.uuids)
        words = (ids.high[rows].byteswap(), ids.low[rows].byteswap())  # big-endian bytes read as little-endian words
        hashes[rows] = _hash(words, np.zeros(len(rows), np.uint64))
    return hashes


def _hash(words: tuple[Word, ...], zero: Word) -> Word:
    """Hash 8-byte words; `zero` gives the shape."""
    v0, v1, v2, v3 = (zero ^ start for start in _START)
    for word in (*words, zero ^ (8 * len(words) << 56)):  # the last word holds the length
        v3 = v3 ^ word
        v0, v1, v2, v3 = _round(*_round(v0, v1, v2, v3))
        v0 = v0 ^ word
    v2 = v2 ^ 0xFF
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def _round(v0: Word, v1: Word, v2: Word, v3: Word) -> tuple[Word, Word, Word, Word]:
    v0 = (v0 + v1) & _ALL
    v2 = (v2 + v3) & _ALL
    v1 = _turn(v1, 13) ^ v0
    v3 = _turn(v3, 16) ^ v2
    v0 = (_turn(v0, 32) + v3) & _ALL
    v2 = (v2 + v1) & _ALL
    return v0, _turn(v1, 17) ^ v2, _turn(v2, 32), _turn(v3, 21) ^ v0


def _turn(value: Word, bits: int) -> Word:
    """Rotate left."""
    return ((value << bits) | (value >> (64 - bits))) & _ALL
