"""A sorted array of the nearest so far: one int64 per candidate, smaller is nearer.

    bits 63..32  distance: an int32, or the int32 that sorts like a float32 (`distance.sort_key`)
    bits 31..1   offset
    bit  0       1 once the walk has expanded it

Ties are broken by offset because the offset is part of the key. Shifting a few cache lines beats a heap for the
widths used here (up to some hundreds); larger results are sorted after the fact.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tamis.kernels.compile import kernel

__all__ = ["insert", "offset_of", "pack"]


if numba.config.DISABLE_JIT:

    def _shift(ranking, low, count):
        ranking[low + 1 : low + 1 + count] = ranking[low : low + count].copy()

else:

    @intrinsic
    def _shift(typing, ranking, low, count):
        """Move ranking[low:low + count] one place up: memmove, which a loop over an overlap does not become."""
        signature = types.void(ranking, types.int64, types.int64)

        def generate(context, builder, sig, args):
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            above = builder.add(args[1], ir.Constant(ir.IntType(64), 1))
            cgutils.raw_memmove(builder, builder.gep(data, [above]), builder.gep(data, [args[1]]), args[2], 8)
            return context.get_dummy_value()

        return signature, generate


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
    _shift(ranking, low, last - low)
    ranking[low] = key
    return low
