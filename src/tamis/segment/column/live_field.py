"""One payload path of a live table: takes what a batch brought, by JSON type.

A batch first only collects rows and values (`take`), then sorts them by type in bulk (`settle`): the cost of a
value is two list appends, a dictionary look-up for strings and a share of a numpy call.
"""

from __future__ import annotations

from functools import partial
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.limits import COLUMN_STRING_BYTES_MAX
from tamis.model.geometry import geo_point
from tamis.segment.column.field import SETS, Field, NumberLane
from tamis.segment.column.live_lane import LiveLane, LiveNumbers
from tamis.segment.column.live_strings import LiveStrings, LiveText, Strings
from tamis.segment.column.points import Points

__all__ = ["LiveField", "split_by_type"]

_DTYPES: dict[str, Any] = {"str": np.uint32, "int": np.int64, "big": np.uint64, "float": np.float64, "bool": np.uint8}
_INT64_MAX = 2**63 - 1


class LiveField:
    """The writer's side of one path. Everything in it only grows."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows: list[int] = []  # of the batch being taken
        self.values: list[Any] = []
        self.strings = Strings()
        self._lanes: dict[str, LiveLane] = {}
        self._sets: dict[str, LiveLane] = {}  # values: lengths for set array, else the rows again
        self._points: LiveLane | None = None

    def settle(self) -> tuple[list[int], list[dict[str, Any]], list[int], list[dict[str, Any]]]:
        """Put the batch away; rows and objects at the path, rows and objects in arrays at the path."""
        rows, values = self.rows, self.values
        self.rows, self.values = [], []
        split = split_by_type(rows, values)
        objects = split.pop(dict, ([], []))
        arrays = split.pop(list, None)
        for kind, (some, these) in split.items():
            self._scalars(kind, some, these)
        self._objects(*objects)
        elements = self._arrays(*arrays) if arrays else ([], [])
        return *objects, *elements

    def _scalars(self, kind: type, rows: list[int], values: list[Any]) -> None:
        if kind is str:
            long: list[int] = []
            rows, codes = self.strings.encode(rows, values, long)
            if long:
                self._set("long", long)
            self._lane("str", rows, codes)
        elif kind is int:
            self._integers(rows, values)
        elif kind is float:
            self._lane("float", rows, values)
        elif kind is bool:
            self._lane("bool", rows, values)
        else:
            self._set("null", rows)

    def _integers(self, rows: list[int], values: list[int]) -> None:
        try:
            self._lane("int", rows, np.array(values, np.int64))
        except OverflowError:
            big = [value > _INT64_MAX for value in values]
            small = [not b for b in big]
            self._lane("big", list(compress(rows, big)), np.array(list(compress(values, big)), np.uint64))
            self._lane("int", list(compress(rows, small)), np.array(list(compress(values, small)), np.int64))

    def _objects(self, rows: list[int], values: list[dict[str, Any]]) -> None:
        if not rows:
            return
        self._set("other", rows)
        found = [
            (row, point) for row, value in zip(rows, values, strict=True) if (point := geo_point(value)) is not None
        ]
        if found:
            if self._points is None:
                self._points = LiveLane(np.float64, (2,))
            self._points.extend(np.array([row for row, _ in found]), np.array([point for _, point in found]))

    def _arrays(self, rows: list[int], values: list[list[Any]]) -> tuple[list[int], list[dict[str, Any]]]:
        """Put elements away as values; returns the object elements with their rows."""
        self._set("array", rows, [len(value) for value in values])
        inner = [row for row, value in zip(rows, values, strict=True) for _ in value]
        elements = [element for value in values for element in value]
        split = split_by_type(inner, elements)
        objects = split.pop(dict, ([], []))
        deep = split.pop(list, None)
        for kind, (some, these) in split.items():
            self._scalars(kind, some, these)
        self._objects(*objects)
        if deep:
            self._set("other", deep[0])
            self._set("deep", deep[0])
        return objects

    def _lane(self, name: str, rows: Any, values: Any) -> None:
        if len(rows):
            lane = self._lanes.get(name)
            if lane is None:
                lane = self._lanes[name] = LiveLane(_DTYPES[name])
            lane.extend(rows, values)

    def _set(self, name: str, rows: list[int], values: list[int] | None = None) -> None:
        group = self._sets.get(name)
        if group is None:
            group = self._sets[name] = LiveLane(np.uint32)
        group.extend(rows, rows if values is None else values)

    def view(self, count: int) -> Field:
        """The rows below `count`."""
        strings: LiveStrings | None = None
        numbers: dict[str, NumberLane] = {}
        sets: dict[str, NDArray[np.uint32]] = {}
        lengths: NDArray[Any] = np.empty(0, np.uint32)
        for name, lane in tuple(self._lanes.items()):
            rows, values = lane.upto(count)
            if len(rows) and name == "str":
                strings = LiveStrings(rows, values, self.strings)
            elif len(rows):
                numbers[name] = LiveNumbers(rows, values)
        for name in SETS:
            if (group := self._sets.get(name)) is not None:
                rows, values = group.upto(count)
                if len(rows):
                    sets[name] = rows
                    lengths = values if name == "array" else lengths
        points = None
        if self._points is not None:
            rows, places = self._points.upto(count)
            points = Points(places[:, 0].copy(), places[:, 1].copy(), rows, in_cells=False) if len(rows) else None
        cut = COLUMN_STRING_BYTES_MAX + 1
        return Field(count, strings, numbers, sets, lengths, points, cut, partial(LiveText, strings))

    @property
    def nbytes(self) -> int:
        """Bytes reserved, and about those of the strings."""
        groups = [*self._lanes.values(), *self._sets.values()]
        return (
            sum(group.nbytes for group in groups) + (self._points.nbytes if self._points else 0) + self.strings.nbytes
        )


def split_by_type(rows: list[int], values: list[Any]) -> dict[type, tuple[list[int], list[Any]]]:
    """Rows and values by the type of the value."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return {kinds.pop(): (rows, values)}
    split = {}
    for kind in kinds:
        of_kind = [type(value) is kind for value in values]
        split[kind] = (list(compress(rows, of_kind)), list(compress(values, of_kind)))
    return split
