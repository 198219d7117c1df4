"""Distances of float32 rows, smaller is nearer.

    L2          Σ (a - b)²
    DOT         -Σ a · b           also Cosine, whose rows have length one
    L1          Σ |a - b|

LLVM vectorises these loops; a runtime dimension is as fast as a compiled-in one.
"""

from __future__ import annotations

import numba
import numpy as np

from tamis.kernels.compile import DISTANCE_MATH, kernel

__all__ = ["DOT", "L1", "L2", "row_distance", "sort_key"]

L2, DOT, L1 = 0, 1, 2


@kernel(fastmath=DISTANCE_MATH)
def _l2(rows, row, query):
    total = np.float32(0)
    for d in range(query.shape[0]):
        delta = rows[row, d] - query[d]
        total += delta * delta
    return total


@kernel(fastmath=DISTANCE_MATH)
def _dot(rows, row, query):
    total = np.float32(0)
    for d in range(query.shape[0]):
        total += rows[row, d] * query[d]
    return -total


@kernel(fastmath=DISTANCE_MATH)
def _l1(rows, row, query):
    total = np.float32(0)
    for d in range(query.shape[0]):
        total += abs(rows[row, d] - query[d])
    return total


# By metric constant: `distance = row_distance[L2]` at module level, so that callers fold it in and stay cacheable.
row_distance = (_l2, _dot, _l1)


if numba.config.DISABLE_JIT:

    def sort_key(distance):
        bits = int(np.float32(distance).view(np.int32))
        return bits ^ ((bits >> 31) & 0x7FFFFFFF)

else:

    @kernel
    def sort_key(distance):
        """An int32 that sorts like the float32 `distance`."""
        bits = np.float32(distance).view(np.int32)
        return np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF)))
