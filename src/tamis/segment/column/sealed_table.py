"""A table over stored arrays: nothing is copied, and a path costs nothing until it is asked for.

meta    msgpack: rows, paths, children
arrays  f0.int.keys  f0.int.starts  f0.int.rows  f0.int.codes      lane of field 0
        f1.str.block f1.str.ends ...  f1.moments.*  f1.text.*       strings and what indexes keep of them
        f1.null  f1.array  f1.lengths  f1.points.lon ...            sets, lengths, points
        spilled                                                     rows with something in no column
        c0.parents  c0.f0.int.keys ...                              child table 0, and so on inside
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.model.schema import PayloadIndex, TextOptions
from tamis.segment.column.field import LANES, SETS, Field, TextLane
from tamis.segment.column.lane import Grouped, SealedNumbers, SealedStrings
from tamis.segment.column.points import Points
from tamis.segment.column.strings import Dictionary
from tamis.segment.column.table import Child, Table
from tamis.segment.column.text import SealedText, make_text, read_documents

__all__ = [
    "FieldMeta",
    "SealedMeta",
    "SealedTable",
    "SealedWords",
    "TableMeta",
    "open_table",
    "store_lane",
    "store_text",
]

Arrays = dict[str, NDArray[Any]]
U32 = NDArray[np.uint32]


class FieldMeta(msgspec.Struct, frozen=True):
    """One path."""

    path: str
    cut: int  # strings of as many bytes and more may be missing from the lane
    text: TextOptions | None = None  # of the stored words
    text_whole: bool = False


class SealedMeta(msgspec.Struct, frozen=True):
    """What `build_table` gives as bytes."""

    indexes: dict[str, PayloadIndex]
    table: TableMeta


class TableMeta(msgspec.Struct, frozen=True):
    """One level; the position in a list is the number in the names of its arrays."""

    rows: int
    fields: list[FieldMeta]
    children: list[tuple[str, TableMeta]]


_decode = msgspec.msgpack.Decoder(SealedMeta).decode


def open_table(meta: bytes | memoryview, arrays: Mapping[str, NDArray[Any]]) -> Table:
    """The table that `build_table` made; `arrays` may be views of a mapped file and are kept."""
    decoded = _decode(meta)
    return SealedTable(decoded.table, arrays, "", decoded.indexes)


class SealedTable:
    """One level of a sealed table: a Table."""

    def __init__(
        self, meta: TableMeta, arrays: Mapping[str, NDArray[Any]], prefix: str, indexes: Mapping[str, PayloadIndex]
    ) -> None:
        self.indexes = indexes
        self._meta = meta
        self._arrays = arrays
        self._prefix = prefix
        self._numbers = {field.path: number for number, field in enumerate(meta.fields)}
        self._children_numbers = {path: number for number, (path, _) in enumerate(meta.children)}
        self._fields: dict[str, Field] = {}
        self._children: dict[str, Child] = {}

    @property
    def rows(self) -> int:
        return self._meta.rows

    @property
    def spilled(self) -> U32:
        return self._arrays[f"{self._prefix}spilled"]

    def field(self, path: str) -> Field | None:
        known = self._fields.get(path)
        if known is None:
            number = self._numbers.get(path)
            if number is None:
                return None
            known = self._fields[path] = self._open_field(number)
        return known

    def child(self, path: str) -> Child | None:
        known = self._children.get(path)
        if known is None:
            number = self._children_numbers.get(path)
            if number is None:
                return None
            prefix = f"{self._prefix}c{number}."
            table = SealedTable(self._meta.children[number][1], self._arrays, prefix, self.indexes)
            known = self._children[path] = Child(table, self._arrays[f"{prefix}parents"])
        return known

    def field_paths(self) -> list[str]:
        return list(self._numbers)

    def child_paths(self) -> list[str]:
        return list(self._children_numbers)

    def reindexed(self, indexes: Mapping[str, PayloadIndex]) -> SealedTable:
        other = copy(self)
        other.indexes = indexes
        return other

    def bytes(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for name, array in self._arrays.items():
            if name.startswith(self._prefix):
                path = self._path_of(name.removeprefix(self._prefix).split("."))
                sizes[path] = sizes.get(path, 0) + array.nbytes
        return sizes

    def _path_of(self, parts: list[str]) -> str:
        """The payload path that an array belongs to; "" for what belongs to none."""
        meta, path = self._meta, ""
        for part in parts:
            if part[0] == "c" and part[1:].isdigit():
                name, meta = meta.children[int(part[1:])]
                path += f"{name}[]."
            elif part[0] == "f" and part[1:].isdigit():
                return path + meta.fields[int(part[1:])].path
        return path.removesuffix(".")

    def _open_field(self, number: int) -> Field:
        meta = self._meta.fields[number]
        prefix = f"{self._prefix}f{number}."
        arrays = self._arrays
        strings = _open_strings(arrays, prefix)
        numbers = {name: lane for name in LANES if (lane := _open_numbers(arrays, f"{prefix}{name}.")) is not None}
        sets = {name: rows for name in SETS if (rows := arrays.get(prefix + name)) is not None}
        points = None
        if (lon := arrays.get(f"{prefix}points.lon")) is not None:
            points = Points(lon, arrays[f"{prefix}points.lat"], arrays[f"{prefix}points.rows"], in_cells=True)
        lengths = arrays.get(f"{prefix}lengths", np.empty(0, np.uint8))
        stored = None
        if meta.text is not None:
            stored = _open_text(arrays, f"{prefix}text.", meta)
        return Field(self._meta.rows, strings, numbers, sets, lengths, points, meta.cut, SealedWords(strings, stored))


class SealedWords:
    """The TextSource of a sealed field: the stored words when the options are the same, else cut on first use."""

    def __init__(self, strings: SealedStrings | None, stored: SealedText | None) -> None:
        self._strings = strings
        self.stored = stored
        self._made: dict[TextOptions, SealedText] = {}

    def __call__(self, options: TextOptions) -> TextLane:
        if self.stored is not None and self.stored.options == options:
            return self.stored
        made = self._made.get(options)
        if made is None:
            parts = []
            if self._strings is not None:
                _, codes, rows = self._strings.pairs()
                parts = [read_documents(self._strings.keys.texts(), options, codes, rows)]
            made = self._made[options] = make_text(parts, options, whole=False)
        return made


def _open_numbers(arrays: Mapping[str, NDArray[Any]], prefix: str) -> SealedNumbers | None:
    keys = arrays.get(f"{prefix}keys")
    return None if keys is None else SealedNumbers(keys, *_open_rows(arrays, prefix))


def _open_strings(arrays: Mapping[str, NDArray[Any]], prefix: str) -> SealedStrings | None:
    block = arrays.get(f"{prefix}str.block")
    if block is None:
        return None
    keys = Dictionary(block, arrays[f"{prefix}str.ends"])
    moments = _open_numbers(arrays, f"{prefix}moments.")
    return SealedStrings(keys, *_open_rows(arrays, f"{prefix}str."), moments)


def _open_rows(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Grouped:
    return arrays[f"{prefix}starts"], arrays[f"{prefix}rows"], arrays.get(f"{prefix}codes")


def store_lane(lane: SealedNumbers | SealedStrings, prefix: str, arrays: Arrays) -> None:
    """Put a lane's arrays where `open_table` finds them."""
    if isinstance(lane, SealedStrings):
        arrays[f"{prefix}block"], arrays[f"{prefix}ends"] = lane.keys.block, lane.keys.ends
    else:
        arrays[f"{prefix}keys"] = lane.keys
    arrays[f"{prefix}starts"], arrays[f"{prefix}rows"] = lane.starts, lane.rows
    if lane.codes is not None:
        arrays[f"{prefix}codes"] = lane.codes


_TEXT = ("starts", "documents", "ends", "sequence", "rows")


def _open_text(arrays: Mapping[str, NDArray[Any]], prefix: str, meta: FieldMeta) -> SealedText:
    assert meta.text is not None
    words = Dictionary(arrays[f"{prefix}words.block"], arrays[f"{prefix}words.ends"])
    return SealedText(meta.text, meta.text_whole, words, *(arrays[prefix + name] for name in _TEXT))


def store_text(text: SealedText, prefix: str, arrays: Arrays) -> None:
    """Put a text lane's arrays where `open_table` finds them."""
    arrays[f"{prefix}words.block"], arrays[f"{prefix}words.ends"] = text.words.block, text.words.ends
    arrays.update({prefix + name: getattr(text, name) for name in _TEXT})
