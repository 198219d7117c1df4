"""The OpenAPI 3.1 document, made from the table of endpoints and the structs that read their bodies.

    ROUTES ─▶ paths        summary and text from the endpoint's name and docstring, parameters, body, result, errors
    structs ─▶ components  what the structs leave open is filled in from the schemas beside this module

Nothing is described here that the table and the structs do not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from tamis.server.backend import API_VERSION, TITLE
from tamis.server.openapi.configuration import CONFIGURATION
from tamis.server.openapi.examples import EXAMPLES
from tamis.server.openapi.filters import FILTERS
from tamis.server.openapi.parameters import IN_PATH, IN_QUERY
from tamis.server.openapi.points import FIELDS, POINTS
from tamis.server.openapi.responses import ACCEPTED, RESPONSES, answer_of, refusals_of
from tamis.server.openapi.results import RESULTS
from tamis.server.openapi.shape import Schema, either, ref
from tamis.server.route import Route
from tamis.wire.answers import write
from tamis.wire.body_schemas import body_schemas

__all__ = ["document"]

_NULL: Schema = {"type": "null"}
_TAGS = {
    "collections": "Collections, named vectors and aliases",
    "points": "Reading points by id, by page, by value",
    "queries": "Searching",
    "writes": "Writing points, payloads and payload indexes",
    "snapshots": "Copies of collections in files",
    "cluster": "Nodes, shards, clones",
    "node": "The node itself",
}


@cache
def document(routes: tuple[Route, ...]) -> bytes:
    """The document as JSON."""
    return write(
        {
            "openapi": "3.1.0",
            "info": {"title": TITLE, "version": API_VERSION, "description": _DESCRIPTION},
            "servers": [{"url": "/"}],
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
            "paths": _paths(routes),
            "components": {
                "schemas": _schemas(routes),
                "responses": RESPONSES,
                "securitySchemes": {
                    "api-key": {"type": "apiKey", "in": "header", "name": "api-key"},
                    "bearer": {"type": "http", "scheme": "bearer"},
                },
            },
        }
    )


_DESCRIPTION = (
    "Vector search with filters, spoken as the REST API of Qdrant. Every answer is an object with result, status and "
    "time; every refusal an object whose status.error says what was wrong, where, and what to do. Keys are asked for "
    "only where the node has some."
)


def _paths(routes: Sequence[Route]) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.pattern, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> dict[str, Any]:
    name = route.endpoint.__name__
    found = {
        "operationId": name,
        "summary": name.replace("_", " ").capitalize(),
        "description": _text(route),
        "tags": [_tag(route)],
        "parameters": list(_parameters(route)),
        "responses": {
            "200": answer_of(route.result),
            **({"202": ACCEPTED} if route.may_go_on else {}),
            **refusals_of(route),
        },
        "security": [] if route.access == "open" else [{}, {"api-key": []}, {"bearer": []}],
    }
    if route.body is not None:
        found["requestBody"] = _body(route)
    return found


def _text(route: Route) -> str:
    """The endpoint's docstring without the method and path it begins with."""
    words = " ".join((route.endpoint.__doc__ or "").split())
    text = re.sub(rf"^{route.method} \S+(?<!:):? ?", "", words)
    return text[:1].upper() + text[1:]


def _tag(route: Route) -> str:
    module = route.endpoint.__module__.rpartition(".")[2]
    return module if module in _TAGS else "node"


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.pattern):
        yield {"name": name, "in": "path", "required": True, **IN_PATH[name]}
    for name in route.query or ():
        yield {"name": name, "in": "query", "required": False, **IN_QUERY[name]}


def _body(route: Route) -> dict[str, Any]:
    name = route.body if isinstance(route.body, str) else route.body.__name__
    content: dict[str, Any] = {"schema": ref(name)}
    if name in EXAMPLES:
        content["example"] = EXAMPLES[name]
    kind = "multipart/form-data" if route.uploads else "application/json"
    return {"required": True, "content": {kind: content}}


def _schemas(routes: Sequence[Route]) -> dict[str, Schema]:
    structs = body_schemas({route.body: None for route in routes if isinstance(route.body, type)})
    for name, schema in structs.items():
        for field, given in schema["properties"].items():
            fuller = FIELDS.get(f"{name}.{field}", FIELDS.get(field))
            if fuller is not None:
                schema["properties"][field] = _filled(fuller, field not in schema.get("required", ()))
            given.pop("default", None)
        del schema["title"]
    return {**structs, **POINTS, **FILTERS, **CONFIGURATION, **RESULTS}


def _filled(schema: Schema, optional: bool) -> Schema:
    """null is the same as leaving a field out."""
    return either(schema, _NULL) if optional and schema != _NULL else schema
