"""Distances, smaller is nearer: float32 loops of our own, int8 through NumKong's C pointer.

    L2          Σ (a - b)²         float32 rows
    DOT         -Σ a · b           float32 rows (also Cosine, whose rows have length one)
    L1          Σ |a - b|          float32 rows
    call_i8     whatever the pointer computes of two int8 rows: Σ (a - b)² or Σ a · b, as int32

A runtime dimension is as fast as a compiled-in one. LLVM does not use the byte dot-product instructions for a
plain loop, hence NumKong; its addresses are looked up once a process (`INT8_L2`, `INT8_DOT`) and passed to kernels
as an argument, because a constant would be frozen into the disk cache.
"""

from __future__ import annotations

import numba
import numkong
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tamis.kernels.compile import DISTANCE_MATH, kernel

__all__ = ["DOT", "INT8_DOT", "INT8_L2", "L1", "L2", "call_i8", "prefetch", "row_distance", "sort_key"]

L2, DOT, L1 = 0, 1, 2

INT8_L2 = np.uint64(numkong.pointer_to_sqeuclidean("int8"))
INT8_DOT = np.uint64(numkong.pointer_to_dot("int8"))


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

    def call_i8(pointer, rows, row, query, at):
        a, b = rows[row].astype(np.int32), query[at].astype(np.int32)
        return np.int32(a @ b if pointer == INT8_DOT else (a - b) @ (a - b))

    def prefetch(rows, row, size):
        pass

    def sort_key(distance):
        bits = int(np.float32(distance).view(np.int32))
        return bits ^ ((bits >> 31) & 0x7FFFFFFF)

else:

    def _row_pointer(context, builder, array_type, array, row):
        """Address of `array[row]`, rows contiguous."""
        made = context.make_array(array_type)(context, builder, array)
        stride = cgutils.unpack_tuple(builder, made.strides)[0]
        base = builder.ptrtoint(made.data, ir.IntType(64))
        return builder.add(base, builder.mul(row, stride))

    @intrinsic
    def call_i8(typing, pointer, rows, row, query, at):
        """What `pointer` computes of rows[row] and query[at], both int8 with contiguous rows of equal length."""
        signature = types.int32(types.uint64, rows, types.int64, query, types.int64)

        def generate(context, builder, sig, args):
            i64, i32 = ir.IntType(64), ir.IntType(32)
            size = cgutils.unpack_tuple(builder, context.make_array(sig.args[1])(context, builder, args[1]).shape)[1]
            out = cgutils.alloca_once(builder, i32)
            function = ir.FunctionType(ir.VoidType(), [i64, i64, i64, i32.as_pointer()])
            a = _row_pointer(context, builder, sig.args[1], args[1], args[2])
            b = _row_pointer(context, builder, sig.args[3], args[3], args[4])
            builder.call(builder.inttoptr(args[0], function.as_pointer()), [a, b, size, out])
            return builder.load(out)

        return signature, generate

    @intrinsic
    def prefetch(typing, rows, row, size):
        """Ask for the first `size` bytes of rows[row]; a loop over cache lines."""
        signature = types.void(rows, types.int64, types.int64)

        def generate(context, builder, sig, args):
            i64, i32 = ir.IntType(64), ir.IntType(32)
            address = _row_pointer(context, builder, sig.args[0], args[0], args[1])
            byte = ir.IntType(8).as_pointer()
            function = builder.module.declare_intrinsic(
                "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
            )
            with cgutils.for_range_slice(builder, i64(0), args[2], i64(64)) as (line, _):
                where = builder.inttoptr(builder.add(address, line), byte)
                builder.call(function, [where, i32(0), i32(3), i32(1)])
            return context.get_dummy_value()

        return signature, generate

    @kernel
    def sort_key(distance):
        """An int32 that sorts like the float32 `distance`."""
        bits = np.float32(distance).view(np.int32)
        return np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF)))
