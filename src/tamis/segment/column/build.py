"""Sealing, merging and folding are one thing: rows of some tables become rows of a new sealed table.

    TablePart(table, source, target) ...   →   level by level: fields, then child tables   →   (meta, arrays)

Works on columns only, path by path, in numpy; JSON is not read (but see `build_field`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.limits import COLUMN_PATHS_MAX
from tamis.model.path import EVERY, Path, parse_path
from tamis.model.schema import PayloadIndex
from tamis.segment.column.build_field import FieldPart, FieldTarget, build_field
from tamis.segment.column.field import Field
from tamis.segment.column.sealed_table import Arrays, FieldMeta, SealedMeta, TableMeta
from tamis.segment.column.table import Table, TablePart

__all__ = ["build_table"]


def build_table(
    parts: Sequence[TablePart], rows: int, indexes: Mapping[str, PayloadIndex], paths_max: int = COLUMN_PATHS_MAX
) -> tuple[bytes, dict[str, NDArray[Any]]]:
    """The meta bytes and arrays of a table of `rows` rows; rows that no part fills have no payload.

    >>> from tamis.segment.column import LiveTable, open_table
    >>> live = LiveTable({})
    >>> live.append([{"n": 1}, {"n": 2}])
    >>> every = np.arange(2, dtype=np.uint32)
    >>> meta, arrays = build_table([TablePart(live.view(2), every, every)], 2, {})
    >>> open_table(meta, arrays).field("n").lanes["int"].keys.tolist()
    [1, 2]
    """
    sources = []
    for part in parts:
        targets = np.full(part.table.rows, -1, np.int64)
        targets[part.source] = part.target
        sources.append(_Source(part.table, targets, part.payload))
    builder = _Builder(indexes, paths_max)
    meta, _ = builder.level(sources, rows, (), "")
    return msgspec.msgpack.encode(SealedMeta(dict(indexes), meta)), builder.arrays


@dataclass(frozen=True, slots=True)
class _Source:
    """One part at one level: per row of its table the new row, or -1."""

    table: Table
    targets: NDArray[np.int64]
    payload: Callable[[int], bytes | memoryview] | None


class _Builder:
    def __init__(self, indexes: Mapping[str, PayloadIndex], paths_max: int) -> None:
        self.indexes = indexes
        self.paths_left = paths_max
        self.arrays: Arrays = {}

    def level(
        self, sources: Sequence[_Source], rows: int, steps: tuple[str | int, ...], prefix: str
    ) -> tuple[TableMeta, NDArray[np.int64]]:
        """Store one level and all below it; its meta, and the rows with something in no column."""
        spilled = [targets[targets >= 0] for s in sources if len(targets := s.targets[s.table.spilled])]
        fields: list[FieldMeta] = []
        for path in dict.fromkeys(path for s in sources for path in s.table.field_paths()):
            parts = [FieldPart(f, s.targets, s.payload) for s in sources if (f := s.table.field(path)) is not None]
            if self.paths_left <= 0:
                spilled.extend(_present(part) for part in parts)
                continue
            index = self._index((*steps, *parse_path(path).steps))
            meta = build_field(FieldTarget(path, rows, index, f"{prefix}f{len(fields)}."), parts, self.arrays)
            if meta is not None:
                fields.append(meta)
                self.paths_left -= 1
        children: list[tuple[str, TableMeta]] = []
        for path in dict.fromkeys(path for s in sources for path in s.table.child_paths()):
            inner = f"{prefix}c{len(children)}."
            below, parents = _below(sources, path)
            if len(parents):
                self.arrays[f"{inner}parents"] = parents.astype(np.uint32)
                meta_below, lost = self.level(below, len(parents), (*steps, *parse_path(path).steps, EVERY), inner)
                children.append((path, meta_below))
                spilled.append(parents[lost])
        gone = np.unique(np.concatenate(spilled)) if spilled else np.empty(0, np.int64)
        self.arrays[f"{prefix}spilled"] = gone.astype(np.uint32)
        return TableMeta(rows, fields, children), gone

    def _index(self, steps: tuple[str | int, ...]) -> PayloadIndex | None:
        """The index on the values at a path, or on the elements of arrays there: the column is the same."""
        return self.indexes.get(str(Path(steps))) or self.indexes.get(str(Path((*steps, EVERY))))


def _present(part: FieldPart) -> NDArray[np.int64]:
    """New rows of everything that has the field."""
    return part.targets[(part.targets >= 0) & _present_rows(part.field)]


def _present_rows(field: Field) -> NDArray[np.bool_]:
    """Per row, whether it has anything at the path."""
    return np.unpackbits(field.present.view(np.uint8), bitorder="little", count=field.rows).astype(np.bool_)


def _below(sources: Sequence[_Source], path: str) -> tuple[list[_Source], NDArray[np.int64]]:
    """The element rows that stay, in the order of their new parents, and those parents."""
    children = [(s, child) for s in sources if (child := s.table.child(path)) is not None]
    lifted = [s.targets[child.parents] for s, child in children]
    kept = [np.flatnonzero(parents >= 0) for parents in lifted]
    parents = np.concatenate([p[k] for p, k in zip(lifted, kept, strict=True)]) if children else np.empty(0, np.int64)
    order = np.argsort(parents, kind="stable")
    place = np.empty(len(parents), np.int64)
    place[order] = np.arange(len(parents))
    below = []
    for (_, child), rows, new in zip(
        children, kept, np.split(place, np.cumsum([len(k) for k in kept])[:-1]) if kept else [], strict=True
    ):
        targets = np.full(child.table.rows, -1, np.int64)
        targets[rows] = new
        below.append(_Source(child.table, targets, None))
    return below, parents[order]
