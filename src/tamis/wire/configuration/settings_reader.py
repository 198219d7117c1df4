"""Groups of settings: plain dicts ↔ their structs, field by field from tables of what each field may be.

    read_settings({"m": 32}, "hnsw_config", HNSW)  →  {"m": 32}, checked; null is the same as left out
    set_fields(HnswConfig(m=32), every=False)      →  {"m": 32}

Known options of the reference that are not built yet are refused as such, unless they are null or empty; unknown keys
are refused by name. Nothing is accepted silently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tamis.errors import Invalid, Rejected
from tamis.model.schema import Settings
from tamis.wire.checks import at, mapping, plain_scalar

__all__ = [
    "HNSW",
    "MEMORY",
    "OPTIMIZERS",
    "PARAMS",
    "STRICT_MODE",
    "TRUTH",
    "WAL",
    "Field",
    "check_keys",
    "count",
    "read_setting",
    "read_settings",
    "set_fields",
]

Field = tuple[Callable[[Any], bool], str]  # whether a value will do, and what would

_LATER = {
    "multivector_config": "multivectors are",
    "sparse": "sparse vectors are",
    "sparse_vectors": "sparse vectors are",
    "sparse_config": "sparse vectors are",
    "product": "product quantization is",
    "turbo": "turbo quantization is",
    "prevent_unoptimized": "prevent_unoptimized is",
    "max_resident_memory_percent": "max_resident_memory_percent is",
    "read_fan_out_factor": "read_fan_out_factor is",
    "read_fan_out_delay_ms": "read_fan_out_delay_ms is",
    "shard_key": "sharding by key is",
    "payload": "the placement of payloads is",
    "id_tracker": "the placement of ids is",
    "memory": "this placement is",
}


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _real(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def count(least: int, meaning: str = "an integer", zero: str = "") -> Field:
    """A field that is a whole number of at least so much."""
    return lambda v: _whole(v) and v >= least, f"{meaning} of at least {least}{zero}"


TRUTH: Field = (lambda v: isinstance(v, bool), "true or false")
MEMORY: Field = (lambda v: v in ("cold", "cached", "pinned"), "cold, cached or pinned")

HNSW: dict[str, Field] = {
    "m": (lambda v: _whole(v) and (v == 0 or 2 <= v <= 128), "an integer from 2 to 128, or 0 for no graph"),
    "ef_construct": (lambda v: _whole(v) and 4 <= v <= 10_000, "an integer from 4 to 10000"),
    "full_scan_threshold": count(0, "kilobytes, an integer"),
    "max_indexing_threads": count(0, zero=" (0: all cores)"),
    "payload_m": (lambda v: _whole(v) and (v == 0 or 2 <= v <= 128), "an integer from 2 to 128, or 0"),
    "on_disk": TRUTH,
    "memory": MEMORY,
    "inline_storage": TRUTH,
}
OPTIMIZERS: dict[str, Field] = {
    "deleted_threshold": (lambda v: _real(v) and 0 <= v <= 1, "a share from 0 to 1"),
    "vacuum_min_vector_number": count(100),
    "max_segment_size": count(1, "kilobytes, an integer"),
    "indexing_threshold": count(0, "kilobytes, an integer", " (0: never)"),
    "default_segment_number": count(0, zero=" (0: chosen)"),
    "memmap_threshold": count(0, "kilobytes, an integer"),
    "flush_interval_sec": count(0),
    "max_optimization_threads": (lambda v: v == "auto" or (_whole(v) and v >= 0), "an integer of at least 0, or auto"),
}
WAL: dict[str, Field] = {
    "wal_capacity_mb": count(1),
    "wal_segments_ahead": count(0),
    "wal_retain_closed": count(1),
}
PARAMS: dict[str, Field] = {
    "on_disk_payload": TRUTH,
    "replication_factor": count(1),
    "write_consistency_factor": count(1),
}
STRICT_MODE: dict[str, Field] = {
    "enabled": TRUTH,
    "max_query_limit": count(1),
    "max_timeout": count(1, "seconds, an integer"),
    "unindexed_filtering_retrieve": TRUTH,
    "unindexed_filtering_update": TRUTH,
    "search_max_hnsw_ef": count(1),
    "search_allow_exact": TRUTH,
    "search_max_oversampling": (lambda v: _real(v) and v >= 1, "a number of at least 1"),
    "search_max_batchsize": count(1),
    "upsert_max_batchsize": count(1),
    "max_collection_vector_size_bytes": count(1),
    "max_collection_payload_size_bytes": count(1),
    "max_points_count": count(1),
    "max_payload_index_count": count(1),
    "read_rate_limit": count(1),
    "write_rate_limit": count(1),
    "filter_max_conditions": count(1),
    "condition_max_size": count(1),
}


def read_settings(value: object, where: str, fields: Mapping[str, Field], also: tuple[str, ...] = ()) -> Settings:
    """The fields that are given. also: keys that somebody else reads.

    >>> read_settings({"wal_capacity_mb": 0}, "wal_config", WAL)
    Traceback (most recent call last):
    tamis.errors.Invalid: wal_config.wal_capacity_mb: must be an integer of at least 1, got 0
    """
    given = {} if value is None else mapping(value, where, f"a dict with keys among {', '.join(fields)}")
    check_keys(given, where, (*fields, *also))
    read = {key: read_setting(given.get(key), at(where, key), field) for key, field in fields.items()}
    return {key: setting for key, setting in read.items() if setting is not None}


def read_setting(value: Any, where: str, field: Field) -> Any:
    """One field; None stays None. Invalid where a number is outside its bounds."""
    value = plain_scalar(value)
    will_do, wanted = field
    if value is None or will_do(value):
        return value
    raise (Invalid if _real(value) and field is not TRUTH else Rejected)(where, f"must be {wanted}, got {value!r}")


def check_keys(given: Mapping[str, Any], where: str, known: tuple[str, ...]) -> None:
    """Refuse keys that nobody reads, unless they are known and ask for nothing: null, false, empty."""
    for key, value in given.items():
        nothing = value is None or value is False or (isinstance(value, (dict, list)) and not value)
        if key in known or (key in _LATER and nothing):
            continue
        if key in _LATER:
            raise Rejected(at(where, key), f"{_LATER[key]} not supported yet")
        raise Rejected(at(where, key), f"unknown option; known are {', '.join(known)}")


def set_fields(struct: msgspec.Struct, *, every: bool) -> dict[str, Any]:
    """The fields that are not None; not every: and that are not what they are by default."""
    plain: dict[str, Any] = msgspec.structs.asdict(struct) if every else msgspec.to_builtins(struct)
    return {key: value for key, value in plain.items() if value is not None}
