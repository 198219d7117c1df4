"""Random payloads and random filters that meet: few field names, few values, every kind of condition.

    Sampler(seed)      draws them from one `random.Random`: dense, and thousands in a second
    payloads()         hypothesis: JSON objects with mixed types, nulls, arrays of objects, arrays in arrays, dates,
                       places, big integers
    filters()          hypothesis: the filter language as plain JSON, always valid; `alone=True` keeps to one operator
                       a condition
    comparable() on_the_globe() with_dates()     what the models of qdrant_client read as we do, and as they take it
    point_ids()        numbers and UUIDs; NAMES are the vector names that has_vector asks for

Hypothesis draws seeds: what it reports is concrete, small enough to read, and can be pasted into a test.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

Json = Any

NAMES = ("", "image", "none")
OPERATORS = (
    *("value", "any", "except", "text", "text_any", "phrase", "prefix", "substring", "range", "dates"),
    *("geo_bounding_box", "geo_radius", "geo_polygon", "values_count", "is_empty", "is_null"),
)

STRINGS = ("", "a", "ab", "abc", "A", "b", "1", "true", "ä", "Straße", "東京 タワー", "😀", "a_b", "x" * 600)
TEXTS = ("the quick brown fox", "Quick, brown-fox!", "fox the", "brown", "İstanbul ΟΔΟΣ", "a b a b c", "---")
# Spellings of an instant, each with the instant: the reference's models read fewer spellings than its server.
SPELLED = {
    "2021-03-04": datetime(2021, 3, 4, tzinfo=UTC),
    "2021-03-04T05:06": datetime(2021, 3, 4, 5, 6, tzinfo=UTC),
    "2021-03-04 05:06:07": datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC),
    "2021-03-04T05:06:07.25Z": datetime(2021, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC),
    "2021-03-04T06:06:07.25+01:00": datetime(2021, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC),
    "2021-03-03T23:30:00-0100": datetime(2021, 3, 4, 0, 30, tzinfo=UTC),
    "2021-03-04T05:06:07.123456789": datetime(2021, 3, 4, 5, 6, 7, 123_456, tzinfo=UTC),
    "0001-01-01T12:00:00+10:00": datetime(1, 1, 1, 2, tzinfo=UTC),
    "9999-12-31T23:59:59.999999": datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    "1969-12-31T23:59:59 UTC": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
}
DATES = tuple(SPELLED)
NOT_DATES = ("2021-13-04", "2021-02-30", "20210304", "2021-W09-4", "2021-03-04T25:00", "2021-03-04T", "05:06")
INTEGERS = (-(2**63), -(2**53) - 1, -1, 0, 1, 2, 3, 7, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1)
FEW = (0, 1, 1, 2, 3, 1.0, 2**53, 2.0**53, 2**53 + 1)
FLOATS = (-1e300, -1.5, -0.0, 0.0, 5e-324, 0.5, 1.0, 1.5, 2.0, 2.0**53, 2.0**63, 1e300)
LONGITUDES = (-180, -179.5, -90, -10, -5, 0, 0.5, 5, 10, 90, 179.5, 180)
LATITUDES = (-90, -89.5, -45, -5, 0, 0.5, 5, 10, 45, 89.5, 90)

PATHS = (
    *("city", "n", "tags", "tags[]", "tags[0]", "when", "place", "place[]", "text", "any", "any.x", "any[]"),
    *("any[][]", "any[1].x", "a", "a.b", "a.c", "a.c[]", "a.c[].x", "a.b.c", "parts", "parts[]", "parts[].name"),
    *("parts[].size", "parts[].tags", "parts[].tags[]", "parts[0].name", "parts[].sub[].x", "parts[].sub"),
    *("parts[].when", "parts[].place"),
    *('"odd key.x"', '"odd key.x".b', "größe", "missing", "missing[].x", "a.missing"),
)
NESTED_PATHS = ("parts", "parts[]", "parts[].sub", "a.c", "tags", "place", "any", "a", "missing")
INNER_PATHS = ("name", "size", "tags", "tags[]", "sub", "sub[].x", "x", "lon", "when", "place", "missing")
QUERIES = ("fox", "brown fox", "quick BROWN", "fox absent", "b a", "a b", "_", "ΟΔΟΣ", "the")
IDS = (0, 1, 2, 3, 2**53 + 1, 2**64 - 1, *(UUID(int=i) for i in range(4)))

_OF_NUMBERS = ("n", "n", "größe", "parts[].size", "tags", "size", "sub[].x", "x", "any")
_OF_PLACES = ("place", "place", "place[]", "any", "parts[].place")
_OF_TEXT = ("text", "text", "city", "tags", "name", "parts[].name")
_OF_MATCHES = ("city", "tags", "tags[]", "n", "parts[].tags", "parts[].name", "größe", "name", "size", "x", "sub[].x")
_HOMES = {
    **dict.fromkeys(("value", "any", "except", "prefix", "substring"), _OF_MATCHES),
    "range": _OF_NUMBERS,
    "dates": ("when", "when", "tags", "parts[].when"),
    "text": _OF_TEXT,
    "text_any": _OF_TEXT,
    "phrase": _OF_TEXT,
    "geo_bounding_box": _OF_PLACES,
    "geo_radius": _OF_PLACES,
    "geo_polygon": _OF_PLACES,
}


class Sampler:
    """Draws payloads and filters; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.one_of = self.random.choice

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def listed(self, draw: Any, most: int) -> list[Any]:
        return [draw() for _ in range(self.random.randint(0, most))]

    # payloads

    def payload(self) -> dict[str, Json]:
        fields = {
            "city": lambda: self.some(self.string),
            "n": lambda: self.some(self.number),
            "tags": lambda: self.some(lambda: self.one_of([self.string, self.scalar])()),
            "when": lambda: self.some(lambda: self.one_of(DATES + DATES + NOT_DATES)),
            "place": lambda: self.some(self.place),
            "text": lambda: self.some(lambda: self.one_of(TEXTS)),
            "any": lambda: self.anything(3),
            "a": self.object,
            "parts": self.parts,
            "odd key.x": lambda: self.some(self.scalar),
            "größe": lambda: self.some(self.integer),
        }
        return {name: draw() for name, draw in fields.items() if self.chance(0.8)}

    def string(self) -> str:
        return self.one_of(self.one_of([STRINGS[:5], STRINGS[:5], STRINGS, TEXTS, DATES[:4], NOT_DATES]))

    def number(self) -> int | float:
        return self.one_of(self.one_of([FEW, FEW, INTEGERS, FLOATS]))

    def integer(self) -> int:
        return self.one_of(self.one_of([(0, 1, 2, 3, 2**53 + 1), INTEGERS]))

    def scalar(self) -> Json:
        return self.one_of([None, True, False, self.number(), self.number(), self.string(), self.string()])

    def place(self) -> Json:
        if self.chance(0.1):
            objects = [{"lon": 0}, {"lon": 181, "lat": 0}, {"lon": 0, "lat": -90.5}, {"lon": "0", "lat": 0}]
            return self.one_of([*objects, {"lon": None, "lat": 0}, {"lat": True, "lon": 0}, [0, 0], "0,0", None])
        return self.corner() | ({"name": "here"} if self.chance(0.2) else {})

    def some(self, draw: Any) -> Json:
        """One value, null, or an array, perhaps with nulls and an array inside."""
        shape = self.random.random()
        if shape < 0.45:
            return draw()
        if shape < 0.5:
            return None
        values = self.listed(draw, 3)
        if shape > 0.8:
            values.insert(self.random.randint(0, len(values)), self.one_of([None, [], [None], [draw()]]))
        return values

    def element(self, depth: int = 1) -> dict[str, Json]:
        """An object in an array, as nested filters look at them."""
        fields = {
            "name": lambda: self.some(self.string),
            "size": lambda: self.some(self.number),
            "tags": lambda: self.some(self.string),
            "x": lambda: self.some(self.scalar),
            "when": lambda: self.some(lambda: self.one_of(DATES)),
            "place": self.place,
        }
        if depth:
            fields["sub"] = lambda: self.one_of([self.listed(lambda: self.element(0), 3), self.element(0), []])
        return {name: draw() for name, draw in fields.items() if self.chance(0.6)}

    def parts(self) -> Json:
        if self.chance(0.15):
            return self.one_of([self.element(), self.scalar(), [[self.element()]], []])
        values: list[Json] = self.listed(self.element, 4)
        if self.chance(0.2):
            values.insert(0, self.one_of([self.scalar(), [self.element()], {}]))
        return values

    def object(self) -> Json:
        if self.chance(0.1):
            return self.one_of([self.scalar(), [], [{"b": 1}]])
        return {"b": self.some(self.scalar), "c": self.one_of([self.parts, lambda: self.some(self.scalar)])()}

    def anything(self, depth: int) -> Json:
        if depth == 0 or self.chance(0.4):
            return self.one_of([self.scalar, self.place, self.number])()
        if self.chance(0.5):
            return self.listed(lambda: self.anything(depth - 1), 3)
        return {key: self.anything(depth - 1) for key in ("x", "b", "c", "lon", "name") if self.chance(0.5)}

    # filters

    def filter(self, alone: bool = False, depth: int = 2, inside: bool = False) -> dict[str, Json]:
        """`alone`: one operator a condition. `inside`: of nested, with the paths of elements."""
        drawn: dict[str, Json] = {}
        for clause in ("must", "should", "must_not"):
            if self.chance(0.45):
                conditions = [self.condition(alone, depth, inside) for _ in range(self.one_of([0, 1, 1, 2, 2, 3]))]
                drawn[clause] = conditions[0] if len(conditions) == 1 and self.chance(0.3) else conditions
        if self.chance(0.15):
            conditions = [self.condition(alone, depth, inside) for _ in range(self.random.randint(0, 4))]
            drawn["min_should"] = {"conditions": conditions, "min_count": self.random.randint(1, 3)}
        return drawn

    def condition(self, alone: bool = False, depth: int = 2, inside: bool = False) -> dict[str, Json]:
        kind = self.random.random()
        if kind < 0.15 and depth:
            return self.filter(alone, depth - 1, inside)
        if kind < 0.3 and depth:
            return self.nested(alone, depth - 1, inside)
        if kind < 0.36 and not inside:
            return self.point_condition()
        paths = INNER_PATHS if inside else PATHS
        if kind < 0.42:
            return {self.one_of(["is_empty", "is_null"]): {"key": self.one_of(paths)}}
        return self.field_condition(self.one_of(OPERATORS), alone, paths)

    def nested(self, alone: bool, depth: int, inside: bool) -> dict[str, Json]:
        key = self.one_of(("sub", "sub[]", "x", "missing") if inside else NESTED_PATHS)
        return {"nested": {"key": key, "filter": self.filter(alone, depth, inside=True)}}

    def point_condition(self) -> dict[str, Json]:
        """What asks about the point, not its payload."""
        total = self.random.randint(1, 3)
        ids = [str(i) if isinstance(i, UUID) else i for i in self.random.sample(IDS, self.random.randint(0, 4))]
        conditions: list[dict[str, Json]] = [
            {"has_id": ids},
            {"has_vector": self.one_of(NAMES)},
            {"slice": {"total": total, "index": self.random.randrange(total)}},
        ]
        return self.one_of(conditions)

    def field_condition(self, operator: str, alone: bool = True, paths: tuple[str, ...] = PATHS) -> dict[str, Json]:
        homes = [path for path in _HOMES.get(operator, ()) if path in paths]
        key = self.one_of(homes if homes and self.chance(0.85) else paths)
        drawn = {"key": key, **self.operator(operator)}
        return drawn if alone or self.chance(0.9) else {**self.operator(self.one_of(OPERATORS)), **drawn}

    def operator(self, name: str) -> dict[str, Json]:
        """An operator of a field condition; "dates" is a range, the kinds of match are matches."""
        if name == "range":
            return {"range": self.bounds(self.number)}
        if name == "dates":
            return {"range": self.bounds(lambda: self.one_of(DATES)) or {"gte": DATES[0]}}
        if name == "values_count":
            return {name: self.bounds(lambda: self.random.randint(0, 3))}
        if name in ("is_empty", "is_null"):
            return {name: self.chance(0.5)}
        if name.startswith("geo"):
            return {
                name: {"geo_bounding_box": self.box, "geo_radius": self.circle, "geo_polygon": self.polygon}[name]()
            }
        return {"match": {name: self.wanted(name)}}

    def wanted(self, kind: str) -> Json:
        """The operand of a match."""
        if kind == "value":
            return self.one_of([self.string(), self.string(), self.integer(), self.integer(), self.chance(0.5)])
        if kind in ("any", "except"):
            return self.listed(self.one_of([self.string, self.integer]), 4)
        if kind in ("prefix", "substring"):
            return self.string()[: self.random.randint(0, 3)]
        return self.one_of([*QUERIES, self.string(), self.one_of(TEXTS)])

    def bounds(self, draw: Any) -> dict[str, Json]:
        sides = self.random.sample(["gt", "gte", "lt", "lte"], self.one_of([1, 1, 1, 2]))
        drawn = {side: draw() for side in sides}
        return drawn | ({"lte": None} if "lte" not in drawn and self.chance(0.1) else {})

    def corner(self) -> dict[str, Json]:
        return {"lon": self.one_of(LONGITUDES), "lat": self.one_of(LATITUDES)}

    def box(self) -> dict[str, Json]:
        one, other = self.corner(), self.corner()
        top, bottom = max(one["lat"], other["lat"]), min(one["lat"], other["lat"])
        return {
            "top_left": {"lon": one["lon"], "lat": top},
            "bottom_right": {"lon": other["lon"], "lat": bottom},
        }

    def circle(self) -> dict[str, Json]:
        return {"center": self.corner(), "radius": self.one_of([0, 1, 60_000, 1e6, 9_999_999, 20_015_000, 1e9])}

    def ring(self) -> dict[str, Json]:
        corners = [self.corner() for _ in range(self.random.randint(3, 6))]
        return {"points": [*corners, corners[0]]}

    def polygon(self) -> dict[str, Json]:
        holes = {"interiors": self.listed(self.ring, 2)} if self.chance(0.4) else {}
        return {"exterior": self.ring(), **holes}


def _samplers() -> st.SearchStrategy[Sampler]:
    return st.integers(0, 2**48).map(Sampler)


def payloads() -> st.SearchStrategy[dict[str, Json]]:
    return _samplers().map(lambda sampler: sampler.payload())


def filters(alone: bool = False) -> st.SearchStrategy[dict[str, Json]]:
    return _samplers().map(lambda sampler: sampler.filter(alone))


def conditions(alone: bool = False) -> st.SearchStrategy[dict[str, Json]]:
    return _samplers().map(lambda sampler: sampler.condition(alone))


def point_ids() -> st.SearchStrategy[int | UUID]:
    return st.sampled_from(IDS)


def comparable(data: Any) -> bool:
    """Without range bounds that the reference rounds, and dates its models read otherwise."""
    if isinstance(data, list):
        return all(map(comparable, data))
    if not isinstance(data, dict):
        return True
    bounds = (data.get("range") or {}).values() if "key" in data else ()
    exact = all(bound is None or isinstance(bound, str) or int(bound) == int(float(bound)) for bound in bounds)
    return exact and all(map(comparable, data.values()))


def on_the_globe(payload: dict[str, Any]) -> bool:
    """Without places that are none."""
    return "181" not in repr(payload) and "-90.5" not in repr(payload)


def with_dates(data: Any) -> Any:
    """Dates of ranges as the instants they name: pydantic reads fewer spellings than the server."""
    if isinstance(data, list):
        return [with_dates(one) for one in data]
    if not isinstance(data, dict):
        return data
    if "key" in data and any(isinstance(bound, str) for bound in (data.get("range") or {}).values()):
        read = {side: bound and SPELLED[bound] for side, bound in data["range"].items()}
        return {**data, "range": read}
    return {key: with_dates(value) for key, value in data.items()}
