"""Payload rows of a sealed segment: raw JSON, one after the other, and where each begins.

    bytes    u8, all rows back to back
    offsets  u64, rows + 1; row r is bytes[offsets[r] : offsets[r + 1]]

Rows are read for winners only, so both arrays stay in the mapped file. Copying kept rows into a new segment goes by
runs of neighbours, not row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PayloadRows", "build_payload_rows", "open_payload_rows"]


class PayloadRows:
    """Raw JSON by row."""

    def __init__(self, data: NDArray[np.uint8], offsets: NDArray[np.uint64]) -> None:
        self._data = data
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> bytes:
        return self._data[int(self._offsets[row]) : int(self._offsets[row + 1])].tobytes()

    def take(self, rows: NDArray[np.int64]) -> tuple[list[NDArray[np.uint8]], NDArray[np.uint64]]:
        """Blocks that hold `rows` (ascending) back to back, and the length of each row."""
        lengths = self._offsets[rows + 1] - self._offsets[rows]
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        firsts = rows[np.concatenate([[0], breaks])] if len(rows) else rows
        lasts = rows[np.concatenate([breaks - 1, [len(rows) - 1]])] if len(rows) else rows
        starts, ends = self._offsets[firsts].tolist(), self._offsets[lasts + 1].tolist()
        return [self._data[start:end] for start, end in zip(starts, ends, strict=True)], lengths


def build_payload_rows(
    blocks: Sequence[NDArray[np.uint8] | bytes], lengths: NDArray[np.uint64]
) -> dict[str, NDArray[Any]]:
    """The arrays to store: rows back to back in `blocks`, of these lengths in bytes.

    >>> rows = open_payload_rows(build_payload_rows([b"{}", b'{"a":1}'], np.array([2, 7], np.uint64)))
    >>> rows[1]
    b'{"a":1}'
    """
    offsets = np.zeros(len(lengths) + 1, np.uint64)
    np.cumsum(lengths, out=offsets[1:])
    data = np.frombuffer(b"".join(blocks), np.uint8)
    assert len(data) == int(offsets[-1])
    return {"bytes": data, "offsets": offsets}


def open_payload_rows(arrays: Mapping[str, NDArray[Any]]) -> PayloadRows:
    """Rows over stored arrays."""
    return PayloadRows(arrays["bytes"], arrays["offsets"])
