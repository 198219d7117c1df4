"""A sealed segment: an immutable body of points over mapped files.

    points file   ids, vectors with their codes and graph             (never rewritten)
    payload file  versions, raw JSON rows and payload columns   (rewritten to fold an overlay)

Opening verifies the checksums and reads nothing else; columns, vectors and the id map wake up on first use.
A segment knows nothing of deletions: alive bits and changed payloads are the view's.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.errors import Corrupt
from tamis.model.ids import IdArray
from tamis.model.schema import CollectionSchema, PayloadIndex
from tamis.segment.column import Table, open_table
from tamis.segment.format import PayloadMeta, PointsMeta, array_group, payload_key, points_key, vector_prefix
from tamis.segment.id_map import IdMap, open_id_map
from tamis.segment.payload import PayloadBlocks, PayloadRows, open_payload_rows
from tamis.segment.vectors.dense import Dense, fitted, open_dense
from tamis.storage.array import ArrayFile
from tamis.storage.store import Store

__all__ = ["Segment"]


class Segment:
    """A Body over a points file and a payload file."""

    def __init__(self, name: str, payload_number: int, points: ArrayFile, rows: ArrayFile) -> None:
        self.name = name
        self.payload_number = payload_number
        self._points = points
        self._rows = rows
        self._meta = msgspec.msgpack.decode(points.meta, type=PointsMeta)
        self.count = self._meta.rows
        self._schema: CollectionSchema | None = None  # None: as sealed
        self._rows_meta = msgspec.msgpack.decode(rows.meta, type=PayloadMeta)
        self._check_lengths()

    @classmethod
    def open(cls, store: Store, name: str, payload_number: int, *, verify: bool = True) -> Segment:
        """Map both files. Corrupt (key, byte) if one is not what was written, NotFound if one is gone."""
        points = ArrayFile.open(store, points_key(name), verify=verify)
        rows = ArrayFile.open(store, payload_key(name, payload_number), verify=verify)
        return cls(name, payload_number, points, rows)

    def _check_lengths(self) -> None:
        lengths = {
            points_key(self.name): (len(self._points.arrays["ids.low"]),),
            payload_key(self.name, self.payload_number): (
                self._rows_meta.rows,
                len(self._rows.arrays["versions"]),
                len(self._rows.arrays["rows.offsets"]) - 1,
            ),
        }
        for key, found in lengths.items():
            if any(length != self.count for length in found):
                raise Corrupt(key, 0, f"holds {found} rows where the segment has {self.count}")

    def with_payload(self, store: Store, payload_number: int) -> Segment:
        """The same points with another payload file."""
        rows = ArrayFile.open(store, payload_key(self.name, payload_number))
        return Segment(self.name, payload_number, self._points, rows)

    def under(self, schema: CollectionSchema) -> Segment:
        """The same rows as this schema, a later one, shows them; nothing is written."""
        segment = copy(self)
        segment.__dict__.pop("table", None)
        segment.__dict__.pop("vectors", None)
        segment._schema = schema
        return segment

    @property
    def keys(self) -> tuple[str, str]:
        """Keys of the two files."""
        return points_key(self.name), payload_key(self.name, self.payload_number)

    @property
    def versions(self) -> NDArray[np.uint64]:
        """Per row, the position of the write that made it."""
        versions: NDArray[np.uint64] = self._rows.arrays["versions"]
        return versions

    @cached_property
    def _id_map(self) -> IdMap:
        return open_id_map(array_group("ids.", self._points.arrays))

    @cached_property
    def _payloads(self) -> PayloadRows:
        return open_payload_rows(array_group("rows.", self._rows.arrays))

    @cached_property
    def _sealed_table(self) -> Table:
        return open_table(self._rows_meta.table, array_group("table.", self._rows.arrays))

    @property
    def sealed_indexes(self) -> Mapping[str, PayloadIndex]:
        """The index definitions that the columns were built under."""
        return self._sealed_table.indexes

    @cached_property
    def table(self) -> Table:
        """Payload columns."""
        return self._sealed_table if self._schema is None else self._sealed_table.reindexed(self._schema.indexes)

    @cached_property
    def vectors(self) -> Mapping[str, Dense]:
        """Vectors by name."""
        sealed = self._sealed_vectors
        return sealed if self._schema is None else fitted(sealed, self._schema.vectors, self.count)

    @property
    def holds_dropped(self) -> bool:
        """Whether the points file has a vector that the schema has no more."""
        shown = {name: params.created for name, params in self._meta.vectors.items()}
        kept = shown if self._schema is None else {n: p.created for n, p in self._schema.vectors.items()}
        return any(kept.get(name) != created for name, created in shown.items())

    @cached_property
    def _sealed_vectors(self) -> Mapping[str, Dense]:
        arrays = self._points.arrays
        return {
            name: open_dense(params, array_group(vector_prefix(number), arrays))
            for number, (name, params) in enumerate(self._meta.vectors.items())
        }

    def find(self, ids: IdArray) -> NDArray[np.int64]:
        """The row of each id, -1 if it is not here."""
        return self._id_map.find(ids)

    def ids(self, offsets: NDArray[Any] | slice) -> IdArray:
        """Ids of these rows."""
        return self._id_map.ids(offsets)

    def id_order(self) -> NDArray[np.uint32]:
        """Rows sorted by id."""
        return self._id_map.order

    def payload(self, offset: int) -> bytes:
        """Raw JSON of one row, as sealed."""
        return self._payloads[offset]

    def payload_blocks(self, rows: NDArray[np.int64]) -> PayloadBlocks:
        """Raw JSON of these rows (ascending), back to back, as sealed."""
        return self._payloads.take(rows)

    def nbytes(self) -> dict[str, int]:
        """Mapped bytes by component. Payload rows are read for winners only and stay on disk."""
        arrays = self._points.arrays
        ids = sum(array.nbytes for name, array in arrays.items() if name.startswith("ids."))
        sizes = {"ids": ids, "versions": self.versions.nbytes}
        for dense in self.vectors.values():
            for part, size in dense.bytes().items():
                sizes[part] = sizes.get(part, 0) + size
        rows = self._rows.arrays
        sizes["payload"] = rows["rows.bytes"].nbytes + rows["rows.offsets"].nbytes
        sizes["columns"] = sum(array.nbytes for name, array in rows.items() if name.startswith("table."))
        return sizes
