"""How far an import got, in a small file beside its source: `.{source}.{collection}.progress`.

It is written anew after every acknowledged batch, by rename, and removed at the end. It counts only for the same source
(size and time of change) and the same target. A process that is killed between the acknowledgement and the rename
writes one batch twice, which changes nothing: the same ids get the same points.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from tamis.errors import Rejected
from tamis.wire.answers import write
from tamis.wire.bodies import read_object

__all__ = ["ProgressFile"]


class ProgressFile:
    """Of one source into one collection of one target."""

    def __init__(self, source: Path, target: str, collection: str) -> None:
        self._path = source.with_name(f".{source.name}.{quote(collection, safe='')}.progress")
        found = source.stat()
        self._told = {"target": target, "collection": collection, "bytes": found.st_size, "changed": found.st_mtime_ns}

    def rows(self) -> int:
        """Rows that are written already; 0 where nothing is known about this source and target."""
        try:
            told = read_object(self._path.read_bytes())
        except (OSError, Rejected):
            return 0
        rows = told.pop("rows", 0)
        return rows if told == self._told and isinstance(rows, int) else 0

    def save(self, rows: int) -> None:
        """So many rows are written."""
        part = self._path.with_name(self._path.name + ".part")
        part.write_bytes(write({**self._told, "rows": rows}))
        os.replace(part, self._path)

    def remove(self) -> None:
        """Everything is written."""
        self._path.unlink(missing_ok=True)
