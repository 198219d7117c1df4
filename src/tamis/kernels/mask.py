"""Bit masks over rows: bit ``r & 63`` of word ``r >> 6`` is row r, bits at or beyond the row count are zero.

Masks are uint64[ceil(rows / 64)]; lists of rows are uint32, in any order unless it says otherwise. Everything works
in place on arrays of the caller. Cost: one pass over the words, or over the rows given.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.compile import kernel

__all__ = [
    "and_count",
    "andnot_count",
    "count_bits",
    "keep_rows",
    "list_rows",
    "set_parents",
    "set_rows",
    "set_targets",
]

_ONE = np.uint64(1)


@kernel(inline="always")
def _ones(word):
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def set_rows(mask, rows):
    """Set the bits of `rows`."""
    for r in rows:
        mask[r >> 6] |= _ONE << np.uint64(r & 63)


@kernel
def count_bits(mask):
    """Number of set bits."""
    total = 0
    for word in mask:
        total += _ones(word)
    return total


@kernel
def and_count(mask, other):
    """mask &= other; the number of bits left."""
    total = 0
    for w in range(mask.shape[0]):
        word = mask[w] & other[w]
        mask[w] = word
        total += _ones(word)
    return total


@kernel
def andnot_count(mask, other):
    """mask &= ~other; the number of bits left."""
    total = 0
    for w in range(mask.shape[0]):
        word = mask[w] & ~other[w]
        mask[w] = word
        total += _ones(word)
    return total


@kernel
def list_rows(mask, rows):
    """Write the set rows, ascending, into `rows`; how many. `rows` must have room for all of them."""
    n = 0
    for w in range(mask.shape[0]):
        word = mask[w]
        while word != 0:
            low = word & (~word + _ONE)
            rows[n] = (w << 6) + _ones(low - _ONE)
            n += 1
            word ^= low
    return n


@kernel
def keep_rows(mask, rows, kept):
    """Write those of `rows` that are set into `kept`, in order; how many."""
    n = 0
    for r in rows:
        if (mask[r >> 6] >> np.uint64(r & 63)) & _ONE:
            kept[n] = r
            n += 1
    return n


@kernel
def set_parents(mask, parents, children):
    """Set the bit ``parents[c]`` for every set bit c of `children`."""
    for w in range(children.shape[0]):
        word = children[w]
        while word != 0:
            low = word & (~word + _ONE)
            r = parents[(w << 6) + _ones(low - _ONE)]
            mask[r >> 6] |= _ONE << np.uint64(r & 63)
            word ^= low


@kernel
def set_targets(mask, parents, chosen):
    """Set the bit c for every c whose ``parents[c]`` is set in `chosen`: from parents down to their children."""
    for c in range(parents.shape[0]):
        r = parents[c]
        bit = (chosen[r >> 6] >> np.uint64(r & 63)) & _ONE
        mask[c >> 6] |= bit << np.uint64(c & 63)
