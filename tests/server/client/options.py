"""Every option of a collection and of a payload index that the server takes, as the official client's models."""

from __future__ import annotations

from typing import Any

from qdrant_client import models

__all__ = ["BINARY", "HNSW", "INDEXES", "OPTIMIZERS", "SCALAR", "STRICT", "VECTORS", "WAL"]

STRICT = {
    "max_query_limit": 100,
    "max_timeout": 60,
    "unindexed_filtering_retrieve": True,
    "unindexed_filtering_update": True,
    "search_max_hnsw_ef": 512,
    "search_allow_exact": True,
    "search_max_oversampling": 4.0,
    "search_max_batchsize": 10,
    "upsert_max_batchsize": 10,
    "max_collection_vector_size_bytes": 1 << 30,
    "max_collection_payload_size_bytes": 1 << 30,
    "max_points_count": 1_000,
    "max_payload_index_count": 3,
    "read_rate_limit": 1_000,
    "write_rate_limit": 1_000,
    "filter_max_conditions": 9,
    "condition_max_size": 9,
}
SCALAR = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
)
BINARY = models.BinaryQuantization(
    binary=models.BinaryQuantizationConfig(
        always_ram=False,
        encoding=models.BinaryQuantizationEncoding.ONE_BIT,
        query_encoding=models.BinaryQuantizationQueryEncoding.SCALAR8BITS,
    )
)
HNSW: dict[str, Any] = {
    "m": 24,
    "ef_construct": 120,
    "full_scan_threshold": 2_000,
    "max_indexing_threads": 2,
    "payload_m": 8,
    "on_disk": False,
    "memory": models.Memory.PINNED,
    "inline_storage": False,
}
OPTIMIZERS: dict[str, Any] = {
    "deleted_threshold": 0.3,
    "vacuum_min_vector_number": 500,
    "default_segment_number": 2,
    "max_segment_size": 100_000,
    "memmap_threshold": 100,
    "indexing_threshold": 20_000,
    "flush_interval_sec": 7,
    "max_optimization_threads": 1,
}
WAL = {"wal_capacity_mb": 64, "wal_segments_ahead": 1, "wal_retain_closed": 2}
VECTORS = {
    "text": models.VectorParams(
        size=3,
        distance=models.Distance.COSINE,
        on_disk=True,
        datatype=models.Datatype.FLOAT32,
        hnsw_config=models.HnswConfigDiff(m=8, ef_construct=50),
        quantization_config=BINARY,
    ),
    "image": models.VectorParams(size=65_536, distance=models.Distance.MANHATTAN, memory=models.Memory.COLD),
}
INDEXES: dict[str, Any] = {
    "keyword": models.KeywordIndexParams(type="keyword", is_tenant=True, prefix=True, on_disk=False),
    "integer": models.IntegerIndexParams(type="integer", lookup=True, range=False, is_principal=True),
    "float": models.FloatIndexParams(type="float", is_principal=True),
    "bool": models.BoolIndexParams(type="bool", memory=models.Memory.CACHED),
    "geo": models.GeoIndexParams(type="geo", on_disk=True),
    "datetime": models.DatetimeIndexParams(type="datetime", is_principal=True, enable_hnsw=False),
    "uuid": models.UuidIndexParams(type="uuid", is_tenant=True),
    "text": models.TextIndexParams(
        type="text",
        tokenizer=models.TokenizerType.PREFIX,
        min_token_len=2,
        max_token_len=9,
        lowercase=False,
        ascii_folding=True,
        phrase_matching=True,
        stopwords=models.StopwordsSet(languages=[models.Language.ENGLISH], custom=["tea"]),
        stemmer=models.SnowballParams(type="snowball", language=models.SnowballLanguage.ENGLISH),
    ),
}
