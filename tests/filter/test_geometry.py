"""Places: distance, boxes, polygons, poles and the antimeridian."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tamis.model.filter import GeoBox, GeoPolygon
from tamis.model.geometry import EARTH_RADIUS_M, distance_m, geo_point, in_box, in_polygon
from tests.filter.oracle import on_sphere, side

lons, lats = st.floats(-180, 180), st.floats(-90, 90)
grid = st.tuples(st.integers(-4, 4), st.integers(-4, 4))


@given(lons, lats, lons, lats)
def test_distance_is_the_angle_between_directions(lon1: float, lat1: float, lon2: float, lat2: float) -> None:
    want = 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.dist(on_sphere(lon1, lat1), on_sphere(lon2, lat2)) / 2))
    assert math.isclose(distance_m(lon1, lat1, lon2, lat2), want, rel_tol=1e-6, abs_tol=0.5)
    assert distance_m(lon1, lat1, lon1, lat1) == 0


def test_distance_at_poles_antipodes_and_over_the_antimeridian() -> None:
    half = math.pi * EARTH_RADIUS_M
    assert distance_m(0, 90, 123, 90) < 1e-6
    assert math.isclose(distance_m(7, 90, 8, -90), half)
    assert math.isclose(distance_m(-180, 0, 0, 0), half)
    assert math.isclose(distance_m(179.5, 0, -179.5, 0), distance_m(0, 0, 1, 0))


def test_a_box_is_open_and_may_cross_the_antimeridian() -> None:
    box = GeoBox("p", left=170, top=10, right=-170, bottom=-10)
    assert in_box(180, 0, box)
    assert in_box(-180, 0, box)
    assert in_box(175, 9.9, box)
    assert not any(in_box(lon, lat, box) for lon, lat in ((170, 0), (-170, 0), (0, 0), (180, 10), (180, -10)))


def test_a_polygon_less_its_hole() -> None:
    outer = ((0.0, 0.0), (0.0, 9.0), (9.0, 9.0), (9.0, 0.0), (0.0, 0.0))
    hole = ((3.0, 3.0), (6.0, 3.0), (6.0, 6.0), (3.0, 6.0), (3.0, 3.0))
    ring = GeoPolygon("p", outer, (hole,))
    assert in_polygon(1, 1, ring)
    assert in_polygon(2.999, 4, ring)
    assert not any(in_polygon(x, y, ring) for x, y in ((4, 4), (3, 4), (6, 6), (0, 5), (9, 9), (10, 4)))


@given(st.lists(grid, min_size=3, max_size=7), grid)
def test_polygons_equal_exact_arithmetic(corners: list[tuple[int, int]], place: tuple[int, int]) -> None:
    ring = [*corners, corners[0]]
    polygon = GeoPolygon("p", tuple((float(x), float(y)) for x, y in ring))
    exact = {"points": [{"lon": x, "lat": y} for x, y in ring]}
    assert in_polygon(*place, polygon) == (side(*place, exact) == "in")


def test_what_is_a_geo_point() -> None:
    assert geo_point({"lon": -180, "lat": 90, "name": "pole"}) == (-180.0, 90.0)
    others = [
        {"lon": 180.1, "lat": 0},
        {"lon": 0, "lat": -91},
        {"lon": True, "lat": 0},
        {"lon": "1", "lat": 0},
        {"lon": 1},
        {"lng": 1, "lat": 1},
        {"lon": 2**64, "lat": 0},
        [1, 2],
        None,
    ]
    assert [geo_point(value) for value in others] == [None] * len(others)
