"""The grid of filters that `filtered.py` measures: points, payloads, and cells.

100,000 clustered vectors with a payload made so that every pass fraction exists as a tag, as a range and as a
circle on the globe, independent of the vectors, and once more as a range that depends on them: `along` is the rank of
a point along one direction, so `along < s·N` keeps one side of the space, and queries are taken from the same side
(matches near) or from the other (matches far).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data import F32

FRACTIONS = (0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
EARTH_M = 6_371_000.0
QUERIES = 100


@dataclass(frozen=True)
class Cell:
    """One filter, what it lets pass, and which queries ask it."""

    name: str
    filter: dict[str, Any] | None
    allowed: NDArray[np.bool_]
    queries: NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Vectors, payload columns by row, and the queries."""

    base: F32
    queries: F32
    drawn: NDArray[np.float64]  # uniform [0, 1): which tags a point has
    tags: list[list[str]]
    even: NDArray[np.int64]  # 0 .. 10^6, uniform
    along: NDArray[np.int64]  # rank along a direction
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    parts: list[list[dict[str, Any]]]
    side: F32  # queries along the direction

    @classmethod
    def make(cls, base: F32, queries: F32, seed: int = 5) -> Grid:
        random = np.random.default_rng(seed)
        count = len(base)
        direction = random.standard_normal(base.shape[1]).astype(np.float32)
        drawn = random.random((count, len(FRACTIONS) + 2))
        names = [f"f{fraction}" for fraction in FRACTIONS] + ["a20", "b20"]
        limits = np.array([*FRACTIONS, 0.2, 0.2])
        has = drawn < limits
        tags = [[name for name, here in zip(names, row, strict=True) if here] for row in has.tolist()]
        along = np.empty(count, np.int64)
        along[np.argsort(base @ direction, kind="stable")] = np.arange(count)
        colours, sizes = random.integers(0, 10, (count, 2)), random.integers(0, 10, (count, 2))
        parts = [
            [{"colour": f"c{c}", "size": s} for c, s in zip(colour, size, strict=True)]
            for colour, size in zip(colours.tolist(), sizes.tolist(), strict=True)
        ]
        lon = random.uniform(-180, 180, count)
        lat = np.degrees(np.arcsin(random.uniform(-1, 1, count)))
        even = random.integers(0, 1_000_000, count)
        return cls(base, queries, has, tags, even, along, lon, lat, parts, queries @ direction)

    def payload(self, row: int) -> dict[str, Any]:
        """What the point `row` carries."""
        return {
            "tags": self.tags[row],
            "even": int(self.even[row]),
            "along": int(self.along[row]),
            "place": {"lon": float(self.lon[row]), "lat": float(self.lat[row])},
            "parts": self.parts[row],
        }

    def cells(self) -> Iterator[Cell]:
        """Every cell of the grid."""
        some = np.arange(QUERIES)
        ordered = np.argsort(self.side)
        near, far = ordered[:QUERIES], ordered[-QUERIES:]
        count = len(self.base)
        yield Cell("no filter", None, np.ones(count, bool), some)
        for column, fraction in enumerate(FRACTIONS):
            yield Cell(f"tag {fraction}", _must(_tag(f"f{fraction}")), self.drawn[:, column], some)
            below = int(1_000_000 * fraction)
            yield Cell(f"range {fraction}", _must(_below("even", below)), self.even < below, some)
            yield self._circle(fraction, some)
            below = int(count * fraction)
            for name, asking in (("near", near), ("far", far)):
                yield Cell(f"range {fraction}, {name}", _must(_below("along", below)), self.along < below, asking)
        both = self.drawn[:, -2] & self.drawn[:, -1]
        yield Cell("tag 0.2 and tag 0.2", _must(_tag("a20"), _tag("b20")), both, some)
        for fraction in (0.02, 0.1, 0.2):
            half = int(count * fraction / 2)
            ends = {"should": [_below("along", half), {"key": "along", "range": {"gte": count - half}}]}
            yield Cell(f"two far groups {fraction}", ends, (self.along < half) | (self.along >= count - half), some)
        for fraction in (0.2, 0.5):
            without = ~self.drawn[:, FRACTIONS.index(fraction)]
            yield Cell(f"not tag {fraction}", {"must_not": [_tag(f"f{fraction}")]}, without, some)
        for bound in (9, 5):
            yield self._nested(bound, some)
        side = _must(_tag("f0.5"), _below("along", count // 5))
        yield Cell(
            "tag 0.5 and range 0.2, far", side, self.drawn[:, FRACTIONS.index(0.5)] & (self.along < count // 5), far
        )

    def _circle(self, fraction: float, asking: NDArray[np.int64]) -> Cell:
        """A cap of the globe around (20 E, 45 N) that holds this share of its surface."""
        radius = EARTH_M * math.acos(1 - 2 * fraction) + (1.0 if fraction == 1 else 0.0)
        circle = {"key": "place", "geo_radius": {"center": {"lon": 20.0, "lat": 45.0}, "radius": radius}}
        a, b = np.radians(self.lat), math.radians(45.0)
        across = np.radians(self.lon - 20.0)
        bow = np.sin((a - b) / 2) ** 2 + np.cos(a) * math.cos(b) * np.sin(across / 2) ** 2
        metres = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(bow, 1)))
        return Cell(f"circle {fraction}", _must(circle), metres < radius, asking)

    def _nested(self, bound: int, asking: NDArray[np.int64]) -> Cell:
        inner = _must({"key": "colour", "match": {"value": "c3"}}, {"key": "size", "range": {"gte": bound}})
        allowed = np.array([any(p["colour"] == "c3" and p["size"] >= bound for p in parts) for parts in self.parts])
        return Cell(f"nested, size ≥ {bound}", _must({"nested": {"key": "parts", "filter": inner}}), allowed, asking)


def _must(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"must": list(conditions)}


def _tag(name: str) -> dict[str, Any]:
    return {"key": "tags", "match": {"value": name}}


def _below(key: str, bound: int) -> dict[str, Any]:
    return {"key": key, "range": {"lt": bound}}
