"""Some points on their way from one body to another: ids, every vector, raw payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tamis.model.ids import IdArray
from tamis.model.operation import VectorBlock
from tamis.model.schema import VectorParams
from tamis.segment.alive import has_rows
from tamis.segment.view import Body

__all__ = ["Points", "gather_points", "take_points"]


@dataclass(frozen=True, slots=True)
class Points:
    """Whole points, in row order. A name that is missing in `vectors` is a vector that no point has."""

    ids: IdArray
    vectors: Mapping[str, VectorBlock]
    payloads: Sequence[bytes]

    def take(self, numbers: NDArray[np.int64]) -> Points:
        """Of these points those with these numbers, ascending."""
        blocks = {
            name: taken for name, block in self.vectors.items() if (taken := take_points(block, numbers)) is not None
        }
        return Points(self.ids.take(numbers), blocks, [self.payloads[number] for number in numbers.tolist()])

    def without(self, names: Sequence[str]) -> Points:
        """The same points without these vectors."""
        return replace(self, vectors={name: block for name, block in self.vectors.items() if name not in names})

    def updated(self, name: str, params: VectorParams, rows: NDArray[np.float32], points: NDArray[np.int64]) -> Points:
        """The same points, vector `name` replaced by `rows` for the points numbered `points`."""
        count = len(self.ids)
        merged = np.zeros((count, params.size), np.float32)
        has = np.zeros(count, np.bool_)
        old = self.vectors.get(name)
        if old is not None:
            held = slice(None) if old.points is None else old.points
            merged[held] = old.rows
            has[held] = True
        merged[points] = rows
        has[points] = True
        block = VectorBlock(merged) if has.all() else VectorBlock(merged[has], np.flatnonzero(has).astype(np.uint32))
        return replace(self, vectors={**self.vectors, name: block})


def take_points(block: VectorBlock, numbers: NDArray[np.int64]) -> VectorBlock | None:
    """What a batch says about one vector, for those of its points with these numbers (ascending); None: nothing."""
    if block.points is None:
        return VectorBlock(block.rows[numbers])
    found = np.isin(block.points, numbers)
    if not found.any():
        return None
    return VectorBlock(block.rows[found], np.searchsorted(numbers, block.points[found]).astype(np.uint32))


def gather_points(body: Body, rows: NDArray[np.int64], payloads: Sequence[bytes]) -> Points:
    """Copies of these rows of a body, with the payloads they have now."""
    vectors: dict[str, VectorBlock] = {}
    for name, dense in body.vectors.items():
        if dense.present is None:
            vectors[name] = VectorBlock(dense.rows[rows])
            continue
        has = np.flatnonzero(has_rows(dense.present, rows))
        if len(has):
            vectors[name] = VectorBlock(dense.rows[rows[has]], has.astype(np.uint32))
    return Points(body.ids(rows), vectors, payloads)
