"""The exact scan: every allowed row is measured, the nearest are kept.

    mask words ──▶ a block of row numbers ──▶ prefetch ahead, distances ──▶ sorted ranking

`scan_rows` serves one query at a time. `scan_codes` ranks by int8 codes, a quarter of the bytes, and measures only the
head of that ranking on full rows. For many queries over the same rows, `merge_codes` ranks by tiles of codes and
`merge_block` by a block of float distances that the caller got from a matrix product; `measure_rankings` then measures
the heads of their rankings on full rows.
"""

from __future__ import annotations

import numba
import numpy as np

from tamis.kernels.address import prefetch
from tamis.kernels.beam import B1, I8, measures, write_ranking
from tamis.kernels.compile import kernel
from tamis.kernels.distance import DOT, L1, L2, row_distance, sort_key
from tamis.kernels.product import TILE_QUERIES, TILE_ROWS, fill_tile, tile_distances
from tamis.kernels.ranking import EMPTY, insert, offset_of, pack

__all__ = [
    "measure_rankings",
    "measure_rows",
    "merge_block",
    "merge_codes",
    "popcount",
    "scan_codes",
    "scan_rows",
    "seeds_of",
    "take_rows",
]

BLOCK = 256  # rows listed at once
AHEAD = 64  # rows asked for before they are measured
TILES = 16  # of rows by 16, gathered before the queries pass over them


@kernel
def take_rows(mask, word, bits, block):
    """Fill `block` with the next set bits, from `bits` of mask[word] on; returns word, bits and how many."""
    filled = 0
    while True:
        while bits:
            low = bits & (~bits + np.uint64(1))
            block[filled] = (word << 6) + popcount(low - np.uint64(1))
            bits ^= low
            filled += 1
            if filled == block.shape[0]:
                return word, bits, filled
        word += 1
        if word >= mask.shape[0]:
            return word, bits, filled
        bits = mask[word]


def _make_scan(metric):
    measure = row_distance[metric]

    @kernel
    def scan(rows, queries, mask, first, last, offsets, distances):
        """Nearest k of queries[first:last] among the rows in mask (uint64[words]) into offsets, distances [q, k]."""
        limit = offsets.shape[1]
        best = np.empty(limit, np.int64)
        block = np.empty(BLOCK, np.int64)
        row_bytes = rows.shape[1] * rows.itemsize
        for q in range(first, last):
            query = queries[q]
            best[:] = EMPTY
            word, bits = -1, np.uint64(0)
            while word < mask.shape[0]:
                word, bits, found = take_rows(mask, word, bits, block)
                for j in range(min(AHEAD, found)):
                    prefetch(rows, block[j], row_bytes)
                for j in range(found):
                    if j + AHEAD < found:
                        prefetch(rows, block[j + AHEAD], row_bytes)
                    key = pack(sort_key(measure(rows, block[j], query)), block[j])
                    if key < best[limit - 1]:
                        insert(best, key)
            write_ranking(best, offsets[q], distances[q])

    return scan


def _make_measure_ranking(metric):
    measure = row_distance[metric]

    @kernel
    def measure_ranking(rows, query, ranking, best):
        """Measure a ranking by other distances on rows, float32, and keep the nearest in best: int64[k]."""
        for key in ranking:
            if key != EMPTY:
                prefetch(rows, offset_of(key), rows.shape[1] * rows.itemsize)
        best[:] = EMPTY
        for key in ranking:
            if key == EMPTY:
                break
            offset = offset_of(key)
            exact = pack(sort_key(measure(rows, offset, query)), offset)
            if exact < best[best.shape[0] - 1]:
                insert(best, exact)

    return measure_ranking


def _make_scan_codes(codec, metric):
    measure, measure_ranking = measures[codec], _measure_ranking[metric]

    @kernel
    def scan(codes, norms, encoded, turned, rows, queries, mask, rescored, first, last, offsets, distances):
        """As `scan_rows`, ranking by codes or bits: uint8[n, …] against int8[q, w]; the first `rescored` by rows."""
        limit = offsets.shape[1]
        ranking = np.empty(rescored, np.int64)
        best = np.empty(limit, np.int64)
        block = np.empty(BLOCK, np.int64)
        code_bytes = codes.shape[1]
        for q in range(first, last):
            query = queries[q]
            ranking[:] = EMPTY
            word, bits = -1, np.uint64(0)
            while word < mask.shape[0]:
                word, bits, found = take_rows(mask, word, bits, block)
                for j in range(min(AHEAD, found)):
                    prefetch(codes, block[j], code_bytes)
                for j in range(found):
                    if j + AHEAD < found:
                        prefetch(codes, block[j + AHEAD], code_bytes)
                    key = pack(measure(codes, norms, block[j], encoded, turned, q), block[j])
                    if key < ranking[rescored - 1]:
                        insert(ranking, key)
            measure_ranking(rows, query, ranking, best)
            write_ranking(best, offsets[q], distances[q])

    return scan


def _make_measure_rows(metric):
    measure = row_distance[metric]

    @kernel
    def measure_rows(rows, wanted, query, distances):
        """Distance of rows[wanted[i]] to query, both float32, into distances[i]."""
        for i in range(wanted.shape[0]):
            distances[i] = measure(rows, np.int64(wanted[i]), query)

    return measure_rows


if numba.config.DISABLE_JIT:

    def popcount(word):
        return int(word).bit_count()

else:

    @kernel
    def popcount(word):
        """Set bits of a uint64; LLVM makes one instruction of this."""
        word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
        word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
        word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def merge_block(block, wanted, rankings):
    """Keep the nearest of a block: float32[q, b], distances of rows wanted[b]; in rankings: int64[q, k]."""
    last = rankings.shape[1] - 1
    for q in range(block.shape[0]):
        for j in range(block.shape[1]):
            key = pack(sort_key(block[q, j]), wanted[j])
            if key < rankings[q, last]:
                insert(rankings[q], key)


@kernel
def merge_codes(codes, norms, encoded, turned, wanted, rankings):
    """Keep the nearest of rows wanted: int64[r], for each of at least 4 queries encoded: int8[q, w].

    codes: uint32[n, w / 4], the bytes by fours; norms, turned: int32[n], int32[q]; rankings: int64[q, k].
    """
    queries, last = rankings.shape[0], rankings.shape[1] - 1
    tiles = np.empty((TILES, codes.shape[1], TILE_ROWS), np.uint32)
    tile_norms = np.zeros((TILES, TILE_ROWS), np.int32)
    distances = np.empty((TILE_QUERIES, TILE_ROWS), np.int32)
    bounds = np.empty(TILE_QUERIES, np.int32)
    for begin in range(0, wanted.shape[0], TILES * TILE_ROWS):
        held = min(wanted.shape[0] - begin, TILES * TILE_ROWS)
        for first in range(0, held, TILE_ROWS):
            fill_tile(codes, wanted, begin + first, tiles[first // TILE_ROWS])
            for lane in range(min(TILE_ROWS, held - first)):
                tile_norms[first // TILE_ROWS, lane] = norms[wanted[begin + first + lane]]
        for group in range(0, queries, TILE_QUERIES):
            base = min(group, queries - TILE_QUERIES)  # the last group takes some again, and skips them below
            for first in range(0, held, TILE_ROWS):
                for at in range(TILE_QUERIES):
                    bounds[at] = rankings[base + at, last] >> np.int64(32)
                tile = first // TILE_ROWS
                near = tile_distances(tiles[tile], tile_norms[tile], encoded, turned, base, bounds, distances)
                near = (near >> np.uint64(16 * (group - base))) << np.uint64(16 * (group - base))
                while near:
                    low = near & (~near + np.uint64(1))
                    near ^= low
                    at, lane = divmod(popcount(low - np.uint64(1)), TILE_ROWS)
                    if first + lane < held:
                        key = pack(distances[at, lane], wanted[begin + first + lane])
                        if key < rankings[base + at, last]:
                            insert(rankings[base + at], key)


def _make_measure_rankings(metric):
    measure_ranking = _measure_ranking[metric]

    @kernel
    def measure_rankings(rows, queries, rankings, offsets, distances):
        """Measure what was merged into rankings: int64[q, r] on rows; the nearest into offsets, distances [q, k]."""
        best = np.empty(offsets.shape[1], np.int64)
        for q in range(rankings.shape[0]):
            measure_ranking(rows, queries[q], rankings[q], best)
            write_ranking(best, offsets[q], distances[q])

    return measure_rankings


@kernel
def seeds_of(mask, count, entries, seeds):
    """Entries, then `seeds.shape[0] - entries.shape[0]` matches spread evenly over the mask's `count` set bits."""
    for j in range(entries.shape[0]):
        seeds[j] = entries[j]
    filled = entries.shape[0]
    wanted = seeds.shape[0] - filled
    step = max(count // max(wanted, 1), 1)
    passed = 0
    target = step >> 1
    for w in range(mask.shape[0]):
        bits = mask[w]
        here = popcount(bits)
        while passed + here > target:
            for _ in range(target - passed):
                bits &= bits - np.uint64(1)
                here -= 1
            passed = target
            low = bits & (~bits + np.uint64(1))
            seeds[filled] = (w << 6) + popcount(low - np.uint64(1))
            filled += 1
            if filled == seeds.shape[0]:
                return filled
            target += step
        passed += here
    return filled


_measure_ranking = tuple(_make_measure_ranking(metric) for metric in (L2, DOT, L1))
scan_codes = {(codec, metric): _make_scan_codes(codec, metric) for codec in (I8, B1) for metric in (L2, DOT)}
scan_rows = tuple(_make_scan(metric) for metric in (L2, DOT, L1))
measure_rankings = tuple(_make_measure_rankings(metric) for metric in (L2, DOT, L1))
measure_rows = tuple(_make_measure_rows(metric) for metric in (L2, DOT, L1))
