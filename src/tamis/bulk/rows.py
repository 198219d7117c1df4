"""Rows of Parquet files as validated points of one shard, a batch at a time.

    a table's batch ──▶ ids ──▶ rows whose id hashes to the shard ──▶ `read_upsert`, as the embedded API does

A file with no columns but id, vector and payload, as `tamis export` writes it, holds points: its payload is an object,
or one as JSON, and a point may lack its vector. In any other file each column that is neither an id nor a vector is a
field of the payload. Rejected names the file and the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.bulk.arrow import readable
from tamis.bulk.plan import Columns, Piece, open_file, source
from tamis.embedded.points import read_upsert
from tamis.errors import NotFound, Rejected
from tamis.model.ids import IdArray, parse_ids
from tamis.model.operation import Upsert
from tamis.model.schema import CollectionSchema
from tamis.model.siphash import hash_ids
from tamis.wire.bodies import read_object

__all__ = ["read_rows"]

_BATCH = 4_096  # rows
_POINT = {"id", "vector", "payload"}
_ROW = re.compile(r"\[(\d+)\]")


def read_rows(
    pieces: Sequence[Piece], columns: Columns, schema: CollectionSchema, owner: tuple[int, int]
) -> Iterator[tuple[int, Upsert]]:
    """Of every batch what is the shard's, owner[0] of owner[1]: how many rows, and their points, each id once."""
    for piece in pieces:
        if source(piece.source.path, columns) != piece.source:
            raise Rejected("file", f"{piece.source.path} has changed since the import began; start again")
        with readable(piece.source.path):
            for first, batch in _batches(piece):
                yield from _Batch(piece, first, batch).points(columns, schema, owner)


def _batches(piece: Piece) -> Iterator[tuple[int, Any]]:
    """Its rows in order, and the number of each batch's first one."""
    file = open_file(piece.source.path)
    groups: list[int] = []
    at = first = 0
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if at < piece.stop and at + rows > piece.first:
            first = first if groups else at
            groups.append(group)
        at += rows
    for batch in file.iter_batches(batch_size=_BATCH, row_groups=groups):
        low, high = max(piece.first - first, 0), min(piece.stop - first, len(batch))
        if low < high:
            yield first + low, batch.slice(low, high - low)
        first += len(batch)


class _Batch:
    """Some rows of a file."""

    def __init__(self, piece: Piece, first: int, batch: Any) -> None:
        self._path = piece.source.path
        self._first = first
        self._batch = batch

    def points(
        self, columns: Columns, schema: CollectionSchema, owner: tuple[int, int]
    ) -> Iterator[tuple[int, Upsert]]:
        """Those of a shard, if there are any."""
        chosen = np.arange(len(self._batch))
        try:
            ids = parse_ids(_ids(self._batch.column(columns.id)))
            shard, shards = owner
            if shards > 1:
                chosen = np.flatnonzero(hash_ids(ids) % np.uint64(shards) == shard)
            if len(chosen):
                yield len(chosen), self._read(columns, schema, ids, chosen)
        except Rejected as error:
            raise self._named(error, chosen) from None
        except NotFound as error:
            raise Rejected(f"{self._path}", str(error)) from None

    def _read(self, columns: Columns, schema: CollectionSchema, ids: IdArray, chosen: NDArray[np.int64]) -> Upsert:
        batch = self._batch if len(chosen) == len(self._batch) else self._batch.take(chosen)
        ids = ids.take(chosen)
        vectors = {name: _vectors(batch.column(name)) for name in columns.vectors}
        payloads, is_point = _payloads(batch, columns)
        lacking = [values.index(None) for values in vectors.values() if isinstance(values, list) and None in values]
        if lacking and not is_point:
            raise Rejected(f"vectors[{min(lacking)}]", "is missing")
        if lacking:
            (values,) = vectors.values()
            rows = zip(ids.tolist(), values, payloads, strict=True)
            points = [{"id": id, "vector": {} if vector is None else vector, "payload": p} for id, vector, p in rows]
            return read_upsert(schema, None, None, None, points)
        numbers = ids.low if ids.uuids is None else ids.tolist()
        given = vectors if len(vectors) > 1 else next(iter(vectors.values()), {})
        return read_upsert(schema, numbers, given, payloads, None)

    def _named(self, error: Rejected, chosen: NDArray[np.int64]) -> Rejected:
        """The same about a row of the file, where it is about one of the batch."""
        found = _ROW.search(error.where)
        if found is None:
            return Rejected(f"{self._path}", str(error))
        number = int(found[1])
        row = number if error.where.startswith("ids") else int(chosen[number])
        what = error.where[: found.start()] + error.where[found.end() :]
        return Rejected(f"{self._path} row {self._first + row}", f"{what}: {error.problem}")


def _ids(column: Any) -> Any:
    """As numpy's integers where they are some, else as Python has them."""
    if column.null_count == 0:
        array = column.to_numpy(zero_copy_only=False)
        if array.dtype.kind in "iu":
            return array
    return column.to_pylist()


def _vectors(column: Any) -> Any:
    """As one array where every row has as many numbers, else as a list of lists."""
    if column.null_count == 0 and hasattr(column, "flatten") and len(column):
        flat = column.flatten()
        lengths = set(column.value_lengths().to_pylist()) if hasattr(column, "value_lengths") else set()
        if flat.null_count == 0 and len(lengths) <= 1 and len(flat) and len(flat) % len(column) == 0:
            array = flat.to_numpy(zero_copy_only=False)
            if array.dtype.kind in "fiu":
                return array.reshape(len(column), -1)
    return column.to_pylist()


def _payloads(batch: Any, columns: Columns) -> tuple[list[Any], bool]:
    """An object per row, and whether the rows are points."""
    names = set(batch.schema.names)
    if "payload" in names <= _POINT:
        values = batch.column("payload").to_pylist()
        if all(value is None or isinstance(value, (str, dict)) for value in values):
            return [_object(value, f"payloads[{row}]") for row, value in enumerate(values)], True
    rest = [name for name in batch.schema.names if name != columns.id and name not in columns.vectors]
    return (batch.select(rest).to_pylist() if rest else [{}] * len(batch)), False


def _object(value: Any, where: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return read_object(value.encode())
    except Rejected as error:
        raise Rejected(where, str(error)) from None
