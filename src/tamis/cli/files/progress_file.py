"""How far an import got, in a small file beside its source: `.{source}.{collection}.progress`.

It is written anew after every acknowledged batch, by rename, and removed at the end. It counts only for the same files
(size and time of change), columns and target, and while the last point that it tells of is there: a collection that was
dropped and made again is filled from the beginning. A process that is killed between the acknowledgement and the rename
writes one batch twice, which changes nothing: the same ids get the same points.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tamis.cli.files.sources import Columns
from tamis.cli.target import is_address
from tamis.errors import Rejected
from tamis.wire.answers import write
from tamis.wire.bodies import read_object

__all__ = ["ProgressFile"]


class ProgressFile:
    """Of one source into one collection of one target."""

    def __init__(self, source: Path, columns: Columns, target: str, collection: str) -> None:
        self._path = source.with_name(f".{source.name}.{quote(collection, safe='')}.progress")
        self._told = {
            "target": target.rstrip("/") if is_address(target) else str(Path(target).resolve()),
            "collection": collection,
            "columns": [columns.id, *columns.vectors],
            "files": [_state(source), *([] if columns.payloads is None else [_state(columns.payloads)])],
        }

    def read(self) -> tuple[int, Any]:
        """Rows that are written already, and the id of the last of them; 0 where nothing is known about this import."""
        try:
            told = read_object(self._path.read_bytes())
        except (OSError, Rejected):
            return 0, None
        rows, last = told.pop("rows", 0), told.pop("last", None)
        return (rows, last) if told == self._told and isinstance(rows, int) and rows > 0 else (0, None)

    def save(self, rows: int, last: Any) -> None:
        """So many rows are written, the last of them under this id."""
        part = self._path.with_name(self._path.name + ".part")
        part.write_bytes(write({**self._told, "rows": rows, "last": last}))
        os.replace(part, self._path)

    def remove(self) -> None:
        """Everything is written."""
        self._path.unlink(missing_ok=True)


def _state(file: Path) -> list[Any]:
    found = file.stat()
    return [str(file.resolve()), found.st_size, found.st_mtime_ns]
