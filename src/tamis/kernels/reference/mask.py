"""Masks as lists of rows. `mask_of` and `list_rows` lead from one to the other; a new mask is returned."""

from __future__ import annotations

import numpy as np

__all__ = [
    "and_count",
    "andnot_count",
    "count_bits",
    "keep_rows",
    "list_rows",
    "mask_of",
    "popcount",
    "set_parents",
    "set_rows",
    "set_targets",
]


def mask_of(rows, words):
    """The mask of so many words that holds `rows`."""
    bits = np.zeros(64 * words, bool)
    bits[np.asarray(rows, np.int64)] = True
    return np.packbits(bits, bitorder="little").view(np.uint64)


def list_rows(mask):
    """The rows in a mask, int64, ascending."""
    return np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little"))


def popcount(word):
    """How many bits of a word are set."""
    return f"{word:b}".count("1")


def count_bits(mask):
    """How many rows a mask holds."""
    return len(list_rows(mask))


def and_count(mask, other):
    """The rows in both, as a mask, and how many."""
    both = np.intersect1d(list_rows(mask), list_rows(other))
    return mask_of(both, len(mask)), len(both)


def andnot_count(mask, other):
    """The rows of `mask` that are not in `other`, as a mask, and how many."""
    left = np.setdiff1d(list_rows(mask), list_rows(other))
    return mask_of(left, len(mask)), len(left)


def set_rows(mask, rows):
    """The mask with `rows` in it."""
    return mask_of(np.union1d(list_rows(mask), rows), len(mask))


def keep_rows(mask, rows):
    """Those of `rows` that are in the mask, in their order."""
    return rows[np.isin(rows, list_rows(mask))]


def set_parents(mask, parents, children):
    """The mask with the parents of `children`, a mask, in it."""
    return set_rows(mask, parents[list_rows(children)])


def set_targets(mask, parents, chosen):
    """The mask with every row in it whose parent is in `chosen`, a mask."""
    return set_rows(mask, np.flatnonzero(np.isin(parents, list_rows(chosen))))
