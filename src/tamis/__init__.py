"""Filtered vector search, embedded: `tamis.open(directory)` gives a `Database` of `Collection`s.

>>> import tamis
>>> with tamis.open() as db:
...     docs = db.create_collection("docs", vectors={"size": 2, "distance": "Cosine"})
...     _ = docs.upsert(ids=[1, 2], vectors=[[1, 0], [0, 1]], payloads=[{"kind": "a"}, {"kind": "b"}])
...     docs.search([1, 1], filter={"must": [{"key": "kind", "match": {"value": "b"}}]})[0].id
2
"""

from __future__ import annotations

from tamis.collection.snapshot_folder import SnapshotInfo
from tamis.embedded.collection import Collection
from tamis.embedded.database import Database
from tamis.embedded.database import open_database as open
from tamis.errors import (
    Broken,
    Conflict,
    Corrupt,
    NotFound,
    Overloaded,
    Poisoned,
    Rejected,
    Retryable,
    TamisError,
    TimedOut,
    Unavailable,
)
from tamis.model.ids import PointId
from tamis.model.result import FacetHit, Hit, Record
from tamis.search.plan import Plan

__all__ = [
    "Broken",
    "Collection",
    "Conflict",
    "Corrupt",
    "Database",
    "FacetHit",
    "Hit",
    "NotFound",
    "Overloaded",
    "Plan",
    "PointId",
    "Poisoned",
    "Record",
    "Rejected",
    "Retryable",
    "SnapshotInfo",
    "TamisError",
    "TimedOut",
    "Unavailable",
    "open",
]
