"""Schemas of results: what is beside `"status": "ok"` in an answer, and the errors."""

from __future__ import annotations

from tamis.server.openapi.shape import Schema, array, choice, either, integer, open_record, record, ref

__all__ = ["RESULTS"]

_TEXT: Schema = {"type": "string"}
_TRUTH: Schema = {"type": "boolean"}
_NULL: Schema = {"type": "null"}
_COUNT = integer(0)
_OF_POINT = {"payload": either(ref("Payload"), _NULL), "vector": ref("StoredVector")}
_STATE = {"enum": ["green", "yellow", "grey", "red"]}

RESULTS: dict[str, Schema] = {
    "True": {"const": True},
    "Done": {**_TRUTH, "description": "false if there was nothing of that name."},
    "Version": open_record({"title": _TEXT, "version": _TEXT, "tamis": _TEXT}, ("title", "version")),
    "OpenApi": open_record({"openapi": _TEXT}, ("openapi",)),
    "Telemetry": open_record({"id": _TEXT, "app": {"type": "object"}}, ("id", "app")),
    "ClusterStatus": open_record({"status": choice("disabled", "enabled")}, ("status",)),
    "ShardKeys": record({"shard_keys": array(record({"key": _TEXT}, ("key",)))}, ("shard_keys",)),
    "CollectionCluster": open_record({"peer_id": _COUNT, "shard_count": _COUNT}, ("peer_id", "shard_count")),
    "CollectionNames": record({"collections": array(record({"name": _TEXT}, ("name",)))}, ("collections",)),
    "Existence": record({"exists": _TRUTH}, ("exists",)),
    "CollectionInfo": record(
        {
            "status": _STATE,
            "optimizer_status": either(choice("ok"), record({"error": _TEXT}, ("error",))),
            "points_count": _COUNT,
            "indexed_vectors_count": _COUNT,
            "segments_count": _COUNT,
            "config": open_record(
                {"params": {"type": "object"}, "hnsw_config": {"type": "object"}}, ("params", "hnsw_config")
            ),
            "payload_schema": {"type": "object", "additionalProperties": ref("PayloadIndexInfo")},
        },
        ("status", "optimizer_status", "points_count", "segments_count", "config", "payload_schema"),
    ),
    "PayloadIndexInfo": record(
        {"data_type": _TEXT, "points": _COUNT, "params": {"type": "object"}}, ("data_type", "points")
    ),
    "Memory": {"type": "object", "description": "Bytes by component: resident, and on disk."},
    "Aliases": record(
        {"aliases": array(record({"alias_name": _TEXT, "collection_name": _TEXT}, ("alias_name", "collection_name")))},
        ("aliases",),
    ),
    "StoredVector": either(
        array({"type": "number"}), {"type": "object", "additionalProperties": array({"type": "number"})}
    ),
    "Record": record({"id": ref("PointId"), **_OF_POINT, "order_value": {"type": "number"}}, ("id",)),
    "Records": array(ref("Record")),
    "Page": record(
        {"points": array(ref("Record")), "next_page_offset": either(ref("PointId"), _NULL)},
        ("points", "next_page_offset"),
    ),
    "Count": record({"count": _COUNT}, ("count",)),
    "FacetHits": record(
        {"hits": array(record({"value": either(_TEXT, integer(), _TRUTH), "count": _COUNT}, ("value", "count")))},
        ("hits",),
    ),
    "UpdateResult": record(
        {
            "operation_id": either(_COUNT, _NULL),
            "status": choice("acknowledged", "completed", "wait_timeout"),
        },
        ("operation_id", "status"),
        description="operation_id: the position in the log, which is the version of the points that were written.",
    ),
    "UpdateResults": array(ref("UpdateResult")),
    "ScoredPoint": record(
        {"id": ref("PointId"), "version": _COUNT, "score": either({"type": "number"}, _NULL), **_OF_POINT},
        ("id", "version", "score"),
    ),
    "ScoredPoints": array(ref("ScoredPoint")),
    "ScoredPointsOfEach": array(ref("ScoredPoints")),
    "Hits": record({"points": ref("ScoredPoints")}, ("points",)),
    "HitsOfEach": array(ref("Hits")),
    "Groups": record({"groups": array(ref("Group"))}, ("groups",)),
    "Group": record(
        {"id": either(_TEXT, integer()), "hits": ref("ScoredPoints"), "lookup": ref("Record")}, ("id", "hits")
    ),
    "Snapshot": open_record(
        {"name": _TEXT, "creation_time": _TEXT, "size": _COUNT, "checksum": _TEXT}, ("name", "size")
    ),
    "Snapshots": array(ref("Snapshot")),
    "Upload": open_record({"snapshot": {**_TEXT, "format": "binary"}}, ("snapshot",)),
    "Error": record(
        {
            "status": record({"error": _TEXT}, ("error",)),
            "time": {"type": "number"},
        },
        ("status",),
        description="What was wrong, where, and what to do about it.",
    ),
}
