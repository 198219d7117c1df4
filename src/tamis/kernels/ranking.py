"""A sorted array of the nearest so far: one int64 per candidate, smaller is nearer.

    bits 63..32  distance: an int32, or the int32 that sorts like a float32 (`distance.sort_key`)
    bits 31..1   offset
    bit  0       1 once the walk has expanded it

Ties are broken by offset because the offset is part of the key. Shifting a few cache lines beats a heap for the
widths used here (up to some hundreds); larger results are sorted after the fact.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.compile import kernel

__all__ = ["insert", "offset_of", "pack"]


@kernel
def pack(distance, offset):
    """The key of an unexpanded candidate."""
    return (np.int64(distance) << np.int64(32)) | (np.int64(offset) << np.int64(1))


@kernel
def offset_of(key):
    """The offset in a key."""
    return (key & np.int64(0xFFFFFFFF)) >> np.int64(1)


@kernel
def insert(ranking, filled, key):
    """Insert into ranking[:filled], dropping the last when full. Returns its place, or `filled` when it is not kept.

    `ranking` has a fixed capacity (its length). The caller raises `filled` when there was room.
    """
    capacity = ranking.shape[0]
    if filled == capacity:
        if key >= ranking[capacity - 1]:
            return filled
        last = capacity - 1
    else:
        last = filled
    low, high = 0, last
    while low < high:
        middle = (low + high) >> 1
        if ranking[middle] < key:
            low = middle + 1
        else:
            high = middle
    for at in range(last, low, -1):
        ranking[at] = ranking[at - 1]
    ranking[low] = key
    return low
