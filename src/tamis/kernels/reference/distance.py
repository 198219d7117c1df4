"""Distances in float64, smaller is nearer, and the nearest by them."""

from __future__ import annotations

import numpy as np

from tamis.kernels.beam import B1, F32_DOT, F32_L1, F32_L2, I8
from tamis.kernels.distance import DOT, L1, L2
from tamis.kernels.reference.product import bit_product, code_product

__all__ = ["distances", "measures", "nearest", "nearest_of"]


def distances(rows, query, metric):
    """Distance of every row to the query, float64[n]; smaller is nearer."""
    rows, query = np.asarray(rows, np.float64), np.asarray(query, np.float64)
    if metric == DOT:
        return -(rows @ query)
    delta = rows - query
    return (delta**2).sum(axis=1) if metric == L2 else np.abs(delta).sum(axis=1)


def measures(codec, rows, norms, row, query, turned, at):
    """Distance of rows[row] to query[at] as the codec sees it: an int for I8, else a float."""
    if codec == I8:
        return int(norms[row]) + int(turned[at]) - 2 * code_product(rows, row, query, at)
    if codec == B1:
        product = float(turned[at, 0]) * bit_product(rows, row, query, at) - float(turned[at, 1])
        return float(norms[row, 0]) - float(norms[row, 1]) * product
    metric = {F32_L2: L2, F32_DOT: DOT, F32_L1: L1}[codec]
    return distances(rows[row : row + 1], query[at], metric)[0]


def nearest_of(measured, wanted, limit):
    """The nearest of the offsets `wanted` by measured: number[n], ties by offset."""
    wanted = np.asarray(wanted, np.int64)
    return wanted[np.lexsort((wanted, measured[wanted]))][:limit]


def nearest(rows, query, metric, allowed, limit):
    """Offsets of the nearest allowed rows (bool[n]), ties by offset."""
    return nearest_of(distances(rows, query, metric), np.flatnonzero(allowed), limit)
