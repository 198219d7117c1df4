"""The graph's construction: pruned neighbour lists, inserted in rounds without locks.

A round takes as many new points as the graph already holds (at most a fiftieth of all):

    link_out    every new point walks the frozen graph, prunes what it met            parallel over new points
    group       the new edges u→v, sorted by v                                        serial, counting sort
    link_back   every v takes its new in-edges, and prunes when its list overflows    parallel over targets

Nobody writes what another reads, so the same data gives the same bytes on any number of threads (ParlayANN, arXiv
2305.04359). Pruning is Vamana's (NeurIPS 2019): u→v falls when a kept w has alpha · d(w, v) ≤ d(u, v); alpha applies to
the codec's own distance (squared for L2). Inner product is no metric: there alpha is 1 and d is the negated product,
as in ip-NSW (NeurIPS 2018). Our deviation: a candidate exactly as far as the one kept before it may be its copy and
is kept too, up to a quarter of the list; else thousands of equal vectors would leave all but one without in-edges.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.beam import F32_DOT, F32_L1, F32_L2, I8, measures, unsort, walk
from tamis.kernels.compile import kernel
from tamis.kernels.ranking import EMPTY, insert, offset_of, pack

__all__ = ["CANDIDATES_MAX", "group", "link_back", "link_out", "reach"]

LINKED = I8, F32_L2, F32_DOT, F32_L1  # codecs that graphs are built on
CANDIDATES_MAX = 256  # in-edges considered at once when a list overflows; the nearest are kept


def _make_plain(codec):
    @kernel(inline="always")
    def plain(bits):
        """The distance in a key's upper half, as a number that can be multiplied."""
        if codec == I8:
            return np.float32(bits)
        return unsort(bits)

    return plain


def _make_prune(codec):
    measure, plain = measures[codec], _plains[codec]

    @kernel
    def prune(rows, norms, turned, keys, count, alpha, kept):
        """Keep a diverse few of keys[:count] (sorted) in kept: int32[degree]; returns how many."""
        degree = kept.shape[0]
        copies_max = degree >> 2
        copies = 0
        filled = 0
        last = np.float32(np.nan)
        for a in range(count):
            candidate = offset_of(keys[a])
            reach_of = plain(keys[a] >> np.int64(32))
            occluded = False
            if reach_of == last and copies < copies_max:
                copies += 1
                kept[filled] = candidate
                filled += 1
                if filled == degree:
                    break
                continue
            for b in range(filled):
                if alpha * plain(measure(rows, norms, kept[b], rows, turned, candidate)) <= reach_of:
                    occluded = True
                    break
            if not occluded:
                kept[filled] = candidate
                filled += 1
                last = reach_of
                if filled == degree:
                    break
        return filled

    return prune


def _make_link_out(codec):
    search, prune = walk[codec], _prunes[codec]

    @kernel
    def link_out(rows, norms, turned, neighbours, entries, order, first, last, beam, alpha, edges, counts, base):
        """Edges of the new points order[first:last] into edges, counts at [first - base, last - base).

        neighbours: int32[n, degree], frozen; order: int32[n], the insertion order; edges: int32[batch, degree_kept].
        """
        seen = np.zeros((rows.shape[0] + 63) >> 6, np.uint64)
        ranking = np.empty(beam, np.int64)
        fresh = np.empty(neighbours.shape[1] + 1, np.int32)
        counters = np.zeros(2, np.int64)
        for x in range(first, last):
            seen[:] = 0
            search(rows, norms, neighbours, entries, rows, turned, np.int64(order[x]), seen, ranking, fresh, counters)
            met = 0
            while met < beam and ranking[met] != EMPTY:
                met += 1
            counts[x - base] = prune(rows, norms, turned, ranking, met, alpha, edges[x - base])

    return link_out


def _make_link_back(codec):
    measure, prune = measures[codec], _prunes[codec]

    @kernel
    def link_back(rows, norms, turned, neighbours, degrees, starts, sources, first, last, alpha, degree):
        """Targets first..last take the in-edges sources[starts[v]:starts[v + 1]].

        A list may grow to neighbours.shape[1] entries; when it would overflow it is pruned to `degree`.
        """
        room = neighbours.shape[1]
        room_for_keys = np.empty(CANDIDATES_MAX, np.int64)
        kept = np.empty(degree, np.int32)
        for target in range(first, last):
            begin, end = starts[target], starts[target + 1]
            if begin == end:
                continue
            held = degrees[target]
            if held + (end - begin) <= room:
                for j in range(begin, end):
                    neighbours[target, held] = sources[j]
                    held += 1
            else:
                keys = room_for_keys[: min(held + end - begin, CANDIDATES_MAX)]
                keys[:] = EMPTY
                for j in range(held + end - begin):
                    other = neighbours[target, j] if j < held else sources[begin + j - held]
                    key = pack(measure(rows, norms, np.int64(other), rows, turned, np.int64(target)), other)
                    if key < keys[keys.shape[0] - 1]:
                        insert(keys, key)
                held = prune(rows, norms, turned, keys, keys.shape[0], alpha, kept)
                for j in range(room):
                    neighbours[target, j] = kept[j] if j < held else -1
            degrees[target] = held

    return link_back


def _make_trim(codec):
    measure, prune = measures[codec], _prunes[codec]

    @kernel
    def trim(rows, norms, turned, neighbours, degrees, first, last, alpha, trimmed):
        """Lists first..last, pruned to trimmed.shape[1] entries, nearest first, into `trimmed`."""
        degree = trimmed.shape[1]
        keys = np.empty(neighbours.shape[1], np.int64)
        for target in range(first, last):
            held = degrees[target]
            keys[:] = EMPTY
            for j in range(held):
                other = neighbours[target, j]
                insert(keys, pack(measure(rows, norms, np.int64(other), rows, turned, np.int64(target)), other))
            if held > degree:
                held = prune(rows, norms, turned, keys, held, alpha, trimmed[target])
            else:
                for j in range(held):
                    trimmed[target, j] = offset_of(keys[j])
            for j in range(held, degree):
                trimmed[target, j] = -1

    return trim


@kernel
def group(edges, counts, order, base, rows):
    """In-edges of this round by target: starts int64[rows + 1], sources int32[edges]."""
    size = counts.shape[0]
    starts = np.zeros(rows + 1, np.int64)
    for x in range(size):
        for j in range(counts[x]):
            starts[edges[x, j] + 1] += 1
    for v in range(rows):
        starts[v + 1] += starts[v]
    sources = np.empty(starts[rows], np.int32)
    at = starts[:-1].copy()
    for x in range(size):
        for j in range(counts[x]):
            target = edges[x, j]
            sources[at[target]] = order[base + x]
            at[target] += 1
    return starts, sources


@kernel
def reach(neighbours, frontier, filled, reached):
    """Mark (bool[n]) everything reachable from frontier[:filled] (int32[n] scratch)."""
    at = 0
    while at < filled:
        node = frontier[at]
        at += 1
        for j in range(neighbours.shape[1]):
            other = neighbours[node, j]
            if other < 0:
                break
            if not reached[other]:
                reached[other] = True
                frontier[filled] = other
                filled += 1
    return filled


_plains = tuple(_make_plain(codec) for codec in LINKED)
_prunes = tuple(_make_prune(codec) for codec in LINKED)
link_out = tuple(_make_link_out(codec) for codec in LINKED)
link_back = tuple(_make_link_back(codec) for codec in LINKED)
trim = tuple(_make_trim(codec) for codec in LINKED)
