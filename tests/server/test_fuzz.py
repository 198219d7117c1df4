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
EXAMPLES_EACH = int(os.environ.get("TAMIS_EXAMPLES", "25"))
TAKING = {route.name: route for route in ROUTES if route.body is not None and not route.uploads}
NOT_ATOMIC = "POST /collections/{name}/points/batch"  # what came before a refusal stays, as in the reference
STATE = (
    ("GET", "/collections", {}),
    ("GET", "/aliases", {}),
    ("GET", "/collections/docs", {}),
    ("POST", "/collections/docs/points/scroll", {"with_vector": True, "limit": 1_000}),
)

WORDS = st.sampled_from(
    ["id", "vector", "payload", "must", "key", "match", "value", "", "a[].b", "a..b", "\0", "\ud800", "NaN", "docs"]
)
NUMBERS = st.sampled_from([0, 1, -1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**400, 0.5, -0.0, 1e38, 1e39, 1e308])
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=8) | st.integers() | st.floats()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)


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
    results = [json.loads(reply.body).get("result") for reply in replies]
    for result in results:
        for count in ("status", "segments_count", "indexed_vectors_count"):
            result.pop(count, None)
    return results


def example_of(route: Route) -> Any:
    return EXAMPLES[route.body if isinstance(route.body, str) else route.body.__name__]


@pytest.mark.parametrize("name", TAKING)
def test_no_body_is_an_internal_error(name: str) -> None:
    route, api = TAKING[name], filled()
    path = route.pattern.format(name="fresh" if name == "PUT /collections/{name}" else "docs", vector="image")
    target = f"{path}?wait=true" if "wait" in (route.query or ()) else path

    @seed(SEED)
    @settings(max_examples=EXAMPLES_EACH, database=None, suppress_health_check=list(HealthCheck))
    @given(bodies(example_of(route)))
    def send(body: bytes) -> None:
        note(f"seed {SEED}, {route.method} {target} {body!r}")
        before = state_of(api)
        reply = api.call(route.method, target, body)
        answer = json.loads(reply.body)
        assert reply.status in (200, 400, 403, 404, 409, 422), answer
        if reply.status == 200:
            assert answer["status"] == "ok"
            return
        assert answer["status"]["error"]
        if name != NOT_ATOMIC:
            assert state_of(api) == before, answer

    send()


def test_what_is_only_brackets_is_refused() -> None:
    api = filled()
    deep = [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000]
    for route in TAKING.values():
        path = route.pattern.format(name="docs", vector="image")
        for body in (*deep, b"", b"null", b"[]", b"0", b'"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN"):
            reply = api.call(route.method, path, body)
            empty = name_of(route) == "CountBody" and body == b""  # a count of everything
            assert reply.status == 200 if empty else reply.status in (400, 404, 409, 422), (route.name, body[:9])


def name_of(route: Route) -> str:
    return route.body if isinstance(route.body, str) else str(route.body.__name__)
