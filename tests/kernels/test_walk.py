"""The walks against their twins: same ranking, same work."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.kernels import reference
from tamis.kernels.beam import B1, F32_DOT, F32_L1, F32_L2, I8, search_graph
from tamis.kernels.distance import DOT, L1, L2
from tamis.kernels.quantize import ROTATION_ROUNDS, encode_rows
from tamis.segment.alive import pack_rows

NOTHING = np.empty(0, np.uint64)
NO_NUMBERS = np.empty(0, np.int32)


def _search(rows, neighbours, entries, query, mask, beam, room=1 << 10, budget=1 << 60):
    """One query through the compiled pipeline, walked on rows, with everything rescored."""
    coded = F32_L2, L2, rows, NO_NUMBERS, query[None], NO_NUMBERS
    return _search_coded(coded, (rows, query[None]), neighbours, entries, mask, beam, room, budget)


def _search_coded(coded, full, neighbours, entries, mask, beam, room, budget=1 << 60):
    """The same with codes of any kind."""
    codec, metric, walked, norms, encoded, turned = coded
    offsets = np.empty((1, beam), np.uint32)
    distances = np.empty((1, beam), np.float32)
    counters = np.zeros((1, 2), np.int64)
    search_graph[codec, metric](
        walked, norms, neighbours, entries, encoded, turned, *full, mask, mask.size > 0,
        beam, room, beam, budget, 0, 1, offsets, distances, counters,
    )  # fmt: skip
    return offsets[0], distances[0], counters[0]


def _coded(codec, metric, nodes, random):
    """Codes of small integers and one query: what the walk measures on, as arguments of `_search_coded`."""
    if codec == I8:
        walked, norms = random.integers(100, 156, (nodes, 64), np.uint8), random.integers(0, 900, nodes, np.int32)
        encoded, turned = random.integers(-9, 9, (1, 64), np.int8), np.array([5], np.int32)
    elif codec == B1:
        walked = random.integers(0, 256, (nodes, 8), np.uint8)
        norms = random.integers(0, 9, (nodes, 2)).astype(np.float32)
        encoded, turned = random.integers(-9, 9, (1, 64), np.int8), np.array([[2, 7]], np.float32)
    else:
        walked, norms = random.integers(-20, 20, (nodes, 3)).astype(np.float32), NO_NUMBERS
        encoded, turned = random.integers(-20, 20, (1, 3)).astype(np.float32), NO_NUMBERS
    return codec, metric, walked, norms, encoded, turned


@pytest.mark.parametrize(
    ("codec", "metric"), [(I8, L2), (I8, DOT), (B1, L2), (B1, DOT), (F32_L2, L2), (F32_DOT, DOT), (F32_L1, L1)]
)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 7), st.integers(1, 12), st.integers(1, 30))
def test_walks_agree_with_plain_python(
    codec: int, metric: int, seed: int, nodes: int, degree: int, beam: int, room: int
) -> None:
    random = np.random.default_rng(seed)
    coded = _, _, walked, norms, encoded, turned = _coded(codec, metric, nodes, random)
    full = random.integers(-20, 20, (nodes, 3)).astype(np.float32), np.ones((1, 3), np.float32)
    degree = min(degree, nodes)
    neighbours = np.argsort(random.random((nodes, nodes)), axis=1)[:, :degree].astype(np.int32)
    cut = random.integers(0, degree + 1, nodes)
    neighbours[np.arange(degree)[None, :] >= cut[:, None]] = -1
    entries = random.permutation(nodes)[:3].astype(np.int32)
    measured = [reference.measures(codec, walked, norms, node, encoded, turned, 0) for node in range(nodes)]
    rescored = reference.distances(full[0], full[1][0], metric)

    def same(ranking, offsets, distances) -> bool:
        found = sorted((rescored[node], node) for node in ranking)
        return (offsets.tolist(), distances.tolist()) == reference.write_ranking(found, beam)

    ranking, computed, expanded = reference.walk(measured, neighbours, entries, beam)
    offsets, distances, counters = _search_coded(coded, full, neighbours, entries, NOTHING, beam, room)
    assert same(ranking, offsets, distances)
    assert counters.tolist() == [computed, expanded]

    allowed = random.random(nodes) < 0.5
    mask = pack_rows(np.flatnonzero(allowed), nodes)
    room = max(room, degree)
    ranking, computed, expanded = reference.walk_filtered(measured, neighbours, entries, beam, allowed, room)
    offsets, distances, counters = _search_coded(coded, full, neighbours, entries, mask, beam, room)
    assert same([node for node in ranking if allowed[node]], offsets, distances)
    assert counters.tolist() == [computed, expanded]


def test_work_on_a_line_is_known() -> None:
    """0 - 1 - 2 - … - 99, from one end to the other: every node is measured once and expanded once."""
    rows = np.arange(100, dtype=np.float32)[:, None]
    neighbours = np.column_stack([np.arange(-1, 99), np.arange(1, 101)]).astype(np.int32)
    neighbours[0] = [1, -1]
    neighbours[99] = [98, -1]
    offsets, distances, counters = _search(
        rows, neighbours, np.array([0], np.int32), np.array([99], np.float32), NOTHING, 2
    )
    assert offsets.tolist() == [99, 98]
    assert distances.tolist() == [0, 1]
    assert counters.tolist() == [100, 100]


def test_two_hops_cross_a_failing_neighbour_and_three_do_not() -> None:
    rows = np.arange(10, dtype=np.float32)[:, None]
    neighbours = np.column_stack([np.arange(-1, 9), np.arange(1, 11)]).astype(np.int32)
    neighbours[0] = [1, -1]
    neighbours[9] = [8, -1]
    start, query = np.array([0], np.int32), np.array([9], np.float32)
    every_other = pack_rows(np.arange(0, 10, 2), 10)
    assert _search(rows, neighbours, start, query, every_other, 1)[0].tolist() == [8]
    every_third = pack_rows(np.arange(0, 10, 3), 10)
    assert _search(rows, neighbours, start, query, every_third, 1)[0].tolist() == [0]


def test_a_walk_beyond_its_budget_gives_up() -> None:
    rows = np.arange(100, dtype=np.float32)[:, None]
    neighbours = np.column_stack([np.arange(-1, 99), np.arange(1, 101)]).astype(np.int32)
    neighbours[0] = [1, -1]
    neighbours[99] = [98, -1]
    mask = pack_rows(np.arange(100), 100)
    start, query = np.array([0], np.int32), np.array([99], np.float32)
    assert _search(rows, neighbours, start, query, mask, 2, budget=50)[2][0] == -1
    assert _search(rows, neighbours, start, query, mask, 2, budget=100)[2][0] == 100


def _encoded(rows: np.ndarray, product: bool, shift: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    codes = np.empty((len(rows), 64), np.uint8 if shift else np.int8)
    norms, turned = np.empty(len(rows), np.int32), np.empty(len(rows), np.int32)
    signs = np.random.default_rng(9).choice(np.array([-1, 1], np.float32), (ROTATION_ROUNDS, rows.shape[1]))
    centre = np.zeros(rows.shape[1], np.float32)
    encode_rows(rows, centre, signs, np.float32(1 / 40), product, np.int32(shift), codes, norms, turned, 0, len(rows))
    return codes, norms, turned


def test_codes_are_walked_and_rows_rescored() -> None:
    random = np.random.default_rng(3)
    rows = random.standard_normal((300, 24)).astype(np.float32)
    neighbours = np.argsort(((rows[:, None] - rows[None]) ** 2).sum(2), axis=1)[:, 1:33].astype(np.int32)
    queries = random.standard_normal((20, 24)).astype(np.float32)
    offsets, distances = np.empty((20, 5), np.uint32), np.empty((20, 5), np.float32)
    counters = np.zeros((20, 2), np.int64)
    for metric in (L2, DOT):
        codes, norms, _ = _encoded(rows, metric == DOT, 128)
        encoded, _, turned = _encoded(queries, metric == DOT, 0)
        search_graph[I8, metric](
            codes, norms, neighbours, np.arange(16, dtype=np.int32), encoded, turned, rows, queries, NOTHING, False,
            300, 64, 300, 1 << 60, 0, 20, offsets, distances, counters,
        )  # fmt: skip
        for q in range(20):
            expected = reference.nearest(rows, queries[q], metric, np.ones(300, bool), 5)
            assert offsets[q].tolist() == expected.tolist()
            measured = reference.distances(rows, queries[q], metric)[expected]
            np.testing.assert_allclose(distances[q], measured, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("beam", [1, 3])
def test_entries_beyond_the_beam_are_dropped(beam: int) -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]
    neighbours = np.full((8, 1), -1, np.int32)
    offsets, _, _ = _search(rows, neighbours, np.arange(8, dtype=np.int32), rows[5], NOTHING, beam)
    assert offsets.tolist() == [5, 4, 6][:beam]
