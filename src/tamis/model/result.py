"""What users get back: one object per point, k at a time."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.model.ids import PointId

__all__ = ["FacetHit", "Hit", "Record", "Vector"]

Vector = NDArray[np.float32] | dict[str, NDArray[np.float32]]


class Hit(msgspec.Struct, frozen=True):
    """A point that a search found. score: similarity (Cosine, Dot) or distance (Euclid, Manhattan)."""

    id: PointId
    version: int
    score: float
    payload: dict[str, Any] | None = None
    vector: Vector | None = None


class Record(msgspec.Struct, frozen=True):
    """A stored point. order_value is set by a scroll with order_by."""

    id: PointId
    version: int
    payload: dict[str, Any] | None = None
    vector: Vector | None = None
    order_value: int | float | str | None = None


class FacetHit(msgspec.Struct, frozen=True):
    """A payload value and the number of points that hold it."""

    value: str | int | bool
    count: int
