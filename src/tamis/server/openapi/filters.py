"""Schemas of filters and their conditions, as `tamis.wire.filter_reader` reads them."""

from __future__ import annotations

from tamis.limits import INTEGER_MAX, INTEGER_MIN
from tamis.server.openapi.shape import Schema, array, either, integer, one_key, record, ref

__all__ = ["FILTERS"]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_TRUTH: Schema = {"type": "boolean"}
_INTEGER = integer(INTEGER_MIN, INTEGER_MAX)
_BOUNDS = ("gt", "gte", "lt", "lte")
_CLAUSE = either(ref("Condition"), array(ref("Condition")))
_LIST = either(array(_TEXT), array(_INTEGER))

FILTERS: dict[str, Schema] = {
    "Filter": record(
        {"must": _CLAUSE, "should": _CLAUSE, "must_not": _CLAUSE, "min_should": ref("MinShould")},
        description="must: all of them; should: at least one; must_not: none; min_should: at least min_count of them. "
        "A filter is a condition itself.",
    ),
    "MinShould": record(
        {"conditions": _CLAUSE, "min_count": integer(1, INTEGER_MAX)},
        ("conditions", "min_count"),
    ),
    "Condition": either(
        ref("FieldCondition"),
        ref("IsEmpty"),
        ref("IsNull"),
        ref("HasId"),
        ref("HasVector"),
        ref("Nested"),
        ref("Slice"),
        ref("Filter"),
    ),
    "FieldCondition": record(
        {
            "key": ref("PayloadPath"),
            "match": ref("Match"),
            "range": ref("Range"),
            "geo_bounding_box": ref("GeoBoundingBox"),
            "geo_radius": ref("GeoRadius"),
            "geo_polygon": ref("GeoPolygon"),
            "values_count": ref("ValuesCount"),
            "is_empty": _TRUTH,
            "is_null": _TRUTH,
        },
        ("key",),
        minProperties=2,
        description="A payload path and an operator. Of several operators one is enough.",
    ),
    "PayloadPath": {
        **_TEXT,
        "minLength": 1,
        "description": 'a.b steps into an object, a[] into every element of an array, a[0] into one; "a.b" is one key.',
        "examples": ["city", "sizes[].eu", '"dotted.key"'],
    },
    "Match": one_key(
        {
            "value": either(_TEXT, _INTEGER, _TRUTH),
            "any": _LIST,
            "except": _LIST,
            "text": _TEXT,
            "text_any": _TEXT,
            "phrase": _TEXT,
            "prefix": _TEXT,
            "substring": _TEXT,
        },
        description="value: equal; any: one of; except: another than these; text: all of the words; text_any: one of "
        "them; phrase: one after the other; prefix: begins with; substring: holds.",
    ),
    "Range": either(
        record(dict.fromkeys(_BOUNDS, _NUMBER)),
        record({key: {**_TEXT, "format": "date-time"} for key in _BOUNDS}),
        description="Numbers, or dates such as 2024-05-31 or 2024-05-31T12:30:00Z.",
    ),
    "ValuesCount": record(
        dict.fromkeys(_BOUNDS, integer(0, INTEGER_MAX)), description="How many values are there; none is 0."
    ),
    "GeoPoint": record(
        {
            "lon": {**_NUMBER, "minimum": -180, "maximum": 180},
            "lat": {**_NUMBER, "minimum": -90, "maximum": 90},
        },
        ("lon", "lat"),
    ),
    "GeoBoundingBox": record(
        {"top_left": ref("GeoPoint"), "bottom_right": ref("GeoPoint")}, ("top_left", "bottom_right")
    ),
    "GeoRadius": record(
        {"center": ref("GeoPoint"), "radius": {**_NUMBER, "minimum": 0, "description": "metres"}}, ("center", "radius")
    ),
    "GeoRing": record(
        {"points": array(ref("GeoPoint"), minItems=4)},
        ("points",),
        description="Closed: the last point is the first.",
    ),
    "GeoPolygon": record({"exterior": ref("GeoRing"), "interiors": array(ref("GeoRing"))}, ("exterior",)),
    "IsEmpty": record(
        {"is_empty": record({"key": ref("PayloadPath")}, ("key",))},
        ("is_empty",),
        description="Missing, null or [].",
    ),
    "IsNull": record({"is_null": record({"key": ref("PayloadPath")}, ("key",))}, ("is_null",)),
    "HasId": record({"has_id": array(ref("PointId"))}, ("has_id",)),
    "HasVector": record({"has_vector": _TEXT}, ("has_vector",)),
    "Nested": record(
        {"nested": record({"key": ref("PayloadPath"), "filter": ref("Filter")}, ("key", "filter"))},
        ("nested",),
        description="One element of the array at key satisfies the whole filter.",
    ),
    "Slice": record(
        {"slice": record({"total": integer(1), "index": integer(0)}, ("total", "index"))},
        ("slice",),
        description="The points of one of `total` equal parts, by a hash of their ids.",
    ),
}
