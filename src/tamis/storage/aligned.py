"""Memory that begins where a pair of cache lines begins.

A row of 128 bytes then lies in two lines, and in the one pair that processors fetch together. From numpy's own
memory, which begins 16 bytes into a page, it would touch three lines of two pairs: scattered reads take twice as long.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["ALIGNMENT", "aligned_empty"]

ALIGNMENT = 128


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """As `np.empty`, beginning at a multiple of ALIGNMENT bytes. Large ones come in huge pages, as numpy's do.

    >>> array = aligned_empty((3, 5), np.float32)
    >>> array.shape, array.ctypes.data % ALIGNMENT
    ((3, 5), 0)
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + size].view(dtype).reshape(shape)
