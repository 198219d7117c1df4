"""Parameters of paths and of query strings, by name."""

from __future__ import annotations

from typing import Any

from tamis.limits import VECTOR_NAME_BYTES_MAX
from tamis.server.openapi.shape import choice, either, integer, ref

__all__ = ["IN_PATH", "IN_QUERY"]

_TEXT = {"type": "string", "minLength": 1}
_TRUTH = {"type": "boolean"}


def _parameter(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"schema": schema, "description": text}


IN_PATH = {
    "name": _parameter(_TEXT, "Name or alias of a collection."),
    "id": _parameter(ref("PointId"), "Id of a point."),
    "field": _parameter(ref("PayloadPath"), "Path of the payload index."),
    "vector": _parameter({**_TEXT, "maxLength": VECTOR_NAME_BYTES_MAX}, "Name of a vector."),
    "snapshot": _parameter(_TEXT, "Name of a snapshot."),
    "peer": _parameter(_TEXT, "Number of a node."),
}

IN_QUERY = {
    "wait": _parameter(_TRUTH, "Whether the answer waits until the write is done and reports what went wrong in it."),
    "ordering": _parameter(choice("weak", "medium", "strong"), "Accepted; a shard's log orders every write."),
    "timeout": _parameter(integer(1), "Seconds until the request is given up."),
    "consistency": _parameter(
        either(integer(1), choice("majority", "quorum", "all")),
        "In a cluster, beyond 1: the replica first reads what its log has. One node is always consistent.",
    ),
    "explain": _parameter(_TRUTH, "Put the plan of the search beside the result, as `plan`."),
    "details_level": _parameter(integer(0, 10), "Accepted."),
    "force": _parameter(_TRUTH, "Accepted."),
    "anonymize": _parameter(_TRUTH, "Accepted."),
    "per_collection": _parameter(_TRUTH, "Accepted."),
    "priority": _parameter(choice("no_sync", "snapshot", "replica"), "Accepted; one node has no replicas."),
    "checksum": _parameter(
        {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "SHA-256 that the file must have, in hexadecimal."
    ),
}
