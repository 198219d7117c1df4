"""An array that grows at its end while readers keep views of its beginning.

Rows below the length of a view never change, and growing moves the writer to a new block, so an old view stays
right for ever. One writer at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tamis.storage.aligned import aligned_empty

__all__ = ["Growable"]

_ROWS_MIN = 256


class Growable:
    """Rows of one dtype and width; new rows are zero until set.

    >>> array = Growable(np.uint32)
    >>> array.extend(np.array([5, 6]))
    >>> array.view().tolist()
    [5, 6]
    """

    def __init__(self, dtype: DTypeLike, width: tuple[int, ...] = (), reserve: int = _ROWS_MIN) -> None:
        """reserve: rows of the first block; the system gives memory only to the rows that are written."""
        self._block: NDArray[Any] = np.empty((0, *width), dtype)
        self._reserve = reserve
        self.count = 0

    def extend(self, rows: NDArray[Any]) -> None:
        """Append copies of these rows."""
        self._appended(len(rows))[...] = rows

    def widen(self, rows: int) -> NDArray[Any]:
        """Append rows of zeros and return them, to be filled before the next view is given out."""
        new = self._appended(rows)
        new[...] = 0
        return new

    def _appended(self, rows: int) -> NDArray[Any]:
        start, self.count = self.count, self.count + rows
        if self.count > len(self._block):
            block = aligned_empty(  # large ones come in huge pages, which zeros would not
                (max(self.count, 2 * len(self._block), self._reserve), *self._block.shape[1:]), self._block.dtype
            )
            block[:start] = self._block[:start]
            self._block = block
        return self._block[start : self.count]

    def view(self) -> NDArray[Any]:
        """All rows so far, read-only."""
        rows = self._block[: self.count]
        rows.flags.writeable = False
        return rows

    @property
    def nbytes(self) -> int:
        """Bytes of the rows so far."""
        return self._block[: self.count].nbytes
