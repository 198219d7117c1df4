"""Schemas of a collection's configuration and of payload indexes."""

from __future__ import annotations

from tamis.limits import SHARDS_MAX, VECTOR_SIZE_MAX
from tamis.model.schema import Distance, IndexKind
from tamis.model.stopwords import STOPWORDS
from tamis.model.tokens import STEMMERS, TOKENIZERS
from tamis.server.openapi.shape import Schema, array, choice, either, integer, one_key, record, ref

__all__ = ["CONFIGURATION"]

_TEXT: Schema = {"type": "string"}
_TRUTH: Schema = {"type": "boolean"}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_AT_LEAST_0 = integer(0)
_COPIES = ("replication_factor", "write_consistency_factor")
_MEMORY = choice("cold", "cached", "pinned")

_VECTOR = {
    "size": integer(1, VECTOR_SIZE_MAX),
    "distance": choice(*(distance.value for distance in Distance)),
    "datatype": choice("float32"),
    "on_disk": _TRUTH,
    "memory": choice("cold", "cached"),
    "hnsw_config": ref("HnswConfig"),
    "quantization_config": ref("QuantizationConfig"),
}
_CHANGED_VECTOR = {key: _VECTOR[key] for key in ("hnsw_config", "on_disk", "memory")}
_INDEX = {"on_disk": _TRUTH, "memory": _MEMORY, "enable_hnsw": _TRUTH}
_OWN: dict[IndexKind, dict[str, Schema]] = {
    IndexKind.KEYWORD: {"is_tenant": _TRUTH, "prefix": _TRUTH},
    IndexKind.INTEGER: {"lookup": _TRUTH, "range": _TRUTH, "is_principal": _TRUTH},
    IndexKind.FLOAT: {"is_principal": _TRUTH},
    IndexKind.DATETIME: {"is_principal": _TRUTH},
    IndexKind.UUID: {"is_tenant": _TRUTH},
    IndexKind.TEXT: {
        "tokenizer": choice(*TOKENIZERS),
        "min_token_len": integer(1, 65_535),
        "max_token_len": integer(1, 65_535),
        "lowercase": _TRUTH,
        "ascii_folding": _TRUTH,
        "phrase_matching": _TRUTH,
        "stopwords": ref("Stopwords"),
        "stemmer": ref("Stemmer"),
    },
}


def _index(kind: IndexKind) -> Schema:
    return record({"type": {"const": kind.value}, **_OWN.get(kind, {}), **_INDEX}, ("type",))


CONFIGURATION: dict[str, Schema] = {
    "VectorParams": record(_VECTOR, ("size", "distance")),
    "VectorsConfig": either(
        ref("VectorParams"),
        {"type": "object", "additionalProperties": ref("VectorParams")},
        description="The unnamed vector, or vectors by name.",
    ),
    "CreateCollection": record(
        {
            "vectors": ref("VectorsConfig"),
            "hnsw_config": ref("HnswConfig"),
            "optimizers_config": ref("OptimizersConfig"),
            "wal_config": ref("WalConfig"),
            "quantization_config": ref("QuantizationConfig"),
            "strict_mode_config": ref("StrictModeConfig"),
            "on_disk_payload": _TRUTH,
            "shard_number": integer(1, SHARDS_MAX),
            "replication_factor": integer(1),
            "write_consistency_factor": integer(1),
            "sharding_method": choice("auto", "custom"),
            "metadata": ref("Payload"),
        },
    ),
    "UpdateCollection": record(
        {
            "vectors": {
                "type": "object",
                "additionalProperties": record(
                    {**_CHANGED_VECTOR, "quantization_config": ref("ChangedQuantizationConfig")}
                ),
            },
            "hnsw_config": ref("HnswConfig"),
            "optimizers_config": ref("OptimizersConfig"),
            "quantization_config": ref("ChangedQuantizationConfig"),
            "strict_mode_config": ref("StrictModeConfig"),
            "params": record(
                {"on_disk_payload": _TRUTH, "replication_factor": integer(1), "write_consistency_factor": integer(1)}
            ),
            "metadata": ref("Payload"),
        },
        description="What is left out stays. Metadata is merged; null deletes a key.",
    ),
    "ShardKey": record({"shard_key": _TEXT, "shards_number": integer(1, SHARDS_MAX)}, ("shard_key",)),
    "ClusterChange": one_key(
        {
            "move_shard": record({"shard_id": _AT_LEAST_0, "to_peer_id": _AT_LEAST_0}, ("shard_id", "to_peer_id")),
            "unpin_shard": record({"shard_id": _AT_LEAST_0}, ("shard_id",)),
            "create_sharding_key": ref("ShardKey"),
            "drop_sharding_key": ref("ShardKey"),
        }
    ),
    "NewVector": record(
        {"dense": record({key: _VECTOR[key] for key in ("size", "distance", "datatype")}, ("size", "distance"))},
        ("dense",),
    ),
    "HnswConfig": record(
        {
            "m": either(_ZERO := {"const": 0}, integer(2, 128)),
            "ef_construct": integer(4, 10_000),
            "full_scan_threshold": _AT_LEAST_0,
            "max_indexing_threads": _AT_LEAST_0,
            "on_disk": _TRUTH,
            "payload_m": either(_ZERO, integer(2, 128)),
            "memory": _MEMORY,
            "inline_storage": _TRUTH,
        }
    ),
    "OptimizersConfig": record(
        {
            "deleted_threshold": _SHARE,
            "vacuum_min_vector_number": integer(100),
            "default_segment_number": _AT_LEAST_0,
            "max_segment_size": integer(1),
            "memmap_threshold": _AT_LEAST_0,
            "indexing_threshold": _AT_LEAST_0,
            "flush_interval_sec": _AT_LEAST_0,
            "max_optimization_threads": either(_AT_LEAST_0, choice("auto")),
        }
    ),
    "WalConfig": record(
        {"wal_capacity_mb": integer(1), "wal_segments_ahead": _AT_LEAST_0, "wal_retain_closed": integer(1)}
    ),
    "QuantizationConfig": one_key(
        {
            "scalar": record(
                {
                    "type": {"const": "int8"},
                    "quantile": {"type": "number", "minimum": 0.5, "maximum": 1},
                    "always_ram": _TRUTH,
                },
                ("type",),
            ),
            "binary": record(
                {
                    "always_ram": _TRUTH,
                    "encoding": choice("one_bit"),
                    "query_encoding": choice("default", "scalar8bits"),
                }
            ),
        }
    ),
    "ChangedQuantizationConfig": either(ref("QuantizationConfig"), choice("Disabled")),
    "StrictModeConfig": record(
        {
            **dict.fromkeys(
                ("enabled", "unindexed_filtering_retrieve", "unindexed_filtering_update", "search_allow_exact"), _TRUTH
            ),
            **dict.fromkeys(
                (
                    "max_query_limit",
                    "max_timeout",
                    "search_max_hnsw_ef",
                    "upsert_max_batchsize",
                    "search_max_batchsize",
                    "max_collection_vector_size_bytes",
                    "max_collection_payload_size_bytes",
                    "max_points_count",
                    "read_rate_limit",
                    "write_rate_limit",
                    "filter_max_conditions",
                    "condition_max_size",
                    "max_payload_index_count",
                ),
                integer(1),
            ),
            "search_max_oversampling": {"type": "number", "minimum": 1},
        }
    ),
    "FieldSchema": either(
        choice(*(kind.value for kind in IndexKind)),
        *(_index(kind) for kind in IndexKind),
        description="The type of a payload index, or an object with the type and its options.",
    ),
    "Stopwords": either(choice(*STOPWORDS), record({"languages": array(choice(*STOPWORDS)), "custom": array(_TEXT)})),
    "Stemmer": either(
        record({"type": {"const": "none"}}, ("type",)),
        record({"type": {"const": "snowball"}, "language": choice(*STEMMERS)}, ("type", "language")),
    ),
}
