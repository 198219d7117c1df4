"""The filter language in plain Python over plain dicts: what every faster way of answering must equal.

It shares no code with the engine: own paths, own dates, own geometry (angles between vectors, exact fractions).
Text is cut into lowercase words unless the point says otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

from qdrant_client.local.siphash import point_id_slice

Payload = dict[str, Any]


def words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[^\W_]+", text)]


@dataclass
class Point:
    """A point to ask: words says how text is cut, by path (the path of array elements is joined with dots)."""

    id: int | UUID = 0
    payload: Payload = field(default_factory=dict)
    vectors: frozenset[str] = frozenset({""})
    words: Callable[[str, str], list[str]] = lambda text, path: words(text)


def holds(filter: Payload | None, point: Point, payload: Any = None, prefix: str = "") -> bool:
    """Whether `point` satisfies `filter`; inside nested, `payload` is the array element."""
    payload = point.payload if payload is None else payload
    filter = filter or {}

    def clause(name: str) -> list[bool]:
        given = filter.get(name)
        listed = given if isinstance(given, list) else [] if given is None else [given]
        return [condition_holds(one, point, payload, prefix) for one in listed]

    should, least = clause("should"), filter.get("min_should")
    enough = least is None or (
        sum(condition_holds(one, point, payload, prefix) for one in least["conditions"]) >= least["min_count"]
    )
    return all(clause("must")) and not any(clause("must_not")) and (not should or any(should)) and enough


def condition_holds(given: Payload, point: Point, payload: Any, prefix: str) -> bool:
    if "key" in given:
        path = f"{prefix}.{given['key']}" if prefix else given["key"]
        cut = lambda text: point.words(text, path)  # noqa: E731
        values = values_at(payload, given["key"])
        return any(
            operator_holds(name, value, values, cut)
            for name, value in given.items()
            if name != "key" and value is not None
        )
    if "nested" in given:
        key = given["nested"]["key"]
        key = key if key.endswith("[]") else key + "[]"
        inner = f"{prefix}.{key}" if prefix else key
        elements = [e for e in values_at(payload, key) if isinstance(e, dict)]
        return any(holds(given["nested"]["filter"], point, e, inner) for e in elements)
    if "has_id" in given:
        return str(point.id) in {str(UUID(i)) if isinstance(i, str) else str(i) for i in given["has_id"]}
    if "has_vector" in given:
        return given["has_vector"] in point.vectors
    if "slice" in given:
        return point_id_slice(point.id, given["slice"]["total"]) == given["slice"]["index"]
    for name in ("is_empty", "is_null"):
        if name in given:
            return operator_holds(name, True, values_at(payload, given[name]["key"]), words)
    return holds(given, point, payload, prefix)


def values_at(payload: Any, key: str) -> list[Any]:
    values = [payload]
    for quoted, bare, index in re.findall(r'"([^"]+)"|([\w-]+)|\[(\d*)\]', key):
        name = quoted or bare
        if name:
            values = [v[name] for v in values if isinstance(v, dict) and name in v]
        else:
            at = slice(int(index), int(index) + 1) if index else slice(None)
            values = [e for v in values if isinstance(v, list) for e in v[at]]
    return values


def operator_holds(name: str, given: Any, values: list[Any], cut: Callable[[str], list[str]]) -> bool:
    if name == "is_empty":
        return all(v is None or v == [] for v in values) == given
    if name == "is_null":
        return any(v is None or (isinstance(v, list) and any(e is None for e in v)) for v in values) == given
    if name == "values_count":
        counts = [0 if v is None else len(v) if isinstance(v, list) else 1 for v in values] or [0]
        return any(inside(count, given) for count in counts)
    leaves = [leaf for v in values for leaf in (v if isinstance(v, list) else [v])]
    if name == "match":
        return any(match_holds(given, leaf, cut) for leaf in leaves)
    if name == "range":
        if any(isinstance(bound, str) for bound in given.values()):
            dates = {side: bound and moment(bound) for side, bound in given.items()}
            return any(isinstance(e, str) and (at := moment(e)) is not None and inside(at, dates) for e in leaves)
        return any(type(e) in (int, float) and inside(e, given) for e in leaves)
    return any(is_place(e) and geo_holds(name, given, e) for e in leaves)


def inside(value: Any, bounds: Payload) -> bool:
    tests: dict[str, Callable[[Any], bool]] = {
        "gt": lambda b: value > b,
        "gte": lambda b: value >= b,
        "lt": lambda b: value < b,
        "lte": lambda b: value <= b,
    }
    return all(tests[side](bound) for side, bound in bounds.items() if bound is not None)


def match_holds(given: Payload, leaf: Any, cut: Callable[[str], list[str]]) -> bool:
    ((kind, wanted),) = given.items()
    same = lambda other: type(leaf) is type(other) and leaf == other  # noqa: E731
    if kind == "value":
        return same(wanted)
    if kind == "any":
        return any(map(same, wanted))
    if kind == "except":
        return leaf is not None and not any(map(same, wanted))
    if not isinstance(leaf, str):
        return False
    if kind == "prefix":
        return leaf[: len(wanted)] == wanted
    if kind == "substring":
        return wanted in leaf
    asked, found = cut(wanted), cut(leaf)
    if kind == "text_any":
        return any(word in found for word in asked)
    if kind == "phrase":
        runs = [found[i : i + len(asked)] for i in range(len(found))]
        return asked != [] and asked in runs
    return asked != [] and all(word in found for word in asked)


def moment(text: str) -> datetime | None:
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.lstrip())  # finer than a microsecond is cut
    text = re.sub(r" ?(UTC|z|Z)$", "+0000", text)
    text = re.sub(r" ?([+-]\d\d)$", r"\g<1>00", text) if ":" in text else text
    text = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text)
    for clock in ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f"):
        for zone in ("", "%z") if clock else ("",):
            for mark in ("T", " ") if clock else ("",):
                try:
                    read = datetime.strptime(text, f"%Y-%m-%d{mark}{clock}{zone}")
                except ValueError:
                    continue
                return read if read.tzinfo else read.replace(tzinfo=UTC)
    return None


def is_place(leaf: Any) -> bool:
    if not isinstance(leaf, dict) or not {"lon", "lat"} <= leaf.keys():
        return False
    lon, lat = leaf["lon"], leaf["lat"]
    return {type(lon), type(lat)} <= {int, float} and abs(lon) <= 180 and abs(lat) <= 90


def geo_holds(name: str, given: Payload, place: Payload) -> bool:
    lon, lat = place["lon"], place["lat"]
    if name == "geo_bounding_box":
        west, north = given["top_left"]["lon"], given["top_left"]["lat"]
        east, south = given["bottom_right"]["lon"], given["bottom_right"]["lat"]
        across = west < lon or lon < east if west > east else west < lon < east
        return across and south < lat < north
    if name == "geo_radius":
        gap = math.dist(*(on_sphere(p["lon"], p["lat"]) for p in (place, given["center"]))) / 2
        return 2 * 6_371_008.8 * math.asin(min(1.0, gap)) < given["radius"]
    holes = given.get("interiors") or []
    return side(lon, lat, given["exterior"]) == "in" and all(side(lon, lat, hole) == "out" for hole in holes)


def on_sphere(lon: float, lat: float) -> tuple[float, float, float]:
    x, y = math.radians(lon), math.radians(lat)
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


def side(lon: float, lat: float, ring: Payload) -> str:
    """Even-odd rule in exact arithmetic; the boundary is its own side."""
    x, y = Fraction(lon), Fraction(lat)
    corners = [(Fraction(p["lon"]), Fraction(p["lat"])) for p in ring["points"]]
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(corners):
        turn = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        if turn == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return "edge"
        if (y1 > y) != (y2 > y):
            crossings += (turn > 0) == (y2 > y1)
    return "in" if crossings % 2 else "out"
