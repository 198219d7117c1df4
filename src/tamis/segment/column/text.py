"""The words of the strings at one path: which documents hold a word, and each document's words in order.

    words      Dictionary      distinct tokens
    starts     documents       word w is in documents[starts[w]:starts[w + 1]], ascending, each once
    ends       sequence        document d is the words sequence[ends[d]:ends[d + 1]]
    rows                       the row of document d; a row with an array of strings has several

A document is one string leaf, because all words must be found in the same one. Made at seal time for a text index,
otherwise on first use from the dictionary of the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.columns import mark_phrase
from tamis.kernels.mask import and_count, list_rows, set_rows
from tamis.model.schema import TextOptions
from tamis.model.tokens import query_tokens, tokens
from tamis.segment.column.lane import group
from tamis.segment.column.strings import Dictionary

__all__ = ["Documents", "SealedText", "make_text", "read_documents"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Documents:
    """Words of documents before they are indexed, in any order."""

    words: Sequence[bytes]  # distinct, in any order
    sequence: U32  # numbers into words, document after document
    sizes: NDArray[np.int64]  # words per document
    rows: U32

    def take(self, which: NDArray[Any], rows: U32) -> Documents:
        """Some documents, moved to other rows."""
        return Documents(self.words, _gather(self.sequence, self.sizes, which), self.sizes[which], rows)


@dataclass(frozen=True, slots=True)
class SealedText:
    """A TextLane over arrays that never change."""

    options: TextOptions
    whole: bool
    words: Dictionary
    starts: U32
    documents: U32
    ends: NDArray[Any]
    sequence: U32
    rows: U32

    def _lists(self, text: str, mode: str) -> list[U32]:
        """Documents of each asked word, shortest list first; empty when nothing can be found."""
        asked = dict.fromkeys(query_tokens(text, self.options))
        numbers = [self.words.find(token) for token in asked]
        if mode == "any":
            numbers = [number for number in numbers if number >= 0]
        elif -1 in numbers:
            return []
        lists = [self.documents[self.starts.item(n) : self.starts.item(n + 1)] for n in numbers]
        return sorted(lists, key=len)

    def mark(self, text: str, mode: str, mask: Mask) -> str:
        lists = self._lists(text, mode)
        if mode == "any" or len(lists) <= 1:
            for documents in lists:
                set_rows(mask, self.rows[documents])
        else:
            found = self._in_all(lists)
            set_rows(mask, self.rows[self._with_phrase(found, text) if mode == "phrase" else found])
        return "word lists"

    def _in_all(self, lists: list[U32]) -> U32:
        found = lists[0]
        if len(found) * 64 < len(self.rows):
            for other in lists[1:]:
                place = np.minimum(np.searchsorted(other, found), len(other) - 1)
                found = np.compress(other[place] == found, found)
            return found
        left, right = np.zeros((2, (len(self.rows) + 63) >> 6), np.uint64)
        set_rows(left, found)
        count = len(found)
        for other in lists[1:]:
            right[:] = 0
            set_rows(right, other)
            count = and_count(left, right)
        listed = np.empty(count, np.uint32)
        list_rows(left, listed)
        return listed

    def _with_phrase(self, documents: U32, text: str) -> U32:
        phrase = np.array([self.words.find(token) for token in query_tokens(text, self.options)], np.uint32)
        found = np.zeros(len(documents), np.uint8)
        mark_phrase(self.sequence, self.ends, documents, phrase, found)
        return np.compress(found != 0, documents)

    def count(self, text: str, mode: str) -> int:
        lists = self._lists(text, mode)
        if not lists:
            return 0
        return min(len(self.rows), sum(map(len, lists))) if mode == "any" else len(lists[0])

    def read(self) -> Documents:
        return Documents(
            self.words.raws(),
            self.sequence,
            self.ends[1:].astype(np.int64) - self.ends[:-1].astype(np.int64),
            self.rows,
        )


def read_documents(texts: Iterable[str], options: TextOptions, numbers: NDArray[Any], rows: U32) -> Documents:
    """Cut `texts` into words, each once; document i is text ``numbers[i]`` in row ``rows[i]``."""
    known: dict[str, int] = {}
    sequence: list[int] = []
    sizes: list[int] = []
    for text in texts:
        found = tokens(text, options)
        sequence.extend([known.setdefault(token, len(known)) for token in found])
        sizes.append(len(found))
    per_text = np.array(sizes, np.int64)
    listed = _gather(np.array(sequence, np.uint32), per_text, numbers)
    return Documents([word.encode() for word in known], listed, per_text[numbers], rows)


def make_text(parts: Sequence[Documents], options: TextOptions, *, whole: bool) -> SealedText:
    """Index documents of several origins together; documents are put in row order."""
    words = sorted(set().union(*(part.words for part in parts)))
    number_of = {word: number for number, word in enumerate(words)}
    sequences = [np.array([number_of[w] for w in part.words], np.uint32)[part.sequence] for part in parts]
    sizes = np.concatenate([part.sizes for part in parts]) if parts else np.empty(0, np.int64)
    rows = np.concatenate([part.rows for part in parts]) if parts else np.empty(0, np.uint32)
    order = np.argsort(rows, kind="stable")
    flat = np.concatenate(sequences) if sequences else np.empty(0, np.uint32)
    sequence = _gather(flat, sizes, order)
    sizes, rows = sizes[order], rows[order]
    ends = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=ends[1:])
    of_word = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
    starts, documents = group(sequence, of_word, len(words))
    narrow = ends.astype(np.uint32 if ends[-1] < 2**32 else np.uint64)
    return SealedText(options, whole, Dictionary.of(words), starts, documents, narrow, sequence, rows)


def _gather(flat: NDArray[Any], sizes: NDArray[np.int64], order: NDArray[Any]) -> NDArray[Any]:
    """The runs of `flat` (of these sizes) in another order, repeats allowed."""
    firsts = np.cumsum(sizes) - sizes
    taken = sizes[order]
    shift = np.repeat(firsts[order] - (np.cumsum(taken) - taken), taken)
    gathered: NDArray[Any] = flat[shift + np.arange(len(shift))]
    return gathered
