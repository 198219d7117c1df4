"""Loops over payload columns: forward codes, inverted rows, token sequences → bits of a mask.

    codes   uint8 | uint16 | uint32 [n]   per row the number of its value; a number past the last value: none
    starts  uint32 [k + 1], rows uint32   value c is held by ``rows[starts[c]:starts[c + 1]]``, ascending
    mask    uint64 words, see `tamis.kernels.mask`; bits are added, never cleared, unless a kernel says so

Everything is one pass over what is given.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.compile import kernel

__all__ = [
    "count_codes_in",
    "count_lists_in",
    "mark_flagged",
    "mark_phrase",
    "mark_range",
    "mark_where",
    "place_rows",
]

_ONE = np.uint64(1)


@kernel
def mark_range(codes, low, width, mask):
    """Set the rows whose code is in ``[low, low + width)``. low, width: uint32; one compare a row, 64 rows a word."""
    n = codes.shape[0]
    for w in range(n >> 6):
        word = np.uint64(0)
        for b in range(64):
            word |= np.uint64(np.uint32(codes[(w << 6) + b]) - low < width) << np.uint64(b)
        mask[w] |= word
    for r in range(n & ~63, n):
        mask[r >> 6] |= np.uint64(np.uint32(codes[r]) - low < width) << np.uint64(r & 63)


@kernel
def mark_flagged(codes, flags, mask):
    """Set the rows whose code c has ``flags[c]`` (uint8; one entry per value and one, zero, for none)."""
    n = codes.shape[0]
    last = flags.shape[0] - 1
    for r in range(n):
        bit = np.uint64(flags[min(np.int64(codes[r]), last)] != 0)
        mask[r >> 6] |= bit << np.uint64(r & 63)


@kernel
def mark_where(rows, chosen, mask):
    """Set ``rows[i]`` wherever ``chosen[i]`` (bool)."""
    for i in range(rows.shape[0]):
        r = rows[i]
        mask[r >> 6] |= np.uint64(chosen[i]) << np.uint64(r & 63)


@kernel
def count_codes_in(codes, mask, counts):
    """``counts[c] += 1`` for the code c of every row in `mask`; codes past the last count are skipped."""
    k = counts.shape[0]
    for w in range(mask.shape[0]):
        word = mask[w]
        r = w << 6
        while word != 0:
            if word & _ONE:
                c = codes[r]
                if c < k:
                    counts[c] += 1
            word >>= _ONE
            r += 1


@kernel
def count_lists_in(starts, rows, mask, counts):
    """``counts[c]`` = how many of value c's rows are set in `mask`."""
    for c in range(counts.shape[0]):
        total = 0
        for i in range(starts[c], starts[c + 1]):
            r = rows[i]
            total += np.int64((mask[r >> 6] >> np.uint64(r & 63)) & _ONE)
        counts[c] = total


@kernel
def place_rows(codes, rows, cursor, placed):
    """Counting sort: ``placed[cursor[codes[i]]++] = rows[i]``. Codes past the last cursor are skipped.

    `cursor` starts as the first place of each code and ends as the place after its last row.
    """
    k = cursor.shape[0]
    for i in range(codes.shape[0]):
        c = codes[i]
        if c < k:
            placed[cursor[c]] = rows[i]
            cursor[c] += 1


@kernel
def mark_phrase(sequence, ends, documents, phrase, found):
    """``found[i]`` = 1 if document ``documents[i]`` holds the tokens `phrase` in a row.

    Document d is ``sequence[ends[d]:ends[d + 1]]``, token numbers.
    """
    size = phrase.shape[0]
    for i in range(documents.shape[0]):
        d = documents[i]
        for at in range(ends[d], ends[d + 1] - size + 1):
            same = True
            for j in range(size):
                if sequence[at + j] != phrase[j]:
                    same = False
                    break
            if same:
                found[i] = 1
                break
