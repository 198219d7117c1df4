"""Rankings and scans: sorted lists. A pair is (distance, row), so pairs sort as rankings do."""

from __future__ import annotations

from math import inf

import numpy as np

from tamis.kernels.beam import I8, NO_OFFSET
from tamis.kernels.reference.distance import distances, measures, nearest_of
from tamis.kernels.reference.mask import list_rows

__all__ = [
    "insert",
    "measure_rankings",
    "measure_rows",
    "merge_block",
    "merge_codes",
    "place_of",
    "scan_codes",
    "seeds_of",
    "take_rows",
    "write_ranking",
]


def insert(ranking, key):
    """The ranking with the key in it, as long as before."""
    return sorted([*ranking, key])[: len(ranking)]


def place_of(ranking, key):
    """How many of the ranking are smaller."""
    return sum(other < key for other in ranking)


def write_ranking(found, limit):
    """Pairs as offsets and distances, padded."""
    missing = limit - len(found)
    return [row for _, row in found] + [NO_OFFSET] * missing, [far for far, _ in found] + [inf] * missing


def take_rows(mask, word, bits, size):
    """The next rows of a scan that has `bits` of mask[word] left, at most `size`."""
    left = mask.copy()
    left[: max(word, 0)] = 0
    left[word : word + 1] = bits
    return list_rows(left)[:size]


def scan_codes(coded, measured, mask, rescored, limit):
    """Nearest by `measured` of the `rescored` in the mask that are nearest by `coded`, both number[n]."""
    return nearest_of(measured, nearest_of(coded, list_rows(mask), rescored), limit)


def measure_rows(rows, wanted, query, metric):
    """Distances of the wanted rows."""
    return distances(rows[wanted], query, metric)


def measure_rankings(rows, queries, kept, metric, limit):
    """For every query the nearest of kept: lists of offsets."""
    return [
        nearest_of(distances(rows, query, metric), wanted, limit) for query, wanted in zip(queries, kept, strict=True)
    ]


def merge_block(block, wanted, limit):
    """For every line of distances of the rows `wanted`, the nearest as pairs."""
    return [sorted(zip(line, wanted.tolist(), strict=True))[:limit] for line in np.asarray(block).tolist()]


def merge_codes(codes, norms, encoded, turned, wanted, limit):
    """For every encoded query the nearest of the rows `wanted` as pairs; codes: uint32[n, w / 4]."""
    stored, queries = codes.view(np.uint8), range(len(encoded))
    block = [[measures(I8, stored, norms, row, encoded, turned, q) for row in wanted] for q in queries]
    return merge_block(block, wanted, limit)


def seeds_of(mask, entries, size):
    """`size` seeds: the entries, then the middle match of every stretch of equal length, or all if they are few."""
    matches, wanted = list_rows(mask), size - len(entries)
    step = max(len(matches) // wanted, 1)
    return [*entries.tolist(), *matches[step // 2 :: step][:wanted].tolist()]
