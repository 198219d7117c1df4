"""Products of codes, one integer of Python at a time."""

from __future__ import annotations

import numpy as np

from tamis.kernels.product import TILE_QUERIES, TILE_ROWS

__all__ = ["bit_product", "code_product", "fill_tile", "tile_distances"]


def code_product(stored, row, asked, at):
    """Σ of stored bytes times the asked code, which may itself be stored."""
    shift = 128 if asked.dtype == np.uint8 else 0
    return sum(a * (b - shift) for a, b in zip(stored[row].tolist(), asked[at].tolist(), strict=True))


def bit_product(stored, row, asked, at):
    """Σ of the asked code where the stored bit is set."""
    return sum(b for d, b in enumerate(asked[at].tolist()) if stored[row, d // 8] >> (d % 8) & 1)


def fill_tile(codes, rows, first):
    """Sixteen rows side by side, uint32[w / 4, 16]; the last of `rows` again where they end."""
    return codes[[rows[min(first + lane, len(rows) - 1)] for lane in range(TILE_ROWS)]].T


def tile_distances(tile, norms, asked, turned, first, bounds):
    """Distances of the tile's rows from four questions, int[4][16], and which are within bounds, bit 16 · q + r."""
    stored, queries = np.ascontiguousarray(tile.T).view(np.uint8), range(first, first + TILE_QUERIES)
    far = [
        [int(norms[row]) + int(turned[q]) - 2 * code_product(stored, row, asked, q) for row in range(TILE_ROWS)]
        for q in queries
    ]
    near = [16 * q + row for q, line in enumerate(far) for row, size in enumerate(line) if size <= bounds[q]]
    return far, sum(1 << bit for bit in near)
