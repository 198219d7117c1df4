"""Bodies of any shape: none is an internal error, and what is refused has changed nothing.

Bodies begin as the examples of the OpenAPI document; then parts of them are replaced, dropped, doubled or moved.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

import tamis
from tamis.server.in_process import InProcess
from tamis.server.openapi.examples import EXAMPLES
from tamis.server.route import Route
from tamis.server.routes import ROUTES

SEED = 4_711
EXAMPLES_EACH = int(os.environ.get("TAMIS_EXAMPLES", "40"))
TAKING = {route.name: route for route in ROUTES if route.body is not None and not route.uploads}
NOT_ATOMIC = "POST /collections/{name}/points/batch"  # what came before a refusal stays, as in the reference
STATE = (
    ("GET", "/collections", {}),
    ("GET", "/aliases", {}),
    ("GET", "/collections/docs", {}),
    ("POST", "/collections/docs/points/scroll", {"with_vector": True, "limit": 1_000}),
)

EVERY_CONDITION = {
    "must": [
        {"key": "city", "match": {"any": ["Berlin", "Lyon"]}},
        {"key": "price", "range": {"gte": 1, "lt": 9.5}},
        {"key": "when", "range": {"gte": "2024-05-31", "lt": "2024-06-01T12:00:00Z"}},
        {"key": "a", "values_count": {"gte": 1}},
        {"nested": {"key": "a", "filter": {"must": {"key": "b", "match": {"value": 1}}}}},
        {"slice": {"total": 2, "index": 0}},
    ],
    "should": [
        {"key": "at", "geo_radius": {"center": {"lon": 13.4, "lat": 52.5}, "radius": 1_000}},
        {"key": "at", "geo_bounding_box": {"top_left": {"lon": 1, "lat": 2}, "bottom_right": {"lon": 2, "lat": 1}}},
        {
            "key": "at",
            "geo_polygon": {
                "exterior": {"points": [{"lon": x, "lat": y} for x, y in ((0, 0), (0, 1), (1, 0), (0, 0))]}
            },
        },
        {"is_empty": {"key": "city"}},
        {"is_null": {"key": "city"}},
        {"has_vector": ""},
    ],
    "must_not": [{"has_id": [1, "f47ac10b-58cc-4372-a567-0e02b2c3d479"]}, {"key": "city", "match": {"text": "x y"}}],
    "min_should": {"conditions": [{"key": "city", "is_null": False}], "min_count": 1},
}
ALL_OPTIONS = {
    "hnsw_config": {"m": 8, "ef_construct": 50, "on_disk": True},
    "optimizers_config": {"deleted_threshold": 0.3, "max_optimization_threads": "auto"},
    "quantization_config": {"scalar": {"type": "int8", "quantile": 0.9}},
    "strict_mode_config": {"enabled": True, "max_query_limit": 500},
    "metadata": {"owner": "me"},
}
FURTHER: dict[str, list[Any]] = {
    "CreateCollection": [
        {"vectors": {"a": {"size": 4, "distance": "Dot", "hnsw_config": {"m": 4}, "on_disk": True}}, **ALL_OPTIONS},
        {"vectors": {}, "wal_config": {"wal_capacity_mb": 8}, "shard_number": 1, "sharding_method": "auto"},
    ],
    "UpdateCollection": [
        {"vectors": {"": {"hnsw_config": {"m": 4}}}, "params": {"on_disk_payload": False}, **ALL_OPTIONS}
    ],
    "CreateIndexBody": [
        {"field_name": "a[].b", "field_schema": {"type": "text", "tokenizer": "word", "stemmer": {"type": "none"}}}
    ],
    "UpsertBody": [
        {"batch": {"ids": [7, 8], "vectors": [[1, 2, 3, 4], [4, 3, 2, 1]], "payloads": [{"a": 1}, None]}},
        {"points": [{"id": 1, "vector": [0, 1, 0, 1]}], "update_filter": EVERY_CONDITION, "update_mode": "update_only"},
    ],
    "SetPayloadBody": [{"payload": {"b": [1, {"c": 2}]}, "key": "a[0].d", "filter": EVERY_CONDITION}],
    "DeletePayloadBody": [{"keys": ["a[].b", "city"], "points": [1]}],
    "SelectBody": [{"filter": EVERY_CONDITION}],
    "ScrollBody": [{"order_by": {"key": "price", "direction": "desc", "start_from": 3}, "filter": EVERY_CONDITION}],
    "CountBody": [{"filter": EVERY_CONDITION, "exact": True}],
    "QueryBody": [
        {"query": {"recommend": {"positive": [1, [1, 2, 3, 4]], "negative": [2], "strategy": "average_vector"}}},
        {"query": {"nearest": [1, 2, 3, 4], "mmr": {"diversity": 0.3, "candidates_limit": 9}}, "using": ""},
        {"query": 1, "lookup_from": {"collection": "docs", "vector": ""}, "score_threshold": 0.1, "offset": 1},
        {"query": [1, 2, 3, 4], "filter": EVERY_CONDITION, "with_payload": {"exclude": ["a"]}, "with_vector": [""]},
        {"query": [1, 2, 3, 4], "params": {"hnsw_ef": 9, "exact": True, "quantization": {"oversampling": 2.0}}},
    ],
    "QueryGroupsBody": [{"query": 1, "group_by": "city", "with_lookup": {"collection": "docs", "with_payload": ["a"]}}],
    "SearchBody": [{"vector": {"name": "", "vector": [1, 2, 3, 4]}, "top": 3, "filter": EVERY_CONDITION}],
    "AliasesBody": [
        {
            "actions": [
                {"rename_alias": {"old_alias_name": "x", "new_alias_name": "y"}},
                {"delete_alias": {"alias_name": "y"}},
            ]
        }
    ],
}

WORDS = st.sampled_from(
    ["id", "vector", "payload", "must", "key", "match", "value", "", "a[].b", "a..b", "\0", "\ud800", "NaN", "docs"]
)
NUMBERS = st.sampled_from([0, 1, -1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**400, 0.5, -0.0, 1e38, 1e39, 1e308])
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=8) | st.integers() | st.floats()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)


def name_of(route: Route) -> str:
    return route.body if isinstance(route.body, str) else str(route.body.__name__)


def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value, or something else, or the value with something else in it."""
    turn = draw(st.integers(0, 9))
    if turn == 0:
        return draw(VALUES)
    if turn == 1:
        return [value] * draw(st.integers(0, 3))
    if turn == 2:
        return {draw(WORDS): value}
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        if turn == 3:
            return {name: inner for name, inner in value.items() if name != key}
        if turn == 4:
            return {**value, draw(WORDS): draw(VALUES)}
        return {**value, key: mutated(draw, value[key])}
    if isinstance(value, list) and value:
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], mutated(draw, value[place]), *value[place + 1 :]]
    return draw(SCALARS) if turn < 8 else value


@st.composite
def bodies(draw: st.DrawFn, example: Any) -> bytes:
    """JSON, nearly JSON, and what only looks like it."""
    body = example
    for _ in range(draw(st.integers(1, 3))):
        body = mutated(draw, body)
    text = json.dumps(body).encode()
    cut = draw(st.integers(0, 15))
    return text[: len(text) // 2] if cut == 0 else text + b"\xff" if cut == 1 else text


def filled() -> InProcess:
    """A database with a collection that has something of everything."""
    api = InProcess(tamis.open())
    points = [
        {"id": 1, "vector": [1, 2, 3, 4], "payload": {"city": "Berlin", "price": 3, "a": [{"b": 1}]}},
        {"id": "f47ac10b-58cc-4372-a567-0e02b2c3d479", "vector": [4, 3, 2, 1], "payload": {"city": "Lyon"}},
        {"id": 2, "vector": [1, 0, 1, 0], "payload": {}},
    ]
    for method, path, body in (
        ("PUT", "/collections/docs", EXAMPLES["CreateCollection"]),
        ("PUT", "/collections/docs/index", EXAMPLES["CreateIndexBody"]),
        ("PUT", "/collections/docs/points?wait=true", {"points": points}),
    ):
        assert api.call(method, path, json.dumps(body).encode()).status == 200
    return api


def state_of(api: InProcess) -> list[Any]:
    """Everything that a write could have changed, and nothing that the workers behind it change."""
    replies = [api.call(method, path, json.dumps(body).encode() if body else b"") for method, path, body in STATE]
    answers = [json.loads(reply.body) for reply in replies]
    results = [answer.get("result", answer["status"]) for answer in answers]
    for result in results:
        for count in ("status", "segments_count", "indexed_vectors_count"):
            result.pop(count, None)
    return results


def examples_of(route: Route) -> list[Any]:
    """Bodies to begin with."""
    return [EXAMPLES[name_of(route)], *FURTHER.get(name_of(route), [])]


@pytest.mark.parametrize("name", TAKING)
def test_no_body_is_an_internal_error(name: str) -> None:
    route, api = TAKING[name], filled()
    path = route.pattern.format(name="fresh" if name == "PUT /collections/{name}" else "docs", vector="image")
    target = f"{path}?wait=true" if "wait" in (route.query or ()) else path

    @seed(SEED)
    @settings(max_examples=EXAMPLES_EACH, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(examples_of(route)).flatmap(bodies))
    def send(body: bytes) -> None:
        note(f"seed {SEED}, {route.method} {target} {body!r}")
        before = state_of(api)
        reply = api.call(route.method, target, body)
        answer = json.loads(reply.body)
        assert reply.status in (200, 400, 403, 404, 405, 409, 422), answer
        if reply.status == 200:
            assert answer["status"] == "ok"
            return
        assert answer["status"]["error"]
        if name != NOT_ATOMIC:
            assert state_of(api) == before, answer

    send()


def test_what_bodies_begin_with_is_read() -> None:
    """Else everything after the first mistake would never be reached."""
    for name, route in TAKING.items():
        for example in examples_of(route):
            path = route.pattern.format(name="fresh" if name == "PUT /collections/{name}" else "docs", vector="image")
            reply = filled().call(route.method, path, json.dumps(example).encode())
            expected = {
                "RecoverBody": 403,
                **dict.fromkeys(("ClusterChange", "ShardKey", "CloneBody"), 405),
                "AliasesBody": 404 if "rename_alias" in str(example) else 200,
            }
            assert reply.status == expected.get(name_of(route), 200), (name, example, reply.body)


def test_what_is_only_brackets_is_refused() -> None:
    api = filled()
    deep = [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000]
    for route in TAKING.values():
        path = route.pattern.format(name="docs", vector="image")
        for body in (*deep, b"", b"null", b"[]", b"0", b'"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN"):
            reply = api.call(route.method, path, body)
            empty = name_of(route) == "CountBody" and body == b""  # a count of everything
            assert reply.status == 200 if empty else reply.status in (400, 404, 405, 409, 422), (route.name, body[:9])
