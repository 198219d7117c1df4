"""Random payloads and random filters that meet: few field names, few values, every kind of condition.

payloads()     JSON objects: mixed types, nulls, arrays of objects, arrays in arrays, dates, places, big integers
filters()      the filter language as plain JSON, valid always; `alone=True` keeps to one operator a condition
conditions()   one condition; field_conditions() one with a key
point_ids()    numbers and UUIDs; NAMES are the vector names that has_vector asks for
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]

NAMES = ("", "image", "none")

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
FLOATS = (-1e300, -1.5, -0.0, 0.0, 5e-324, 0.5, 1.0, 1.5, 2.0, 2.0**53, 2.0**63, 1e300)
LONGITUDES = (-180, -179.5, -90, -10, -5, 0, 0.5, 5, 10, 90, 179.5, 180)
LATITUDES = (-90, -89.5, -45, -5, 0, 0.5, 5, 10, 45, 89.5, 90)

PATHS = (
    *("city", "n", "tags", "tags[]", "tags[0]", "when", "place", "place[]", "text", "any", "any.x", "any[]"),
    *("any[][]", "any[1].x", "a", "a.b", "a.c", "a.c[]", "a.c[].x", "a.b.c", "parts", "parts[]", "parts[].name"),
    *("parts[].size", "parts[].tags", "parts[].tags[]", "parts[0].name", "parts[].sub[].x", "parts[].sub"),
    *('"odd key.x"', '"odd key.x".b', "größe", "missing", "missing[].x", "a.missing"),
)
NESTED_PATHS = ("parts", "parts[]", "parts[].sub", "a.c", "tags", "place", "any", "a", "missing")
INNER_PATHS = ("name", "size", "tags", "tags[]", "sub", "sub[].x", "x", "lon", "when", "missing")


def brief(make: Callable[..., Strategy]) -> Callable[..., Strategy]:
    """The same strategy under a short name: reports would spell out every value it can draw."""

    @wraps(make)
    def made(*args: Any, **options: Any) -> Strategy:
        strategy = make(*args, **options)

        @st.composite
        def drawn(draw: st.DrawFn) -> Any:
            return draw(strategy)

        return drawn()

    return made


@brief
def strings() -> Strategy:
    return st.sampled_from(STRINGS + TEXTS + DATES[:4] + NOT_DATES)


@brief
def scalars() -> Strategy:
    return st.one_of(
        st.none(), st.booleans(), st.sampled_from(INTEGERS), st.sampled_from(FLOATS), st.sampled_from(STRINGS)
    )


@brief
def places() -> Strategy:
    lon, lat = st.sampled_from(LONGITUDES), st.sampled_from(LATITUDES)
    whole = st.fixed_dictionaries({"lon": lon, "lat": lat}, optional={"name": st.just("here")})
    objects = [{"lon": 0}, {"lon": 181, "lat": 0}, {"lon": 0, "lat": -90.5}, {"lon": "0", "lat": 0}]
    broken = st.sampled_from([*objects, {"lon": None, "lat": 0}, {"lat": True, "lon": 0}, [0, 0], "0,0", None])
    return st.one_of(whole, whole, whole, broken)


@brief
def some(values: Strategy) -> Strategy:
    """One value, or an array of a few, perhaps with nulls and an array inside."""
    within = st.one_of(values, values, st.none(), st.lists(values, max_size=2))
    return st.one_of(values, st.none(), st.lists(values, max_size=3), st.lists(within, max_size=3))


@brief
def elements() -> Strategy:
    """Objects of an array, as nested filters look at them."""
    sub = st.fixed_dictionaries({}, optional={"x": some(scalars()), "name": strings()})
    return st.fixed_dictionaries(
        {},
        optional={
            "name": some(strings()),
            "size": some(st.sampled_from(INTEGERS + FLOATS)),
            "tags": some(strings()),
            "x": some(scalars()),
            "when": some(st.sampled_from(DATES)),
            "sub": some(sub),
        },
    )


@brief
def anything() -> Strategy:
    """Any JSON at all."""
    return st.recursive(
        st.one_of(scalars(), strings(), places(), st.sampled_from(DATES)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["x", "b", "c", "lon", "name"]), inner)
        ),
        max_leaves=6,
    )


@brief
def payloads() -> Strategy:
    fields: dict[str, Strategy] = {
        "city": some(strings()),
        "n": some(st.sampled_from(INTEGERS + FLOATS)),
        "tags": some(st.one_of(strings(), scalars())),
        "when": some(st.sampled_from(DATES + NOT_DATES)),
        "place": some(places()),
        "text": some(st.sampled_from(TEXTS)),
        "any": anything(),
        "a": st.one_of(
            st.fixed_dictionaries({}, optional={"b": some(scalars()), "c": some(elements())}), scalars(), st.just([])
        ),
        "parts": st.one_of(
            st.lists(elements(), max_size=4),
            st.lists(st.one_of(elements(), elements(), scalars(), st.lists(elements(), max_size=2)), max_size=4),
            elements(),
            scalars(),
        ),
        "odd key.x": some(scalars()),
        "größe": some(st.sampled_from(INTEGERS)),
    }
    return st.fixed_dictionaries({}, optional=fields)


@brief
def matches() -> Strategy:
    words, numbers = strings(), st.sampled_from(INTEGERS)
    lists = st.one_of(st.lists(words, max_size=4), st.lists(numbers, max_size=4))
    queries = st.one_of(words, st.sampled_from(["fox", "brown fox", "quick BROWN", "fox absent", "b a", "_", "ΟΔΟΣ"]))
    return st.one_of(
        st.builds(lambda v: {"value": v}, st.one_of(words, numbers, st.booleans())),
        st.builds(lambda v: {"any": v}, lists),
        st.builds(lambda v: {"except": v}, lists),
        st.builds(lambda kind, v: {kind: v}, st.sampled_from(["text", "text_any", "phrase"]), queries),
        st.builds(lambda kind, v: {kind: v}, st.sampled_from(["prefix", "substring"]), words),
    )


@brief
def bounds(values: Strategy) -> Strategy:
    sides = st.sampled_from(["gt", "gte", "lt", "lte"])
    return st.dictionaries(sides, st.one_of(values, values, st.none()), max_size=2)


@brief
def date_ranges() -> Strategy:
    return bounds(st.sampled_from(DATES)).filter(lambda given: any(given.values()))


@brief
def corners() -> Strategy:
    return st.fixed_dictionaries({"lon": st.sampled_from(LONGITUDES), "lat": st.sampled_from(LATITUDES)})


@brief
def boxes() -> Strategy:
    def box(one: dict[str, float], other: dict[str, float]) -> dict[str, Any]:
        top, bottom = max(one["lat"], other["lat"]), min(one["lat"], other["lat"])
        return {
            "top_left": {"lon": one["lon"], "lat": top},
            "bottom_right": {"lon": other["lon"], "lat": bottom},
        }

    return st.builds(box, corners(), corners())


@brief
def circles() -> Strategy:
    metres = st.sampled_from([0, 1, 60_000, 1e6, 9_999_999, 20_015_000, 1e9])
    return st.builds(lambda center, radius: {"center": center, "radius": radius}, corners(), metres)


@brief
def rings() -> Strategy:
    points = st.lists(corners(), min_size=3, max_size=5)
    return points.map(lambda open_ring: {"points": [*open_ring, open_ring[0]]})


@brief
def polygons() -> Strategy:
    return st.fixed_dictionaries({"exterior": rings()}, optional={"interiors": st.lists(rings(), max_size=2)})


@brief
def operators() -> Strategy:
    """(name, value) of one operator of a field condition."""
    kinds = {
        "match": st.one_of(matches(), matches()),
        "range": st.one_of(bounds(st.sampled_from(INTEGERS + FLOATS)), date_ranges()),
        "geo_bounding_box": boxes(),
        "geo_radius": circles(),
        "geo_polygon": polygons(),
        "values_count": bounds(st.integers(0, 4)),
        "is_empty": st.booleans(),
        "is_null": st.booleans(),
    }
    return st.sampled_from(sorted(kinds)).flatmap(lambda name: st.tuples(st.just(name), kinds[name]))


# Where an operator has something to find; a quarter of the conditions look anywhere.
_HOME = {
    "range": ("n", "when", "größe", "parts[].size", "tags", "size", "sub[].x", "x"),
    "geo_bounding_box": ("place", "place[]", "any"),
    "geo_radius": ("place", "place[]", "any"),
    "geo_polygon": ("place", "place[]", "any"),
}


@brief
def field_conditions(paths: tuple[str, ...] = PATHS, alone: bool = False) -> Strategy:
    def at(found: list[tuple[str, Any]]) -> Strategy:
        home = [path for path in _HOME.get(found[0][0], paths) if path in paths] or list(paths)
        path = st.one_of(*[st.sampled_from(home)] * 3, st.sampled_from(paths))
        return path.map(lambda key: {"key": key, **dict(found)})

    several = st.lists(operators(), min_size=1, max_size=1 if alone else 2)
    return several.flatmap(at)


@brief
def point_ids() -> Strategy:
    numbers = st.sampled_from([0, 1, 2, 3, 2**53 + 1, 2**64 - 1])
    return st.one_of(numbers, numbers, st.integers(0, 3).map(lambda i: UUID(int=i)))


@brief
def point_conditions() -> Strategy:
    """What asks about the point, not its payload."""
    ids = st.lists(point_ids().map(lambda i: i if isinstance(i, int) else str(i)), max_size=4)
    slices = st.integers(1, 3).flatmap(lambda n: st.integers(0, n - 1).map(lambda i: {"total": n, "index": i}))
    return st.one_of(
        ids.map(lambda listed: {"has_id": listed}),
        st.sampled_from(NAMES).map(lambda name: {"has_vector": name}),
        slices.map(lambda given: {"slice": given}),
    )


@brief
def leaves(paths: tuple[str, ...], alone: bool) -> Strategy:
    names, keys = st.sampled_from(["is_empty", "is_null"]), st.sampled_from(paths)
    objects = st.builds(lambda name, key: {name: {"key": key}}, names, keys)
    fields = field_conditions(paths, alone)
    outside = [point_conditions(), nested(alone)] if paths is PATHS else [objects]
    return st.one_of(fields, fields, fields, objects, *outside)


@brief
def nested(alone: bool = False) -> Strategy:
    inner = clauses(st.one_of(leaves(INNER_PATHS, alone), deeper(alone)))
    return st.builds(lambda key, f: {"nested": {"key": key, "filter": f}}, st.sampled_from(NESTED_PATHS), inner)


@brief
def deeper(alone: bool) -> Strategy:
    """nested inside nested."""
    inner = clauses(leaves(INNER_PATHS, alone))
    return inner.map(lambda f: {"nested": {"key": "sub", "filter": f}})


@brief
def clauses(inner: Strategy) -> Strategy:
    """A filter over conditions drawn from `inner`."""
    listed = st.one_of(st.lists(inner, max_size=3), inner)
    least = st.fixed_dictionaries({"conditions": st.lists(inner, max_size=3), "min_count": st.integers(1, 3)})
    optional = {"must": listed, "should": listed, "must_not": listed, "min_should": least}
    return st.fixed_dictionaries({}, optional=optional)


@brief
def conditions(alone: bool = False) -> Strategy:
    return st.recursive(leaves(PATHS, alone), clauses, max_leaves=5)


@brief
def filters(alone: bool = False) -> Strategy:
    return st.one_of(conditions(alone).map(lambda one: {"must": [one]}), clauses(conditions(alone)))
