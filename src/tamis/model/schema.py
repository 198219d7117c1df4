"""A collection's schema: what travels in the log and is the same on every node."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = [
    "BinaryQuantization",
    "CollectionSchema",
    "Distance",
    "HnswConfig",
    "IndexKind",
    "OptimizersConfig",
    "PayloadIndex",
    "Quantization",
    "ScalarQuantization",
    "TextOptions",
    "VectorParams",
]


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


class OptimizersConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """When background work starts. Sizes in kilobytes of vectors, as in Qdrant."""

    deleted_threshold: float = 0.2
    vacuum_min_vector_number: int = 1_000
    max_segment_size: int | None = None
    indexing_threshold: int | None = None  # as full_scan_threshold; 0: never build a graph in the background


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


Quantization = ScalarQuantization | BinaryQuantization


class VectorParams(msgspec.Struct, frozen=True, omit_defaults=True):
    """One named vector of a collection."""

    size: int
    distance: Distance
    hnsw: HnswConfig | None = None
    quantization: Quantization | None = None


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
