"""Cells of geo points: what is taken whole, left whole, or tested gives the points that one-by-one tests give."""

import numpy as np
import pytest

from tamis.kernels.geo import BORDER, CELL, INSIDE, OUTSIDE
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.model.geometry import in_box, in_circle, in_polygon
from tamis.segment.alive import no_rows, unpack_rows
from tamis.segment.column.cells import Cells, cell_order
from tamis.segment.column.points import Points

SHAPES = [
    GeoRadius("p", 20, 45, 3_000_000),
    GeoRadius("p", -179, 10, 2_000_000),  # across the antimeridian
    GeoRadius("p", 77, 89, 1_500_000),  # holds a pole
    GeoRadius("p", 0, 0, 12_000_000),  # more than half of the globe
    GeoRadius("p", 0, 0, 30_000_000),  # all of it
    GeoRadius("p", 5, 5, 0),
    GeoBox("p", left=-20, top=60, right=70, bottom=-10),
    GeoBox("p", left=150, top=50, right=-120, bottom=-50),
    GeoBox("p", left=-180, top=90, right=180, bottom=-90),
    GeoPolygon("p", ((-60, -40), (80, -30), (40, 70), (-60, -40)), (((0, 0), (20, 0), (10, 20), (0, 0)),)),
]


def _points(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A third everywhere, a third close together, a third copies of a few, poles and the antimeridian among them."""
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(-180, 180, count), np.degrees(np.arcsin(random.uniform(-1, 1, count)))
    third = count // 3
    lon[:third], lat[:third] = random.normal(20, 2, third), random.normal(45, 2, third)
    few = np.array([[180, 0], [-180, 0], [0, 90], [0, -90], [20, 45]])
    lon[third : 2 * third], lat[third : 2 * third] = few[random.integers(0, len(few), third)].T
    return lon, lat


def _inside(shape: GeoBox | GeoRadius | GeoPolygon, lon: float, lat: float) -> bool:
    if isinstance(shape, GeoBox):
        return in_box(lon, lat, shape)
    return in_circle(lon, lat, shape) if isinstance(shape, GeoRadius) else in_polygon(lon, lat, shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, CELL, CELL + 1, 4_000])
def test_cells_change_no_answer(shape: GeoBox | GeoRadius | GeoPolygon, count: int) -> None:
    lon, lat = _points(count, seed=count)
    expected = [_inside(shape, x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    order = cell_order(lon, lat)
    assert sorted(order.tolist()) == list(range(count))
    points = Points(lon[order], lat[order], order.astype(np.uint32), in_cells=True)
    mask = no_rows(count)
    points.mark(shape, mask)
    assert unpack_rows(mask).tolist() == np.flatnonzero(expected).tolist()
    assert points.count(shape) >= sum(expected)
    verdicts = Cells.over(points.lon, points.lat).verdicts(shape)
    for cell, verdict in enumerate(verdicts.tolist()):
        of_cell = [expected[row] for row in order[cell * CELL : (cell + 1) * CELL].tolist()]
        assert verdict == BORDER or all(of_cell) == any(of_cell) == (verdict == INSIDE)


def test_most_points_are_not_tested() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(-180, 180, 40_000), np.degrees(np.arcsin(random.uniform(-1, 1, 40_000)))
    order = cell_order(lon, lat)
    cells = Cells.over(lon[order], lat[order])
    for shape in SHAPES[:1] + SHAPES[3:4] + SHAPES[6:8]:
        verdicts = cells.verdicts(shape)
        assert (verdicts == BORDER).mean() < 0.25
        assert (verdicts == INSIDE).any()
        assert (verdicts == OUTSIDE).any()
