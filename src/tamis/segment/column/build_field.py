"""One path of several tables, gathered into the arrays of a sealed field.

    parts (field, targets)  →  pairs of key and row per lane  →  one set of keys  →  store_lane
                               rows of each set, lengths, points, words

`targets[row]` is the new row of a part's row, -1 for rows that are left out. Only columns are read; the one exception
is a text index made after its strings were found too long for a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.limits import COLUMN_DISTINCT_BYTES_MAX, COLUMN_DISTINCT_SHARE_MAX, COLUMN_STRING_BYTES_MAX
from tamis.model.path import leaves, parse_path, resolve
from tamis.model.payload import decode_payload
from tamis.model.schema import IndexKind, PayloadIndex, TextOptions
from tamis.segment.column.bounds import Keys
from tamis.segment.column.cells import cell_order
from tamis.segment.column.field import LANES, SETS, Field, Lane, RowSet, sorted_rows
from tamis.segment.column.lane import SealedNumbers, SealedStrings, group_rows
from tamis.segment.column.sealed_table import Arrays, FieldMeta, store_lane, store_text
from tamis.segment.column.strings import Dictionary
from tamis.segment.column.text import Documents, make_text, read_documents

__all__ = ["FieldPart", "FieldTarget", "build_field"]

U32 = NDArray[np.uint32]
Pairs = tuple[Keys, NDArray[Any], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class FieldPart:
    """A field of one table, and where its rows go. `payload` reads a row; None where rows are array elements."""

    field: Field
    targets: NDArray[np.int64]
    payload: Callable[[int], bytes | memoryview] | None

    def move(self, rows: U32) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """New rows of those that are kept, and which are."""
        targets = self.targets[rows]
        kept = targets >= 0
        return targets[kept], kept


@dataclass(frozen=True, slots=True)
class FieldTarget:
    """Where a path is stored: array names start with `prefix`; `index` is the explicit index on it."""

    path: str
    rows: int
    index: PayloadIndex | None
    prefix: str

    def wants(self, kind: IndexKind) -> bool:
        """Whether the index is of this kind."""
        return self.index is not None and self.index.kind == kind


def build_field(target: FieldTarget, parts: Sequence[FieldPart], arrays: Arrays) -> FieldMeta | None:
    """Add the arrays of one path; None if no kept row has anything there."""
    before, prefix = len(arrays), target.prefix
    long = [_moved_set(parts, "long")]
    kept_all = _store_strings(target, parts, long, arrays)
    for name in LANES:
        pairs = [_moved_pairs(part, lane) for part in parts if (lane := part.field.numbers.get(name)) is not None]
        if sum(len(targets) for _, _, targets in pairs):
            keys, codes, targets = _one_key_set(pairs)
            assert isinstance(keys, np.ndarray)
            grouped = group_rows(codes, targets.astype(np.uint32), len(keys), target.rows)
            store_lane(SealedNumbers(keys, *grouped), f"{prefix}{name}.", arrays)
    _store_sets(parts, np.concatenate(long), target, arrays)
    _store_points(parts, prefix, arrays)
    if len(arrays) == before:
        return None
    cut = min(part.field.cut for part in parts) if kept_all else 0
    if target.index is None or not target.wants(IndexKind.TEXT):
        return FieldMeta(target.path, cut)
    options = target.index.text or TextOptions()
    return FieldMeta(target.path, cut, options, _store_text(target, parts, options, arrays))


def _store_strings(
    target: FieldTarget, parts: Sequence[FieldPart], long: list[NDArray[np.int64]], arrays: Arrays
) -> bool:
    """Store the lane of strings; rows whose strings do not fit go to `long`. False if all of them did."""
    pairs = [_moved_pairs(part, part.field.strings) for part in parts if part.field.strings is not None]
    keys, codes, targets = _one_key_set([_without_long(some, long) for some in pairs])
    if not len(targets):
        return True
    raws = [key for key in keys if isinstance(key, bytes)]
    if _too_distinct(raws, len(targets)):
        long.append(targets)
        return False
    grouped = group_rows(codes, targets.astype(np.uint32), len(raws), target.rows)
    lane = SealedStrings(Dictionary.of(raws), *grouped)
    store_lane(lane, f"{target.prefix}str.", arrays)
    if target.wants(IndexKind.DATETIME):
        store_lane(lane.moments(), f"{target.prefix}moments.", arrays)
    return True


def _moved_pairs(part: FieldPart, lane: Lane) -> Pairs:
    keys, codes, rows = lane.pairs()
    targets, kept = part.move(rows)
    codes = codes if kept.all() else codes[kept]
    used = np.flatnonzero(np.bincount(codes, minlength=len(keys)))
    if len(used) == len(keys):
        return keys, codes, targets
    number = np.zeros(len(keys), np.int64)
    number[used] = np.arange(len(used))
    some = keys[used] if isinstance(keys, np.ndarray) else [keys[n] for n in used.tolist()]
    return some, number[codes], targets


def _without_long(pairs: Pairs, long: list[NDArray[np.int64]]) -> Pairs:
    """Strings that a live text index kept go the way of all long strings."""
    keys, codes, targets = pairs
    fits = np.fromiter((len(key) <= COLUMN_STRING_BYTES_MAX for key in keys), np.bool_, len(keys))
    if fits.all():
        return pairs
    kept = fits[codes]
    long.append(targets[~kept])
    number = np.cumsum(fits) - 1
    return [key for key, fit in zip(keys, fits.tolist(), strict=True) if fit], number[codes[kept]], targets[kept]


def _one_key_set(parts: Sequence[Pairs]) -> Pairs:
    """The same pairs over one sorted list of distinct keys."""
    if not parts:
        return [], np.empty(0, np.int64), np.empty(0, np.int64)
    if isinstance(parts[0][0], list):
        strings = sorted(set().union(*(keys for keys, _, _ in parts)))
        place = {key: number for number, key in enumerate(strings)}
        numbers = [np.fromiter(map(place.__getitem__, keys), np.int64, len(keys)) for keys, _, _ in parts]
        merged: Keys = strings
    else:
        merged, flat = np.unique(np.concatenate([keys for keys, _, _ in parts]), return_inverse=True)
        numbers = np.split(flat, np.cumsum([len(keys) for keys, _, _ in parts])[:-1])
    codes = [number[codes] for number, (_, codes, _) in zip(numbers, parts, strict=True)]
    return merged, np.concatenate(codes), np.concatenate([targets for _, _, targets in parts])


def _too_distinct(raws: Sequence[bytes], pairs: int) -> bool:
    """Mostly different long strings: a dictionary would be a second copy of the payloads."""
    return len(raws) > pairs * COLUMN_DISTINCT_SHARE_MAX and sum(map(len, raws)) > COLUMN_DISTINCT_BYTES_MAX * max(
        len(raws), 10_000
    )


def _moved_set(parts: Sequence[FieldPart], name: str) -> NDArray[np.int64]:
    moved = [part.move(sorted_rows(part.field.sets[name]))[0] for part in parts if name in part.field.sets]
    return np.concatenate(moved) if moved else np.empty(0, np.int64)


def _store_sets(parts: Sequence[FieldPart], long: NDArray[np.int64], target: FieldTarget, arrays: Arrays) -> None:
    prefix = target.prefix
    for name in SETS:
        moved = long if name == "long" else _moved_set(parts, name)
        if len(moved):
            arrays[prefix + name] = _packed_rows(np.unique(moved), target.rows)
    if f"{prefix}array" in arrays:
        lengths = np.concatenate(
            [p.field.lengths[p.move(sorted_rows(p.field.sets["array"]))[1]] for p in parts if "array" in p.field.sets]
        )
        in_order = lengths[np.argsort(_moved_set(parts, "array"))]
        arrays[f"{prefix}lengths"] = in_order.astype(np.min_scalar_type(int(in_order.max())))


def _packed_rows(rows: NDArray[Any], count: int) -> RowSet:
    """Ascending rows, as a list or as mask words, whichever is smaller."""
    if len(rows) * 32 <= count:
        return rows.astype(np.uint32)
    bits = np.zeros((count + 63) & ~63, np.bool_)
    bits[rows] = True
    return np.packbits(bits, bitorder="little").view(np.uint64)


def _store_points(parts: Sequence[FieldPart], prefix: str, arrays: Arrays) -> None:
    lons, lats, rows = [], [], []
    for part in parts:
        if part.field.points is not None:
            targets, kept = part.move(part.field.points.rows)
            lons.append(part.field.points.lon[kept])
            lats.append(part.field.points.lat[kept])
            rows.append(targets)
    if not sum(map(len, rows)):
        return
    lon, lat = np.concatenate(lons), np.concatenate(lats)
    order = cell_order(lon, lat)
    arrays[f"{prefix}points.lon"] = lon[order]
    arrays[f"{prefix}points.lat"] = lat[order]
    arrays[f"{prefix}points.rows"] = np.concatenate(rows)[order].astype(np.uint32)


def _store_text(target: FieldTarget, parts: Sequence[FieldPart], options: TextOptions, arrays: Arrays) -> bool:
    """Store the words; whether those of long strings are among them."""
    documents: list[Documents] = []
    whole = True
    for part in parts:
        lane = part.field.text(options)
        read = lane.read()
        targets, kept = part.move(read.rows)
        documents.append(read.take(np.flatnonzero(kept), targets.astype(np.uint32)))
        if "long" in part.field.sets and not lane.whole:
            rows = sorted_rows(part.field.sets["long"])
            targets, kept = part.move(rows)
            if not len(targets):
                continue
            if part.payload is None:
                whole = False
                continue
            documents.append(_read_long(target.path, part, rows[kept], options))
    store_text(make_text(documents, options, whole=whole), f"{target.prefix}text.", arrays)
    return whole


def _read_long(path: str, part: FieldPart, rows: U32, options: TextOptions) -> Documents:
    """The words of strings that are in no column, from the payloads of these rows."""
    assert part.payload is not None
    texts, targets = [], []
    steps = parse_path(path)
    for row in rows.tolist():
        for leaf in leaves(resolve(decode_payload(part.payload(row)), steps)):
            if isinstance(leaf, str) and len(leaf.encode()) >= part.field.cut:
                texts.append(leaf)
                targets.append(part.targets[row])
    return read_documents(texts, options, np.arange(len(texts)), np.array(targets, np.uint32))
