"""What a collection was told: kept, given back exactly, refused where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tamis
from tamis.errors import Invalid, Rejected, UnknownVector
from tamis.wire.configuration.settings_reader import STRICT_MODE

DOT = {"size": 2, "distance": "Dot"}
GIVEN: dict[str, Any] = {
    "vectors": {
        "a": {**DOT, "on_disk": True, "datatype": "float32", "hnsw_config": {"m": 16, "payload_m": 8, "on_disk": True}},
        "b": {**DOT, "memory": "cold", "quantization_config": {"binary": {"always_ram": False}}},
        "c": {**DOT, "on_disk": False, "memory": "cached", "hnsw_config": {}},
    },
    "hnsw_config": {"m": 24, "memory": "pinned", "inline_storage": True, "payload_m": 0, "on_disk": False},
    "optimizers_config": {
        "default_segment_number": 0,
        "memmap_threshold": 100,
        "flush_interval_sec": 5,
        "max_optimization_threads": "auto",
    },
    "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1},
    "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99}},
    "strict_mode_config": {key: True if field[0](True) else 3 for key, field in STRICT_MODE.items()},
    "on_disk_payload": False,
    "shard_number": 1,
    "replication_factor": 1,
    "write_consistency_factor": 1,
    "sharding_method": "auto",
    "metadata": {"owner": "us"},
}
DEFAULTS = {
    "hnsw_config": {"m": 16, "ef_construct": 100, "max_indexing_threads": 0},
    "optimizers_config": {"deleted_threshold": 0.2, "vacuum_min_vector_number": 1_000},
}


def test_what_was_set_is_given_back_and_nothing_else(tmp_path: Path) -> None:
    with tamis.open(tmp_path) as db:
        want = {**GIVEN, **{key: {**default, **GIVEN[key]} for key, default in DEFAULTS.items()}}
        assert db.create_collection("full", **GIVEN).info()["config"] == want
        assert db.create_collection("bare", vectors=DOT).info()["config"] == {"vectors": DOT, **DEFAULTS}
    with tamis.open(tmp_path) as db:
        assert db.get_collection("full").info()["config"] == want
        assert db.get_collection("bare").info()["config"] == {"vectors": DOT, **DEFAULTS}


@pytest.mark.parametrize("vectors", [None, {}])
def test_a_collection_of_payloads(vectors: Any) -> None:
    c = tamis.open().create_collection("payloads", vectors=vectors)
    assert c.info()["config"]["vectors"] == {}
    c.upsert(points=[{"id": 1, "payload": {"a": 1}}, {"id": 2, "vector": {}}])
    c.upsert(ids=[3], payloads=[{"a": 1}])
    c.optimize()
    assert [record.id for record in c.scroll({"must": [{"key": "a", "match": {"value": 1}}]})[0]] == [1, 3]
    assert c.retrieve([1], with_vector=True)[0].vector == {}
    for search in (lambda: c.search([1, 2]), lambda: c.search([1, 2], using="")):
        with pytest.raises((Rejected, tamis.NotFound), match="this collection has no vectors"):
            search()
    with pytest.raises(tamis.NotFound, match="this collection has no vectors"):
        c.upsert(ids=[1], vectors=[[1, 2]])


@pytest.mark.parametrize(
    "nothing",
    [
        {"sparse_vectors": None},
        {"sparse_vectors": {}},
        {"optimizers_config": {"prevent_unoptimized": None}},
        {"strict_mode_config": {"multivector_config": {}}},
        {"vectors": {**DOT, "multivector_config": None}},
    ],
)
def test_what_is_empty_is_as_if_left_out(nothing: dict[str, Any]) -> None:
    config = tamis.open().create_collection("c", **{"vectors": DOT, **nothing}).info()["config"]
    assert {"vectors": DOT, **DEFAULTS}.items() <= config.items()


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"vectors": {**DOT, "memory": "pinned"}}, Rejected, "vectors.memory: must be cold or cached, got 'pinned'"),
    ({"vectors": {**DOT, "on_disk": 1}}, Rejected, "vectors.on_disk: must be true or false"),
    (
        {"vectors": {"a": {**DOT, "datatype": "float16"}}},
        Rejected,
        "vectors.a.datatype: 'float16' is not supported yet",
    ),
    ({"vectors": {"a": {**DOT, "hnsw_config": {"m": 1}}}}, Invalid, "vectors.a.hnsw_config.m: must be"),
    ({"sparse_vectors": {"s": {}}}, Rejected, "sparse_vectors: sparse vectors are not supported yet"),
    ({"quantization_config": {"turbo": {}}}, Rejected, "quantization_config: must name one kind"),
    ({"quantization_config": {"turbo": {"bits": 1}}}, Rejected, "turbo quantization is not supported yet"),
    ({"optimizers_config": {"prevent_unoptimized": True}}, Rejected, "prevent_unoptimized is not supported yet"),
    ({"optimizers_config": {"max_optimization_threads": "all"}}, Rejected, "max_optimization_threads: must be"),
    ({"hnsw_config": {"memory": "warm"}}, Rejected, "hnsw_config.memory: must be cold, cached or pinned"),
    ({"wal_config": {"wal_capacity_mb": 0}}, Invalid, "wal_config.wal_capacity_mb: must be an integer of at least 1"),
    ({"wal_config": {"fast": True}}, Rejected, "wal_config.fast: unknown option"),
    ({"shard_number": 2}, Invalid, "shard_number: must be 1: one shard per collection on one node, got 2"),
    ({"replication_factor": 3}, Invalid, "replication_factor: must be 1"),
    ({"write_consistency_factor": 2}, Invalid, "write_consistency_factor: must be 1"),
    ({"write_consistency_factor": 0}, Invalid, "write_consistency_factor: must be an integer of at least 1"),
    ({"shard_number": 1_001}, Invalid, "shard_number: must be an integer from 1 to 1,000"),
    ({"sharding_method": "custom"}, Rejected, "sharding_method: must be auto"),
    ({"sharding_method": "manual"}, Rejected, "sharding_method: must be auto or custom"),
    ({"on_disk_payload": "yes"}, Rejected, "on_disk_payload: must be true or false"),
    ({"strict_mode_config": {"max_query_limit": 0}}, Invalid, "strict_mode_config.max_query_limit: must be"),
    ({"strict_mode_config": {"sparse_config": {"s": {}}}}, Rejected, "sparse vectors are not supported yet"),
    ({"strict_mode_config": {"strictness": 1}}, Rejected, "strict_mode_config.strictness: unknown option"),
    ({"name": "other"}, Rejected, "name: unknown option"),
    ({"self": 1}, Rejected, "self: unknown option"),
]


@pytest.mark.parametrize(("options", "kind", "says"), REFUSED)
def test_refused_by_name(options: dict[str, Any], kind: type[Exception], says: str) -> None:
    db = tamis.open()
    with pytest.raises(Rejected) as caught:
        db.create_collection("c", **{"vectors": DOT, **options})
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert db.collections() == []


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    (
        {"hnsw_config": {"m": 32, "on_disk": True}},
        {"hnsw_config": {**DEFAULTS["hnsw_config"], "m": 32, "on_disk": True}},
    ),
    (
        {"optimizers_config": {"indexing_threshold": 1, "max_segment_size": None}},
        {"optimizers_config": {**DEFAULTS["optimizers_config"], "indexing_threshold": 1}},
    ),
    ({"quantization_config": {"binary": {}}}, {"quantization_config": {"binary": {}}}),
    ({"quantization_config": None}, {"quantization_config": {"scalar": {"type": "int8"}}}),
    (
        {"params": {"on_disk_payload": True, "replication_factor": 1}},
        {"on_disk_payload": True, "replication_factor": 1},
    ),
    ({"strict_mode_config": {"enabled": True}}, {"strict_mode_config": {"max_timeout": 9, "enabled": True}}),
    ({"metadata": {"a": None, "c": {"d": 1}}}, {"metadata": {"b": 2, "c": {"d": 1}}}),
    (
        {"vectors": {"": {"hnsw_config": {"m": 4}, "quantization_config": {"binary": {}}, "on_disk": True}}},
        {"vectors": {**DOT, "hnsw_config": {"m": 4}, "quantization_config": {"binary": {}}, "on_disk": True}},
    ),
    ({"vectors": {"": {"memory": "cold"}}, "sparse_vectors": {}}, {"vectors": {**DOT, "memory": "cold"}}),
]


@pytest.mark.parametrize(("change", "want"), CHANGES)
def test_a_change_keeps_the_rest_and_survives(change: dict[str, Any], want: dict[str, Any], tmp_path: Path) -> None:
    given = {
        "quantization_config": {"scalar": {"type": "int8"}},
        "strict_mode_config": {"max_timeout": 9},
        "metadata": {"a": 1, "b": 2},
    }
    config = {"vectors": DOT, **DEFAULTS, **given, **want}
    with tamis.open(tmp_path) as db:
        c = db.create_collection("c", vectors=DOT, **given)
        c.upsert(ids=[1], vectors=[[1, 2]])
        assert c.update(**change) == 2
        assert c.info()["config"] == config
    with tamis.open(tmp_path) as db:
        c = db.get_collection("c")
        assert c.info()["config"] == config
        c.optimize()  # from here on it is in the manifest
    with tamis.open(tmp_path) as db:
        assert db.get_collection("c").info()["config"] == config
        assert [hit.id for hit in db.get_collection("c").search([1, 0])] == [1]


def test_disabled_quantization_is_gone() -> None:
    quantized = {"quantization_config": {"binary": {}}}
    c = tamis.open().create_collection("c", vectors={"a": {**DOT, **quantized}, "b": DOT}, **quantized)
    c.update(quantization_config="Disabled", vectors={"a": {"quantization_config": "Disabled"}})
    assert c.info()["config"] == {"vectors": {"a": DOT, "b": DOT}, **DEFAULTS}


def test_later_builds_go_by_the_change() -> None:
    vectors = np.random.default_rng(5).standard_normal((300, 2))
    c = tamis.open().create_collection("c", vectors=DOT, hnsw_config={"m": 0, "full_scan_threshold": 1})
    c.upsert(ids=range(300), vectors=vectors)
    c.optimize()
    assert c.info()["segments"][0]["graphs"] == ()
    c.update(hnsw_config={"m": 8})
    c.optimize()
    assert c.info()["segments"][0]["graphs"] == ("",)
    c.update(vectors={"": {"hnsw_config": {"m": 0}}})
    c.upsert(ids=range(300, 600), vectors=vectors)
    c.optimize()
    assert c.info()["segments"][0]["graphs"] == ()


REFUSED_CHANGES: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"vectors": {"text": {}}}, UnknownVector, "vectors: there is no vector 'text'"),
    ({"vectors": {"": {"size": 3}}}, Rejected, "vectors.size: unknown option"),
    ({"vectors": {"": {"memory": "pinned"}}}, Rejected, "memory: must be cold or cached"),
    ({"vectors": {"": {"quantization_config": "Enabled"}}}, Rejected, "quantization_config: must be"),
    ({"vectors": [1]}, Rejected, "vectors: must be a dict"),
    ({"hnsw_config": {"m": 1}}, Invalid, "hnsw_config.m: must be"),
    ({"params": {"shard_number": 1}}, Rejected, "params.shard_number: unknown option"),
    ({"params": {"replication_factor": 2}}, Invalid, "params.replication_factor: must be 1"),
    ({"sparse_vectors": {"s": {}}}, Rejected, "sparse_vectors: sparse vectors are not supported yet"),
    ({"metadata": {"a": float("nan")}}, Rejected, "metadata.a"),
    ({"wal_config": {}}, Rejected, "wal_config: unknown option"),
]


@pytest.mark.parametrize(("change", "kind", "says"), REFUSED_CHANGES)
def test_a_refused_change_changes_nothing(change: dict[str, Any], kind: type[Exception], says: str) -> None:
    c = tamis.open().create_collection("c", vectors=DOT)
    before = c.info()
    with pytest.raises(tamis.TamisError) as caught:
        c.update(**{"metadata": {"b": 1}, **change})
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert c.info() == before


def test_an_option_that_is_not_there_yet_may_ask_for_nothing() -> None:
    with tamis.open() as db:
        off = {"optimizers_config": {"prevent_unoptimized": False}, "sparse_vectors": {}, "id_tracker": None}
        made = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"}, **off)
        assert "prevent_unoptimized" not in made.info()["config"]["optimizers_config"]
        for option in ({"optimizers_config": {"prevent_unoptimized": True}}, {"payload": {"memory": "cold"}}):
            with pytest.raises(tamis.Rejected, match="not supported yet"):
                db.create_collection("other", vectors={"size": 2, "distance": "Dot"}, **option)
