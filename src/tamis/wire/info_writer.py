"""What `GET /collections/{name}` says: status, counts, the configuration in force, payload indexes.

The configuration is what was set, plus the defaults of the fields that clients require. Fields that were not set and
have no default are left out.
"""

from __future__ import annotations

from typing import Any

from tamis.collection.collection import StoredCollection
from tamis.model.filter import Filter, IsEmpty
from tamis.wire.configuration.index_reader import write_index
from tamis.wire.configuration.schema_reader import write_schema

__all__ = ["write_info"]

_HNSW = {"full_scan_threshold": 10_000}  # the reference's; here a graph begins where it is cheaper than a scan
_OPTIMIZER = {"default_segment_number": 0, "indexing_threshold": 10_000, "flush_interval_sec": 5}
_WAL = {"wal_capacity_mb": 32, "wal_segments_ahead": 0}
_PARAMS = {"shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": True}
_OWN = ("hnsw_config", "optimizers_config", "wal_config", "quantization_config", "strict_mode_config", "metadata")


def write_info(collection: StoredCollection) -> dict[str, Any]:
    """The description of a collection, ready for JSON."""
    info, schema = collection.info(), collection.schema
    given = write_schema(schema)
    params = {**_PARAMS, **{key: value for key, value in given.items() if key not in _OWN}}
    config: dict[str, Any] = {
        "params": params,
        "hnsw_config": {**_HNSW, **given["hnsw_config"]},
        "optimizer_config": {**_OPTIMIZER, **_numbers(given["optimizers_config"])},
        "wal_config": {**_WAL, **given.get("wal_config", {})},
    }
    config |= {key: given[key] for key in ("quantization_config", "strict_mode_config", "metadata") if key in given}
    indexes: dict[str, dict[str, Any]] = {}
    for path, index in sorted(schema.indexes.items()):
        held = collection.count(Filter(must_not=(IsEmpty(path),)))
        written = write_index(index)
        indexes[path] = {"data_type": index.kind.value, "points": held}
        if len(written) > 1:
            indexes[path]["params"] = written
    errors = list(info.errors) + [f"{key}: {problem}" for key, problem in info.damage.items()]
    return {
        "status": info.status,
        "optimizer_status": {"error": "; ".join(errors)} if errors else "ok",
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "segments_count": len(info.segments),
        "config": config,
        "payload_schema": indexes,
    }


def _numbers(optimizers: dict[str, Any]) -> dict[str, Any]:
    """Without what is "auto": it may be asked for, but clients read numbers, and no number is what it means."""
    return {key: value for key, value in optimizers.items() if value != "auto"}
