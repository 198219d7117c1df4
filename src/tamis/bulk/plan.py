"""Files cut into tasks: consecutive rows of one or several files, and of these the points of one shard.

    files in the order given  ──▶  stretches of about `points` rows for each shard, all equally long
    stretch × shard           ──▶  a task: reads the stretch, keeps the points whose id hashes to the shard, seals them

A row's place among all rows of all files says which of two points with the same id is the later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tamis.bulk.arrow import arrow, readable
from tamis.cluster.catalog import ShardedEntry
from tamis.errors import Rejected
from tamis.model.schema import CollectionSchema
from tamis.shard.upkeep import limits_of

__all__ = ["Columns", "Piece", "Source", "Task", "open_file", "points_max", "source", "stretches", "vector_size"]

_FOOTER_TAIL = 8  # the footer's length and a magic word
_FILE_BYTES = 3 * 2**30  # of a segment's vectors and graph: a store creates a file in one request


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what; all others are payload. vectors: several for a collection whose vectors have names."""

    id: str
    vectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A Parquet file. digest: of its size and its footer, which tell where every column is and what it holds."""

    path: Path
    rows: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one file, from `first` up to `stop`."""

    source: Source
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Task:
    """What one worker does: `sealing.perform`. number: in the order of rows; version: a position of the shard's log."""

    number: int
    store: str
    entry: ShardedEntry
    shard: int
    schema: CollectionSchema
    version: int
    columns: Columns
    pieces: tuple[Piece, ...]
    threads: int


def source(path: Path, columns: Columns) -> Source:
    """A file, after a look at its footer. Rejected if it is not Parquet or lacks a column."""
    path = path.resolve()
    file = open_file(path)
    names = file.schema_arrow.names
    for option, name in [("id", columns.id), *(("vector", name) for name in columns.vectors)]:
        if name not in names:
            raise Rejected(option, f"{path} has no column {name!r}; there are {', '.join(names)}")
    return Source(path, file.metadata.num_rows, _digest(path))


def open_file(path: Path) -> Any:
    """pyarrow's ParquetFile."""
    if not path.is_file():
        raise Rejected("file", f"there is no file {path}")
    with readable(path):
        return arrow("parquet").ParquetFile(path)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(-_FOOTER_TAIL, 2) + _FOOTER_TAIL
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - _FOOTER_TAIL - length))
        return blake2b(size.to_bytes(8, "big") + file.read(), digest_size=16).digest()


def vector_size(sources: Sequence[Source], name: str) -> int:
    """The size of the first vector in a column. Rejected if there is none."""
    for one in sources:
        with readable(one.path):
            for batch in open_file(one.path).iter_batches(batch_size=1, columns=[name]):
                value = batch.column(0)[0].as_py()
                if not isinstance(value, list):
                    raise Rejected("vector", f"column {name!r} must hold lists of numbers, the first row has {value!r}")
                return len(value)
    raise Rejected("file", "the files have no rows to tell the size of a vector by; make the collection first")


def points_max(schema: CollectionSchema, wanted: int) -> int:
    """How many points a segment is to have: as many as are wanted and its files can hold."""
    edges = 8 * schema.hnsw.m  # bytes of a row's neighbours
    row = sum(5 * params.size + edges for params in schema.vectors.values()) + 64  # vector, codes, ids
    return max(1, min(wanted, limits_of(schema, background=False).rows_max, _FILE_BYTES // row))


def stretches(sources: Sequence[Source], rows_max: int) -> list[tuple[Piece, ...]]:
    """All rows in order, in as few stretches of at most so many rows as do, equally long.

    >>> a, b = Source(Path("a"), 5, b""), Source(Path("b"), 4, b"")
    >>> [[(piece.source.path.name, piece.first, piece.stop) for piece in one] for one in stretches([a, b], 4)]
    [[('a', 0, 3)], [('a', 3, 5), ('b', 0, 1)], [('b', 1, 4)]]
    """
    total = sum(one.rows for one in sources)
    count = -(-total // rows_max)
    cut = []
    for number in range(count):
        first, stop = number * total // count, (number + 1) * total // count
        cut.append(tuple(_between(sources, first, stop)))
    return cut


def _between(sources: Sequence[Source], first: int, stop: int) -> list[Piece]:
    pieces, begin = [], 0
    for one in sources:
        low, high = max(first - begin, 0), min(stop - begin, one.rows)
        if low < high:
            pieces.append(Piece(one, low, high))
        begin += one.rows
    return pieces
