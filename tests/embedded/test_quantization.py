"""Options of codes reach the graph, given for the collection or for one vector."""

import numpy as np
import pytest

import tamis

SCALAR = {"scalar": {"type": "int8", "quantile": 0.9, "always_ram": True}}


@pytest.mark.parametrize("place", ["collection", "vector"])
def test_quantile_and_always_ram_are_honoured(place: str) -> None:
    vector = {"size": 16, "distance": "Euclid"}
    options = {"quantization_config": SCALAR} if place == "collection" else {}
    vectors = vector if place == "collection" else vector | {"quantization_config": SCALAR}
    made = tamis.open().create_collection("c", vectors=vectors, hnsw_config={"full_scan_threshold": 1}, **options)
    made.upsert(ids=np.arange(3_000), vectors=np.random.default_rng(1).standard_normal((3_000, 16)))
    made.optimize()
    (view,) = made._stored._shard.snapshot().views
    graph = view.body.vectors[""].graph
    assert graph is not None
    codes = graph.walked.values[:, :16].astype(int) - 128
    assert 0.07 < (np.abs(codes) == 127).mean() < 0.15
    assert graph.walked.values.flags.writeable  # a copy: what is mapped is read-only
