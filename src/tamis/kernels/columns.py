"""Loops over payload columns: forward codes, inverted rows, coordinates, token sequences → bits of a mask.

    codes   uint8 | uint16 | uint32 [n]   per row the number of its value; a number past the last value: none
    starts  uint32 [k + 1], rows uint32   value c is held by ``rows[starts[c]:starts[c + 1]]``, ascending
    mask    uint64 words, see `tamis.kernels.mask`; bits are added, never cleared, unless a kernel says so

Coordinates are float64 degrees, distances metres. Everything is one pass over what is given.
"""

from __future__ import annotations

import math

import numpy as np

from tamis.kernels.compile import kernel

__all__ = [
    "count_codes_in",
    "count_lists_in",
    "mark_box",
    "mark_flagged",
    "mark_phrase",
    "mark_polygon",
    "mark_radius",
    "mark_range",
    "mark_where",
    "place_rows",
]

_ONE = np.uint64(1)
EARTH_RADIUS_M = 6_371_008.8  # mean radius, as in model.geometry


@kernel
def mark_range(codes, low, width, mask):
    """Set the rows whose code is in ``[low, low + width)``. low, width: uint32; one compare a row, 64 rows a word."""
    n = codes.shape[0]
    for w in range(n >> 6):
        word = np.uint64(0)
        for b in range(64):
            word |= np.uint64(np.uint32(codes[(w << 6) + b]) - low < width) << np.uint64(b)
        mask[w] |= word
    for r in range(n & ~63, n):
        mask[r >> 6] |= np.uint64(np.uint32(codes[r]) - low < width) << np.uint64(r & 63)


@kernel
def mark_flagged(codes, flags, mask):
    """Set the rows whose code c has ``flags[c]`` (uint8; one entry per value and one, zero, for none)."""
    n = codes.shape[0]
    last = flags.shape[0] - 1
    for r in range(n):
        bit = np.uint64(flags[min(np.int64(codes[r]), last)] != 0)
        mask[r >> 6] |= bit << np.uint64(r & 63)


@kernel
def mark_where(rows, chosen, mask):
    """Set ``rows[i]`` wherever ``chosen[i]`` (bool)."""
    for i in range(rows.shape[0]):
        r = rows[i]
        mask[r >> 6] |= np.uint64(chosen[i]) << np.uint64(r & 63)


@kernel
def count_codes_in(codes, mask, counts):
    """``counts[c] += 1`` for the code c of every row in `mask`; codes past the last count are skipped."""
    k = counts.shape[0]
    for w in range(mask.shape[0]):
        word = mask[w]
        r = w << 6
        while word != 0:
            if word & _ONE:
                c = codes[r]
                if c < k:
                    counts[c] += 1
            word >>= _ONE
            r += 1


@kernel
def count_lists_in(starts, rows, mask, counts):
    """``counts[c]`` = how many of value c's rows are set in `mask`."""
    for c in range(counts.shape[0]):
        total = 0
        for i in range(starts[c], starts[c + 1]):
            r = rows[i]
            total += np.int64((mask[r >> 6] >> np.uint64(r & 63)) & _ONE)
        counts[c] = total


@kernel
def place_rows(codes, rows, cursor, placed):
    """Counting sort: ``placed[cursor[codes[i]]++] = rows[i]``. Codes past the last cursor are skipped.

    `cursor` starts as the first place of each code and ends as the place after its last row.
    """
    k = cursor.shape[0]
    for i in range(codes.shape[0]):
        c = codes[i]
        if c < k:
            placed[cursor[c]] = rows[i]
            cursor[c] += 1


@kernel
def mark_box(lon, lat, rows, box, mask):
    """Rows of points strictly inside ``box`` = left, bottom, right, top; left > right crosses the antimeridian."""
    left, bottom, right, top = box[0], box[1], box[2], box[3]
    crossing = left > right
    for i in range(lon.shape[0]):
        if bottom < lat[i] < top:
            inside = (lon[i] > left or lon[i] < right) if crossing else (left < lon[i] < right)
            if inside:
                r = rows[i]
                mask[r >> 6] |= _ONE << np.uint64(r & 63)


@kernel
def mark_radius(sphere, lon, lat, rows, circle, mask):
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
    for i in range(lon.shape[0]):
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
        mask[r >> 6] |= inside << np.uint64(r & 63)  # without a branch, which half of the points would mispredict


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
def mark_polygon(lon, lat, rows, ring_lon, ring_lat, ring_starts, mask):
    """Rows of points inside the first ring and outside all the others; a point on a ring is neither.

    Ring i is ``ring_lon[ring_starts[i]:ring_starts[i + 1]]`` and the same of `ring_lat`, its first point repeated.
    """
    for i in range(lon.shape[0]):
        x, y = lon[i], lat[i]
        if _side(x, y, ring_lon, ring_lat, ring_starts[0], ring_starts[1]) <= 0:
            continue
        hole = False
        for ring in range(1, ring_starts.shape[0] - 1):
            if _side(x, y, ring_lon, ring_lat, ring_starts[ring], ring_starts[ring + 1]) >= 0:
                hole = True
                break
        if not hole:
            r = rows[i]
            mask[r >> 6] |= _ONE << np.uint64(r & 63)


@kernel
def mark_phrase(sequence, ends, documents, phrase, found):
    """``found[i]`` = 1 if document ``documents[i]`` holds the tokens `phrase` in a row.

    Document d is ``sequence[ends[d]:ends[d + 1]]``, token numbers.
    """
    size = phrase.shape[0]
    for i in range(documents.shape[0]):
        d = documents[i]
        for at in range(ends[d], ends[d + 1] - size + 1):
            same = True
            for j in range(size):
                if sequence[at + j] != phrase[j]:
                    same = False
                    break
            if same:
                found[i] = 1
                break
