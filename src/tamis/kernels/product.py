"""Products of codes: unsigned bytes times signed bytes, summed in 32 bits.

    stored    uint8    code + 128, the width a multiple of CODE_UNIT
    asked     int8     the code; or a stored row, less 128
    bits      uint8    one bit a dimension, which counts as the unsigned byte 0 or 1 (`bit_product`)

One instruction (VPDPBUSD of AVX-512 VNNI) multiplies 64 such pairs and adds them up by fours. LLVM does not find it in
a plain loop, so the loops here are written in its language. Where the processor lacks it they become what LLVM makes
of the same sums: slower, and equal to the last bit.

`code_product` is one stored row by one asked row. `tile_distances` takes 16 stored rows and 4 asked rows: `fill_tile`
lays the rows side by side, four bytes of each, so that an instruction works on all 16 and nothing has to be summed
across its lanes.

    row 0   a b c d e f g h …         tile   [a b c d | i j k l | …]   first four bytes of every row
    row 1   i j k l m n o p …                [e f g h | m n o p | …]   the next four
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tamis.kernels.address import row_address, row_width
from tamis.kernels.compile import kernel

__all__ = ["CODE_UNIT", "TILE_QUERIES", "TILE_ROWS", "bit_product", "code_product", "fill_tile", "tile_distances"]

CODE_UNIT = 64  # bytes that one instruction takes
TILE_ROWS, TILE_QUERIES = 16, 4

_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_BYTES, _SUMS = ir.VectorType(_I8, 64), ir.VectorType(_I32, 16)
_ZEROS = ir.Constant(_SUMS, [0] * 16)
_SIGNS = ir.Constant(_BYTES, [-128] * 64)


def _multiply_add(context, builder, sums, stored, asked):
    """sums[i] + the four products stored[4i:4i + 4] · asked[4i:4i + 4]."""
    if "+avx512vnni" in context.codegen().magic_tuple()[2]:
        step = builder.module.declare_intrinsic(
            "llvm.x86.avx512.vpdpbusd.512", (), ir.FunctionType(_SUMS, [_SUMS, _SUMS, _SUMS])
        )
        return builder.call(step, [sums, builder.bitcast(stored, _SUMS), builder.bitcast(asked, _SUMS)])
    wide = ir.VectorType(_I32, 64)
    products = builder.mul(builder.zext(stored, wide), builder.sext(asked, wide))
    for place in range(4):
        chosen = ir.Constant(_SUMS, [4 * lane + place for lane in range(16)])
        part = builder.shuffle_vector(products, ir.Constant(wide, ir.Undefined), chosen)
        sums = builder.add(sums, part)
    return sums


def _load(builder, address, kind):
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _spread(builder, address):
    """The four bytes there, 16 times."""
    first = builder.insert_element(ir.Constant(_SUMS, ir.Undefined), _load(builder, address, _I32), _I32(0))
    return builder.shuffle_vector(first, ir.Constant(_SUMS, ir.Undefined), _ZEROS)


if numba.config.DISABLE_JIT:

    def code_product(stored, row, asked, at):
        signed = asked[at].astype(np.int32) - (128 if asked.dtype == np.uint8 else 0)
        return np.int32(stored[row].astype(np.int32) @ signed)

    def bit_product(stored, row, asked, at):
        return np.int32(np.unpackbits(stored[row], bitorder="little").astype(np.int32) @ asked[at].astype(np.int32))

    def tile_distances(tile, norms, asked, turned, first, bounds, distances):
        rows = tile.view(np.uint8).reshape(len(tile), TILE_ROWS, 4).swapaxes(0, 1).reshape(TILE_ROWS, -1)
        part = slice(first, first + TILE_QUERIES)
        distances[:] = norms + turned[part, None] - 2 * (asked[part].astype(np.int32) @ rows.astype(np.int32).T)
        return np.packbits(distances <= bounds[:, None], bitorder="little").view(np.uint64)[0]

else:

    def _byte_row(builder, row, place):
        return _load(builder, builder.add(row, place), _BYTES)

    def _bit_row(builder, row, place):
        bits = _load(builder, builder.add(row, builder.lshr(place, _I64(3))), _I64)
        return builder.zext(builder.bitcast(bits, ir.VectorType(ir.IntType(1), 64)), _BYTES)

    def _product(context, builder, sig, args, stored_bytes):
        """Σ over a row: 64 bytes of the stored one by stored_bytes(builder, its address, place), and of the asked."""
        a = row_address(context, builder, sig.args[0], args[0], args[1])
        b = row_address(context, builder, sig.args[2], args[2], args[3])
        sums = cgutils.alloca_once_value(builder, _ZEROS)
        width = row_width(context, builder, sig.args[2], args[2])
        with cgutils.for_range_slice(builder, _I64(0), width, _I64(64)) as (place, _):
            other = _load(builder, builder.add(b, place), _BYTES)
            if sig.args[2].dtype == types.uint8:
                other = builder.xor(other, _SIGNS)
            mine = stored_bytes(builder, a, place)
            builder.store(_multiply_add(context, builder, builder.load(sums), mine, other), sums)
        add_up = builder.module.declare_intrinsic("llvm.vector.reduce.add.v16i32", (), ir.FunctionType(_I32, [_SUMS]))
        return builder.call(add_up, [builder.load(sums)])

    @intrinsic
    def code_product(typing, stored, row, asked, at):
        """Σ stored[row] · asked[at]: uint8[n, w] by int8[q, w], or by uint8[n, w] less 128; w a multiple of 64."""
        signature = types.int32(stored, types.int64, asked, types.int64)
        return signature, lambda context, builder, sig, args: _product(context, builder, sig, args, _byte_row)

    @intrinsic
    def bit_product(typing, stored, row, asked, at):
        """Σ asked[at] over the set bits of stored[row]: uint8[n, w / 8], int8[q, w]; w a multiple of 64."""
        signature = types.int32(stored, types.int64, asked, types.int64)
        return signature, lambda context, builder, sig, args: _product(context, builder, sig, args, _bit_row)

    @intrinsic
    def tile_distances(typing, tile, norms, asked, turned, first, bounds, distances):
        """Distances of the tile's 16 rows from asked[first:first + 4]: bit 16 · q + r is set where at most bounds[q].

        tile: uint32[w / 4, 16]; norms: int32[16]; asked: int8[n, w]; turned: int32[n]; bounds: int32[4]; they are
        written into distances: int32[4, 16].
        """
        signature = types.uint64(tile, norms, asked, turned, types.int64, bounds, distances)

        def generate(context, builder, sig, args):
            rows, own, out, limits, shifts = (
                builder.ptrtoint(context.make_array(sig.args[n])(context, builder, args[n]).data, _I64)
                for n in (0, 1, 6, 5, 3)
            )
            width = row_width(context, builder, sig.args[2], args[2])
            places = [builder.add(args[4], _I64(q)) for q in range(TILE_QUERIES)]
            queries = [row_address(context, builder, sig.args[2], args[2], place) for place in places]
            sums = [cgutils.alloca_once_value(builder, _ZEROS) for _ in queries]
            with cgutils.for_range_slice(builder, _I64(0), width, _I64(4)) as (place, _):
                mine = _load(builder, builder.add(rows, builder.mul(place, _I64(16))), _BYTES)
                for query, total in zip(queries, sums, strict=True):
                    other = builder.bitcast(_spread(builder, builder.add(query, place)), _BYTES)
                    builder.store(_multiply_add(context, builder, builder.load(total), mine, other), total)
            norm, near = _load(builder, own, _SUMS), _I64(0)
            for q, total in enumerate(sums):
                turn = _spread(builder, builder.add(shifts, builder.mul(places[q], _I64(4))))
                twice = builder.shl(builder.load(total), ir.Constant(_SUMS, [1] * 16))
                far = builder.sub(builder.add(norm, turn), twice)
                where = builder.inttoptr(builder.add(out, _I64(64 * q)), _SUMS.as_pointer())
                builder.store(far, where, align=4)
                limit = _spread(builder, builder.add(limits, _I64(4 * q)))
                bits = builder.bitcast(builder.icmp_signed("<=", far, limit), ir.IntType(16))
                near = builder.or_(near, builder.shl(builder.zext(bits, _I64), _I64(16 * q)))
            return near

        return signature, generate


@kernel
def fill_tile(codes, rows, first, tile):
    """Lay codes[rows[first:first + 16]] into tile: uint32[w / 4, 16]; codes: uint32[n, w / 4], the bytes by fours.

    Lanes beyond the end of `rows` repeat its last row.
    """
    for lane in range(TILE_ROWS):
        row = rows[min(first + lane, rows.shape[0] - 1)]
        for place in range(tile.shape[0]):
            tile[place, lane] = codes[row, place]
