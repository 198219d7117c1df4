"""Bodies that show how: in this order they work on a new node, with a collection `docs`."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES"]

_CITY = {"must": [{"key": "city", "match": {"value": "Berlin"}}]}
_ROW = [0.1, 0.2, 0.3, 0.4]

EXAMPLES: dict[str, Any] = {
    "CreateCollection": {"vectors": {"size": 4, "distance": "Cosine"}},
    "UpdateCollection": {"optimizers_config": {"deleted_threshold": 0.3}},
    "CreateIndexBody": {"field_name": "city", "field_schema": "keyword"},
    "NewVector": {"dense": {"size": 8, "distance": "Dot"}},
    "AliasesBody": {"actions": [{"create_alias": {"collection_name": "docs", "alias_name": "latest"}}]},
    "UpsertBody": {
        "points": [
            {"id": 1, "vector": _ROW, "payload": {"city": "Berlin", "price": 12}},
            {"id": 2, "vector": [0.4, 0.3, 0.2, 0.1], "payload": {"city": "Lyon", "price": 7}},
        ]
    },
    "UpdateVectorsBody": {"points": [{"id": 2, "vector": [0.5, 0.3, 0.2, 0.1]}]},
    "SetPayloadBody": {"payload": {"seen": True}, "points": [1, 2]},
    "OverwritePayloadBody": {"payload": {"city": "Lyon", "price": 8}, "points": [2]},
    "DeletePayloadBody": {"keys": ["seen"], "filter": _CITY},
    "OperationsBody": {"operations": [{"set_payload": {"payload": {"price": 13}, "points": [1]}}]},
    "PointsBody": {"ids": [1, 2], "with_payload": ["city"], "with_vector": True},
    "ScrollBody": {"limit": 2, "filter": _CITY},
    "CountBody": {"filter": {"must": [{"key": "price", "range": {"lt": 10}}]}},
    "FacetBody": {"key": "city"},
    "QueryBody": {"query": _ROW, "filter": _CITY, "limit": 3, "with_payload": True},
    "QueriesBody": {"searches": [{"query": _ROW, "limit": 1}, {"query": 1, "limit": 1}]},
    "QueryGroupsBody": {"query": _ROW, "group_by": "city", "group_size": 1},
    "SearchBody": {"vector": _ROW, "limit": 3},
    "SearchesBody": {"searches": [{"vector": _ROW, "limit": 1}]},
    "SearchGroupsBody": {"vector": _ROW, "group_by": "city"},
    "RecommendBody": {"positive": [1], "negative": [2], "limit": 3},
    "RecommendsBody": {"searches": [{"positive": [1], "limit": 3}]},
    "RecommendGroupsBody": {"positive": [1], "group_by": "city"},
    "DeleteVectorsBody": {"points": [2], "vector": [""]},
    "ClearPayloadBody": {"points": [2]},
    "SelectBody": {"points": [2]},
    "ShardKey": {"shard_key": "nl", "shards_number": 1},
    "ClusterChange": {"move_shard": {"shard_id": 0, "to_peer_id": 2982265179930754}},
    "CloneBody": {"to": "docs-copy"},
    "RecoverBody": {"location": "file:///snapshots/docs/docs-1.snapshot"},
}
