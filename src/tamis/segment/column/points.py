"""Geo points of one path: coordinates and the rows that hold them, in cells when sealed.

    sealed   cells of 64 neighbours: whole ones are taken or left, the points of those on the border are tested
    live     in row order, all are tested

Circles are tested on the points as unit vectors, derived on first use; boxes and polygons on degrees. Every point is
decided exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.geo import BORDER, CELL, INSIDE, mark_box, mark_polygon, mark_radius
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.segment.column.cells import Cells, unit_vectors

__all__ = ["Points"]

F64 = NDArray[np.float64]
Mask = NDArray[np.uint64]
GeoCondition = GeoBox | GeoRadius | GeoPolygon


@dataclass(frozen=True)
class Points:
    """lon, lat in degrees; rows may repeat. in_cells: they are in `cells.cell_order`."""

    lon: F64
    lat: F64
    rows: NDArray[np.uint32]
    in_cells: bool

    @cached_property
    def _sphere(self) -> F64:
        return unit_vectors(self.lon, self.lat)

    @cached_property
    def _cells(self) -> Cells:
        return Cells.over(self.lon, self.lat)

    def mark(self, condition: GeoCondition, mask: Mask) -> str:
        """Add the rows with a point inside."""
        lon, lat, rows, verdicts = self.lon, self.lat, self.rows, self._verdicts(condition)
        if isinstance(condition, GeoBox):
            box = np.array([condition.left, condition.bottom, condition.right, condition.top], np.float64)
            mark_box(lon, lat, rows, box, verdicts, mask)
        elif isinstance(condition, GeoRadius):
            circle = np.array([condition.lon, condition.lat, condition.radius_m])
            mark_radius(self._sphere, lon, lat, rows, circle, verdicts, mask)
        else:
            rings = (condition.exterior, *condition.interiors)
            flat = np.array([point for ring in rings for point in ring], np.float64).reshape(-1, 2)
            starts = np.cumsum([0, *map(len, rings)])
            mark_polygon(lon, lat, rows, flat[:, 0].copy(), flat[:, 1].copy(), starts, verdicts, mask)
        tested, whole = (int(np.count_nonzero(verdicts == one)) for one in (BORDER, INSIDE))
        return f"{whole} cells of points taken whole, {tested} tested"

    def count(self, condition: GeoCondition) -> int:
        """At most how many rows `mark` finds."""
        return min(int(np.count_nonzero(self._verdicts(condition))) * CELL, len(self.rows))

    def _verdicts(self, condition: GeoCondition) -> NDArray[np.uint8]:
        """What the shape is to every CELL points."""
        if self.in_cells:
            return self._cells.verdicts(condition)
        return np.full(-(-len(self.rows) // CELL), BORDER, np.uint8)
