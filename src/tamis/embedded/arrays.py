"""Vectors as users give them → float32 rows as the engine wants them.

    lists, tuples, numpy of any float or int dtype, other arrays  →  C-contiguous float32, n × size, finite,
                                                                     of length one under Cosine

Cosine vectors are normalised here and nowhere else; a zero vector stays zero, and a vector whose length is one
already is left alone, so what was read can be written back unchanged. A refusal names the row.
"""

from __future__ import annotations

import math
from array import array as fixed_array
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from tamis.errors import Rejected
from tamis.model.schema import Distance, VectorParams

__all__ = ["one_vector", "vector_rows"]

Rows = NDArray[np.float32]

_LENGTH_SLACK = 1e-6  # of a unit vector in float32
_SQUARE_MIN, _SQUARE_MAX = 1e-20, 1e20  # squared lengths that float32 sums well


def vector_rows(values: Any, params: VectorParams, where: str, first: int | None = 0) -> Rows:
    """Many vectors. first: the number of the first row in messages, None if `values` is a single row.

    >>> vector_rows([[3, 4]], VectorParams(2, Distance.COSINE), "vectors")
    array([[0.6, 0.8]], dtype=float32)
    """
    array = _array(values, params, where)
    if array.ndim != 2:
        hint = "; wrap a single vector in a list" if array.ndim == 1 else ""
        raise Rejected(where, f"must be two-dimensional (points × dimensions), got shape {array.shape}{hint}")
    if array.shape[1] != params.size and array.shape[0]:
        raise Rejected(where, f"vectors of size {params.size} are expected, got size {array.shape[1]}")
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(rows).all():
        _refuse_infinite(array, rows, where, first)
    return _unit(rows) if params.distance is Distance.COSINE else rows


def one_vector(values: Any, params: VectorParams, where: str = "vector") -> Rows:
    """One vector, as a 1 × size row. On the path of every search: the usual input is checked by one product.

    >>> one_vector([3, 4], VectorParams(2, Distance.COSINE))
    array([[0.6, 0.8]], dtype=float32)
    """
    array = values if type(values) is np.ndarray else _listed(values)
    if array is None:
        array = _array(values, params, where)
    if array.shape == (params.size,) and array.dtype.kind in "fiu":
        if array.dtype != np.float32:
            with np.errstate(over="ignore"):
                array = array.astype(np.float32)
        square = float(np.vdot(array, array))
        if _SQUARE_MIN < square < _SQUARE_MAX:  # finite, and its length is exact enough
            if params.distance is Distance.COSINE and abs(square - 1) > _LENGTH_SLACK:
                array = array * np.float32(1 / math.sqrt(square))
            return np.ascontiguousarray(array).reshape(1, -1)
    array = _array(values, params, where)
    if array.ndim != 1:
        raise Rejected(where, f"must be one vector of size {params.size}, got shape {array.shape}")
    if len(array) != params.size:
        raise Rejected(where, f"a vector of size {params.size} is expected, got size {len(array)}")
    return vector_rows(array.reshape(1, -1), params, where, None)


def _listed(values: Any) -> NDArray[np.float32] | None:
    """A list of floats in half the time that numpy takes; None for anything else, and what does not fit is infinite."""
    if type(values) is not list or not values or type(values[0]) is not float:
        return None
    try:
        return np.frombuffer(fixed_array("f", values), np.float32)
    except (TypeError, OverflowError):
        return None


def _array(values: Any, params: VectorParams, where: str) -> NDArray[Any]:
    if isinstance(values, (str, bytes, dict, set)) or values is None:
        raise Rejected(where, f"must be numbers in an array or a list, got {type(values).__name__}")
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":  # numbers as objects, as tables of mixed columns give them
            array = np.asarray(array.tolist())
    except (ValueError, TypeError, OverflowError):  # numpy's word for rows of different lengths
        _refuse_ragged(values, params, where)
    if array.dtype.kind == "O":
        _refuse_ragged(values, params, where)
    if array.dtype.kind not in "fiu" and array.size:
        raise Rejected(where, f"must hold numbers, got dtype {array.dtype}")
    return array


def _refuse_ragged(values: Any, params: VectorParams, where: str) -> NoReturn:
    rows: Sequence[Any] = list(values) if hasattr(values, "__iter__") else []
    for row, value in enumerate(rows):
        size = len(value) if hasattr(value, "__len__") else None
        if size is None:
            raise Rejected(f"{where}[{row}]", f"must be numbers, got {value!r}")
        if size != params.size:
            raise Rejected(f"{where}[{row}]", f"vectors of size {params.size} are expected, got size {size}")
        for number in value:
            if isinstance(number, bool) or not isinstance(number, (int, float, np.number)):
                raise Rejected(f"{where}[{row}]", f"must hold numbers, got {number!r}")
    raise Rejected(where, "must be numbers in an array or a list of equally long lists")


def _refuse_infinite(array: NDArray[Any], rows: Rows, where: str, first: int | None) -> NoReturn:
    row, column = np.argwhere(~np.isfinite(rows))[0].tolist()
    value = array[row, column]
    place = where if first is None else f"{where}[{first + row}]"
    why = "does not fit float32" if np.isfinite(value) else "is not a number that distances can use"
    raise Rejected(place, f"dimension {column} is {value}, which {why}")


def _unit(rows: Rows) -> Rows:
    wide = rows.astype(np.float64)  # squares of large or tiny float32 leave float32's range
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    off = (np.abs(lengths - 1) > _LENGTH_SLACK) & (lengths > 0)
    if not off.any():
        return rows
    lengths[~off] = 1.0
    unit: Rows = (wide / lengths[:, None]).astype(np.float32)
    return unit
