"""The hits of a batch as two arrays: ids and scores, queries × limit.

ids      uint64; an object array of ints and UUIDs if any hit has a UUID
scores   float32, best first, ties by id
padding  score NaN, id 2**64 - 1 (None in an object array), where a query has fewer hits than the limit
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.distance import DOT
from tamis.limits import POINT_NUMBER_MAX
from tamis.model.ids import IdArray, id_order
from tamis.search.ranked import Ranked, scores

__all__ = ["hit_arrays"]


def hit_arrays(ranked: Ranked, limit: int, threshold: float | None) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """(ids, scores) of every query; scores not strictly better than the threshold become padding."""
    shape = (len(ranked.view), limit)
    width = ranked.view.shape[1]
    values = np.full(shape, np.nan, np.float32)
    values[:, :width] = scores(ranked.distance, ranked.metric)
    found = np.zeros(shape, np.bool_)
    found[:, :width] = ranked.view >= 0
    if threshold is not None:
        found &= values > threshold if ranked.metric == DOT else values < threshold
    values[~found] = np.nan
    ids = _ids(ranked, found)
    _order_ties(ids, values)
    return ids, values


def _ids(ranked: Ranked, found: NDArray[np.bool_]) -> NDArray[Any]:
    width = ranked.view.shape[1]
    ids: NDArray[Any] = np.full(found.shape, POINT_NUMBER_MAX, np.uint64)
    for number, view in enumerate(ranked.views):
        rows, columns = np.nonzero((ranked.view == number) & found[:, :width])
        of_view: IdArray = view.body.ids(ranked.offset[rows, columns])
        if of_view.uuids is None or not of_view.uuids.any():
            ids[rows, columns] = of_view.low if ids.dtype != object else of_view.low.tolist()
            continue
        if ids.dtype != object:
            ids = ids.astype(object)
        ids[rows, columns] = np.array([*of_view.tolist(), None], object)[:-1]
    if ids.dtype == object:
        ids[~found] = None
    return ids


def _order_ties(ids: NDArray[Any], values: NDArray[np.float32]) -> None:
    """Equal scores of one query by id, numbers before UUIDs."""
    equal = values[:, 1:] == values[:, :-1]
    for row in np.flatnonzero(equal.any(axis=1)).tolist():
        start = 0
        for end in [*(np.flatnonzero(~equal[row]) + 1).tolist(), ids.shape[1]]:
            if end - start > 1:
                ids[row, start:end] = sorted(ids[row, start:end].tolist(), key=id_order)
            start = end
