"""Payload rows of a sealed segment: raw JSON, one after the other, and where each begins.

    bytes    u8, all rows back to back
    offsets  u64, rows + 1; row r is bytes[offsets[r] : offsets[r + 1]]

Rows are read for winners only, so both arrays stay in the mapped file. Copying kept rows into a new segment goes by
runs of neighbours, not row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PayloadBlocks", "PayloadRows", "build_payload_rows", "open_payload_rows"]


@dataclass(frozen=True, slots=True)
class PayloadBlocks:
    """Rows back to back in `blocks`, which may cut them anywhere; `lengths` in bytes, one per row."""

    blocks: Sequence[bytes | memoryview]
    lengths: NDArray[np.uint64]


class PayloadRows:
    """Raw JSON by row."""

    def __init__(self, data: NDArray[np.uint8], offsets: NDArray[np.uint64]) -> None:
        self._data = data
        self._bytes = data.data  # cheaper to slice than an array, once per hit
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> bytes:
        return bytes(self._bytes[self._offsets.item(row) : self._offsets.item(row + 1)])

    def take(self, rows: NDArray[np.int64]) -> PayloadBlocks:
        """These rows (ascending), back to back."""
        lengths = self._offsets[rows + 1] - self._offsets[rows]
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        firsts = rows[np.concatenate([[0], breaks])] if len(rows) else rows
        lasts = rows[np.concatenate([breaks - 1, [len(rows) - 1]])] if len(rows) else rows
        starts, ends = self._offsets[firsts].tolist(), self._offsets[lasts + 1].tolist()
        return PayloadBlocks([self._data[start:end].data for start, end in zip(starts, ends, strict=True)], lengths)


def build_payload_rows(parts: Sequence[PayloadBlocks]) -> dict[str, NDArray[Any]]:
    """The arrays to store: the rows of all parts, in that order.

    >>> rows = open_payload_rows(build_payload_rows([PayloadBlocks([b"{}", b'{"a":1}'], np.array([2, 7], np.uint64))]))
    >>> rows[1]
    b'{"a":1}'
    """
    lengths = np.concatenate([np.zeros(1, np.uint64), *(part.lengths for part in parts)])
    offsets = np.cumsum(lengths, dtype=np.uint64)
    data = np.frombuffer(b"".join(block for part in parts for block in part.blocks), np.uint8)
    assert len(data) == int(offsets[-1])
    return {"bytes": data, "offsets": offsets}


def open_payload_rows(arrays: Mapping[str, NDArray[Any]]) -> PayloadRows:
    """Rows over stored arrays."""
    return PayloadRows(arrays["bytes"], arrays["offsets"])
