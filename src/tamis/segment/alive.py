"""Bits over rows, in 64-bit words: making, testing, setting and counting them with numpy.

    row 70  ->  word 70 >> 6 = 1, bit 70 & 63 = 6

Bits at or beyond the row count stay zero. Functions that change words change them in place; whoever publishes
words to readers copies them first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Mask",
    "all_rows",
    "clear_rows",
    "count_rows",
    "has_rows",
    "no_rows",
    "pack_rows",
    "set_rows",
    "unpack_rows",
    "widened",
]

Mask = NDArray[np.uint64]  # bit i & 63 of word i >> 6 is row i

_ONE = np.uint64(1)
_FULL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def no_rows(count: int) -> Mask:
    """Words for `count` rows, none set."""
    return np.zeros((count + 63) >> 6, np.uint64)


def all_rows(count: int) -> Mask:
    """Words for `count` rows, all set.

    >>> all_rows(3).tolist()
    [7]
    """
    words = np.full((count + 63) >> 6, _FULL, np.uint64)
    if count & 63:
        words[-1] = (_ONE << np.uint64(count & 63)) - _ONE
    return words


def _bits(rows: NDArray[Any]) -> NDArray[np.uint64]:
    bits: NDArray[np.uint64] = _ONE << (rows & 63).astype(np.uint64)
    return bits


def set_rows(words: Mask, rows: NDArray[Any]) -> None:
    """Set the bits of `rows`; repeated rows are fine."""
    np.bitwise_or.at(words, rows >> 6, _bits(rows))


def clear_rows(words: Mask, rows: NDArray[Any]) -> None:
    """Clear the bits of `rows`; repeated rows are fine."""
    np.bitwise_and.at(words, rows >> 6, ~_bits(rows))


def has_rows(words: Mask, rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of `rows` are set."""
    tested: NDArray[np.bool_] = (words[rows >> 6] & _bits(rows)) != 0
    return tested


def count_rows(words: Mask) -> int:
    """How many bits are set."""
    return int(np.bitwise_count(words).sum(dtype=np.int64))


def unpack_rows(words: Mask) -> NDArray[np.int64]:
    """The rows whose bits are set, ascending.

    >>> unpack_rows(np.array([5], np.uint64)).tolist()
    [0, 2]
    """
    return np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))


def pack_rows(rows: NDArray[Any], count: int) -> Mask:
    """Words for `count` rows with the bits of `rows` set."""
    words = no_rows(count)
    set_rows(words, rows)
    return words


def widened(words: Mask, count: int) -> Mask:
    """The same bits in words for `count` rows, more than before; `words` itself when it is long enough."""
    needed = (count + 63) >> 6
    if needed <= len(words):
        return words
    return np.concatenate([words, np.zeros(needed - len(words), np.uint64)])
