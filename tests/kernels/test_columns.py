"""Column kernels against numpy in float64, at sizes around the edges of words, and on the edges of shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tamis.kernels.columns import (
    count_codes_in,
    count_lists_in,
    mark_box,
    mark_flagged,
    mark_phrase,
    mark_polygon,
    mark_radius,
    mark_range,
    mark_where,
    place_rows,
)
from tamis.model.filter import GeoBox, GeoPolygon, GeoRadius
from tamis.model.geometry import distance_m, in_box, in_circle, in_polygon
from tests.kernels.test_masks import SIZES, drawn, packed

# With NUMBA_DISABLE_JIT=1 numpy warns where compiled integers just wrap round.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def unpacked(mask: NDArray[np.uint64], size: int) -> NDArray[np.bool_]:
    bits = np.unpackbits(mask.view(np.uint8), bitorder="little")
    assert not bits[size:].any(), "bits beyond the last row"
    return bits[:size].astype(np.bool_)


def empty(size: int) -> NDArray[np.uint64]:
    return np.zeros((size + 63) >> 6, np.uint64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_codes(size: int, dtype: Any) -> None:
    keys = 200
    codes = np.random.default_rng(size).integers(0, keys + 1, size).astype(dtype)
    for low, high in ((0, 0), (0, 1), (17, 150), (0, keys), (keys - 1, keys)):
        before = drawn(size, 0.1, 6)
        mask = packed(before)
        mark_range(codes, np.uint32(low), np.uint32(high - low), mask)
        assert np.array_equal(unpacked(mask, size), before | ((codes >= low) & (codes < high)))
    flags = np.zeros(keys + 1, np.uint8)
    flags[[3, 77, keys - 1]] = 1
    mask = empty(size)
    mark_flagged(codes, flags, mask)
    assert np.array_equal(unpacked(mask, size), np.isin(codes, [3, 77, keys - 1]))
    chosen = drawn(size, 0.5, 7)
    counts = np.zeros(keys, np.int64)
    count_codes_in(codes, packed(chosen), counts)
    assert counts.tolist() == np.bincount(codes[chosen], minlength=keys + 1)[:keys].tolist()


@pytest.mark.parametrize("size", SIZES)
def test_lists(size: int) -> None:
    keys = 50
    codes = np.random.default_rng(size).integers(0, keys, size).astype(np.uint32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=keys))]).astype(np.uint32)
    placed = np.empty(size, np.uint32)
    place_rows(codes, np.arange(size, dtype=np.uint32), starts[:-1].astype(np.int64), placed)
    assert placed.tolist() == np.argsort(codes, kind="stable").tolist()
    chosen = drawn(size, 0.5, 8)
    counts = np.zeros(keys, np.int64)
    count_lists_in(starts, placed, packed(chosen), counts)
    assert counts.tolist() == np.bincount(codes[chosen], minlength=keys).tolist()
    mask = empty(size)
    mark_where(placed, chosen, mask)
    want = np.zeros(size, np.bool_)
    want[placed[chosen]] = True
    assert np.array_equal(unpacked(mask, size), want)


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
def test_places(size: int) -> None:
    lon, lat = places(size)
    rows = np.arange(size, dtype=np.uint32)
    listed = list(zip(lon.tolist(), lat.tolist(), strict=True))
    for left, bottom, right, top in ((-10, -10, 10, 10), (170, -90, -170, 90), (0, 0, 0, 0), (-180, -90, 180, 90)):
        mask = empty(size)
        mark_box(lon, lat, rows, np.array([left, bottom, right, top], np.float64), mask)
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
        mark_radius(sphere, lon, lat, rows, np.array([x, y, metres], np.float64), mask)
        circle = GeoRadius("p", x, y, metres)
        assert unpacked(mask, size).tolist() == [in_circle(a, b, circle) for a, b in listed]
    outer = ((-50.0, -50.0), (50.0, -50.0), (60.0, 40.0), (0.0, 0.0), (-40.0, 60.0), (-50.0, -50.0))
    hole = ((-20.0, -30.0), (20.0, -30.0), (20.0, -10.0), (-20.0, -30.0))
    for rings in ((outer,), (outer, hole)):
        flat = np.array([point for ring in rings for point in ring])
        starts = np.cumsum([0, *map(len, rings)])
        mask = empty(size)
        mark_polygon(lon, lat, rows, flat[:, 0].copy(), flat[:, 1].copy(), starts, mask)
        polygon = GeoPolygon("p", rings[0], rings[1:])
        assert unpacked(mask, size).tolist() == [in_polygon(x, y, polygon) for x, y in listed]


def test_phrase() -> None:
    documents = [[1, 2, 3], [2, 3], [], [3, 2, 1, 2, 3], [1, 2], [1, 1, 2]]
    sequence = np.array([word for words in documents for word in words], np.uint32)
    ends = np.cumsum([0, *map(len, documents)]).astype(np.uint32)
    for phrase in ([1, 2, 3], [2, 3], [1], [3, 1], [1, 2]):
        found = np.zeros(len(documents), np.uint8)
        mark_phrase(sequence, ends, np.arange(len(documents), dtype=np.uint32), np.array(phrase, np.uint32), found)
        size = len(phrase)
        want = [any(words[i : i + size] == phrase for i in range(len(words) - size + 1)) for words in documents]
        assert found.tolist() == want
