"""Calls that must be refused: what is asked, the status, and words of the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qdrant_client import models

from tests.server.client.prepared import C

__all__ = ["REFUSED"]

DOT = models.VectorParams(size=2, distance=models.Distance.DOT)
POINT = models.PointStruct(id=1, vector=[1, 0])
Call = Callable[[Any], Any]
REFUSED: dict[str, tuple[Call, int, str]] = {
    "a collection that is there": (
        lambda c: c.create_collection(C, vectors_config=DOT),
        409,
        "already exists",
    ),
    "an alias like a collection": (
        lambda c: c.update_collection_aliases(
            [models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name=C, alias_name=C))]
        ),
        409,
        C,
    ),
    "a collection like an alias": (lambda c: c.create_collection("shelf", vectors_config=DOT), 400, "shelf"),
    "an alias that is not there": (
        lambda c: c.update_collection_aliases(
            [models.RenameAliasOperation(rename_alias=models.RenameAlias(old_alias_name="x", new_alias_name="y"))]
        ),
        404,
        "x",
    ),
    **{
        f"{name} of a collection that is not there": (call, 404, "Not found: Collection `x` doesn't exist!")
        for name, call in {
            "info": lambda c: c.get_collection("x"),
            "update": lambda c: c.update_collection("x", hnsw_config=models.HnswConfigDiff(m=8)),
            "upsert": lambda c: c.upsert("x", [POINT]),
            "upsert without wait": lambda c: c.upsert("x", [POINT], wait=False),
            "query": lambda c: c.query_points("x", [1, 0]),
            "scroll": lambda c: c.scroll("x"),
            "count": lambda c: c.count("x"),
            "index": lambda c: c.create_payload_index("x", "n", models.PayloadSchemaType.INTEGER),
            "vector": lambda c: c.delete_vector_name("x", "y"),
            "snapshot": lambda c: c.create_snapshot("x"),
            "snapshots": lambda c: c.list_snapshots("x"),
            "aliases": lambda c: c.get_collection_aliases("x"),
            "lookup_from": lambda c: c.query_points(C, 1, lookup_from=models.LookupLocation(collection="x")),
        }.items()
    },
    "a limit of 0": (lambda c: c.query_points(C, [1, 0], limit=0), 422, "Validation error in JSON body: [limit"),
    "a scroll limit of 0": (lambda c: c.scroll(C, limit=0), 422, "Validation error in JSON body: [limit"),
    "a size of 0": (
        lambda c: c.create_collection("x", vectors_config=models.VectorParams(size=0, distance="Dot")),
        422,
        "Validation error in JSON body: [vectors.size",
    ),
    "no vectors to update": (lambda c: c.update_vectors(C, []), 422, "points"),
    "no names of vectors to delete": (lambda c: c.delete_vectors(C, [], [1]), 422, "vector"),
    "a vector's name that is not there": (lambda c: c.query_points(C, [1, 0], using="x"), 400, "Wrong input: "),
    "a vector's name in an upsert": (
        lambda c: c.upsert(C, [models.PointStruct(id=1, vector={"x": [1, 0]})], wait=False),
        400,
        "Wrong input: ",
    ),
    "a query of a wrong dimension": (lambda c: c.query_points(C, [1, 0, 0]), 400, "Wrong input: "),
    "a point of a wrong dimension": (
        lambda c: c.upsert(C, [models.PointStruct(id=1, vector=[1])], wait=False),
        400,
        "Wrong input: ",
    ),
    "an id that is none": (
        lambda c: c.upsert(C, [models.PointStruct(id="x", vector=[1, 0])]),
        400,
        "is not a valid point id",
    ),
    "a point that is not there": (lambda c: c.http.points_api.get_point(C, 99), 404, "Not found: "),
    "a query by a point that is not there": (
        lambda c: c.query_points(C, 99),
        404,
        "Not found: No point with id 99 found",
    ),
    **{
        f"{name} of a point that is not there": (call, 404, "Not found: No point with id 99 found")
        for name, call in {
            "vectors": lambda c: c.update_vectors(C, [models.PointVectors(id=99, vector=[1, 0])]),
            "deleted vectors": lambda c: c.delete_vectors(C, [""], [99]),
            "set payload": lambda c: c.set_payload(C, {"a": 1}, [1, 99]),
            "overwritten payload": lambda c: c.overwrite_payload(C, {"a": 1}, [99]),
            "deleted payload": lambda c: c.delete_payload(C, ["a"], [99]),
            "cleared payload": lambda c: c.clear_payload(C, [99]),
        }.items()
    },
    "a snapshot that is not there": (lambda c: c.delete_snapshot(C, "x.snapshot"), 404, "Not found: "),
    "a file outside the snapshots": (lambda c: c.recover_snapshot(C, "file:///etc/hostname"), 403, "Forbidden: "),
    "an operator of 1.20 that is not built": (
        lambda c: c.query_points(C, models.SampleQuery(sample=models.Sample.RANDOM)),
        400,
        "not supported",
    ),
}
