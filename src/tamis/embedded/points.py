"""Points as users give them → the operations that write them.

    ids=, vectors=, payloads=      columns: one list or array each, of equal length
    points=[{"id", "vector", "payload"}, ...]    rows; qdrant_client's PointStruct and PointVectors work too

Both forms end in one columnar operation with distinct ids: of points with the same id in one batch the last one
wins. Everything is validated here; what comes out cannot fail any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.embedded.arrays import vector_rows
from tamis.embedded.names import vector_params
from tamis.errors import Rejected
from tamis.limits import BATCH_POINTS_MAX
from tamis.model.ids import IdArray, parse_id, parse_ids
from tamis.model.operation import UpdateVectors, Upsert, VectorBlock
from tamis.model.payload import EMPTY, encode_payload
from tamis.model.schema import CollectionSchema
from tamis.segment.points import take_points

__all__ = ["batch_ids", "distinct_ids", "list_ids", "read_update_vectors", "read_upsert"]

_POINT_KEYS = ("id", "vector", "payload")


@dataclass(frozen=True, slots=True)
class _Columns:
    ids: IdArray
    vectors: dict[str, VectorBlock]
    payloads: list[bytes]


def read_upsert(schema: CollectionSchema, ids: Any, vectors: Any, payloads: Any, points: Any) -> Upsert:
    """Validate the arguments of `upsert`."""
    if points is None:
        numbers = batch_ids(ids, "ids", "give ids and vectors, or points")
        columns = _Columns(numbers, _read_blocks(schema, vectors, len(numbers)), _read_payloads(payloads, len(numbers)))
        if not columns.vectors and "" in schema.vectors:
            raise Rejected("vectors", "is missing")
    else:
        if ids is not None or vectors is not None or payloads is not None:
            raise Rejected("points", "give either points, or ids, vectors and payloads")
        columns = _read_points(schema, points, _POINT_KEYS)
    columns = _distinct(columns)
    return Upsert(columns.ids, columns.vectors, columns.payloads)


def read_update_vectors(schema: CollectionSchema, ids: Any, vectors: Any, points: Any) -> UpdateVectors:
    """Validate the arguments of `update_vectors`."""
    if points is None:
        numbers = batch_ids(ids, "ids", "give ids and vectors, or points")
        columns = _Columns(numbers, _read_blocks(schema, vectors, len(numbers)), [])
        where = "vectors"
    else:
        if ids is not None or vectors is not None:
            raise Rejected("points", "give either points, or ids and vectors")
        columns = _read_points(schema, points, ("id", "vector"))
        where = "points"
    covered = np.zeros(len(columns.ids), np.bool_)
    for block in columns.vectors.values():
        covered[slice(None) if block.points is None else block.points] = True
    if not covered.all():
        raise Rejected(f"{where}[{int(covered.argmin())}]", "no vector is given; name at least one vector to update")
    columns = _merged(columns)
    return UpdateVectors(columns.ids, columns.vectors)


def batch_ids(ids: Any, where: str = "ids", missing: str = "give the ids of at least one point") -> IdArray:
    """The ids of a batch: at least one, at most `BATCH_POINTS_MAX`."""
    if ids is None:
        raise Rejected(where, f"is missing; {missing}")
    array = list_ids(ids, where)
    _check_count(len(array), where)
    return array


def list_ids(ids: Any, where: str = "ids") -> IdArray:
    """Ids in a list, an array or any iterable; none at all is fine."""
    if isinstance(ids, (str, bytes, Mapping)) or not isinstance(ids, Iterable):
        raise Rejected(where, f"must be a list or an array of ids, got {type(ids).__name__}")
    if isinstance(ids, np.ndarray) and ids.ndim != 1:
        raise Rejected(where, f"ids must be one-dimensional, got shape {ids.shape}")
    return parse_ids(ids, where)


def _check_count(count: int, where: str) -> None:
    if count == 0:
        raise Rejected(where, "the batch is empty; give at least one point")
    if count > BATCH_POINTS_MAX:
        raise Rejected(where, f"{count} points in one write; write batches of at most {BATCH_POINTS_MAX}")


def _read_payloads(payloads: Any, count: int) -> list[bytes]:
    if payloads is None:
        return [EMPTY] * count
    if isinstance(payloads, (str, bytes, Mapping)) or not isinstance(payloads, Iterable):
        raise Rejected("payloads", f"must be a list of dicts, one per point, got {type(payloads).__name__}")
    encoded = [encode_payload(payload, f"payloads[{row}]") for row, payload in enumerate(payloads)]
    if len(encoded) != count:
        raise Rejected("payloads", f"{count} ids but {len(encoded)} payloads; give one or None per point")
    return encoded


def _read_blocks(schema: CollectionSchema, vectors: Any, count: int) -> dict[str, VectorBlock]:
    """Columns of vectors: one array, or {name: array}; a list may hold None where a point lacks the vector."""
    if vectors is None:
        return {}
    named = vectors if isinstance(vectors, Mapping) else {"": vectors}
    blocks = {}
    for name, values in named.items():
        where = f"vectors.{name}" if name else "vectors"
        params = vector_params(schema, name, "vectors")
        given = None
        if isinstance(values, Sequence) and any(value is None for value in values):
            given = np.array([row for row, value in enumerate(values) if value is not None], np.uint32)
            _check_rows(len(values), count, where)
            values = [value for value in values if value is not None]
            if not values:
                continue
        rows = vector_rows(values, params, where)
        if given is None:
            _check_rows(len(rows), count, where)
        blocks[name] = VectorBlock(rows, given)
    return blocks


def _check_rows(rows: int, count: int, where: str) -> None:
    if rows != count:
        raise Rejected(where, f"{count} ids but {rows} vectors; give one per point")


def _read_points(schema: CollectionSchema, points: Any, keys: tuple[str, ...]) -> _Columns:
    if isinstance(points, (str, bytes, Mapping)) or not isinstance(points, Iterable):
        raise Rejected("points", f"must be a list of dicts, got {type(points).__name__}")
    ids, payloads = [], []
    rows: dict[str, list[Any]] = {}
    places: dict[str, list[int]] = {}
    for row, point in enumerate(points):
        where = f"points[{row}]"
        given = _point(point, where, keys)
        ids.append(parse_id(given["id"], f"{where}.id"))
        payloads.append(encode_payload(given.get("payload"), f"{where}.payload"))
        vector = given.get("vector")
        if vector is None and "" in schema.vectors:
            raise Rejected(f"{where}.vector", "is missing")
        named = vector if isinstance(vector, Mapping) else {} if vector is None else {"": vector}
        for name, values in named.items():
            rows.setdefault(name, []).append(values)
            places.setdefault(name, []).append(row)
    _check_count(len(ids), "points")
    blocks = {}
    for name, values in rows.items():
        params = vector_params(schema, name, f"points[{places[name][0]}].vector")
        every = len(values) == len(ids)
        block = _rows_of_points(values, params, name, places[name])
        blocks[name] = VectorBlock(block, None if every else np.array(places[name], np.uint32))
    return _Columns(IdArray.of(ids), blocks, payloads)


def _rows_of_points(values: list[Any], params: Any, name: str, places: list[int]) -> NDArray[np.float32]:
    try:
        return vector_rows(values, params, "vectors")
    except Rejected:
        suffix = f".{name}" if name else ""
        for row, value in zip(places, values, strict=True):  # again one by one: the message names the point
            where = f"points[{row}].vector{suffix}"
            if isinstance(value, (int, float)):
                raise Rejected(where, f"must be a list of numbers, got {value!r}") from None
            try:
                vector_rows([value], params, where, None)
            except Rejected as error:
                raise Rejected(where, error.problem) from None
        raise


def _point(point: Any, where: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    dump = getattr(point, "model_dump", None)  # the models of qdrant_client
    given = point if dump is None else dump(exclude_none=True)
    if not isinstance(given, Mapping):
        raise Rejected(where, f"must be a dict with {', '.join(keys)}, got {type(given).__name__}")
    for key in given:
        if key not in keys:
            raise Rejected(f"{where}.{key}", f"unknown key; a point has {', '.join(keys)}")
    if "id" not in given:
        raise Rejected(f"{where}.id", "is missing")
    return given


def distinct_ids(ids: Any) -> IdArray:
    """The ids of a batch, each once."""
    array = batch_ids(ids)
    keep = _newest(array)
    return array if keep is None else array.take(keep)


def _newest(ids: IdArray) -> NDArray[np.intp] | None:
    """The last row of every id, ascending; None when the ids are distinct already."""
    if ids.uuids is None:
        if len(ids) < 2 or bool((ids.low[1:] > ids.low[:-1]).all()):
            return None
        last = len(ids) - 1 - np.unique(ids.low[::-1], return_index=True)[1]
    else:
        last = np.fromiter({point_id: row for row, point_id in enumerate(ids)}.values(), np.intp)
    return None if len(last) == len(ids) else np.sort(last)


def _distinct(columns: _Columns) -> _Columns:
    """Of points with the same id keep the last one, whole."""
    keep = _newest(columns.ids)
    if keep is None:
        return columns
    blocks = {name: kept for name, block in columns.vectors.items() if (kept := take_points(block, keep)) is not None}
    return _Columns(columns.ids.take(keep), blocks, [columns.payloads[row] for row in keep.tolist()])


def _merged(columns: _Columns) -> _Columns:
    """Of updates of the same point and vector name keep the last one; different names of one point all count."""
    keep = _newest(columns.ids)
    if keep is None:
        return columns
    home: dict[Any, int] = {point_id: at for at, point_id in enumerate(columns.ids.take(keep))}
    target = [home[point_id] for point_id in columns.ids]
    blocks = {}
    for name, block in columns.vectors.items():
        rows = range(len(target)) if block.points is None else block.points.tolist()
        last = {target[row]: at for at, row in enumerate(rows)}
        points = np.array(sorted(last), np.uint32)
        taken = block.rows[[last[point] for point in points.tolist()]]
        blocks[name] = VectorBlock(taken, None if len(points) == len(keep) else points)
    return _Columns(columns.ids.take(keep), blocks, [])
