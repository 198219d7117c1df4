"""A collection's schema: what travels in the log and is the same on every node.

A field that is None was not set. Some fields are hints about places or numbers that there is no choice of here; they
are kept as they were given, and given back.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = [
    "BinaryQuantization",
    "CollectionSchema",
    "Distance",
    "HnswConfig",
    "IndexKind",
    "NoQuantization",
    "OptimizersConfig",
    "PayloadIndex",
    "Quantization",
    "QuantizationChange",
    "ScalarQuantization",
    "Settings",
    "StrictMode",
    "TextOptions",
    "VectorParams",
    "WalConfig",
]


Settings = dict[str, bool | int | float | str]  # fields of one of the structs below, by name: those that were set


class Distance(StrEnum):
    """How near two vectors are. Cosine and Dot: larger is nearer; Euclid and Manhattan: smaller is nearer."""

    COSINE = "Cosine"
    DOT = "Dot"
    EUCLID = "Euclid"
    MANHATTAN = "Manhattan"


class HnswConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """The graph. Names follow Qdrant; ours is one flat layer of degree at most 2·m, beam ef_construct."""

    m: int = 16
    ef_construct: int = 100
    full_scan_threshold: int | None = None  # kilobytes of vectors below which a segment gets no graph; None: by cost
    max_indexing_threads: int = 0  # 0: all cores
    payload_m: int | None = None  # hints from here on
    on_disk: bool | None = None
    memory: str | None = None  # cold | cached | pinned
    inline_storage: bool | None = None


class OptimizersConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """When background work starts. Sizes in kilobytes of vectors, as in Qdrant."""

    deleted_threshold: float = 0.2
    vacuum_min_vector_number: int = 1_000
    max_segment_size: int | None = None
    indexing_threshold: int | None = None  # as full_scan_threshold; 0: never build a graph in the background
    default_segment_number: int | None = None  # hints from here on
    memmap_threshold: int | None = None
    flush_interval_sec: int | None = None
    max_optimization_threads: int | str | None = None  # or auto


class WalConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hints about the log."""

    wal_capacity_mb: int | None = None
    wal_segments_ahead: int | None = None
    wal_retain_closed: int | None = None


class StrictMode(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a server refuses to do for a collection, as in Qdrant. Sizes in bytes, rates in operations a minute."""

    enabled: bool | None = None
    max_query_limit: int | None = None
    max_timeout: int | None = None  # seconds
    unindexed_filtering_retrieve: bool | None = None
    unindexed_filtering_update: bool | None = None
    search_max_hnsw_ef: int | None = None
    search_allow_exact: bool | None = None
    search_max_oversampling: float | None = None
    search_max_batchsize: int | None = None
    upsert_max_batchsize: int | None = None
    max_collection_vector_size_bytes: int | None = None
    max_collection_payload_size_bytes: int | None = None
    max_points_count: int | None = None
    max_payload_index_count: int | None = None
    read_rate_limit: int | None = None
    write_rate_limit: int | None = None
    filter_max_conditions: int | None = None
    condition_max_size: int | None = None


class ScalarQuantization(msgspec.Struct, frozen=True, omit_defaults=True, tag="scalar"):
    """How the int8 codes of graph segments are made, which are there with or without it. quantile: share of components
    that the scale covers (.9995 unless given); always_ram: keep codes in memory of the process, not only mapped."""

    quantile: float | None = None
    always_ram: bool | None = None


class BinaryQuantization(msgspec.Struct, frozen=True, omit_defaults=True, tag="binary"):
    """Graph segments carry a bit a dimension instead of int8 codes; what they find is measured on full rows."""

    always_ram: bool | None = None
    encoding: str | None = None  # one_bit
    query_encoding: str | None = None  # default | scalar8bits, which is what queries always are


class NoQuantization(msgspec.Struct, frozen=True, tag="disabled"):
    """In a change: there shall be none."""


Quantization = ScalarQuantization | BinaryQuantization
QuantizationChange = ScalarQuantization | BinaryQuantization | NoQuantization


class VectorParams(msgspec.Struct, frozen=True, omit_defaults=True):
    """One named vector of a collection."""

    size: int
    distance: Distance
    hnsw: Settings | None = None  # what differs from the collection's
    quantization: Quantization | None = None
    on_disk: bool | None = None  # hints from here on
    memory: str | None = None  # cold | cached
    datatype: str | None = None  # float32
    created: int = 0  # position of the operation that added the vector; 0: the collection was made with it


class IndexKind(StrEnum):
    """Kinds of payload index."""

    KEYWORD = "keyword"
    INTEGER = "integer"
    FLOAT = "float"
    BOOL = "bool"
    DATETIME = "datetime"
    GEO = "geo"
    TEXT = "text"
    UUID = "uuid"


class TextOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a text index cuts and folds words."""

    tokenizer: str = "word"  # word | whitespace | prefix | multilingual
    min_token_len: int | None = None
    max_token_len: int | None = None
    lowercase: bool = True
    ascii_folding: bool = False
    phrase_matching: bool = False
    stopwords: tuple[str, ...] = ()  # all of them, those of the languages included
    stopword_languages: tuple[str, ...] = ()  # as asked for
    stemmer: str | None = None  # a snowball language


class PayloadIndex(msgspec.Struct, frozen=True, omit_defaults=True):
    """An explicit index on one payload path."""

    kind: IndexKind
    text: TextOptions | None = None
    options: dict[str, bool | str] = {}  # is_tenant, lookup, range, prefix, on_disk, memory, …: as given


class CollectionSchema(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything about a collection that is not a point."""

    vectors: dict[str, VectorParams]  # "" is the unnamed vector
    hnsw: HnswConfig = HnswConfig()
    optimizers: OptimizersConfig = OptimizersConfig()
    quantization: Quantization | None = None
    indexes: dict[str, PayloadIndex] = {}  # by canonical path
    metadata: dict[str, bytes] = {}  # the user's own, each value as JSON
    strict_mode: StrictMode | None = None
    wal: WalConfig = WalConfig()
    on_disk_payload: bool | None = None  # hints from here on
    shard_number: int | None = None  # 1, as the two below
    replication_factor: int | None = None
    write_consistency_factor: int | None = None
    sharding_method: str | None = None  # auto
    fenced: bool = False  # the collection was deleted or replaced: its log takes no more writes
