"""Geo kernels against one-by-one tests in plain Python, on the edges of shapes too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tamis.kernels.geo import BORDER, CELL, INSIDE, OUTSIDE, mark_box, mark_polygon, mark_radius
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.model.geometry import distance_m, in_box, in_circle, in_polygon
from tests.kernels.test_columns import empty, unpacked


def places(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random places, whole degrees among them so that some lie on edges, poles and the antimeridian."""
    random = np.random.default_rng(size)
    lon, lat = random.uniform(-180, 180, size), random.uniform(-90, 90, size)
    whole = random.random(size) < 0.5
    lon[whole], lat[whole] = np.round(lon[whole] / 10) * 10, np.round(lat[whole] / 10) * 10
    return lon, lat


# From (0, 0) to (10, 0), which `places` holds: the point lies on the border of the circle, and is outside.
EDGE = distance_m(0, 0, 10, 0)
NEAR = EDGE * (1 + 1e-12)


@pytest.mark.parametrize("size", [0, 1, 65, 3000])
def test_every_point_of_a_border(size: int) -> None:
    lon, lat = places(size)
    rows = np.arange(size, dtype=np.uint32)
    border = np.full(-(-size // CELL), BORDER, np.uint8)
    listed = list(zip(lon.tolist(), lat.tolist(), strict=True))
    for left, bottom, right, top in ((-10, -10, 10, 10), (170, -90, -170, 90), (0, 0, 0, 0), (-180, -90, 180, 90)):
        mask = empty(size)
        mark_box(lon, lat, rows, np.array([left, bottom, right, top], np.float64), border, mask)
        box = GeoBox("p", left=left, top=top, right=right, bottom=bottom)
        assert unpacked(mask, size).tolist() == [in_box(x, y, box) for x, y in listed]
    x, y = np.radians(lon), np.radians(lat)
    sphere = np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])
    for x, y, metres in (
        (0, 0, 2e6),
        (180, 0, 3e6),
        (10, 90, 4e6),
        (-170, -80, 2.1e7),
        (5, 5, 0),
        (0, 0, EDGE),
        (0, 0, NEAR),
    ):
        mask = empty(size)
        mark_radius(sphere, lon, lat, rows, np.array([x, y, metres], np.float64), border, mask)
        circle = GeoRadius("p", x, y, metres)
        assert unpacked(mask, size).tolist() == [in_circle(a, b, circle) for a, b in listed]
    outer = ((-50.0, -50.0), (50.0, -50.0), (60.0, 40.0), (0.0, 0.0), (-40.0, 60.0), (-50.0, -50.0))
    hole = ((-20.0, -30.0), (20.0, -30.0), (20.0, -10.0), (-20.0, -30.0))
    for rings in ((outer,), (outer, hole)):
        flat = np.array([point for ring in rings for point in ring])
        starts = np.cumsum([0, *map(len, rings)])
        mask = empty(size)
        mark_polygon(lon, lat, rows, flat[:, 0].copy(), flat[:, 1].copy(), starts, border, mask)
        polygon = GeoPolygon("p", rings[0], rings[1:])
        assert unpacked(mask, size).tolist() == [in_polygon(x, y, polygon) for x, y in listed]


def test_verdicts_are_believed() -> None:
    """Nothing lies in these shapes: what is marked was taken for the verdict alone."""
    size = 2 * CELL + 5
    lon, lat = np.full(size, 50.0), np.full(size, 50.0)
    rows = np.arange(size, dtype=np.uint32)[::-1].copy()
    verdicts = np.array([OUTSIDE, BORDER, INSIDE], np.uint8)
    sphere = np.zeros((3, size))
    ring = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 0.0])
    masks = [empty(size) for _ in range(3)]
    mark_box(lon, lat, rows, np.zeros(4), verdicts, masks[0])
    mark_radius(sphere, lon, lat, rows, np.zeros(3), verdicts, masks[1])
    mark_polygon(lon, lat, rows, *ring, np.array([0, 4]), verdicts, masks[2])
    for mask in masks:
        assert np.flatnonzero(unpacked(mask, size)).tolist() == [0, 1, 2, 3, 4]
