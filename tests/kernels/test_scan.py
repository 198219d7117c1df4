"""The exact scan, the merge of products, and the seeds of a filtered walk."""

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import NO_OFFSET
from tamis.kernels.distance import DOT, L1, L2
from tamis.kernels.ranking import EMPTY
from tamis.kernels.scan import measure_rankings, measure_rows, merge_block, scan_rows, seeds_of
from tamis.segment.alive import pack_rows


@pytest.mark.parametrize("metric", [L2, DOT, L1])
@pytest.mark.parametrize("rows", [1, 63, 64, 65, 500])
@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_scan_is_exact(metric: int, rows: int, share: float) -> None:
    random = np.random.default_rng(rows)
    data = random.standard_normal((rows, 19)).astype(np.float32)
    queries = random.standard_normal((3, 19)).astype(np.float32)
    allowed = random.random(rows) < share
    mask = pack_rows(np.flatnonzero(allowed), rows)
    offsets, distances = np.empty((3, 10), np.uint32), np.empty((3, 10), np.float32)
    scan_rows[metric](data, queries, mask, 0, 3, offsets, distances)
    for q in range(3):
        expected = reference.nearest(data, queries[q], metric, allowed, 10)
        assert offsets[q, : len(expected)].tolist() == expected.tolist()
        assert (offsets[q, len(expected) :] == NO_OFFSET).all()
        assert np.isinf(distances[q, len(expected) :]).all()
        measured = reference.distances(data, queries[q], metric)[expected]
        np.testing.assert_allclose(distances[q, : len(expected)], measured, rtol=1e-4, atol=1e-4)


def test_ties_are_broken_by_offset() -> None:
    data = np.zeros((200, 4), np.float32)
    mask = pack_rows(np.arange(0, 200, 3), 200)
    offsets, distances = np.empty((1, 5), np.uint32), np.empty((1, 5), np.float32)
    scan_rows[L2](data, data, mask, 0, 1, offsets, distances)
    assert offsets[0].tolist() == [0, 3, 6, 9, 12]


def test_merge_block_keeps_the_nearest_over_blocks() -> None:
    random = np.random.default_rng(4)
    block = random.standard_normal((6, 90)).astype(np.float32)
    wanted = random.permutation(1000)[:90].astype(np.int64)
    keys = np.full((6, 7), EMPTY)
    for first in range(0, 90, 31):
        part = np.ascontiguousarray(block[:, first : first + 31])
        merge_block(part, wanted[first : first + 31], keys)
    for q in range(6):
        expected = wanted[np.lexsort((wanted, block[q]))][:7]
        assert ((keys[q] & 0xFFFFFFFF) >> 1).tolist() == expected.tolist()


def test_measure_rows() -> None:
    data = np.random.default_rng(1).standard_normal((20, 5)).astype(np.float32)
    wanted = np.array([3, 19, 3], np.int64)
    measured = np.empty(3, np.float32)
    measure_rows[L1](data, wanted, data[0], measured)
    np.testing.assert_allclose(measured, reference.distances(data, data[0], L1)[wanted], rtol=1e-5)


@pytest.mark.parametrize("matches", [0, 1, 5, 16, 17, 100, 640])
def test_seeds_are_entries_and_spread_matches(matches: int) -> None:
    rows = np.sort(np.random.default_rng(matches).permutation(1000)[:matches])
    entries = np.array([7, 500], np.int32)
    seeds = np.full(18, -1, np.int32)
    filled = seeds_of(pack_rows(rows, 1000), matches, entries, seeds)
    assert seeds[:2].tolist() == [7, 500]
    drawn = seeds[2:filled].tolist()
    assert filled - 2 == min(matches, 16)
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(rows.tolist())
    if matches >= 32:  # one from every sixteenth of the matches
        places = np.searchsorted(rows, drawn) * 16 // matches
        assert len(set(places.tolist())) >= 14


@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_kept_rows_are_measured_again_and_sorted(metric: int) -> None:
    random = np.random.default_rng(6)
    data = random.standard_normal((50, 8)).astype(np.float32)
    queries = random.standard_normal((2, 8)).astype(np.float32)
    keys = random.permutation(50)[:12].reshape(2, 6).astype(np.int64) << 1  # distances play no part
    offsets, distances = np.empty((2, 4), np.uint32), np.empty((2, 4), np.float32)
    keys[1, 3:] = EMPTY
    measure_rankings[metric](data, queries, keys, offsets, distances)
    for q, kept in ((0, 6), (1, 3)):
        allowed = np.isin(np.arange(50), keys[q, :kept] >> 1)
        expected = reference.nearest(data, queries[q], metric, allowed, 4)
        assert offsets[q, : len(expected)].tolist() == expected.tolist()
    assert offsets[1, 3] == NO_OFFSET
