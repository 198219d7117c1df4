"""Files that points are read from, in batches of dicts with id, vector and payload.

    .parquet .arrow .feather .ipc   a table: a column of ids, one of vectors, the others are the payload
    .jsonl .ndjson                  an object a line, in the same columns; or points as `tamis export` writes them
    .npy                            vectors; payloads from a .jsonl with as many lines

Without a column of ids a row's number is its id, so reading the same file again writes the same points. `skip` rows are
passed over, for an import that goes on where another one stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tamis.bulk.arrow import arrow, readable
from tamis.errors import Rejected
from tamis.wire.bodies import read_object

__all__ = ["Columns", "count_rows", "read_points"]

Point = dict[str, Any]
_TABLES = (".parquet", ".arrow", ".feather", ".ipc")
_LINES = (".jsonl", ".ndjson")
_POINT = {"id", "vector", "payload"}


class Columns(msgspec.Struct, frozen=True):
    """Which column is what. vectors: a name, or several for a collection whose vectors have names."""

    id: str = "id"
    vectors: tuple[str, ...] = ("vector",)
    payloads: Path | None = None  # beside a .npy


def read_points(path: Path, columns: Columns, batch: int, skip: int = 0) -> Iterator[list[Point]]:
    """Batches of points, the first `skip` rows left out. Rejected names the file, and the line where there is one."""
    if not path.is_file():
        raise Rejected("file", f"there is no file {path}")
    kind = path.suffix.lower()
    if kind in _TABLES:
        rows: Iterable[Point] = _table(path, columns, batch)
    elif kind in _LINES:
        rows = _lines(path, columns)
    elif kind == ".npy":
        rows = _array(path, columns)
    else:
        raise Rejected("file", f"{path} is none of {', '.join((*_TABLES, *_LINES, '.npy'))}")
    remaining = islice(rows, skip, None)
    while points := list(islice(remaining, batch)):
        yield points


def count_rows(path: Path) -> int | None:
    """How many points a file holds, where that is cheap to know."""
    kind = path.suffix.lower()
    if kind == ".npy":
        return len(_mapped(path))
    if kind == ".parquet":
        with readable(path):
            rows: int = arrow("parquet").ParquetFile(path).metadata.num_rows
            return rows
    return None


def _table(path: Path, columns: Columns, batch: int) -> Iterator[Point]:
    with readable(path):
        if path.suffix.lower() == ".parquet":
            batches = arrow("parquet").ParquetFile(path).iter_batches(batch_size=batch)
        else:
            batches = arrow("dataset").dataset(path, format="ipc").to_batches(batch_size=batch)
        first = 0
        for part in batches:
            names = part.schema.names
            missing = [name for name in columns.vectors if name not in names]
            if missing:
                raise Rejected("vector-column", f"{path} has no column {missing[0]!r}; there are {', '.join(names)}")
            for row, record in enumerate(part.to_pylist(), first):
                yield _point(record, row, columns, f"{path} row {row}")
            first += len(part)


def _lines(path: Path, columns: Columns) -> Iterator[Point]:
    with path.open("rb") as file:
        row = -1
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            row += 1
            where = f"{path} line {number}"
            yield _point(_object(line, where), row, columns, where)


def _array(path: Path, columns: Columns) -> Iterator[Point]:
    vectors = _mapped(path)
    if vectors.ndim != 2:
        raise Rejected("file", f"{path} must hold points × dimensions, got shape {vectors.shape}")
    lines = iter(_lines(columns.payloads, Columns(id="", vectors=()))) if columns.payloads is not None else None
    for row, vector in enumerate(vectors):
        payload = {} if lines is None else next(lines, None)
        if payload is None:
            raise Rejected("payloads", f"{columns.payloads} has {row} lines, {path} has {len(vectors)} vectors")
        yield {"id": row, "vector": vector.tolist(), "payload": payload.get("payload", {})}
    if lines is not None and next(lines, None) is not None:
        raise Rejected("payloads", f"{columns.payloads} has more lines than {path} has vectors, {len(vectors)}")


def _mapped(path: Path) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Rejected("file", f"{path} is not an array that numpy wrote: {error}") from None


def _object(raw: bytes, where: str) -> Point:
    try:
        return read_object(raw)
    except Rejected as error:
        raise Rejected(where, str(error)) from None


def _point(record: Point, row: int, columns: Columns, where: str) -> Point:
    """A point of a flat record; a record that is a point already stays one."""
    payload = record.get("payload")
    if isinstance(payload, str) and record.keys() <= _POINT:
        payload = _object(payload.encode(), f"{where} payload")
    if record.keys() <= _POINT and isinstance(payload, dict):
        return {"id": record.get("id", row), "vector": record.get("vector") or {}, "payload": payload}
    vectors: Sequence[Any] = [record.get(name) for name in columns.vectors]
    if None in vectors:
        raise Rejected(where, f"{columns.vectors[vectors.index(None)]} is missing")
    rest = {key: value for key, value in record.items() if key != columns.id and key not in columns.vectors}
    named = len(columns.vectors) > 1
    vector = dict(zip(columns.vectors, vectors, strict=True)) if named else vectors[0] if vectors else {}
    return {"id": record.get(columns.id, row), "vector": vector, "payload": rest}
