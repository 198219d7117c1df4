"""Schemas of points and questions: ids, vectors, payloads, what of a point to give, queries, operations."""

from __future__ import annotations

from tamis.limits import LIMIT_MAX, POINT_NUMBER_MAX, VECTOR_SIZE_MAX
from tamis.server.openapi.shape import ANYTHING, Schema, array, choice, either, integer, one_key, record, ref

__all__ = ["FIELDS", "POINTS"]

_TEXT: Schema = {"type": "string"}
_TRUTH: Schema = {"type": "boolean"}
_NULL: Schema = {"type": "null"}
_PATHS = array(ref("PayloadPath"))
_EXAMPLE = either(ref("PointId"), ref("Vector"))
_ALIAS = {"collection_name": _TEXT, "alias_name": _TEXT}


def _operation(name: str) -> Schema:
    return ref(f"{name}Body")


POINTS: dict[str, Schema] = {
    "PointId": either(
        integer(0, POINT_NUMBER_MAX),
        {**_TEXT, "format": "uuid"},
        description="A whole number or a UUID.",
        examples=[7, "f47ac10b-58cc-4372-a567-0e02b2c3d479"],
    ),
    "Vector": array({"type": "number"}, minItems=1, maxItems=VECTOR_SIZE_MAX),
    "VectorStruct": either(
        ref("Vector"),
        {"type": "object", "additionalProperties": ref("Vector")},
        description="The unnamed vector, or vectors by name.",
    ),
    "Payload": {"type": "object", "description": "Any JSON object."},
    "PointStruct": record(
        {"id": ref("PointId"), "vector": ref("VectorStruct"), "payload": either(ref("Payload"), _NULL)},
        ("id", "vector"),
    ),
    "PointVectors": record({"id": ref("PointId"), "vector": ref("VectorStruct")}, ("id", "vector")),
    "BatchVectors": either(
        array(ref("Vector")), {"type": "object", "additionalProperties": array(either(ref("Vector"), _NULL))}
    ),
    "WithPayload": either(_TRUTH, _PATHS, one_key({"include": _PATHS, "exclude": _PATHS})),
    "WithVector": either(_TRUTH, array(_TEXT)),
    "SearchParams": record(
        {
            "hnsw_ef": integer(1, 100_000),
            "exact": _TRUTH,
            "indexed_only": _TRUTH,
            "quantization": record(
                {
                    "ignore": _TRUTH,
                    "rescore": choice(True, None),
                    "oversampling": {"type": "number", "minimum": 1, "maximum": 100},
                }
            ),
        }
    ),
    "Query": either(
        ref("Vector"),
        ref("PointId"),
        record({"nearest": _EXAMPLE, "mmr": either(ref("Mmr"), _NULL)}, ("nearest",)),
        record({"recommend": ref("RecommendInput")}, ("recommend",)),
        description="A vector, the id of a point, or an object that names the kind of query.",
    ),
    "Mmr": record(
        {
            "diversity": {"type": "number", "minimum": 0, "maximum": 1},
            "candidates_limit": integer(1, 16_384),
        },
        description="Hits that are near the query and unlike each other; diversity is 0.5 unless given.",
    ),
    "RecommendInput": record(
        {
            "positive": array(_EXAMPLE),
            "negative": array(_EXAMPLE),
            "strategy": choice("average_vector", None),
        }
    ),
    "NamedVector": either(ref("Vector"), record({"name": _TEXT, "vector": ref("Vector")}, ("name", "vector"))),
    "OrderBy": either(
        ref("PayloadPath"),
        record(
            {
                "key": ref("PayloadPath"),
                "direction": choice("asc", "desc", None),
                "start_from": either({"type": "number"}, {**_TEXT, "format": "date-time"}, _NULL),
            },
            ("key",),
        ),
    ),
    "WithLookup": either(
        _TEXT,
        record(
            {"collection": _TEXT, "with_payload": ref("WithPayload"), "with_vectors": ref("WithVector")},
            ("collection",),
        ),
    ),
    "Operation": one_key(
        {
            "upsert": _operation("Upsert"),
            "delete": _operation("Select"),
            "update_vectors": _operation("UpdateVectors"),
            "delete_vectors": _operation("DeleteVectors"),
            "set_payload": _operation("SetPayload"),
            "overwrite_payload": _operation("OverwritePayload"),
            "delete_payload": _operation("DeletePayload"),
            "clear_payload": _operation("ClearPayload"),
        }
    ),
    "AliasAction": one_key(
        {
            "create_alias": record(_ALIAS, tuple(_ALIAS)),
            "delete_alias": record({"alias_name": _TEXT}, ("alias_name",)),
            "rename_alias": record(
                {"old_alias_name": _TEXT, "new_alias_name": _TEXT}, ("old_alias_name", "new_alias_name")
            ),
        }
    ),
}

_PREFETCH = {"type": "null", "description": "Not supported yet."}
_SHARD_KEY = {"type": "null", "description": "A collection here has no shard keys."}
_LIMIT = integer(1, LIMIT_MAX)

# What the structs leave to the readers below them: by the name of the field, or by struct and field.
FIELDS: dict[str, Schema] = {
    "filter": ref("Filter"),
    "update_filter": ref("Filter"),
    "update_mode": choice("upsert", "insert_only", "update_only"),
    "shard_key": _SHARD_KEY,
    "prefetch": _PREFETCH,
    "params": ref("SearchParams"),
    "with_payload": ref("WithPayload"),
    "with_vector": ref("WithVector"),
    "with_vectors": ref("WithVector"),
    "with_lookup": ref("WithLookup"),
    "query": ref("Query"),
    "positive": array(_EXAMPLE),
    "negative": array(_EXAMPLE),
    "strategy": choice("average_vector"),
    "order_by": ref("OrderBy"),
    "group_by": ref("PayloadPath"),
    "limit": _LIMIT,
    "top": _LIMIT,
    "group_size": _LIMIT,
    "offset": integer(0, LIMIT_MAX),
    "ids": array(ref("PointId")),
    "payload": ref("Payload"),
    "vectors": ref("BatchVectors"),
    "field_schema": ref("FieldSchema"),
    "priority": choice("no_sync", "snapshot", "replica"),
    "ScrollBody.offset": ref("PointId"),
    "SearchBody.vector": ref("NamedVector"),
    "SearchGroupsBody.vector": ref("NamedVector"),
    "DeleteVectorsBody.vector": array(_TEXT, minItems=1),
    "UpsertBody.points": array(ref("PointStruct"), minItems=1),
    "UpdateVectorsBody.points": array(ref("PointVectors"), minItems=1),
    "points": array(ref("PointId")),
    "FacetBody.key": ref("PayloadPath"),
    "key": ref("PayloadPath"),
    "keys": _PATHS,
    "field_name": ref("PayloadPath"),
    "OperationsBody.operations": array(ref("Operation")),
    "AliasesBody.actions": array(ref("AliasAction")),
    "payloads": array(either(ref("Payload"), _NULL)),
    "Lookup.vector": _TEXT,
    "metadata": ANYTHING,
}
