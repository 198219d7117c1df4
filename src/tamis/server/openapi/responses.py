"""Responses: the envelope around a result, and what an endpoint may refuse with."""

from __future__ import annotations

from typing import Any

from tamis.server.openapi.shape import choice, open_record, ref
from tamis.server.route import Route

__all__ = ["ACCEPTED", "RESPONSES", "answer_of", "refusals_of"]

_JSON, _TEXT = "application/json", "text/plain"
_BARE = ("Version", "OpenApi")  # results without an envelope
_WORDS = {
    "text": (_TEXT, {"type": "string"}),
    "html": ("text/html", {"type": "string"}),
    "file": ("application/octet-stream", {"type": "string", "format": "binary"}),
}


ACCEPTED = {
    "description": "With wait=false: it is done from now on. What goes wrong is in the log.",
    "content": {
        _JSON: {"schema": open_record({"status": choice("accepted"), "time": {"type": "number"}}, ("status", "time"))}
    },
}


def answer_of(result: str) -> dict[str, Any]:
    """What comes when all is well. result: as `Route` has it."""
    if result in _WORDS:
        kind, schema = _WORDS[result]
        return {"description": "Done", "content": {kind: {"schema": schema}}}
    fields = {"result": ref(result), "status": choice("ok"), "time": {"type": "number"}}
    schema = ref(result) if result in _BARE else open_record(fields, ("result", "status", "time"))
    return {"description": "Done", "content": {_JSON: {"schema": schema}}}


def refusals_of(route: Route) -> dict[str, Any]:
    """What the endpoint may refuse with, by status."""
    if route.access == "open":
        codes = ["400", "503"] if route.query is None else ["400"]
    else:
        codes = ["400", "401", "403", "408", "422", "429", "500", "503"]
        if "{" in route.pattern or route.body is not None:
            codes.append("404")
        if route.access == "manage":
            codes += ["405", "409"]
        if route.method != "GET":
            codes += ["413", "415"]
    return {code: {"$ref": f"#/components/responses/{code}"} for code in sorted(codes)}


def _refusal(text: str, *kinds: str, **more: Any) -> dict[str, Any]:
    schemas = {_JSON: ref("Error"), _TEXT: {"type": "string"}}
    return {"description": text, "content": {kind: {"schema": schemas[kind]} for kind in kinds}, **more}


_AFTER = {"retry-after": {"schema": {"type": "integer"}, "description": "Seconds."}}

RESPONSES = {
    "400": _refusal("The request cannot be read, or something in it is wrong; nothing was changed.", _JSON),
    "401": _refusal("A key is needed, or the given one is unknown.", _TEXT),
    "403": _refusal("The key may not do this, or nobody may.", _TEXT, _JSON),
    "404": _refusal("There is no such collection, point or file.", _JSON),
    "405": _refusal("Only a node of a cluster does this.", _JSON),
    "408": _refusal("The deadline passed, or the body took too long.", _JSON),
    "409": _refusal("It exists already, or somebody else holds it.", _JSON),
    "413": _refusal("The body is larger than service.max_request_size_mb.", _JSON),
    "415": _refusal("The body is encoded; send it as it is.", _JSON),
    "422": _refusal("A value is outside what its field allows.", _JSON),
    "429": _refusal("The collection's own limit of operations is reached.", _JSON, headers=_AFTER),
    "500": _refusal("The operator has to look; the log says more.", _JSON),
    "503": _refusal("Not now: try again later.", _JSON, _TEXT, headers=_AFTER),
}
