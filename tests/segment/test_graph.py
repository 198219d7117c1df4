"""The graph: same bytes on any number of threads, everything reachable, recall on every metric, hard data."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import F32_DOT, F32_L1, F32_L2, I8, NO_OFFSET, search_graph
from tamis.kernels.link import reach
from tamis.model.schema import Distance, HnswConfig, ScalarQuantization, VectorParams
from tamis.segment.alive import pack_rows
from tamis.segment.vectors.dense import Dense, build_dense, open_dense

RECALL = 0.97
NOTHING = np.empty(0, np.uint64)


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def clustered(rows: int, size: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((40, 12))
    spread = np.random.default_rng(98).standard_normal((12, size)) / 3.5
    inner = centres[random.integers(0, 40, rows)] + 0.6 * random.standard_normal((rows, 12))
    return (inner @ spread + 0.05 * random.standard_normal((rows, size))).astype(np.float32)


def build(rows: np.ndarray, distance: Distance, pool: ThreadPoolExecutor, present: np.ndarray | None = None) -> Dense:
    params = VectorParams(rows.shape[1], distance)
    if distance is Distance.COSINE:
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30).astype(np.float32)
    return open_dense(params, build_dense(rows, present, params, pool=pool, hnsw=HnswConfig(), graph=True))


def search(dense: Dense, queries: np.ndarray, limit: int, beam: int) -> np.ndarray:
    graph = dense.graph
    assert graph is not None
    offsets = np.empty((len(queries), limit), np.uint32)
    distances = np.empty((len(queries), limit), np.float32)
    walked, asked = graph.walked, graph.queries(queries)
    search_graph[graph.codec, graph.metric](
        walked.values, walked.norms, graph.neighbours, graph.entries, asked.values, asked.turned, dense.rows, queries,
        NOTHING, False, beam, 1, graph.rescored(limit), 1 << 60, 0, len(queries), offsets, distances,
        np.zeros((len(queries), 2), np.int64),
    )  # fmt: skip
    return offsets


def recall(dense: Dense, queries: np.ndarray, beam: int) -> float:
    found = search(dense, queries, 10, beam)
    allowed = np.ones(len(dense.rows), bool)
    exact = [reference.nearest(dense.rows, query, dense.metric, allowed, 10) for query in queries]
    return float(np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found, exact, strict=True)]))


def reachable(dense: Dense) -> np.ndarray:
    graph = dense.graph
    assert graph is not None
    reached = np.zeros(len(dense.rows), bool)
    reached[graph.entries] = True
    frontier = np.empty(len(dense.rows), np.int32)
    frontier[: len(graph.entries)] = graph.entries
    reach(graph.neighbours, frontier, len(graph.entries), reached)
    return reached


@pytest.mark.parametrize("distance", list(Distance))
def test_recall_at_the_calibrated_beam(distance: Distance, pool: ThreadPoolExecutor) -> None:
    rows = clustered(6_000, 48)
    if distance is Distance.DOT:  # lengths that differ by a factor of five
        rows *= np.random.default_rng(5).lognormal(0, 0.4, (len(rows), 1)).astype(np.float32)
    dense = build(rows, distance, pool)
    assert dense.graph is not None
    assert dense.graph.codec == (F32_L1 if distance is Distance.MANHATTAN else I8)
    if dense.graph.encoder is not None:
        assert dense.graph.encoder.product == (distance is Distance.DOT)
    queries = clustered(60, 48, seed=1)
    if distance is Distance.COSINE:
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    assert recall(dense, queries, dense.graph.beam) >= RECALL
    assert reachable(dense).all()


def test_same_bytes_on_any_number_of_threads() -> None:
    rows = clustered(3_000, 32)
    params = VectorParams(32, Distance.EUCLID)
    built = []
    for threads in (1, 2, 5):
        with ThreadPoolExecutor(threads) as pool:
            built.append(build_dense(rows, None, params, pool=pool, hnsw=HnswConfig(), graph=True))
    for other in built[1:]:
        assert built[0].keys() == other.keys()
        for name, array in built[0].items():
            assert array.tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize("distance", list(Distance))
def test_ten_thousand_copies_stay_reachable(distance: Distance, pool: ThreadPoolExecutor) -> None:
    rows = np.repeat(clustered(1, 16), 10_000, axis=0)
    rows[::20] = clustered(500, 16, seed=2)
    dense = build(rows, distance, pool)
    assert dense.graph is not None
    assert reachable(dense).all()
    assert len(dense.graph.entries) < 200
    found = search(dense, dense.rows[1:2].copy(), 10, dense.graph.beam)[0]
    assert (dense.rows[found] == dense.rows[1]).all() or distance is Distance.DOT


@pytest.mark.parametrize("rows", [2, 3, 17, 70])
def test_small_graphs_find_everything(rows: int, pool: ThreadPoolExecutor) -> None:
    dense = build(clustered(rows, 5), Distance.EUCLID, pool)
    found = search(dense, dense.rows.copy(), rows, 100)
    assert (np.sort(found, axis=1) == np.arange(rows)).all()
    assert (found[:, 0] == np.arange(rows)).all()


def test_one_row_gets_no_graph(pool: ThreadPoolExecutor) -> None:
    assert build(clustered(1, 5), Distance.EUCLID, pool).graph is None


def test_rows_without_the_vector_are_never_found(pool: ThreadPoolExecutor) -> None:
    rows = clustered(2_000, 16)
    has = np.random.default_rng(1).random(2_000) < 0.3
    rows[~has] = 0
    dense = build(rows, Distance.COSINE, pool, pack_rows(np.flatnonzero(has), 2_000))
    found = search(dense, dense.rows[:50].copy(), 10, 64)
    assert has[found[found != NO_OFFSET]].all()
    assert (reachable(dense) == has).all()


def test_zero_vectors_under_cosine(pool: ThreadPoolExecutor) -> None:
    rows = clustered(1_000, 16)
    rows[:100] = 0
    dense = build(rows, Distance.COSINE, pool)
    assert reachable(dense).all()
    assert recall(dense, dense.rows[500:520].copy(), 64) >= RECALL


@pytest.mark.parametrize(("distance", "codec"), [(Distance.EUCLID, F32_L2), (Distance.DOT, F32_DOT)])
def test_data_that_codes_do_not_suit_is_walked_on_full_rows(
    distance: Distance, codec: int, pool: ThreadPoolExecutor
) -> None:
    random = np.random.default_rng(3)
    rows = (random.integers(0, 2, (3_000, 1)) * 1e4 + 1e-3 * random.standard_normal((3_000, 24))).astype(np.float32)
    dense = build(rows, distance, pool)
    assert dense.graph is not None
    assert dense.graph.codec == codec
    if distance is Distance.EUCLID:
        assert recall(dense, rows[:20].copy(), 256) >= RECALL


def test_schema_options_of_codes_and_threads(pool: ThreadPoolExecutor) -> None:
    rows = clustered(2_000, 16)

    def codes(quantization: ScalarQuantization | None, threads: int = 0) -> np.ndarray:
        params = VectorParams(16, Distance.EUCLID, quantization=quantization)
        config = HnswConfig(max_indexing_threads=threads)
        dense = open_dense(params, build_dense(rows, None, params, pool=pool, hnsw=config, graph=True))
        assert dense.graph is not None
        return dense.graph.walked.values[:, :16].astype(int) - 128

    def cut(walked: np.ndarray) -> float:
        return float((np.abs(walked) == 127).mean())

    assert cut(codes(None)) < 0.002
    assert 0.03 < cut(codes(ScalarQuantization(quantile=0.95))) < 0.08
    assert np.array_equal(codes(None), codes(None, threads=1))


def test_always_ram_copies_the_codes_out_of_the_file(pool: ThreadPoolExecutor) -> None:
    params = VectorParams(16, Distance.EUCLID, quantization=ScalarQuantization(always_ram=True))
    arrays = build_dense(clustered(2_000, 16), None, params, pool=pool, hnsw=HnswConfig(), graph=True)
    for quantization, shared in ((params.quantization, False), (None, True)):
        dense = open_dense(VectorParams(16, Distance.EUCLID, quantization=quantization), arrays)
        assert dense.graph is not None
        assert np.shares_memory(dense.graph.walked.values, arrays["graph.codes"]) == shared
