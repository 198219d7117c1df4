"""The exact scan: every allowed row is measured, the nearest are kept.

    mask words ──▶ a block of row numbers ──▶ prefetch ahead, distances ──▶ sorted ranking

`scan_rows` serves one query at a time. `scan_codes` ranks by int8 codes, a quarter of the bytes, and measures only the
head of that ranking on full rows. `merge_block` is for many queries over the same rows: the caller gets a block
of distances from one matrix product and this keeps the nearest of each query.
"""

from __future__ import annotations

import numba
import numpy as np

from tamis.kernels.beam import I8_DOT, I8_L2, NO_OFFSET, measures, unsort
from tamis.kernels.compile import kernel
from tamis.kernels.distance import DOT, L1, L2, prefetch, row_distance, sort_key
from tamis.kernels.ranking import insert, offset_of, pack

__all__ = [
    "measure_kept",
    "measure_rows",
    "merge_block",
    "popcount",
    "scan_codes",
    "scan_rows",
    "seeds_of",
    "take_rows",
    "write_ranking",
]

BLOCK = 256  # rows listed at once
AHEAD = 16  # rows asked for before they are measured


@kernel
def write_ranking(best, kept, offsets, distances):
    """Unpack a ranking of float keys into one row of results, padded with NO_OFFSET and infinity."""
    for j in range(offsets.shape[0]):
        if j < kept:
            offsets[j] = offset_of(best[j])
            distances[j] = unsort(best[j] >> np.int64(32))
        else:
            offsets[j] = NO_OFFSET
            distances[j] = np.inf


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
            kept = 0
            word, bits = -1, np.uint64(0)
            while word < mask.shape[0]:
                word, bits, found = take_rows(mask, word, bits, block)
                for j in range(min(AHEAD, found)):
                    prefetch(rows, block[j], row_bytes)
                for j in range(found):
                    if j + AHEAD < found:
                        prefetch(rows, block[j + AHEAD], row_bytes)
                    key = pack(sort_key(measure(rows, block[j], query)), block[j])
                    if kept == limit and key >= best[limit - 1]:
                        continue
                    insert(best, kept, key)
                    if kept < limit:
                        kept += 1
            write_ranking(best, kept, offsets[q], distances[q])

    return scan


def _make_scan_codes(codec, metric):
    measure, measure_full = measures[codec], row_distance[metric]

    @kernel
    def scan(pointer, codes, encoded, rows, queries, mask, rescored, first, last, offsets, distances):
        """As `scan_rows`, ranking by codes: int8[n, d] against encoded: int8[q, d]; the first `rescored` by rows."""
        limit = offsets.shape[1]
        ranking = np.empty(rescored, np.int64)
        best = np.empty(limit, np.int64)
        block = np.empty(BLOCK, np.int64)
        code_bytes, row_bytes = codes.shape[1], rows.shape[1] * rows.itemsize
        for q in range(first, last):
            query = queries[q]
            filled = 0
            word, bits = -1, np.uint64(0)
            while word < mask.shape[0]:
                word, bits, found = take_rows(mask, word, bits, block)
                for j in range(min(AHEAD, found)):
                    prefetch(codes, block[j], code_bytes)
                for j in range(found):
                    if j + AHEAD < found:
                        prefetch(codes, block[j + AHEAD], code_bytes)
                    key = pack(measure(pointer, codes, block[j], encoded, q), block[j])
                    if filled == rescored and key >= ranking[rescored - 1]:
                        continue
                    insert(ranking, filled, key)
                    if filled < rescored:
                        filled += 1
            for j in range(filled):
                prefetch(rows, offset_of(ranking[j]), row_bytes)
            kept = 0
            for j in range(filled):
                offset = offset_of(ranking[j])
                insert(best, kept, pack(sort_key(measure_full(rows, offset, query)), offset))
                if kept < limit:
                    kept += 1
            write_ranking(best, kept, offsets[q], distances[q])

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
def merge_block(block, wanted, keys, kept):
    """Keep the nearest of a block: float32[q, b], distances of rows wanted[b]; in keys: int64[q, k], kept: int64[q]."""
    limit = keys.shape[1]
    for q in range(block.shape[0]):
        filled = kept[q]
        for j in range(block.shape[1]):
            key = pack(sort_key(block[q, j]), wanted[j])
            if filled == limit and key >= keys[q, limit - 1]:
                continue
            insert(keys[q], filled, key)
            if filled < limit:
                filled += 1
        kept[q] = filled


def _make_measure_kept(metric):
    measure = row_distance[metric]

    @kernel
    def measure_kept(rows, queries, keys, kept, offsets, distances):
        """Measure what `merge_block` kept on rows, and write the nearest of it: offsets, distances [q, k]."""
        limit = offsets.shape[1]
        best = np.empty(limit, np.int64)
        for q in range(keys.shape[0]):
            filled = 0
            for j in range(kept[q]):
                offset = offset_of(keys[q, j])
                insert(best, filled, pack(sort_key(measure(rows, offset, queries[q])), offset))
                if filled < limit:
                    filled += 1
            write_ranking(best, filled, offsets[q], distances[q])

    return measure_kept


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


scan_codes = {
    (codec, metric): _make_scan_codes(codec, metric) for codec, metric in ((I8_L2, L2), (I8_L2, DOT), (I8_DOT, DOT))
}
scan_rows = tuple(_make_scan(metric) for metric in (L2, DOT, L1))
measure_kept = tuple(_make_measure_kept(metric) for metric in (L2, DOT, L1))
measure_rows = tuple(_make_measure_rows(metric) for metric in (L2, DOT, L1))
