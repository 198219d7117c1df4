"""Geo kernels against their twins, on the edges of shapes too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tamis.kernels import reference
from tamis.kernels.geo import BORDER, CELL, INSIDE, OUTSIDE, judge_radius, mark_box, mark_polygon, mark_radius
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.model.geometry import EARTH_RADIUS_M, in_box, in_circle, in_polygon
from tests.kernels.test_masks import drawn, packed

# From (0, 0) to (10, 0), which `places` holds: the point lies on the border of the circle, and is outside.
EDGE = reference.great_circle_m(0, 0, 10, 0)
BOXES = ((-10, -10, 10, 10), (170, -90, -170, 90), (0, 0, 0, 0), (-180, -90, 180, 90), (20, -50, -20, 50))
CIRCLES = (
    (0, 0, 2e6),
    (180, 0, 3e6),
    (10, 90, 4e6),
    (-170, -80, 2.1e7),
    (5, 5, 0),
    (0, 0, EDGE),
    (0, 0, EDGE * (1 + 1e-12)),
)
OUTER = ((-50.0, -50.0), (50.0, -50.0), (60.0, 40.0), (0.0, 0.0), (-40.0, 60.0), (-50.0, -50.0))
HOLE = ((-20.0, -30.0), (20.0, -30.0), (20.0, -10.0), (-20.0, -30.0))
OTHER_HOLE = ((30.0, -40.0), (30.0, -20.0), (40.0, -20.0), (40.0, -40.0), (30.0, -40.0))
POLYGONS = ((OUTER,), (OUTER, HOLE), (OUTER, HOLE, OTHER_HOLE))


def places(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random places, whole degrees among them so that some lie on edges, poles and the antimeridian."""
    random = np.random.default_rng(size)
    lon, lat = random.uniform(-180, 180, size), random.uniform(-90, 90, size)
    whole = random.random(size) < 0.5
    lon[whole], lat[whole] = np.round(lon[whole] / 10) * 10, np.round(lat[whole] / 10) * 10
    return lon, lat


def on_the_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])


def flat(rings: tuple) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    corners = np.array([corner for ring in rings for corner in ring])
    return corners[:, 0].copy(), corners[:, 1].copy(), np.cumsum([0, *map(len, rings)])


@pytest.mark.parametrize("size", [0, 1, 64, 65, 3000])
@pytest.mark.parametrize("verdict", [BORDER, None])
def test_points_of_shapes(size: int, verdict: int | None) -> None:
    """Every point tested; or verdicts at random, which are believed wherever they are not BORDER."""
    lon, lat = places(size)
    sphere = on_the_sphere(lon, lat)
    random = np.random.default_rng(size)
    cells = -(-size // CELL)
    verdicts = random.choice(np.array([OUTSIDE, INSIDE, BORDER] if verdict is None else [verdict], np.uint8), cells)
    rows, before = random.permutation(size).astype(np.uint32), packed(drawn(size, 0.05, 1))
    for box in BOXES:
        corners, mask = np.array(box, np.float64), before.copy()
        mark_box(lon, lat, rows, corners, verdicts, mask)
        assert mask.tolist() == reference.mark_box(lon, lat, rows, corners, verdicts, before).tolist()
    for circle in CIRCLES:
        numbers, mask = np.array(circle, np.float64), before.copy()
        mark_radius(sphere, lon, lat, rows, numbers, verdicts, mask)
        assert mask.tolist() == reference.mark_radius(lon, lat, rows, numbers, verdicts, before).tolist()
    for polygon in POLYGONS:
        rings, mask = flat(polygon), before.copy()
        mark_polygon(lon, lat, rows, *rings, verdicts, mask)
        assert mask.tolist() == reference.mark_polygon(lon, lat, rows, *rings, verdicts, before).tolist()


def test_rows_are_checked_one_by_one_to_the_same_end() -> None:
    """The twins and `model.geometry`, which answers where there is no column, agree on what lies in a shape."""
    size = 1000
    lon, lat = places(size)
    rows, border = np.arange(size, dtype=np.uint32), np.full(-(-size // CELL), BORDER, np.uint8)
    listed, nothing = list(zip(lon.tolist(), lat.tolist(), strict=True)), packed(np.zeros(size, np.bool_))

    def same(mask: NDArray[np.uint64], inside: list[bool]) -> bool:
        return mask.tolist() == packed(np.array(inside)).tolist()

    for left, bottom, right, top in BOXES:
        box = GeoBox("p", left=left, top=top, right=right, bottom=bottom)
        marked = reference.mark_box(lon, lat, rows, (left, bottom, right, top), border, nothing)
        assert same(marked, [in_box(x, y, box) for x, y in listed])
    for circle in CIRCLES:
        marked = reference.mark_radius(lon, lat, rows, circle, border, nothing)
        assert same(marked, [in_circle(x, y, GeoRadius("p", *circle)) for x, y in listed])
    for rings in POLYGONS:
        marked = reference.mark_polygon(lon, lat, rows, *flat(rings), border, nothing)
        assert same(marked, [in_polygon(x, y, GeoPolygon("p", rings[0], rings[1:])) for x, y in listed])


@pytest.mark.parametrize("cells", [0, 1, 2000])
@pytest.mark.parametrize("circle", [*CIRCLES, (13, 52, 5e5), (-60, -30, 1e7), (20, 0, 1.9e7)])
def test_cells_are_judged_and_never_wrongly(cells: int, circle: tuple[float, float, float]) -> None:
    """What is within a ten-thousandth of a radian of being judged, or no wider, may be left to be tested by points."""
    random = np.random.default_rng(cells)
    middles = on_the_sphere(*places(cells))
    angles = np.abs(random.normal(0, 0.3, cells)) * (random.random(cells) < 0.9)
    numbers, verdicts = np.array(circle, np.float64), np.full(cells, 7, np.uint8)
    judge_radius(middles, angles, numbers, verdicts)
    want = reference.judge_radius(middles, angles, numbers)
    assert ((verdicts == want) | (verdicts == BORDER)).all()
    surely = reference.judge_radius(middles, angles + 1.1e-4, numbers)
    wide = angles + circle[2] / EARTH_RADIUS_M > 1.1e-4
    assert (verdicts[wide & (surely != BORDER)] != BORDER).all()
