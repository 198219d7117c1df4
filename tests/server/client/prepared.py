"""What every call begins with, and words of the calls.

The collection `docs`: points 1 to 4 with vectors [id, 0], payload {"n": id, "kind": "a" or "b"}, an index of `kind`,
and the alias `shelf`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qdrant_client import models

from tests.server.client.asking import Asking

__all__ = ["DONE", "KIND_A", "C", "Call", "ids", "payload", "prepare", "vector"]

C = "docs"
KIND_A = models.Filter(must=[models.FieldCondition(key="kind", match=models.MatchValue(value="a"))])
DONE = models.UpdateStatus.COMPLETED

Call = Callable[[Asking], None]


def prepare(asked: Asking) -> None:
    """Make it."""
    client = asked.client
    client.create_collection(C, vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
    client.create_payload_index(C, "kind", models.PayloadSchemaType.KEYWORD)
    points = [models.PointStruct(id=n, vector=[n, 0], payload={"n": n, "kind": "ab"[n % 2]}) for n in range(1, 5)]
    client.upsert(C, points)
    create = models.CreateAlias(collection_name=C, alias_name="shelf")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=create)])


def payload(asked: Asking, id: int) -> Any:
    return asked.client.retrieve(C, [id])[0].payload


def vector(asked: Asking, id: int) -> Any:
    return asked.client.retrieve(C, [id], with_vectors=True)[0].vector


def ids(points: Any) -> list[int]:
    return [point["id"] if isinstance(point, dict) else point.id for point in points]
