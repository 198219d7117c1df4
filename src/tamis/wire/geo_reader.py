"""Geo conditions: plain dicts → `GeoBox`, `GeoRadius`, `GeoPolygon`.

geo_bounding_box  {"top_left": {"lon", "lat"}, "bottom_right": {"lon", "lat"}}   left > right: over the antimeridian
geo_radius        {"center": {"lon", "lat"}, "radius": metres}
geo_polygon       {"exterior": {"points": [...]}, "interiors": [{"points": [...]}]}    rings are closed
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf
from typing import Any

from tamis.errors import Rejected
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.wire.checks import items, mapping, only_known, real

__all__ = ["read_geo_box", "read_geo_polygon", "read_geo_radius"]

_POINT = "{'lon': degrees, 'lat': degrees}"
_RING = "{'points': [...]}"
_RING_POINTS_MIN = 4  # a triangle whose first point is repeated


def read_geo_box(path: str, data: object, where: str) -> GeoBox:
    """The open box between two corners."""
    given = _parts(data, where, ("top_left", "bottom_right"))
    left, top = _point(given["top_left"], f"{where}.top_left")
    right, bottom = _point(given["bottom_right"], f"{where}.bottom_right")
    if top < bottom:
        raise Rejected(f"{where}.top_left.lat", f"must not lie south of bottom_right.lat; got {top} below {bottom}")
    return GeoBox(path, left=left, top=top, right=right, bottom=bottom)


def read_geo_radius(path: str, data: object, where: str) -> GeoRadius:
    """The open circle around a centre, in metres."""
    given = _parts(data, where, ("center", "radius"))
    lon, lat = _point(given["center"], f"{where}.center")
    radius = real(given["radius"], f"{where}.radius")
    if radius < 0 or isinf(radius):
        raise Rejected(f"{where}.radius", f"must be metres, a finite number of at least 0; got {radius}")
    return GeoRadius(path, lon=lon, lat=lat, radius_m=float(radius))


def read_geo_polygon(path: str, data: object, where: str) -> GeoPolygon:
    """The inside of a ring, less its holes."""
    given = _parts(data, where, ("exterior",), ("interiors",))
    place = f"{where}.interiors"
    holes = items([] if given.get("interiors") is None else given["interiors"], place, f"a list of rings {_RING}")
    return GeoPolygon(
        path,
        exterior=_ring(given["exterior"], f"{where}.exterior"),
        interiors=tuple(_ring(hole, f"{place}[{i}]") for i, hole in enumerate(holes)),
    )


def _ring(data: object, where: str) -> tuple[tuple[float, float], ...]:
    place = f"{where}.points"
    points = items(_parts(data, where, ("points",))["points"], place, f"a list of points {_POINT}")
    ring = tuple(_point(point, f"{place}[{i}]") for i, point in enumerate(points))
    if len(ring) < _RING_POINTS_MIN:
        least = f"at least {_RING_POINTS_MIN} points, the last equal to the first"
        raise Rejected(place, f"a ring has {least}; got {len(ring)}")
    if ring[0] != ring[-1]:
        raise Rejected(place, f"a ring is closed: its last point {ring[-1]} must equal its first {ring[0]} (lon, lat)")
    return ring


def _point(data: object, where: str) -> tuple[float, float]:
    given = _parts(data, where, ("lon", "lat"))
    lon, lat = (real(given[key], f"{where}.{key}") for key in ("lon", "lat"))
    for key, degrees, most in (("lon", lon, 180), ("lat", lat, 90)):
        if not -most <= degrees <= most:
            raise Rejected(f"{where}.{key}", f"must be degrees from -{most} to {most}; got {degrees}")
    return float(lon), float(lat)


def _parts(data: object, where: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """A dict with all of `needed`, perhaps some of `optional`, and nothing else."""
    wanted = _POINT if needed == ("lon", "lat") else f"a dict with {' and '.join(needed)}"
    given = mapping(data, where, wanted)
    only_known(given, needed + optional, where, "this condition" if needed != ("lon", "lat") else "a point")
    for key in needed:
        if given.get(key) is None:
            raise Rejected(f"{where}.{key}", f"is missing; give {wanted}")
    return given
