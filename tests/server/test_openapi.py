"""The OpenAPI document says what the server does: every route, valid schemas, and answers that keep to them.

schemathesis makes requests from the document, good ones and bad ones, for collections that come and go meanwhile. The
answers must have a documented status, the documented type, and the documented shape; none may be an internal error.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import tamis
from tamis.server.in_process import InProcess
from tamis.server.openapi.document import document
from tamis.server.openapi.examples import EXAMPLES
from tamis.server.openapi.page import DOCS_PAGE
from tamis.server.routes import ROUTES

SEED = 20_260
EXAMPLES_EACH = int(os.environ.get("TAMIS_EXAMPLES", "15"))
DOCUMENT = json.loads(document(ROUTES))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
COLLECTIONS = {
    "docs": {"vectors": {"size": 4, "distance": "Cosine"}},
    "named": {"vectors": {"text": {"size": 2, "distance": "Dot"}, "image": {"size": 3, "distance": "Euclid"}}},
}
NAMES = ("docs", "named", "passing", "absent")


def references(node: Any) -> Iterator[str]:
    """Every $ref in it."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)


def at(place: str) -> Any:
    found = DOCUMENT
    for step in place.removeprefix("#/").split("/"):
        found = found[step]
    return found


def check(value: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def operation_of(method: str, pattern: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][pattern][method.lower()]
    return found


def test_every_route_is_in_it_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(route.method, route.pattern) for route in ROUTES}
    operations = [operation_of(route.method, route.pattern) for route in ROUTES]
    assert len({one["operationId"] for one in operations}) == len(ROUTES)
    for route, one in zip(ROUTES, operations, strict=True):
        assert one["description"], route.name
        assert ("requestBody" in one) == (route.body is not None)
        assert {p["name"] for p in one["parameters"] if p["in"] == "path"} == set(re.findall(r"{(\w+)}", route.pattern))


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    used = set(references(DOCUMENT))
    for place in used:
        assert at(place) is not None
    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert known - used == set()


def test_schemas_are_schemas() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            raise AssertionError(f"{name}: {error.message}") from None


def test_fields_of_bodies_are_described() -> None:
    """No field of a body is left open: each has a type, or alternatives."""
    bodies = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.endswith("Body")}
    assert len(bodies) > 20
    open_fields = [
        f"{name}.{field}"
        for name, schema in bodies.items()
        for field, shape in schema["properties"].items()
        if not shape
    ]
    assert open_fields == []


def test_examples_fit_their_schemas_and_work() -> None:
    api = InProcess(tamis.open())
    asked = set()
    for name, example in EXAMPLES.items():
        check(example, {"$ref": f"#/components/schemas/{name}"})
        for route in ROUTES:
            if name != (route.body if isinstance(route.body, str) else getattr(route.body, "__name__", "")):
                continue
            path = route.pattern.format(name="docs", vector="image")
            reply = api.call(route.method, path, json.dumps(example).encode())
            refused = {"RecoverBody": 403, "ClusterChange": 405, "ShardKey": 405, "CloneBody": 405}
            assert reply.status == refused.get(name, 200), (route.name, reply.body)
            if reply.status == 200:
                answer = operation_of(route.method, route.pattern)["responses"]["200"]["content"]["application/json"]
                check(json.loads(reply.body), answer["schema"])
            asked.add(route.name)
    assert asked == {route.name for route in ROUTES if route.body is not None and not route.uploads}


def test_the_page_needs_nothing_else_and_makes_no_markup() -> None:
    page = DOCS_PAGE.decode()
    assert re.findall(r"(?:src|href)\s*=\s*\"([^\"]*)\"", page) == ["data:,", "openapi.json"]
    assert "://" not in page
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", page)


class Wsgi:
    """The API in process, as schemathesis calls applications."""

    def __init__(self) -> None:
        self.api = InProcess(tamis.open())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        target = environ["REQUEST_URI"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        reply = self.api.call(environ["REQUEST_METHOD"], target, body)
        start_response(f"{reply.status} X", [("content-type", reply.content_type), *reply.headers])
        return [reply.file.read_bytes() if reply.file is not None else reply.body]

    def refill(self) -> None:
        """What the last requests dropped, again."""
        for name, schema in COLLECTIONS.items():
            self.api.call("PUT", f"/collections/{name}", json.dumps(schema).encode())
        points = [{"id": id, "vector": [id, 1, 0, 2], "payload": {"a": id, "b": ["x", {"c": None}]}} for id in range(9)]
        self.api.call("PUT", "/collections/docs/points", json.dumps({"points": points}).encode())


APP = Wsgi()
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", APP)
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_keep_to_the_document(label: str) -> None:
    operation = OPERATIONS[label]
    APP.refill()
    modes = st.sampled_from([GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    cases = modes.flatmap(lambda mode: operation.as_strategy(generation_mode=mode))

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES_EACH,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=cases, name=st.sampled_from(NAMES))
    def ask(case: Case, name: str) -> None:
        if "{name}" in operation.path:
            case.path_parameters["name"] = name
        note(f"seed {SEED}")
        case.call_and_validate(checks=CHECKS)

    ask()


def test_every_route_is_asked() -> None:
    assert {route.name for route in ROUTES} - set(OPERATIONS) == {"GET /openapi.json"}, "where they come from"
