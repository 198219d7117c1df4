"""A sealed dictionary: distinct strings in UTF-8 order, in one block of bytes.

    ends   0 3 8 ...      uint32 | uint64, one more than there are strings
    block  "abcbirdy..."  string i is block[ends[i]:ends[i + 1]]

UTF-8 order is code point order, so a prefix is a range. Nothing is decoded until somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dictionary"]

_FOUND_MAX = 4_096  # look-ups remembered
_BISECTED_MAX = 64  # of a list of strings, as many are looked up one by one
_TABLE_MAX = 250_000  # strings that are put into one table


class Dictionary:
    """Look-up by bisection over mapped bytes.

    >>> words = Dictionary.of([b"a", b"bc"])
    >>> words.find("bc"), words.find("b"), words.between("b"), words.text(0)
    (1, -1, (1, 2), 'a')
    """

    def __init__(self, block: NDArray[np.uint8], ends: NDArray[np.uint32] | NDArray[np.uint64]) -> None:
        self.block = block
        self.ends = ends
        self._bytes = block.data
        self._found: dict[str, int] = {}
        self._table: dict[str, int] | None = None

    @classmethod
    def of(cls, strings: Sequence[bytes]) -> Dictionary:
        """From sorted distinct UTF-8 strings."""
        sizes = np.fromiter(map(len, strings), np.int64, len(strings))
        ends = np.zeros(len(strings) + 1, np.int64)
        np.cumsum(sizes, out=ends[1:])
        block = np.frombuffer(b"".join(strings), np.uint8)
        return cls(block, ends.astype(np.uint32) if ends[-1] < 2**32 else ends.astype(np.uint64))

    def __len__(self) -> int:
        return len(self.ends) - 1

    def raw(self, number: int) -> bytes:
        """One string as UTF-8."""
        return self._bytes[self.ends.item(number) : self.ends.item(number + 1)].tobytes()

    def text(self, number: int) -> str:
        """One string."""
        return self.raw(number).decode()

    def raws(self) -> list[bytes]:
        """All strings as UTF-8."""
        ends = self.ends.tolist()
        block = self._bytes.tobytes()
        return [block[a:b] for a, b in pairwise(ends)]

    def texts(self) -> list[str]:
        """All strings."""
        return [raw.decode() for raw in self.raws()]

    def _place(self, wanted: bytes) -> int:
        """Number of the first string that is not less than `wanted`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) >> 1
            if self.raw(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, text: str) -> int:
        """Number of a string, -1 if it is not there."""
        known = self._found.get(text)
        if known is not None:
            return known
        wanted = text.encode()
        place = self._place(wanted)
        number = place if place < len(self) and self.raw(place) == wanted else -1
        if len(self._found) >= _FOUND_MAX:
            self._found = {}
        self._found[text] = number
        return number

    def find_all(self, texts: Sequence[str]) -> list[int]:
        """Numbers of the strings that are there; long lists are looked up in a table, made on first use."""
        if len(texts) <= _BISECTED_MAX or len(self) > _TABLE_MAX:
            return [number for number in map(self.find, texts) if number >= 0]
        if self._table is None:
            self._table = {text: number for number, text in enumerate(self.texts())}
        return [number for number in map(self._table.get, texts) if number is not None]

    def between(self, prefix: str) -> tuple[int, int]:
        """First number and end of the strings that start with `prefix`."""
        if not prefix:
            return 0, len(self)
        wanted = prefix.encode()
        return self._place(wanted), self._place(wanted[:-1] + bytes([wanted[-1] + 1]))  # UTF-8 never holds 0xFF
