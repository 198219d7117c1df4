"""The walk: best-first search on the graph, with and without a filter, then rescoring with full precision.

    entries ──▶ ranking (sorted, `beam` wide) ──▶ expand the nearest unexpanded ──▶ score its unseen neighbours ─┐
                     ▲                                                                                          │
                     └──────────────────────────────── insert the nearer ones ◀─────────────────────────────────┘

`walk` is the greedy beam search of HNSW's bottom layer (arXiv 1603.09320) on one flat layer. `walk_filtered` scores
only points that pass the mask; where a neighbour fails, its own passing neighbours are scored in its place (ACORN's
two hops, arXiv 2403.04871), up to `fresh.shape[0]` per expansion. It starts from the ordinary entries, which may
fail, and from seeds drawn among the matches. Both stop when everything in the ranking is expanded.

Codecs: what the walk measures on. I8_L2 and I8_DOT on codes, through NumKong's pointer for either; F32_L2, F32_DOT
and F32_L1 on full rows.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.compile import kernel
from tamis.kernels.distance import DOT, L1, L2, call_i8, prefetch, row_distance, sort_key
from tamis.kernels.ranking import insert, offset_of, pack

__all__ = [
    "CODECS",
    "F32_DOT",
    "F32_L1",
    "F32_L2",
    "I8_DOT",
    "I8_L2",
    "NO_OFFSET",
    "measures",
    "search_graph",
    "unsort",
    "walk",
]

CODECS = I8_L2, I8_DOT, F32_L2, F32_DOT, F32_L1 = 0, 1, 2, 3, 4
NO_OFFSET = np.uint32(0xFFFFFFFF)

_l2, _dot, _l1 = row_distance[L2], row_distance[DOT], row_distance[L1]


def _make_measure(codec):
    @kernel(inline="always")
    def measure(pointer, rows, row, query, at):
        if codec == I8_L2:
            return call_i8(pointer, rows, row, query, at)
        if codec == I8_DOT:
            return -call_i8(pointer, rows, row, query, at)
        if codec == F32_L2:
            return sort_key(_l2(rows, row, query[at]))
        if codec == F32_DOT:
            return sort_key(_dot(rows, row, query[at]))
        return sort_key(_l1(rows, row, query[at]))

    return measure


def _make_rank(codec):
    measure = measures[codec]

    @kernel
    def rank(pointer, rows, query, at, fresh, found, ranking, filled):
        """Measure fresh[:found] and insert the nearer ones; returns how many are filled and the first changed place."""
        beam = ranking.shape[0]
        nearest = filled
        for j in range(found):
            key = pack(measure(pointer, rows, fresh[j], query, at), fresh[j])
            if filled == beam and key >= ranking[beam - 1]:
                continue
            place = insert(ranking, filled, key)
            if filled < beam:
                filled += 1
            if place < nearest:
                nearest = place
        return filled, nearest

    return rank


def _make_walk(codec):
    measure, rank = measures[codec], _ranks[codec]

    @kernel
    def walk(pointer, rows, neighbours, entries, query, at, seen, ranking, fresh, counters):
        """Fill `ranking` with the nodes nearest to query[at]; returns how many.

        neighbours: int32[n, degree], -1 ends a list; seen: uint64[words], zero on entry; ranking: int64[beam];
        fresh: int32[> degree] scratch; counters: int64[2] += (distances, expansions).
        """
        one = np.uint64(1)
        row_bytes = rows.shape[1] * rows.itemsize
        degree = neighbours.shape[1]
        beam = ranking.shape[0]
        filled = 0
        for entry in entries:
            seen[entry >> 6] |= one << np.uint64(entry & 63)
            insert(ranking, filled, pack(measure(pointer, rows, entry, query, at), entry))
            if filled < beam:
                filled += 1
        counters[0] += entries.shape[0]
        cursor = 0
        while cursor < filled:
            if ranking[cursor] & 1:
                cursor += 1
                continue
            node = offset_of(ranking[cursor])
            ranking[cursor] |= 1
            if cursor + 1 < filled:
                prefetch(neighbours, offset_of(ranking[cursor + 1]), degree * 4)
            found = 0
            for j in range(degree):  # without a branch on seen: half of them would be mispredicted
                other = neighbours[node, j]
                if other < 0:
                    break
                word, bit = other >> 6, one << np.uint64(other & 63)
                before = seen[word]
                seen[word] = before | bit
                prefetch(rows, other, row_bytes)
                fresh[found] = other
                found += np.int64((before & bit) == 0)
            filled, nearest = rank(pointer, rows, query, at, fresh, found, ranking, filled)
            counters[0] += found
            counters[1] += 1
            cursor = nearest if nearest <= cursor else cursor + 1
        return filled

    return walk


def _make_walk_filtered(codec):
    measure, rank = measures[codec], _ranks[codec]

    @kernel
    def walk_filtered(pointer, rows, neighbours, entries, query, at, mask, seen, ranking, fresh, budget, counters):
        """As `walk`, over the nodes in `mask` (uint64[words]); entries may fail it and stay in the ranking.

        Returns -1 once more than `budget` distances were computed: an exact scan is cheaper from there.
        """
        one = np.uint64(1)
        row_bytes = rows.shape[1] * rows.itemsize
        degree = neighbours.shape[1]
        beam = ranking.shape[0]
        room = fresh.shape[0]
        filled = 0
        for entry in entries:
            word, bit = entry >> 6, one << np.uint64(entry & 63)
            if seen[word] & bit:
                continue
            seen[word] |= bit
            insert(ranking, filled, pack(measure(pointer, rows, entry, query, at), entry))
            if filled < beam:
                filled += 1
        counters[0] += entries.shape[0]
        cursor = 0
        while cursor < filled:
            if ranking[cursor] & 1:
                cursor += 1
                continue
            node = offset_of(ranking[cursor])
            ranking[cursor] |= 1
            if cursor + 1 < filled:
                prefetch(neighbours, offset_of(ranking[cursor + 1]), degree * 4)
            found = 0
            failing = 0
            for j in range(degree):
                other = neighbours[node, j]
                if other < 0:
                    break
                word, bit = other >> 6, one << np.uint64(other & 63)
                if seen[word] & bit:
                    continue
                if mask[word] & bit:
                    seen[word] |= bit
                    prefetch(rows, other, row_bytes)
                    fresh[found] = other
                    found += 1
                else:
                    prefetch(neighbours, other, degree * 4)
                    failing += 1
            if failing:
                for j in range(degree):
                    bridge = neighbours[node, j]
                    if bridge < 0 or found == room:
                        break
                    word, bit = bridge >> 6, one << np.uint64(bridge & 63)
                    if seen[word] & bit:
                        continue
                    seen[word] |= bit
                    for i in range(degree):
                        other = neighbours[bridge, i]
                        if other < 0 or found == room:
                            break
                        word, bit = other >> 6, one << np.uint64(other & 63)
                        if mask[word] & bit & ~seen[word]:
                            seen[word] |= bit
                            prefetch(rows, other, row_bytes)
                            fresh[found] = other
                            found += 1
            filled, nearest = rank(pointer, rows, query, at, fresh, found, ranking, filled)
            counters[0] += found
            counters[1] += 1
            if counters[0] > budget:
                return -1
            cursor = nearest if nearest <= cursor else cursor + 1
        return filled

    return walk_filtered


def _make_search(codec, metric):
    walk_plain, walk_masked = walk[codec], _walks_filtered[codec]
    measure_full = row_distance[metric]

    @kernel
    def search(
        pointer, walked, neighbours, entries, encoded, rows, queries, mask, two_hop, beam, room, rescored, budget,
        first, last, offsets, distances, counters,
    ):  # fmt: skip
        """Nearest k of queries[first:last] into offsets, distances: uint32, float32[q, k], padded with NO_OFFSET.

        walked: what the walk measures on, encoded: the queries in that form; rows, queries: float32. mask: empty,
        or the points allowed; two_hop: walk_filtered, with at most `room` candidates per expansion, instead of
        filtering the plain walk's ranking. rescored: how many of the ranking are measured again on rows. counters:
        int64[q, 2]: distances and expansions; distances become -1 for a query whose walk passed `budget`.
        """
        limit = offsets.shape[1]
        seen = np.zeros((neighbours.shape[0] + 63) >> 6, np.uint64)
        ranking = np.empty(beam, np.int64)
        best = np.empty(limit, np.int64)
        fresh = np.empty(max(room, neighbours.shape[1] + 1), np.int32)
        scored = fresh[: max(room, neighbours.shape[1])]
        for q in range(first, last):
            seen[:] = 0
            if two_hop:
                filled = walk_masked(
                    pointer, walked, neighbours, entries, encoded, q, mask, seen, ranking, scored, budget, counters[q]
                )
            else:
                filled = walk_plain(pointer, walked, neighbours, entries, encoded, q, seen, ranking, fresh, counters[q])
            if filled < 0:
                counters[q, 0] = -1
                continue
            for j in range(min(filled, rescored)):
                prefetch(rows, offset_of(ranking[j]), rows.shape[1] * rows.itemsize)
            kept = 0
            tried = 0
            for j in range(filled):
                offset = offset_of(ranking[j])
                if mask.shape[0] and not (mask[offset >> 6] >> np.uint64(offset & 63)) & np.uint64(1):
                    continue
                key = pack(sort_key(measure_full(rows, offset, queries[q])), offset)
                insert(best, kept, key)
                if kept < limit:
                    kept += 1
                tried += 1
                if tried == rescored:
                    break
            for j in range(limit):
                if j < kept:
                    offset = offset_of(best[j])
                    offsets[q, j] = offset
                    distances[q, j] = unsort(best[j] >> np.int64(32))
                else:
                    offsets[q, j] = NO_OFFSET
                    distances[q, j] = np.inf

    return search


@kernel
def unsort(bits):
    """The float32 whose `sort_key` is `bits`."""
    plain = np.int32(bits)
    return np.int32(plain ^ ((plain >> np.int32(31)) & np.int32(0x7FFFFFFF))).view(np.float32)


measures = tuple(_make_measure(codec) for codec in CODECS)
_ranks = tuple(_make_rank(codec) for codec in CODECS)
walk = tuple(_make_walk(codec) for codec in CODECS)
_walks_filtered = tuple(_make_walk_filtered(codec) for codec in CODECS)
search_graph = {
    (codec, metric): _make_search(codec, metric)
    for codec, metric in ((I8_L2, L2), (I8_L2, DOT), (I8_DOT, DOT), (F32_L2, L2), (F32_DOT, DOT), (F32_L1, L1))
}
