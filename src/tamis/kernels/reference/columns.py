"""Columns: numpy over whole columns, slices of lists. What marks a mask returns the new one."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from tamis.kernels.reference.mask import keep_rows, list_rows, set_rows

__all__ = ["count_codes_in", "count_lists_in", "mark_flagged", "mark_phrase", "mark_range", "mark_where", "place_rows"]


def mark_range(codes, low, width, mask):
    """The mask with the rows of codes from `low` on, `width` of them."""
    return set_rows(mask, np.flatnonzero(np.isin(codes, np.arange(int(low), int(low) + int(width)))))


def mark_flagged(codes, flags, mask):
    """The mask with the rows whose code is flagged; a code from the last flag on is no value."""
    return set_rows(mask, np.flatnonzero(np.isin(codes, np.flatnonzero(flags[:-1]))))


def mark_where(rows, chosen, mask):
    """The mask with the chosen ones of `rows`."""
    return set_rows(mask, rows[chosen])


def count_codes_in(codes, mask, counts):
    """The counts after every row in the mask was counted at its code."""
    found = Counter(codes[list_rows(mask)].tolist())
    return [count + found[code] for code, count in enumerate(counts.tolist())]


def count_lists_in(starts, rows, mask):
    """How many of each list of rows are in the mask."""
    return [len(keep_rows(mask, rows[first:last])) for first, last in pairwise(starts)]


def place_rows(codes, rows, cursor, placed):
    """`placed` with the rows of every code, in order, from its cursor on; and the cursors behind them."""
    placed, ends = placed.copy(), cursor.copy()
    for code, first in enumerate(cursor):
        held = rows[codes == code]
        ends[code] = first + len(held)
        placed[first : ends[code]] = held
    return placed, ends


def mark_phrase(sequence, ends, documents, phrase):
    """For every document: whether the phrase is one of its slices."""
    texts = [sequence[first:last].tolist() for first, last in pairwise(ends)]
    size, wanted = len(phrase), phrase.tolist()
    return [any(texts[d][i : i + size] == wanted for i in range(len(texts[d]) - size + 1)) for d in documents]
