"""Places, one at a time. Degrees and metres; borders are outside. What marks a mask returns the new one."""

from __future__ import annotations

from itertools import pairwise
from math import asin, atan2, cos, radians, sin, sqrt

import numpy as np

from tamis.kernels.geo import BORDER, CELL, INSIDE, OUTSIDE
from tamis.kernels.reference.mask import set_rows

__all__ = ["great_circle_m", "judge_radius", "mark_box", "mark_polygon", "mark_radius"]

EARTH_RADIUS_M = 6_371_008.8


def great_circle_m(lon1, lat1, lon2, lat2):
    """The distance in metres by the haversine formula."""
    y1, y2 = radians(lat1), radians(lat2)
    half = sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, half)))


def judge_radius(middles, angles, circle):
    """What the circle is to caps of the sphere: how far apart are the middles, how wide are the two?"""
    x, y = radians(circle[0]), radians(circle[1])
    centre = np.array([cos(y) * cos(x), cos(y) * sin(x), sin(y)])
    away = np.array([atan2(np.linalg.norm(np.cross(middle, centre)), middle @ centre) for middle in middles.T])
    wide = circle[2] / EARTH_RADIUS_M
    return np.where(away + angles < wide, INSIDE, np.where(away - angles > wide, OUTSIDE, BORDER))


def _mark(rows, verdicts, mask, is_inside):
    """The mask with the rows of the points in INSIDE cells, and of those in BORDER cells that are tested inside."""
    verdict_of = np.repeat(verdicts, CELL)
    taken = [i for i in range(len(rows)) if verdict_of[i] == INSIDE or (verdict_of[i] == BORDER and is_inside(i))]
    return set_rows(mask, rows[np.asarray(taken, np.int64)])


def mark_box(lon, lat, rows, box, verdicts, mask):
    """The mask with the points between left and right, eastwards, and between bottom and top."""
    left, bottom, right, top = box
    beside = (lon > left) & (lon < right) if left <= right else (lon > left) | (lon < right)
    return _mark(rows, verdicts, mask, lambda i: beside[i] and bottom < lat[i] < top)


def mark_radius(lon, lat, rows, circle, verdicts, mask):
    """The mask with the points nearer to circle[:2] than circle[2] metres."""
    return _mark(rows, verdicts, mask, lambda i: great_circle_m(circle[0], circle[1], lon[i], lat[i]) < circle[2])


def mark_polygon(lon, lat, rows, ring_lon, ring_lat, ring_starts, verdicts, mask):
    """The mask with the points inside the first ring and outside of all others, on none of them."""
    corners = list(zip(ring_lon.tolist(), ring_lat.tolist(), strict=True))
    rings = [corners[first:last] for first, last in pairwise(ring_starts)]
    wanted = [1] + [-1] * (len(rings) - 1)
    return _mark(rows, verdicts, mask, lambda i: [_side(lon[i], lat[i], ring) for ring in rings] == wanted)


def _side(x, y, ring):
    """1 inside, 0 on the ring, -1 outside: where an odd number of edges is to the east, by the sign of a product."""
    side = -1
    for (x1, y1), (x2, y2) in pairwise(ring):
        turn = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
        if turn == 0 and (x - x1) * (x - x2) <= 0 and (y - y1) * (y - y2) <= 0:
            return 0
        if min(y1, y2) <= y < max(y1, y2) and (turn > 0) == (y2 > y1):
            side = -side
    return side
