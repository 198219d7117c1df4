"""Options of codes reach the graph, given for the collection or for one vector."""

import numpy as np
import pytest

import tamis
from tamis.embedded.options import read_params
from tamis.kernels.beam import B1
from tamis.model.query import NearestQuery
from tamis.search.target import aim


def clustered(count: int, size: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(7).standard_normal((50, size))
    return centres[random.integers(0, 50, count)] + 0.7 * random.standard_normal((count, size))


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


@pytest.mark.parametrize("distance", ["Euclid", "Cosine", "Dot"])
def test_binary_walks_and_scans_on_bits(distance: str) -> None:
    config = {"binary": {"always_ram": True}}
    vectors = {"size": 96, "distance": distance}
    c = tamis.open().create_collection(
        "c", vectors=vectors, hnsw_config={"full_scan_threshold": 1}, quantization_config=config
    )
    c.upsert(ids=np.arange(6_000), vectors=clustered(6_000, 96, 1), payloads=[{"n": n % 100} for n in range(6_000)])
    c.optimize()
    assert c.info()["config"]["quantization_config"] == config
    (view,) = c._stored._shard.snapshot().views
    graph = view.body.vectors[""].graph
    assert graph is not None
    assert graph.codec == B1
    assert graph.walked.values.shape == (6_000, 16)  # 96 dimensions, of 128 bits
    queries = clustered(40, 96, 2)
    for filter in (None, {"must": [{"key": "n", "range": {"lt": 50}}]}, {"must": [{"key": "n", "range": {"lt": 5}}]}):
        exact, _ = c.search_batch(queries, filter=filter, params={"exact": True})
        batch, _ = c.search_batch(queries, filter=filter)
        single = [[hit.id for hit in c.search(query, filter=filter)] for query in queries]
        for found in (batch.tolist(), single):
            shared = [len(set(a) & set(b)) / 10 for a, b in zip(found, exact.tolist(), strict=True)]
            assert np.mean(shared) >= 0.95


def test_codes_can_be_ignored_and_more_of_their_ranking_measured() -> None:
    c = tamis.open().create_collection(
        "c", vectors={"size": 32, "distance": "Euclid"}, hnsw_config={"full_scan_threshold": 1}
    )
    c.upsert(ids=np.arange(5_000), vectors=clustered(5_000, 32, 3))
    c.optimize()
    query = clustered(1, 32, 4)[0]
    (view,) = c._stored._shard.snapshot().views
    measured = {}
    for name, params in (("plain", {}), ("ignore", {"ignore": True}), ("more", {"oversampling": 20})):
        ids = [hit.id for hit in c.search(query, params={"quantization": params})]
        assert ids == [hit.id for hit in c.search(query, params={"exact": True})]
        question = NearestQuery(np.float32(query)[None], "", 10, None, read_params({"quantization": params}))
        graph = aim(view, question, trace=False).dense.graph
        assert graph is not None
        measured[name] = graph.rescored(10), graph.encoder is None
        beam = c.explain(query, params={"quantization": params}).to_dict()["segments"][0]["beam"]
        assert beam == (300 if name == "more" else 64)
    assert measured == {"plain": (24, False), "ignore": (10, True), "more": (204, False)}


def test_a_long_answer_is_not_ranked_by_codes() -> None:
    """Sixteen times a limit of 500 would have to be inserted into a sorted array: full rows are scanned instead."""
    c = tamis.open().create_collection(
        "c",
        vectors={"size": 96, "distance": "Euclid"},
        hnsw_config={"full_scan_threshold": 1},
        quantization_config={"binary": {}},
    )
    c.upsert(ids=np.arange(6_000), vectors=clustered(6_000, 96, 1), payloads=[{"n": n % 2} for n in range(6_000)])
    c.optimize()
    query, half = clustered(1, 96, 2)[0], {"must": [{"key": "n", "match": {"value": 0}}]}
    plans = {limit: c.explain(query, limit=limit, filter=half).to_dict()["segments"][0] for limit in (10, 500)}
    assert plans[10]["strategy"] == "scan_codes"
    assert plans[500]["strategy"] == "scan"
    exact = c.search(query, limit=500, filter=half, params={"exact": True})
    assert [hit.id for hit in c.search(query, limit=500, filter=half)] == [hit.id for hit in exact]
