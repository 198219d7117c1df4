"""Ranges of values, compared exactly whatever the types: what range conditions ask of lanes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf, nextafter
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds", "Keys"]

Keys = NDArray[Any] | list[bytes]  # distinct values of a lane, ascending: numbers, or strings as UTF-8


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of numbers, or of moments in microseconds; None is no bound. Compared exactly, whatever the types.

    >>> Bounds(gt=1.5, lte=2**53).integers(np.int64)
    (2, 9007199254740992)
    >>> Bounds(gte=2**53 + 1).floats()
    (9007199254740994.0, inf)
    """

    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None

    @property
    def empty(self) -> bool:
        """Whether no number at all is inside."""
        low, high = self.floats()
        return low > high

    def integers(self, dtype: type[np.integer[Any]]) -> tuple[int, int]:
        """The least and the greatest integer of `dtype` inside; an empty range has them the wrong way round."""
        low, high = _LIMITS[dtype]
        least, greatest = [low], [high]
        if self.gte is not None:
            least.append(ceil(_within(self.gte)))
        if self.gt is not None:
            least.append(floor(_within(self.gt)) + 1)
        if self.lte is not None:
            greatest.append(floor(_within(self.lte)))
        if self.lt is not None:
            greatest.append(ceil(_within(self.lt)) - 1)
        first, last = max(least), min(greatest)
        return (first, last) if first <= last else (high, low)

    def floats(self) -> tuple[float, float]:
        """The least and the greatest float64 inside; an empty range has them the wrong way round."""
        least, greatest = [-inf], [inf]
        if self.gte is not None:
            least.append(_float(self.gte, inf, closed=True))
        if self.gt is not None:
            least.append(_float(self.gt, inf, closed=False))
        if self.lte is not None:
            greatest.append(_float(self.lte, -inf, closed=True))
        if self.lt is not None:
            greatest.append(_float(self.lt, -inf, closed=False))
        return max(least), min(greatest)


_LIMITS: dict[type[np.integer[Any]], tuple[int, int]] = {
    np.int64: (-(2**63), 2**63 - 1),
    np.uint64: (0, 2**64 - 1),
}


def _within(bound: float) -> float:
    """Something finite on the same side of every 64-bit integer."""
    return min(max(bound, -(2.0**65)), 2.0**65)


def _float(bound: float, towards: float, *, closed: bool) -> float:
    """The first float64 inside, coming from outside a bound."""
    nearest = float(bound)
    inside = nearest > bound if towards > 0 else nearest < bound
    return nearest if inside or (closed and nearest == bound) else nextafter(nearest, towards)
