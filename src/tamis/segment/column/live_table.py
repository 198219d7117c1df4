"""Columns that grow: the payloads of a head or of an overlay.

    append([{...}, {...}])   every key → its LiveField; objects in arrays → a child table with `parents`
    view(count)              a Table of the rows below `count`, made on demand, path by path

One writer. Views share the growing arrays and see only rows below their count, so they never change and need no lock.
`count` must be a row count that an `append` ended at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.limits import COLUMN_PATHS_MAX
from tamis.model.path import Path
from tamis.model.schema import IndexKind, PayloadIndex
from tamis.segment.column.field import Field
from tamis.segment.column.live_field import LiveField
from tamis.segment.column.live_lane import LiveLane
from tamis.segment.column.table import Child
from tamis.segment.growable import Growable

__all__ = ["LiveTable", "LiveTableView"]

U32 = NDArray[np.uint32]


class LiveTable:
    """The writer's side.

    >>> live = LiveTable({})
    >>> live.append([{"city": "Bonn", "parts": [{"n": 1}, {"n": 2}]}, {}])
    >>> table = live.view(2)
    >>> table.rows, table.field_paths(), table.child("parts").parents.tolist()
    (2, ['city', 'parts'], [0, 0])
    """

    def __init__(self, indexes: Mapping[str, PayloadIndex], paths_max: int = COLUMN_PATHS_MAX) -> None:
        self._root = _LiveRows((), _Shared(indexes, paths_max))

    @property
    def count(self) -> int:
        return self._root.count

    def append(self, payloads: Sequence[dict[str, Any]]) -> None:
        """Add rows."""
        self._root.append(payloads, None)

    def view(self, count: int) -> LiveTableView:
        """The first `count` rows, immutable."""
        return LiveTableView(self._root, count, self._root.shared.indexes)

    def reindex(self, indexes: Mapping[str, PayloadIndex]) -> None:
        """Other index definitions from now on. Rows that are here stay as they are: they are read where it matters."""
        self._root.shared.indexes = indexes
        self._root.reindex()


class _Shared:
    """What all levels of one live table share."""

    def __init__(self, indexes: Mapping[str, PayloadIndex], paths_max: int) -> None:
        self.indexes = indexes
        self.paths_left = paths_max

    def keeps_long(self, steps: tuple[str | int, ...]) -> bool:
        """Whether a text index wants the long strings of a path, or of the elements of an array there."""
        index = self.indexes.get(str(Path(steps))) or self.indexes.get(str(Path((*steps, -1))))
        return index is not None and index.kind == IndexKind.TEXT


class _Key:
    """One object key: its field, and the keys inside the objects there."""

    __slots__ = ("field", "keys", "steps")

    def __init__(self, field: LiveField, steps: tuple[str | int, ...]) -> None:
        self.field = field
        self.steps = steps
        self.keys: dict[str, _Key] = {}


class _LiveRows:
    """Rows of one level: points, or the elements of one array path."""

    def __init__(self, steps: tuple[str | int, ...], shared: _Shared) -> None:
        self.steps = steps  # from the root of the payload
        self.shared = shared
        self.count = 0
        self.keys: dict[str, _Key] = {}
        self.fields: dict[str, LiveField] = {}
        self.children: dict[str, _LiveRows] = {}
        self.parents = Growable(np.uint32)
        self.spilled = LiveLane(np.uint32)

    def append(self, objects: Sequence[dict[str, Any]], parents: Sequence[int] | None) -> set[int]:
        """Add rows; the parents under which something was spilled."""
        spilled: set[int] = set()
        start = self.count
        if parents is not None:
            self.parents.extend(np.array(parents, np.uint32))
        self._take(self.keys, (), range(start, start + len(objects)), objects, spilled)
        if spilled:
            rows = np.array(sorted(spilled), np.uint32)
            self.spilled.extend(rows, rows)
        self.count = start + len(objects)
        return spilled if parents is None else {parents[row - start] for row in spilled}

    def _take(
        self,
        keys: dict[str, _Key],
        steps: tuple[str, ...],
        rows: Sequence[int],
        objects: Sequence[dict[str, Any]],
        spilled: set[int],
    ) -> None:
        touched: list[_Key] = []
        for row, item in zip(rows, objects, strict=True):
            for name, value in item.items():
                key = keys.get(name)
                if key is None:
                    key = self._declare(keys, (*steps, name))
                    if key is None:
                        spilled.add(row)
                        continue
                field = key.field
                if not field.rows:
                    touched.append(key)
                field.rows.append(row)
                field.values.append(value)
        for key in touched:
            inner_rows, inner, element_rows, elements = key.field.settle()
            if inner:
                self._take(key.keys, key.steps, inner_rows, inner, spilled)  # type: ignore[arg-type]
            if elements:
                spilled |= self._child(key.steps).append(elements, element_rows)

    def _declare(self, keys: dict[str, _Key], steps: tuple[str, ...]) -> _Key | None:
        """A new path, or None when there are too many."""
        if self.shared.paths_left <= 0:
            return None
        self.shared.paths_left -= 1
        path = str(Path(steps))
        field = LiveField(path)
        field.strings.keep_long = self.shared.keeps_long((*self.steps, *steps))
        self.fields = {**self.fields, path: field}  # replaced, not changed: readers iterate
        key = keys[steps[-1]] = _Key(field, steps)
        return key

    def _child(self, steps: tuple[str | int, ...]) -> _LiveRows:
        path = str(Path(steps))
        child = self.children.get(path)
        if child is None:
            child = _LiveRows((*self.steps, *steps, -1), self.shared)
            self.children = {**self.children, path: child}
        return child

    def reindex(self) -> None:
        pending = list(self.keys.values())
        while pending:
            key = pending.pop()
            key.field.strings.keep_long = self.shared.keeps_long((*self.steps, *key.steps))
            pending.extend(key.keys.values())
        for child in self.children.values():
            child.reindex()


class LiveTableView:
    """The first rows of one level: a Table. Fields are cut to size on first use and kept."""

    def __init__(self, level: _LiveRows, rows: int, indexes: Mapping[str, PayloadIndex]) -> None:
        self.indexes = indexes
        self._level = level
        self.rows = rows
        self._fields: dict[str, Field] = {}
        self._children: dict[str, Child | None] = {}

    @property
    def spilled(self) -> U32:
        return self._level.spilled.upto(self.rows)[0]

    def field(self, path: str) -> Field | None:
        known = self._fields.get(path)
        if known is None:
            live = self._level.fields.get(path)
            if live is None:
                return None
            known = self._fields[path] = live.view(self.rows)
        return known

    def child(self, path: str) -> Child | None:
        if path not in self._children:
            level = self._level.children.get(path)
            self._children[path] = None if level is None else _child_view(level, self.rows, self.indexes)
        return self._children[path]

    def field_paths(self) -> list[str]:
        return list(self._level.fields)

    def child_paths(self) -> list[str]:
        return list(self._level.children)

    def reindexed(self, indexes: Mapping[str, PayloadIndex]) -> LiveTableView:
        other = copy(self)
        other.indexes = indexes
        return other

    def bytes(self) -> dict[str, int]:
        sizes = {path: live.nbytes for path, live in self._level.fields.items()}
        for path in self._level.children:
            child = self.child(path)
            if child is not None:
                sizes |= {f"{path}[].{inner}": size for inner, size in child.table.bytes().items()}
        return sizes


def _child_view(level: _LiveRows, count: int, indexes: Mapping[str, PayloadIndex]) -> Child | None:
    known = level.count  # first: parents and columns hold at least that many rows
    parents = level.parents.view()[:known]
    rows = int(np.searchsorted(parents, count))
    return Child(LiveTableView(level, rows, indexes), parents[:rows]) if rows else None
