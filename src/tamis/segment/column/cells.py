"""Cells: geo points in groups of 64 neighbours, and what a box, circle or polygon is to each of them.

    all points ─▶ bands of latitude with equally many ─▶ by longitude within a band ─▶ every 64 are a cell

A cell is known by the box around it and by the cap around it: a unit vector and an angle. Verdicts (`kernels.geo`) are
safe: what rounding could decide either way is tested point by point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.geo import BORDER, CELL, INSIDE, OUTSIDE, judge_radius
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius

__all__ = ["Cells", "cell_order", "unit_vectors"]

F64 = NDArray[np.float64]
Verdicts = NDArray[np.uint8]


def unit_vectors(lon: F64, lat: F64) -> F64:
    """Points as unit vectors, float64[3, n]."""
    x, y = np.radians(lon), np.radians(lat)
    level = np.cos(y)
    return np.stack([level * np.cos(x), level * np.sin(x), np.sin(y)])


def cell_order(lon: F64, lat: F64) -> NDArray[np.int64]:
    """The order in which every CELL points lie together.

    >>> cell_order(np.array([9.0, 1.0, 5.0]), np.array([0.0, 0.0, 0.0])).tolist()
    [1, 2, 0]
    """
    count = len(lat)
    by_latitude = np.argsort(lat, kind="stable")
    band = max(math.isqrt(count // CELL), 1)  # cells in a band, and about as many bands
    bands = np.empty(count, np.int64)
    bands[by_latitude] = np.arange(count) // (band * CELL)
    return np.lexsort((lon, bands))


@dataclass(frozen=True, slots=True)
class Cells:
    """Per cell: left, bottom, right, top of its points; the middle as a unit vector [3, cells]; the cap's angle."""

    left: F64
    bottom: F64
    right: F64
    top: F64
    middle: F64
    angle: F64

    @classmethod
    def over(cls, lon: F64, lat: F64) -> Cells:
        """The cells of points in `cell_order`; the last one may hold fewer."""
        starts = np.arange(0, len(lat), CELL)
        sphere = unit_vectors(lon, lat)
        middle = np.add.reduceat(sphere, starts, axis=1)
        length = np.sqrt((middle**2).sum(axis=0))
        middle = np.where(length > 1e-9, middle / np.maximum(length, 1e-9), sphere[:, starts])
        own = np.repeat(np.arange(len(starts)), CELL)[: len(lat)]
        angle = np.maximum.reduceat(_angles(sphere, middle[:, own]), starts)
        low, high = np.minimum.reduceat, np.maximum.reduceat
        return cls(low(lon, starts), low(lat, starts), high(lon, starts), high(lat, starts), middle, angle)

    def verdicts(self, condition: GeoBox | GeoRadius | GeoPolygon) -> Verdicts:
        """OUTSIDE, INSIDE or BORDER of every cell."""
        if isinstance(condition, GeoRadius):
            verdicts = np.empty(len(self.angle), np.uint8)
            circle = np.array([condition.lon, condition.lat, condition.radius_m])
            judge_radius(self.middle, self.angle, circle, verdicts)
            return verdicts
        if isinstance(condition, GeoBox):
            left, bottom, right, top = condition.left, condition.bottom, condition.right, condition.top
            if left > right:  # crosses the antimeridian
                within = (self.left > left) | (self.right < right)
                beside = (self.right <= left) & (self.left >= right)
            else:
                within = (self.left > left) & (self.right < right)
                beside = (self.right <= left) | (self.left >= right)
            within &= (self.bottom > bottom) & (self.top < top)
            return _verdicts(within, beside | (self.top <= bottom) | (self.bottom >= top))
        ring = np.array(condition.exterior, np.float64)
        (left, bottom), (right, top) = ring.min(axis=0), ring.max(axis=0)
        beside = (self.right < left) | (self.left > right) | (self.top < bottom) | (self.bottom > top)
        return _verdicts(np.zeros(len(beside), np.bool_), beside)


def _verdicts(inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Verdicts:
    return np.where(outside, OUTSIDE, np.where(inside, INSIDE, BORDER)).astype(np.uint8)


def _angles(a: F64, b: F64) -> F64:
    """Between unit vectors [3, n], in radians; by the chord, which is exact where the product is not: near zero."""
    chord = np.sqrt(((a - b) ** 2).sum(axis=0))
    angles: F64 = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
    return angles
