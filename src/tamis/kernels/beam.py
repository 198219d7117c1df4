"""The walk: best-first search on the graph, with and without a filter, then rescoring with full precision.

    entries ──▶ ranking (sorted, `beam` wide) ──▶ expand the nearest unexpanded ──▶ score its unseen neighbours ─┐
                     ▲                                                                                          │
                     └──────────────────────────────── insert the nearer ones ◀─────────────────────────────────┘

`walk` is the greedy beam search of HNSW's bottom layer (arXiv 1603.09320) on one flat layer. `walk_filtered` scores
only points that pass the mask; where a neighbour fails, its own passing neighbours are scored in its place (ACORN's
two hops, arXiv 2403.04871), up to `fresh.shape[0]` per expansion. It starts from the ordinary entries, which may
fail, and from seeds drawn among the matches. Both stop when everything in the ranking is expanded.

Codecs: what the walk measures on. I8 on codes, with their norms; B1 on bits, with their norms and factors; F32_L2,
F32_DOT and F32_L1 on full rows, where `norms` and `turned` are not read.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.address import prefetch
from tamis.kernels.compile import kernel
from tamis.kernels.distance import DOT, L1, L2, row_distance, sort_key
from tamis.kernels.product import bit_product, code_product
from tamis.kernels.ranking import EMPTY, insert, offset_of, pack, place_of

__all__ = [
    "B1",
    "CODECS",
    "F32_DOT",
    "F32_L1",
    "F32_L2",
    "I8",
    "NO_OFFSET",
    "measures",
    "search_graph",
    "unsort",
    "walk",
    "write_ranking",
]

CODECS = I8, F32_L2, F32_DOT, F32_L1, B1 = 0, 1, 2, 3, 4
NO_OFFSET = np.uint32(0xFFFFFFFF)
AHEAD = 16  # rows asked for before they are measured

_l2, _dot, _l1 = row_distance[L2], row_distance[DOT], row_distance[L1]


def _make_measure(codec):
    @kernel(inline="always")
    def measure(rows, norms, row, query, turned, at):
        if codec == I8:
            return np.int32(norms[row] + turned[at] - np.int32(2) * code_product(rows, row, query, at))
        if codec == B1:
            product = turned[at, 0] * np.float32(bit_product(rows, row, query, at)) - turned[at, 1]
            return sort_key(norms[row, 0] - norms[row, 1] * product)
        if codec == F32_L2:
            return sort_key(_l2(rows, row, query[at]))
        if codec == F32_DOT:
            return sort_key(_dot(rows, row, query[at]))
        return sort_key(_l1(rows, row, query[at]))

    return measure


def _make_rank(codec):
    measure = measures[codec]

    @kernel
    def rank(rows, norms, query, turned, at, fresh, found, ranking):
        """Measure fresh[:found] and insert the nearer ones; returns the first changed place, the length if none."""
        last = ranking.shape[0] - 1
        nearest = EMPTY
        for j in range(found):
            key = pack(measure(rows, norms, fresh[j], query, turned, at), fresh[j])
            if key < ranking[last]:
                insert(ranking, key)
                nearest = min(nearest, key)
        return last + 1 if nearest == EMPTY else place_of(ranking, nearest)

    return rank


def _make_walk(codec):
    rank = _ranks[codec]

    @kernel
    def walk(rows, norms, neighbours, entries, query, turned, at, seen, ranking, fresh, counters):
        """Fill `ranking` with the nodes nearest to query[at]; returns its length.

        neighbours: int32[n, degree], -1 ends a list; seen: uint64[words], zero on entry; ranking: int64[beam];
        fresh: int32[> degree] scratch; counters: int64[2] += (distances, expansions).
        """
        one = np.uint64(1)
        row_bytes = rows.shape[1] * rows.itemsize
        degree = neighbours.shape[1]
        beam = ranking.shape[0]
        ranking[:] = EMPTY
        for entry in entries:
            seen[entry >> 6] |= one << np.uint64(entry & 63)
        counters[0] += entries.shape[0]
        cursor = rank(rows, norms, query, turned, at, entries, entries.shape[0], ranking)
        while cursor < beam:
            if ranking[cursor] & 1:
                cursor += 1
                continue
            node = offset_of(ranking[cursor])
            ranking[cursor] |= 1
            if cursor + 1 < beam and ranking[cursor + 1] != EMPTY:
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
            nearest = rank(rows, norms, query, turned, at, fresh, found, ranking)
            counters[0] += found
            counters[1] += 1
            cursor = nearest if nearest <= cursor else cursor + 1
        return beam

    return walk


def _make_walk_filtered(codec):
    measure, rank = measures[codec], _ranks[codec]

    @kernel
    def walk_filtered(
        rows, norms, neighbours, entries, query, turned, at, mask, seen, ranking, fresh, budget, counters
    ):
        """As `walk`, over the nodes in `mask` (uint64[words]); entries may fail it and stay in the ranking.

        Returns -1 once more than `budget` distances were computed: an exact scan is cheaper from there.
        """
        one = np.uint64(1)
        row_bytes = rows.shape[1] * rows.itemsize
        degree = neighbours.shape[1]
        beam = ranking.shape[0]
        room = fresh.shape[0]
        ranking[:] = EMPTY
        for j in range(min(AHEAD, entries.shape[0])):
            prefetch(rows, entries[j], row_bytes)
        for j in range(entries.shape[0]):
            if j + AHEAD < entries.shape[0]:
                prefetch(rows, entries[j + AHEAD], row_bytes)
            entry = entries[j]
            word, bit = entry >> 6, one << np.uint64(entry & 63)
            if not seen[word] & bit:
                seen[word] |= bit
                key = pack(measure(rows, norms, entry, query, turned, at), entry)
                if key < ranking[beam - 1]:
                    insert(ranking, key)
        counters[0] += entries.shape[0]
        cursor = 0
        while cursor < beam:
            if ranking[cursor] & 1:
                cursor += 1
                continue
            node = offset_of(ranking[cursor])
            ranking[cursor] |= 1
            if cursor + 1 < beam and ranking[cursor + 1] != EMPTY:
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
            nearest = rank(rows, norms, query, turned, at, fresh, found, ranking)
            counters[0] += found
            counters[1] += 1
            if counters[0] > budget:
                return -1
            cursor = nearest if nearest <= cursor else cursor + 1
        return beam

    return walk_filtered


def _make_search(codec, metric):
    walk_plain, walk_masked = walk[codec], _walks_filtered[codec]
    measure_full = row_distance[metric]

    @kernel
    def search(
        walked, norms, neighbours, entries, encoded, turned, rows, queries, mask, two_hop, beam, room, rescored, budget,
        first, last, offsets, distances, counters,
    ):  # fmt: skip
        """Nearest k of queries[first:last] into offsets, distances: uint32, float32[q, k], padded with NO_OFFSET.

        walked, norms: what the walk measures on; encoded, turned: the queries in that form; rows, queries: float32.
        mask: empty, or the points allowed; two_hop: walk_filtered, with at most `room` candidates per expansion,
        instead of filtering the plain walk's ranking. rescored: how many of the ranking are measured again on rows.
        counters: int64[q, 2]: distances and expansions; distances become -1 for a query whose walk passed `budget`.
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
                    walked, norms, neighbours, entries, encoded, turned, q, mask, seen, ranking, scored, budget,
                    counters[q],
                )  # fmt: skip
            else:
                filled = walk_plain(
                    walked, norms, neighbours, entries, encoded, turned, q, seen, ranking, fresh, counters[q]
                )
            if filled < 0:
                counters[q, 0] = -1
                continue
            for j in range(min(filled, rescored)):
                if ranking[j] != EMPTY:
                    prefetch(rows, offset_of(ranking[j]), rows.shape[1] * rows.itemsize)
            best[:] = EMPTY
            tried = 0
            for j in range(filled):
                if ranking[j] == EMPTY:
                    break
                offset = offset_of(ranking[j])
                if mask.shape[0] and not (mask[offset >> 6] >> np.uint64(offset & 63)) & np.uint64(1):
                    continue
                key = pack(sort_key(measure_full(rows, offset, queries[q])), offset)
                if key < best[limit - 1]:
                    insert(best, key)
                tried += 1
                if tried == rescored:
                    break
            write_ranking(best, offsets[q], distances[q])

    return search


@kernel
def write_ranking(best, offsets, distances):
    """Unpack a ranking of float keys into one row of results, padded with NO_OFFSET and infinity."""
    for j in range(offsets.shape[0]):
        if best[j] == EMPTY:
            offsets[j] = NO_OFFSET
            distances[j] = np.inf
        else:
            offsets[j] = offset_of(best[j])
            distances[j] = unsort(best[j] >> np.int64(32))


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
    for codec, metric in ((I8, L2), (I8, DOT), (B1, L2), (B1, DOT), (F32_L2, L2), (F32_DOT, DOT), (F32_L1, L1))
}
