"""What the official client reads of a configuration: what was set, and what its models cannot do without."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import models

from tamis.qdrant import TamisClient
from tamis.wire.configuration.settings_reader import STRICT_MODE

HNSW = models.HnswConfigDiff(
    m=24, ef_construct=50, full_scan_threshold=77, max_indexing_threads=2, payload_m=0, on_disk=False, memory="pinned"
)
OPTIMIZERS = models.OptimizersConfigDiff(
    deleted_threshold=0.3,
    vacuum_min_vector_number=200,
    default_segment_number=2,
    max_segment_size=9_999,
    memmap_threshold=100,
    indexing_threshold=5,
    flush_interval_sec=7,
    max_optimization_threads=3,
)
SCALAR = models.ScalarQuantization(scalar=models.ScalarQuantizationConfig(type="int8", quantile=0.99, always_ram=True))
STRICT = models.StrictModeConfig(**{key: True if field[0](True) else 3 for key, field in STRICT_MODE.items()})
WAL = models.WalConfigDiff(wal_capacity_mb=16, wal_segments_ahead=1, wal_retain_closed=2)
VECTORS = {
    "a": models.VectorParams(
        size=2, distance="Dot", on_disk=True, datatype="float32", hnsw_config=models.HnswConfigDiff(m=8, payload_m=4)
    ),
    "b": models.VectorParams(
        size=3,
        distance="Cosine",
        memory="cold",
        quantization_config=models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=False)),
    ),
}
PARAMS: dict[str, Any] = {
    "shard_number": 1,
    "sharding_method": "auto",
    "replication_factor": 1,
    "write_consistency_factor": 1,
    "on_disk_payload": False,
}
DOT = {"size": 2, "distance": "Dot"}
LEAST = {
    "params": {"shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": True},
    "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000, "max_indexing_threads": 0},
    "optimizer_config": {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1_000,
        "default_segment_number": 0,
        "indexing_threshold": 10_000,
        "flush_interval_sec": 5,
    },
    "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
}


FULL = {
    "params": {"vectors": VECTORS, **PARAMS},
    "hnsw_config": HNSW,
    "optimizer_config": OPTIMIZERS,
    "wal_config": WAL,
    "quantization_config": SCALAR,
    "strict_mode_config": STRICT,
    "metadata": {"owner": "us", "n": [1]},
}


def plain(value: Any) -> Any:
    """Models as the JSON that is sent for them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value.model_dump(mode="json", exclude_none=True) if hasattr(value, "model_dump") else value


def told(client: TamisClient, name: str) -> dict[str, Any]:
    """The configuration as the client's model parsed it; fields that the answer left out are not there."""
    return client.get_collection(name).config.model_dump(mode="json", exclude_unset=True)


def make_full(client: TamisClient) -> None:
    client.create_collection(
        "full",
        vectors_config=VECTORS,
        hnsw_config=HNSW,
        optimizers_config=OPTIMIZERS,
        wal_config=WAL,
        quantization_config=SCALAR,
        strict_mode_config=STRICT,
        metadata=FULL["metadata"],
        **PARAMS,
    )


def test_what_was_set_is_told_exactly(tmp_path: Path) -> None:
    with closing(TamisClient(path=tmp_path)) as client:
        make_full(client)
        assert told(client, "full") == plain(FULL)
    with closing(TamisClient(path=tmp_path)) as client:
        assert told(client, "full") == plain(FULL)


@pytest.mark.parametrize("vectors", [DOT, {}, {"": DOT, "text": DOT}])
def test_what_was_not_set_is_told_only_where_clients_need_it(vectors: dict[str, Any]) -> None:
    with closing(TamisClient()) as client:
        client.create_collection("bare", vectors_config=vectors)
        assert told(client, "bare") == {**LEAST, "params": {**LEAST["params"], "vectors": vectors}}


def test_auto_is_no_number_and_not_told() -> None:
    auto = models.OptimizersConfigDiff(max_optimization_threads="auto")
    with closing(TamisClient()) as client:
        client.create_collection("c", vectors_config=DOT, optimizers_config=auto)
        assert told(client, "c")["optimizer_config"] == LEAST["optimizer_config"]
        client.update_collection("c", optimizers_config=OPTIMIZERS)
        assert told(client, "c")["optimizer_config"] == plain(OPTIMIZERS)
        client.update_collection("c", optimizers_config=auto)
        assert "max_optimization_threads" not in told(client, "c")["optimizer_config"]


def test_changes_are_told(tmp_path: Path) -> None:
    want = plain(FULL)
    want["params"] |= {"on_disk_payload": True}
    want["params"]["vectors"]["a"] |= {"on_disk": False, "memory": "cached", "hnsw_config": {"m": 4, "payload_m": 4}}
    del want["params"]["vectors"]["b"]["quantization_config"]
    want["hnsw_config"]["m"] = 32
    want["optimizer_config"]["flush_interval_sec"] = 1
    del want["quantization_config"]
    want["strict_mode_config"]["max_timeout"] = 9
    want["metadata"] = {"n": [1], "x": 1}
    with closing(TamisClient(path=tmp_path)) as client:
        make_full(client)
        client.update_collection(
            "full",
            vectors_config={
                "a": models.VectorParamsDiff(on_disk=False, memory="cached", hnsw_config=models.HnswConfigDiff(m=4)),
                "b": models.VectorParamsDiff(quantization_config=models.Disabled.DISABLED),
            },
            hnsw_config=models.HnswConfigDiff(m=32),
            optimizers_config=models.OptimizersConfigDiff(flush_interval_sec=1),
            quantization_config=models.Disabled.DISABLED,
            collection_params=models.CollectionParamsDiff(on_disk_payload=True),
            strict_mode_config=models.StrictModeConfig(max_timeout=9),
            metadata={"owner": None, "x": 1},
        )
        assert told(client, "full") == want
    with closing(TamisClient(path=tmp_path)) as client:
        assert told(client, "full") == want
