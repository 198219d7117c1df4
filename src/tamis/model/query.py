"""One question to a collection, validated, in numpy."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.model.filter import Filter
from tamis.model.ids import PointId

__all__ = ["Fields", "NearestQuery", "OrderBy", "ScrollQuery", "SearchParams"]


class SearchParams(msgspec.Struct, frozen=True):
    """How hard to search.

    hnsw_ef: the beam; None lets the planner choose. exact: scan, and ignore codes. ignore_codes: walk on full rows too.
    oversampling: for k hits measure so many times k of a ranking by codes on full rows; None: as calibrated.
    """

    hnsw_ef: int | None = None
    exact: bool = False
    indexed_only: bool = False
    ignore_codes: bool = False
    oversampling: float | None = None


class NearestQuery(msgspec.Struct, frozen=True):
    """The nearest points to each row of `vectors` (float32, n × size; normalised already under Cosine).

    deadline: a moment of `time.monotonic` after which the search gives up.
    """

    vectors: NDArray[np.float32]
    using: str
    limit: int
    filter: Filter | None = None
    params: SearchParams = SearchParams()
    score_threshold: float | None = None
    deadline: float | None = None


class OrderBy(msgspec.Struct, frozen=True):
    """Scroll by a payload value instead of by id. start_from: number, or microseconds for date strings."""

    path: str
    descending: bool = False
    start_from: int | float | None = None


class Fields(msgspec.Struct, frozen=True):
    """What of a point goes into the answer."""

    payload: bool = True
    include: tuple[str, ...] | None = None  # only these paths of the payload
    exclude: tuple[str, ...] = ()  # all but these paths
    vectors: tuple[str, ...] | None = ()  # these vectors; None: all the point has


class ScrollQuery(msgspec.Struct, frozen=True):
    """One page of points: by id from `start` on, or by `order` if there is one."""

    filter: Filter | None = None
    limit: int = 10
    start: PointId | None = None
    order: OrderBy | None = None
    fields: Fields = Fields()
