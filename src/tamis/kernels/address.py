"""Addresses of rows, for intrinsics that load more at once than numba does, and the prefetch instruction."""

from __future__ import annotations

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["prefetch", "row_address", "row_width"]

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def row_address(context, builder, array_type, array, row):
    """Code that computes the address of `array[row]` as an i64."""
    made = context.make_array(array_type)(context, builder, array)
    stride = cgutils.unpack_tuple(builder, made.strides)[0]
    return builder.add(builder.ptrtoint(made.data, I64), builder.mul(row, stride))


def row_width(context, builder, array_type, array):
    """Code that reads `array.shape[1]`."""
    made = context.make_array(array_type)(context, builder, array)
    return cgutils.unpack_tuple(builder, made.shape)[1]


if numba.config.DISABLE_JIT:

    def prefetch(rows, row, size):
        pass

else:

    @intrinsic
    def prefetch(typing, rows, row, size):
        """Ask for the first `size` bytes of rows[row]; a loop over cache lines."""
        signature = types.void(rows, types.int64, types.int64)

        def generate(context, builder, sig, args):
            address = row_address(context, builder, sig.args[0], args[0], args[1])
            byte = I8.as_pointer()
            function = builder.module.declare_intrinsic(
                "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, I32, I32, I32])
            )
            with cgutils.for_range_slice(builder, I64(0), args[2], I64(64)) as (line, _):
                where = builder.inttoptr(builder.add(address, line), byte)
                builder.call(function, [where, I32(0), I32(3), I32(1)])
            return context.get_dummy_value()

        return signature, generate
