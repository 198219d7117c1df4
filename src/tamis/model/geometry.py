"""Places on the earth, one at a time: what is a geo point, and what lies in a box, circle or polygon.

A geo point is a JSON object with numbers `lon` in [-180, 180] and `lat` in [-90, 90] (other keys do not matter);
anything else is no point and lies nowhere. Degrees and metres. Boundaries are outside, of holes too: boxes and
circles are open sets, polygons are planar in (lon, lat) by the even-odd rule. The compiled versions in
`kernels.geo` give the same answers.
"""

from __future__ import annotations

from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius

__all__ = ["EARTH_RADIUS_M", "distance_m", "geo_point", "in_box", "in_circle", "in_polygon"]

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG

Ring = tuple[tuple[float, float], ...]


def geo_point(value: Any) -> tuple[float, float] | None:
    """(lon, lat) of a payload value, or None.

    >>> geo_point({"lon": 13.4, "lat": 52}), geo_point({"lon": 200, "lat": 0}), geo_point("Berlin")
    ((13.4, 52.0), None, None)
    """
    if type(value) is not dict:
        return None
    lon: Any = value.get("lon")
    lat: Any = value.get("lat")
    if type(lon) not in (int, float) or type(lat) not in (int, float):
        return None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # false for NaN too
        return None
    return float(lon), float(lat)


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres (haversine).

    >>> round(distance_m(0, 0, 180, 0) / 1000)
    20015
    """
    y1, y2 = radians(lat1), radians(lat2)
    half = sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, half)))  # rounding passes 1 at antipodes


def in_box(lon: float, lat: float, box: GeoBox) -> bool:
    """Strictly inside; a box whose left is greater than its right crosses the antimeridian.

    >>> in_box(179.5, 0, GeoBox("p", left=179, top=1, right=-179, bottom=-1))
    True
    """
    if not box.bottom < lat < box.top:
        return False
    if box.left > box.right:
        return lon > box.left or lon < box.right
    return box.left < lon < box.right


def in_circle(lon: float, lat: float, circle: GeoRadius) -> bool:
    """Nearer to the centre than the radius."""
    return distance_m(lon, lat, circle.lon, circle.lat) < circle.radius_m


def in_polygon(lon: float, lat: float, polygon: GeoPolygon) -> bool:
    """Inside the exterior and in no hole.

    >>> square = ((0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 0.0), (0.0, 0.0))
    >>> in_polygon(1, 1, GeoPolygon("p", square)), in_polygon(0, 1, GeoPolygon("p", square))
    (True, False)
    """
    if _side(lon, lat, polygon.exterior) <= 0:
        return False
    return all(_side(lon, lat, hole) < 0 for hole in polygon.interiors)


def _side(x: float, y: float, ring: Ring) -> int:
    """1 inside the closed ring, 0 on it, -1 outside."""
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (
            (x2 - x1) * (y - y1) == (x - x1) * (y2 - y1)
            and min(x1, x2) <= x <= max(x1, x2)
            and min(y1, y2) <= y <= max(y1, y2)
        ):
            return 0
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return 1 if inside else -1
