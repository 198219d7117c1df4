"""The exact scan, the merge of products, and the seeds of a filtered walk, against their twins."""

import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import NO_OFFSET, unsort
from tamis.kernels.distance import DOT, L1, L2
from tamis.kernels.ranking import EMPTY, offset_of
from tamis.kernels.scan import measure_rankings, merge_block, scan_rows, seeds_of


@pytest.mark.parametrize("metric", [L2, DOT, L1])
@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 500])
@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_scan_is_exact(metric: int, rows: int, share: float) -> None:
    random = np.random.default_rng(rows)
    data = random.standard_normal((rows, 19)).astype(np.float32)
    queries = random.standard_normal((3, 19)).astype(np.float32)
    allowed = random.random(rows) < share
    mask = reference.mask_of(np.flatnonzero(allowed), (rows + 63) >> 6)
    offsets, distances = np.empty((3, 10), np.uint32), np.empty((3, 10), np.float32)
    scan_rows[metric](data, queries, mask, 0, 3, offsets, distances)
    for q in range(3):
        expected = reference.nearest(data, queries[q], metric, allowed, 10)
        measured = reference.distances(data, queries[q], metric)
        found = [(measured[row], row) for row in expected.tolist()]
        want_offsets, want_distances = reference.write_ranking(found, 10)
        assert offsets[q].tolist() == want_offsets
        np.testing.assert_allclose(distances[q], want_distances, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_ties_are_broken_by_offset(metric: int) -> None:
    """Over few distances, so that the last place is always between equals."""
    random = np.random.default_rng(7)
    data, queries = random.integers(0, 2, (700, 3)).astype(np.float32), np.ones((1, 3), np.float32)
    for share in (0.1, 0.4, 1.0):
        allowed = random.random(700) < share
        mask = reference.mask_of(np.flatnonzero(allowed), 11)
        for limit in (1, 5, 60, 200):
            offsets, distances = np.empty((1, limit), np.uint32), np.empty((1, limit), np.float32)
            scan_rows[metric](data, queries, mask, 0, 1, offsets, distances)
            expected = reference.nearest(data, queries[0], metric, allowed, limit).tolist()
            assert offsets[0, : len(expected)].tolist() == expected
            assert (offsets[0, len(expected) :] == NO_OFFSET).all()


@pytest.mark.parametrize("size", [0, 1, 90])
@pytest.mark.parametrize("ties", [False, True])
def test_merge_block_keeps_the_nearest_over_blocks(size: int, ties: bool) -> None:
    random = np.random.default_rng(4)
    block = random.standard_normal((6, size)).astype(np.float32)
    if ties:
        block = np.abs(block.round())
    wanted = random.permutation(1000)[:size].astype(np.int64)
    keys = np.full((6, 7), EMPTY)
    for first in range(0, size, 31):
        part = np.ascontiguousarray(block[:, first : first + 31])
        merge_block(part, wanted[first : first + 31], keys)
    found = [
        [(float(unsort(key >> 32)), int(offset_of(key))) for key in line if key != EMPTY] for line in keys.tolist()
    ]
    assert found == reference.merge_block(block, wanted, 7)


@pytest.mark.parametrize("matches", [0, 1, 5, 16, 17, 100, 640, 1000])
@pytest.mark.parametrize("entries", [(7, 500), ()])
def test_seeds_are_entries_and_spread_matches(matches: int, entries: tuple[int, ...]) -> None:
    rows = np.sort(np.random.default_rng(matches).permutation(1000)[:matches])
    mask, starts = reference.mask_of(rows, 16), np.array(entries, np.int32)
    seeds = np.full(len(entries) + 16, -1, np.int32)
    filled = seeds_of(mask, matches, starts, seeds)
    assert seeds[:filled].tolist() == reference.seeds_of(mask, starts, len(seeds))
    drawn = seeds[len(entries) : filled].tolist()
    assert len(drawn) == len(set(drawn)) == min(matches, 16)
    if matches >= 32:  # one from every sixteenth of the matches
        places = np.searchsorted(rows, drawn) * 16 // matches
        assert len(set(places.tolist())) >= 14


@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_kept_rows_are_measured_again_and_sorted(metric: int) -> None:
    random = np.random.default_rng(6)
    data = random.standard_normal((50, 8)).astype(np.float32)
    queries = random.standard_normal((3, 8)).astype(np.float32)
    keys = random.permutation(50)[:18].reshape(3, 6).astype(np.int64) << 1  # distances play no part
    keys[1, 3:], keys[2] = EMPTY, EMPTY
    kept = [offset_of(keys[0]), offset_of(keys[1, :3]), []]
    offsets, distances = np.empty((3, 4), np.uint32), np.empty((3, 4), np.float32)
    measure_rankings[metric](data, queries, keys, offsets, distances)
    for q, expected in enumerate(reference.measure_rankings(data, queries, kept, metric, 4)):
        measured = reference.distances(data, queries[q], metric)
        want, far = reference.write_ranking([(measured[row], row) for row in expected.tolist()], 4)
        assert offsets[q].tolist() == want
        np.testing.assert_allclose(distances[q], far, rtol=1e-4, atol=1e-4)
