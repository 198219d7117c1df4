"""The most frequent values at a payload path and how many points hold each.

Strings, integers and bools count; a point that holds a value twice counts once. Most frequent first, then bools before
integers before strings, then by value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tamis.model.filter import Filter
from tamis.model.result import FacetHit
from tamis.search.filter.evaluate import evaluate
from tamis.search.values import Source, leaves_at, sources
from tamis.segment.alive import has_rows
from tamis.segment.column.field import Lane
from tamis.segment.column.live_lane import tally_pairs
from tamis.segment.view import SegmentView

__all__ = ["facet"]

# (type, value): 1 and True are equal in Python and are not the same value
_Key = tuple[int, bool | int | str]
_TYPES: dict[type, int] = {bool: 0, int: 1, str: 2}
_LANES = {"bool": 0, "int": 1, "big": 1, "str": 2}


def facet(views: Sequence[SegmentView], path: str, filter: Filter | None, limit: int) -> list[FacetHit]:
    """At most `limit` values with their exact counts."""
    totals: dict[_Key, int] = {}
    found: list[Source] = []
    for view in views:
        evaluation = evaluate(view, filter)
        if evaluation.count:
            columns, read = sources(view, path, evaluation.mask)
            found.extend(columns)
            for row in read:
                for key in {(_TYPES[type(v)], v) for v in leaves_at(view, row, path) if type(v) in _TYPES}:
                    totals[key] = totals.get(key, 0) + 1
    alone = len(found) == 1 and not totals
    for source in found:
        for name, kind in _LANES.items():
            if (lane := source.field.lane(name)) is not None:
                _add(totals, kind, lane, source, limit if alone else None)
    best = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [FacetHit(value, count) for (_, value), count in best]


def _add(totals: dict[_Key, int], kind: int, lane: Lane, source: Source, best: int | None) -> None:
    """Add a lane's counts; with `best`, only those that can be among so many best."""
    if source.rows is None:
        numbers, counts = lane.tally(source.mask)
    else:  # several rows here may be one point
        keys, codes, rows = lane.pairs()
        held = has_rows(source.mask, rows)
        numbers, counts = tally_pairs(codes[held], source.lift(rows[held]), len(keys))
    if best is not None and len(counts) > best:
        kept = counts >= np.partition(counts, len(counts) - best)[len(counts) - best]
        numbers, counts = numbers[kept], counts[kept]
    for value, count in zip(_values(lane, kind, numbers), counts.tolist(), strict=True):
        key = (kind, value)
        totals[key] = totals.get(key, 0) + count


def _values(lane: Lane, kind: int, numbers: NDArray[np.int64]) -> list[bool | int | str]:
    values = lane.values(numbers)
    return [bool(value) for value in values] if kind == 0 else values
