"""Loops over geo points in cells of 64: what a shape is to each cell, and the rows of the points that lie in it.

    verdicts   uint8 [cells]    OUTSIDE: no point of the cell is in the shape, INSIDE: all are, BORDER: each is tested
    mask       uint64 words, see `tamis.kernels.mask`; bits are added

Cell c holds the points 64 · c to 64 · c + 63. Coordinates are float64 degrees, distances metres; borders are outside.
"""

from __future__ import annotations

import math

import numpy as np

from tamis.kernels.compile import kernel

__all__ = ["BORDER", "CELL", "INSIDE", "OUTSIDE", "judge_radius", "mark_box", "mark_polygon", "mark_radius"]

CELL = 64
OUTSIDE, INSIDE, BORDER = 0, 1, 2
EARTH_RADIUS_M = 6_371_008.8  # mean radius, as in model.geometry
SLACK = 1e-7  # radians, far above rounding

_ONE = np.uint64(1)


@kernel
def judge_radius(middles, angles, circle, verdicts):
    """Verdicts of cells that lie within angles[c] (radians) of the unit vector middles[:, c]; circle: lon, lat, metres.

    Two angles are compared by their cosines, so only where both are in [0, pi], and far enough from 0 for cosines to
    tell them apart; the rest is BORDER.
    """
    radian = math.pi / 180.0
    x = math.cos(circle[1] * radian) * math.cos(circle[0] * radian)
    y = math.cos(circle[1] * radian) * math.sin(circle[0] * radian)
    z = math.sin(circle[1] * radian)
    reach = circle[2] / EARTH_RADIUS_M
    for c in range(angles.shape[0]):
        away = middles[0, c] * x + middles[1, c] * y + middles[2, c] * z  # its cosine
        within, beyond = reach - angles[c] - SLACK, reach + angles[c] + SLACK
        verdicts[c] = BORDER
        if within >= math.pi or (within > 1e-4 and away > math.cos(within)):
            verdicts[c] = INSIDE
        elif 1e-4 < beyond < math.pi and away < math.cos(beyond):
            verdicts[c] = OUTSIDE


@kernel
def _take(rows, first, last, mask):
    for i in range(first, last):
        r = rows[i]
        mask[r >> 6] |= _ONE << np.uint64(r & 63)


@kernel
def _take_whole(verdicts, rows, mask):
    """Set the rows of all points in cells that lie inside."""
    for cell in range(verdicts.shape[0]):
        if verdicts[cell] == INSIDE:
            _take(rows, cell * CELL, min(cell * CELL + CELL, rows.shape[0]), mask)


@kernel
def mark_box(lon, lat, rows, box, verdicts, mask):
    """Rows of points strictly inside ``box`` = left, bottom, right, top; left > right crosses the antimeridian."""
    left, bottom, right, top = box[0], box[1], box[2], box[3]
    crossing = left > right
    _take_whole(verdicts, rows, mask)
    for cell in range(verdicts.shape[0]):
        if verdicts[cell] != BORDER:
            continue
        for i in range(cell * CELL, min(cell * CELL + CELL, rows.shape[0])):
            if bottom < lat[i] < top:
                inside = (lon[i] > left or lon[i] < right) if crossing else (left < lon[i] < right)
                if inside:
                    _take(rows, i, i + 1, mask)


@kernel
def mark_radius(sphere, lon, lat, rows, circle, verdicts, mask):
    """Rows of points nearer than ``circle[2]`` metres to (``circle[0]``, ``circle[1]``) by the haversine formula.

    `sphere`: float64[3, n], the points as unit vectors. The squared chord to the centre, three multiplications, decides
    for all but the points within a billionth of the border; those are measured by the formula itself.
    """
    radian = math.pi / 180.0
    y2 = circle[1] * radian
    x = math.cos(y2) * math.cos(circle[0] * radian)
    y = math.cos(y2) * math.sin(circle[0] * radian)
    z = math.sin(y2)
    half_angle = min(circle[2] / (2 * EARTH_RADIUS_M), math.pi / 2)
    chord = 4 * math.sin(half_angle) ** 2
    inner, outer = chord * (1 - 1e-9) - 1e-14, chord * (1 + 1e-9) + 1e-14
    _take_whole(verdicts, rows, mask)
    for cell in range(verdicts.shape[0]):
        if verdicts[cell] != BORDER:
            continue
        for i in range(cell * CELL, min(cell * CELL + CELL, rows.shape[0])):
            a, b, c = sphere[0, i] - x, sphere[1, i] - y, sphere[2, i] - z
            square = a * a + b * b + c * c
            inside = np.uint64(square < inner)
            if inner <= square <= outer:
                y1 = lat[i] * radian
                a = math.sin((y2 - y1) / 2)
                b = math.sin((circle[0] - lon[i]) * radian / 2)
                half = a * a + math.cos(y1) * math.cos(y2) * (b * b)
                inside = np.uint64(2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half))) < circle[2])
            r = rows[i]
            mask[r >> 6] |= inside << np.uint64(r & 63)  # without a branch, which half of them would mispredict


@kernel
def _side(x, y, ring_x, ring_y, first, last):
    """1 inside the closed ring [first, last), 0 on it, -1 outside; even-odd rule."""
    inside = False
    for i in range(first, last - 1):
        x1, y1, x2, y2 = ring_x[i], ring_y[i], ring_x[i + 1], ring_y[i + 1]
        if (x2 - x1) * (y - y1) == (x - x1) * (y2 - y1):
            if min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
                return 0
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return 1 if inside else -1


@kernel
def mark_polygon(lon, lat, rows, ring_lon, ring_lat, ring_starts, verdicts, mask):
    """Rows of points inside the first ring and outside all the others; a point on a ring is neither.

    Ring i is ``ring_lon[ring_starts[i]:ring_starts[i + 1]]`` and the same of `ring_lat`, its first point repeated.
    """
    _take_whole(verdicts, rows, mask)
    for cell in range(verdicts.shape[0]):
        if verdicts[cell] != BORDER:
            continue
        for i in range(cell * CELL, min(cell * CELL + CELL, rows.shape[0])):
            x, y = lon[i], lat[i]
            if _side(x, y, ring_lon, ring_lat, ring_starts[0], ring_starts[1]) <= 0:
                continue
            hole = False
            for ring in range(1, ring_starts.shape[0] - 1):
                if _side(x, y, ring_lon, ring_lat, ring_starts[ring], ring_starts[ring + 1]) >= 0:
                    hole = True
                    break
            if not hole:
                _take(rows, i, i + 1, mask)
