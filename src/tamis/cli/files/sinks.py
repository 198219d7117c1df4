"""Files that points are written into.

.jsonl      {"id", "vector", "payload"} a line
.parquet    id (number or text), vector (list of float32), payload (JSON text); for points with one unnamed vector
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tamis.errors import Rejected
from tamis.wire.answers import write

__all__ = ["KINDS", "writer"]

KINDS = (".jsonl", ".parquet")
_Add = Callable[[Sequence[dict[str, Any]]], None]


@contextmanager
def writer(file: Path, output: IO[bytes]) -> Iterator[_Add]:
    """A function that adds points to `output`, in the form that the name of `file` asks for."""
    if file.suffix.lower() == ".jsonl":
        yield lambda points: output.writelines(write(point) + b"\n" for point in points)
        return
    table = _Table(output)
    try:
        yield table.add
    finally:
        table.close()


class _Table:
    """A Parquet file; its schema follows from the first points."""

    def __init__(self, output: IO[bytes]) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError:
            raise Rejected("file", "Parquet needs pyarrow; install it with: pip install 'tamis[arrow]'") from None
        self._pa: Any = pa
        self._parquet: Any = parquet
        self._output = output
        self._writer: Any = None

    def add(self, points: Sequence[dict[str, Any]]) -> None:
        pa = self._pa
        ids = [point["id"] for point in points]
        numbers = isinstance(ids[0], int)
        if any(isinstance(vector := point.get("vector"), dict) and vector for point in points):
            raise Rejected("file", "vectors with names do not fit a table of one; export to .jsonl")
        schema = self._opened(numbers).schema
        if (schema.field("id").type == pa.uint64()) != numbers or any(isinstance(id, int) != numbers for id in ids):
            raise Rejected("file", "ids are numbers and UUIDs; a table has one kind of them: export to .jsonl")
        columns = {
            "id": ids,
            "vector": [point.get("vector") or None for point in points],
            "payload": [write(point.get("payload") or {}).decode() for point in points],
        }
        self._writer.write_table(pa.table(columns, schema=schema))

    def close(self) -> None:
        self._opened(numbers=True).close()

    def _opened(self, numbers: bool) -> Any:
        """The writer; made for the ids of the first points, and without points too."""
        if self._writer is None:
            pa = self._pa
            kind = pa.uint64() if numbers else pa.string()
            fields = [("id", kind), ("vector", pa.list_(pa.float32())), ("payload", pa.string())]
            self._writer = self._parquet.ParquetWriter(self._output, pa.schema(fields))
        return self._writer
