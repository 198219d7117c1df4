"""A collection worth copying, everything that can be asked about it, and the files of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tamis
from tamis.embedded.collection import Collection

__all__ = ["SIZE", "contents", "files", "filled"]

SEED = 11
SIZE = 8
OPTIONS = {
    "vectors": {"size": SIZE, "distance": "Euclid"},
    "quantization_config": {"scalar": {"type": "int8"}},
    "optimizers_config": {"indexing_threshold": 1},
    "metadata": {"owner": "research"},
}


def filled(db: tamis.Database, name: str = "docs") -> Collection:
    """A segment with a graph and an overlay, dead rows in it, an index, and points that are in the log only."""
    rng = np.random.default_rng(SEED)
    c = db.create_collection(name, **OPTIONS)
    c.create_payload_index("kind", "keyword")
    c.upsert(
        ids=list(range(300)),
        vectors=rng.normal(size=(300, SIZE)),
        payloads=[{"kind": "ab"[n % 2], "n": n} for n in range(300)],
    )
    c.optimize()
    c.set_payload({"kind": "c"}, ids=[1, 2, 3])
    c.delete(filter={"must": [{"key": "n", "range": {"gte": 290}}]})
    c._stored._shard.seal()
    c.set_payload({"late": True}, ids=[4])
    c.upsert(ids=[1_000], vectors=rng.normal(size=(1, SIZE)), payloads=[{"kind": "d"}])
    return c


def contents(c: Collection) -> Any:
    """Everything that can be asked about it."""
    records, following = c.scroll(limit=10_000, with_vector=True)
    assert following is None
    query = [0.25] * SIZE
    kind = {"must": [{"key": "kind", "match": {"value": "c"}}]}
    return (
        [(r.id, r.version, r.payload, r.vector.tolist()) for r in records],  # type: ignore[union-attr]
        [(hit.id, hit.score) for hit in c.search(query, limit=20)],
        [(hit.id, hit.score) for hit in c.search(query, filter=kind)],
        {key: c.info()[key] for key in ("config", "payload_schema", "points_count", "position", "status")},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
