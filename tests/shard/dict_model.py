"""A shard as a plain dict, operations at random, and what it means that both are equal."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any
from uuid import UUID

import numpy as np

from tamis.model.filter import Filter, Match
from tamis.model.ids import IdArray, PointId
from tamis.model.operation import (
    ClearPayload,
    Delete,
    DeletePayload,
    DeleteVectors,
    Operation,
    OverwritePayload,
    SetPayload,
    UpdateMode,
    UpdateVectors,
    Upsert,
    VectorBlock,
)
from tamis.model.schema import CollectionSchema, Distance, HnswConfig, OptimizersConfig, VectorParams
from tamis.segment.alive import has_rows, unpack_rows
from tamis.segment.view import Snapshot
from tamis.shard.runtime import Runtime

POOL = ThreadPoolExecutor(2)
SIZES = {"": 4, "b": 3}
SCHEMA = CollectionSchema({name: VectorParams(size, Distance.EUCLID) for name, size in SIZES.items()})
GRAPHS = CollectionSchema(  # graphs from the first 64 rows on
    SCHEMA.vectors, hnsw=HnswConfig(full_scan_threshold=1), optimizers=OptimizersConfig(indexing_threshold=1)
)

Point = tuple[dict[str, Any], dict[str, list[float]], int]  # payload, vectors, version


def by_hand(**sizes: int) -> Runtime:
    """Nothing happens in the background."""
    return Runtime(POOL, background=False, **sizes)


def pack(ids: list[PointId]) -> IdArray:
    return IdArray.of(ids)


class DictModel:
    """What the shard should hold: id -> payload, vectors, version."""

    def __init__(self) -> None:
        self.points: dict[PointId, Point] = {}
        self.position = 0

    def copy(self) -> DictModel:
        return deepcopy(self)

    def apply(self, operation: Operation) -> None:
        self.position += 1
        if isinstance(operation, Upsert):
            written = [point_id for point_id in operation.ids if self._writes(operation, point_id)]
            for row, (point_id, raw) in enumerate(zip(operation.ids, operation.payloads, strict=True)):
                if point_id not in written:
                    continue
                vectors = {name: given[row] for name, given in self._rows(operation.vectors).items() if row in given}
                self.points[point_id] = (json.loads(raw), vectors, self.position)
        elif isinstance(operation, UpdateVectors):
            for row, point_id in enumerate(operation.ids):
                payload, vectors, _ = self.points[point_id]
                if not self._matches(operation.filter, point_id):
                    continue
                given = {name: rows[row] for name, rows in self._rows(operation.vectors).items() if row in rows}
                self.points[point_id] = (payload, {**vectors, **given}, self.position)
        else:
            for point_id in self._chosen(operation):
                self._change(operation, point_id)

    def _rows(self, vectors: dict[str, VectorBlock]) -> dict[str, dict[int, list[float]]]:
        rows = {}
        for name, block in vectors.items():
            points = range(len(block.rows)) if block.points is None else block.points.tolist()
            rows[name] = dict(zip(points, block.rows.tolist(), strict=True))
        return rows

    def _chosen(self, operation: Any) -> list[PointId]:
        if operation.ids is not None:
            return [point_id for point_id in operation.ids if point_id in self.points]
        return [i for i in self.points if self._matches(operation.filter, i)]

    def _matches(self, filter: Filter | None, point_id: PointId) -> bool:
        for condition in () if filter is None else filter.must:
            assert isinstance(condition, Match)
            if self.points[point_id][0].get(condition.path) != condition.value:
                return False
        return True

    def _writes(self, operation: Upsert, point_id: PointId) -> bool:
        if point_id not in self.points:
            return operation.mode != UpdateMode.UPDATE_ONLY
        return operation.mode != UpdateMode.INSERT_ONLY and self._matches(operation.filter, point_id)

    def _change(self, operation: Operation, point_id: PointId) -> None:
        payload, vectors, _ = self.points[point_id]
        if isinstance(operation, Delete):
            del self.points[point_id]
            return
        if isinstance(operation, SetPayload):
            target = payload if operation.key is None else payload.setdefault(operation.key, {})
            target.update(json.loads(operation.payload))
        elif isinstance(operation, OverwritePayload):
            payload = json.loads(operation.payload)
        elif isinstance(operation, ClearPayload):
            payload = {}
        elif isinstance(operation, DeletePayload):
            payload = {key: value for key, value in payload.items() if key not in operation.keys}
        elif isinstance(operation, DeleteVectors):
            vectors = {name: row for name, row in vectors.items() if name not in operation.names}
        self.points[point_id] = (payload, vectors, self.position)


def contents(snapshot: Snapshot) -> dict[PointId, Point]:
    """Everything a snapshot holds; fails if an id is there twice."""
    points: dict[PointId, Point] = {}
    for view in snapshot.views:
        rows = unpack_rows(view.alive)
        assert len(rows) == view.alive_count
        for point_id, row in zip(view.body.ids(rows), rows.tolist(), strict=True):
            assert point_id not in points, f"{point_id} is alive twice"
            vectors = {
                name: dense.rows[row].tolist()
                for name, dense in view.body.vectors.items()
                if dense.present is None or has_rows(dense.present, np.array([row]))[0]
            }
            points[point_id] = (json.loads(view.payload(row)), vectors, view.version(row))
    return points


def check(snapshot: Snapshot, model: DictModel) -> None:
    """The snapshot is the model, and finds every id where it is."""
    assert snapshot.position == model.position
    assert contents(snapshot) == model.points
    known = list(model.points)
    views, rows = snapshot.locate(pack([*known, 10**15, UUID(int=10**30)]))
    assert (views[:-2] >= 0).all()
    assert views[-2:].tolist() == [-1, -1]
    for point_id, view, row in zip(known, views.tolist(), rows.tolist(), strict=False):
        assert snapshot.views[view].body.ids(np.array([row]))[0] == point_id


class Chance:
    """Random operations that a shard holding `model` admits."""

    def __init__(self, seed: int, ids: int = 60) -> None:
        self.random = random.Random(seed)
        self.ids: list[PointId] = [number * 3 for number in range(ids)]
        self.ids += [UUID(int=self.random.getrandbits(128)) for _ in range(ids // 4)]

    def _payload(self) -> bytes:
        chance = self.random
        payload = {"a": chance.randrange(4), "t": chance.choice(["x", "y", "é"]), "n": {"m": chance.randrange(3)}}
        return json.dumps({key: payload[key] for key in payload if chance.random() < 0.8}).encode()

    def _block(self, name: str, count: int) -> VectorBlock:
        points = None
        if self.random.random() < 0.3:
            points = np.array([p for p in range(count) if self.random.random() < 0.6], np.uint32)
        rows = count if points is None else len(points)
        values = [[self.random.random() for _ in range(SIZES[name])] for _ in range(rows)]
        return VectorBlock(np.array(values, np.float32).reshape(rows, SIZES[name]), points)

    def _vectors(self, count: int) -> dict[str, VectorBlock]:
        return {name: self._block(name, count) for name in SIZES if self.random.random() < 0.8}

    def _filter(self) -> Filter:
        return Filter(must=(Match("a", self.random.randrange(4)),))

    def operation(self, model: DictModel) -> Operation:
        """The next one."""
        chance = self.random
        present = sorted(model.points, key=str)
        kind = chance.randrange(11) if present else 0
        if kind <= 3:
            ids = chance.sample(self.ids, chance.randrange(1, 12))
            how = (self._filter(), chance.choice([*UpdateMode])) if kind == 3 else ()
            return Upsert(pack(ids), self._vectors(len(ids)), [self._payload() for _ in ids], *how)
        some = chance.sample(present, min(len(present), chance.randrange(1, 5)))
        where: dict[str, Any] = {"ids": pack(some)}
        if chance.random() < 0.4:
            where = {"filter": self._filter()}
        if kind == 4:
            return Delete(**where)
        if kind == 5:
            return SetPayload(self._payload(), **where, key=chance.choice([None, "n"]))
        if kind == 6:
            return OverwritePayload(self._payload(), **where)
        if kind == 7:
            return DeletePayload((chance.choice("atn"),), **where)
        if kind == 8:
            return ClearPayload(**where)
        if kind == 9:
            return DeleteVectors((chance.choice(list(SIZES)),), **where)
        return UpdateVectors(pack(some), self._vectors(len(some)), self._filter() if chance.random() < 0.4 else None)
