"""The graph's construction against its twins, over the codecs that graphs are built on."""

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import F32_DOT, F32_L1, F32_L2, I8
from tamis.kernels.distance import L2
from tamis.kernels.link import CANDIDATES_MAX, group, link_back, link_out, reach, trim

CODECS = [I8, F32_L2, F32_DOT, F32_L1]
COPIES = 4  # of every node, so that distances are equal


def _nodes(codec: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of small integers with their norms as the codec reads them, and the distances between all of them."""
    plain = np.random.default_rng(count).integers(-20, 21, (count // COPIES + 1, 64)).repeat(COPIES, axis=0)[:count]
    norms, turned = (numbers.astype(np.int32) for numbers in reference.code_norms(plain, False))
    rows = (plain + 128).astype(np.uint8) if codec == I8 else plain.astype(np.float32)
    pairs = [[reference.measures(codec, rows, norms, b, rows, turned, a) for b in range(count)] for a in range(count)]
    return rows, norms, turned, np.array(pairs, np.float64).reshape(count, count)


def _lists(lists: list[list[int]], width: int) -> np.ndarray:
    """Lists as rows of neighbours, -1 behind their ends."""
    return np.array([[*held, *[-1] * (width - len(held))] for held in lists], np.int32).reshape(len(lists), width)


def _drawn_lists(count: int, width: int) -> list[list[int]]:
    random = np.random.default_rng(width)
    return [
        random.permutation(np.delete(np.arange(count), node))[: random.integers(0, width + 1)].tolist()
        for node in range(count)
    ]


def _alpha(codec: int) -> float:
    return 1.0 if codec == F32_DOT else 1.25


def test_the_distance_between_codes_is_squared_l2() -> None:
    rows, _, _, between = _nodes(I8, 9)
    expected = [reference.distances(rows, row, L2).tolist() for row in rows]
    assert between.tolist() == expected


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [1, 2, 60])
def test_new_nodes_link_to_what_they_meet(codec: int, count: int) -> None:
    rows, norms, turned, between = _nodes(codec, count)
    old = (count + 1) // 2
    lists = [*_drawn_lists(old, 6)] + [[] for _ in range(count - old)]
    neighbours, entries = _lists(lists, 6), np.arange(min(old, 2), dtype=np.int32)
    order = np.random.default_rng(1).permutation(count).astype(np.int32)
    for degree, beam in ((1, 4), (4, 20), (9, 5)):
        edges, counts = np.full((count, degree), -1, np.int32), np.full(count, -7, np.int32)
        first, last, alpha = count // 3, count, np.float32(_alpha(codec))
        link_out[codec](
            rows, norms, turned, neighbours, entries, order, first, last, beam, alpha, edges, counts, 0
        )  # fmt: skip
        assert (counts[:first] == -7).all()
        for x in range(first, last):
            want = reference.link_out(between, neighbours, entries, order[x], beam, _alpha(codec), degree)
            assert edges[x, : counts[x]].tolist() == want


@pytest.mark.parametrize("codec", CODECS)
def test_in_edges_are_taken_and_lists_that_overflow_pruned(codec: int) -> None:
    count, room, degree = 60, 8, 6
    rows, norms, turned, between = _nodes(codec, count)
    lists, random = _drawn_lists(count, room), np.random.default_rng(3)
    fresh = [
        random.permutation(np.setdiff1d(np.arange(count), [*lists[node], node]))[: random.integers(0, 30)].tolist()
        for node in range(count)
    ]
    fresh[5] = []
    starts, sources = np.cumsum([0, *map(len, fresh)]), np.concatenate(fresh).astype(np.int32)
    neighbours, degrees = _lists(lists, room), np.array([len(held) for held in lists], np.int32)
    link_back[codec](
        rows, norms, turned, neighbours, degrees, starts, sources, 0, count - 1, np.float32(_alpha(codec)), degree
    )
    want = [
        reference.link_back(between, node, lists[node], fresh[node], room, _alpha(codec), degree)
        for node in range(count - 1)
    ]
    want.append(lists[-1])  # beyond the range asked for
    assert neighbours.tolist() == _lists(want, room).tolist()
    assert degrees.tolist() == [len(held) for held in want]


def test_of_too_many_in_edges_the_nearest_are_considered() -> None:
    """The first node is the nearest of all: those behind CANDIDATES_MAX fill the list if they are considered too."""
    count, room = CANDIDATES_MAX + 40, 8
    rows = np.eye(count, dtype=np.float32) * np.linspace(1, 2, count, dtype=np.float32)  # none occludes another
    rows[0] = 0
    between = np.array([reference.distances(rows, row, L2) for row in rows])
    sources = np.random.default_rng(1).permutation(np.arange(1, count)).astype(np.int32)
    nothing = np.empty(0, np.int32)
    for degree in (4, 280):
        neighbours, degrees = np.full((count, max(room, degree)), -1, np.int32), np.zeros(count, np.int32)
        starts = np.concatenate([[0], np.full(count, count - 1)])
        link_back[F32_L2](rows, nothing, nothing, neighbours, degrees, starts, sources, 0, 1, np.float32(1), degree)
        want = reference.link_back(between, 0, [], sources.tolist(), neighbours.shape[1], 1.0, degree)
        assert neighbours[0, : degrees[0]].tolist() == want
        assert len(want) == min(degree, CANDIDATES_MAX)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("degree", [1, 4, 6, 9])
def test_lists_are_trimmed_and_sorted(codec: int, degree: int) -> None:
    count = 40
    rows, norms, turned, between = _nodes(codec, count)
    lists = _drawn_lists(count, 8)
    degrees = np.array([len(held) for held in lists], np.int32)
    trimmed = np.full((count, degree), -7, np.int32)
    trim[codec](rows, norms, turned, _lists(lists, 8), degrees, 3, count, np.float32(_alpha(codec)), trimmed)
    want = [reference.trim(between, node, lists[node], _alpha(codec), degree) for node in range(3, count)]
    assert trimmed[3:].tolist() == _lists(want, degree).tolist()
    assert (trimmed[:3] == -7).all()


@pytest.mark.parametrize("size", [0, 1, 7, 200])
def test_group_sorts_edges_by_target(size: int) -> None:
    random = np.random.default_rng(size)
    base, rows = 3, 50
    order = random.permutation(size + base).astype(np.int32)
    edges = random.integers(0, rows, (size, 5)).astype(np.int32)
    counts = random.integers(0, 6, size).astype(np.int32)
    starts, sources = group(edges, counts, order, base, rows)
    got = [sources[starts[v] : starts[v + 1]].tolist() for v in range(rows)]
    assert got == reference.group(edges, counts, order, base, rows)
    assert len(starts) == rows + 1
    assert len(sources) == counts.sum()


@pytest.mark.parametrize("count", [1, 2, 65, 300])
@pytest.mark.parametrize("width", [1, 3])
def test_reach_marks_what_edges_lead_to(count: int, width: int) -> None:
    neighbours = _lists(_drawn_lists(count, width), width)
    random = np.random.default_rng(count)
    for begin in (0, 1, min(count, 4)):
        starts = random.permutation(count)[:begin]
        reached = random.random(count) < 0.1  # by an earlier call; nothing is entered there
        reached[starts] = True
        before, frontier = reached.copy(), np.zeros(count, np.int32)
        frontier[:begin] = starts
        filled = reach(neighbours, frontier, begin, reached)
        assert reached.tolist() == reference.reach(neighbours, starts, before).tolist()
        fresh = np.flatnonzero(reached & ~before)
        assert sorted(frontier[:filled].tolist()) == sorted([*starts.tolist(), *fresh.tolist()])
