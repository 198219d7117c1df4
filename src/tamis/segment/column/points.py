"""Geo points of one path: coordinates and rows, sorted by latitude when sealed.

    sealed:  lat ascending → two bisections give the only points that can lie between two latitudes
    live:    in row order, all are looked at

Circles are decided on the points as unit vectors, derived on first use; boxes and polygons on degrees. Every point is
decided exactly, so there is no border to recheck.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import asin, cos, degrees, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import mark_box, mark_polygon, mark_radius
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.model.geometry import EARTH_RADIUS_M

__all__ = ["Points", "box_around"]

F64 = NDArray[np.float64]
Mask = NDArray[np.uint64]
GeoCondition = GeoBox | GeoRadius | GeoPolygon

_SLACK = 1e-7  # degrees, far above rounding: the box around a circle may be larger than the circle, never smaller


@dataclass(frozen=True)
class Points:
    """lon, lat in degrees; rows may repeat. `by_latitude`: lat is ascending."""

    lon: F64
    lat: F64
    rows: NDArray[np.uint32]
    by_latitude: bool

    @cached_property
    def _sphere(self) -> F64:
        """The points as unit vectors, float64[3, n]."""
        x, y = np.radians(self.lon), np.radians(self.lat)
        level = np.cos(y)
        return np.stack([level * np.cos(x), level * np.sin(x), np.sin(y)])

    def _slice(self, box: F64) -> slice:
        """Where the latitudes of `box` lie; everything when not sorted."""
        if not self.by_latitude:
            return slice(0, len(self.lat))
        return slice(int(np.searchsorted(self.lat, box[1], "left")), int(np.searchsorted(self.lat, box[3], "right")))

    def mark(self, condition: GeoCondition, mask: Mask) -> str:
        """Add the rows with a point inside."""
        box = box_around(condition)
        part = self._slice(box)
        lon, lat, rows = self.lon[part], self.lat[part], self.rows[part]
        if isinstance(condition, GeoBox):
            mark_box(lon, lat, rows, box, mask)
        elif isinstance(condition, GeoRadius):
            circle = np.array([condition.lon, condition.lat, condition.radius_m])
            mark_radius(self._sphere[:, part], lon, lat, rows, circle, mask)
        else:
            rings = (condition.exterior, *condition.interiors)
            flat = np.array([point for ring in rings for point in ring], np.float64).reshape(-1, 2)
            starts = np.cumsum([0, *map(len, rings)])
            mark_polygon(lon, lat, rows, flat[:, 0].copy(), flat[:, 1].copy(), starts, mask)
        return f"{len(rows)} points in its latitudes" if self.by_latitude else f"{len(rows)} points"

    def count(self, condition: GeoCondition) -> int:
        """At most how many rows `mark` finds."""
        return len(self.rows[self._slice(box_around(condition))])


def box_around(condition: GeoCondition) -> F64:
    """left, bottom, right, top around everything inside; left > right crosses the antimeridian.

    >>> box_around(GeoBox("p", left=1, top=4, right=3, bottom=2)).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    if isinstance(condition, GeoBox):
        return np.array([condition.left, condition.bottom, condition.right, condition.top], np.float64)
    if isinstance(condition, GeoPolygon):
        ring = np.array(condition.exterior, np.float64)
        low, high = ring.min(axis=0), ring.max(axis=0)
        return np.array([low[0], low[1], high[0], high[1]])
    angle = condition.radius_m / EARTH_RADIUS_M  # at the centre of the earth
    height = degrees(angle) + _SLACK
    bottom, top = condition.lat - height, condition.lat + height
    if bottom <= -90 or top >= 90 or angle >= pi / 2:  # holds a pole: every longitude
        return np.array([-181.0, bottom, 181.0, top])
    width = degrees(asin(min(1.0, sin(angle) / cos(radians(condition.lat))))) + _SLACK
    left, right = condition.lon - width, condition.lon + width
    if left < -180 or right > 180:
        left, right = (left + 180) % 360 - 180, (right + 180) % 360 - 180
    return np.array([left, bottom, right, top])
