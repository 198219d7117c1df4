"""Writes to several shards: points go to the shard that owns their id, what selects by filter goes to all.

A write is atomic and durable in each shard by itself. If some shards fail, the others have it, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tamis.errors import Malformed, Rejected
from tamis.model.ids import parse_id
from tamis.server.scatter.legs import Legs
from tamis.wire.answers import join, write
from tamis.wire.parts import read_value

__all__ = ["WRITES", "batch", "everywhere", "written"]

Bodies = dict[int, Any]


def written(name: str) -> Callable[[Legs, str, str, Any], bytes]:
    """What sends one operation where it belongs; its result is that of the shard with the largest position."""
    split = WRITES[name]

    def send(legs: Legs, method: str, path: str, body: Any) -> bytes:
        bodies = split(legs, body)
        return _together(legs.ask(method, path, bodies or dict.fromkeys(legs.shards[:1], body)).values())

    return send


def batch(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """A list of operations: every shard gets its part of each that concerns it, in the same order."""
    operations = body.get("operations")
    if not isinstance(operations, list):
        return _first(legs, method, path, body)
    lists: dict[int, list[Any]] = {}
    numbers: dict[int, list[int]] = {}
    for number, operation in enumerate(operations):
        if not isinstance(operation, dict) or len(operation) != 1 or next(iter(operation)) not in WRITES:
            return _first(legs, method, path, body)  # it knows the words for what is wrong
        name, inner = next(iter(operation.items()))
        parts = WRITES[name](legs, inner) or dict.fromkeys(legs.shards[:1], inner)
        for shard, part in parts.items():
            lists.setdefault(shard, []).append({name: part})
            numbers.setdefault(shard, []).append(number)
    answers = legs.ask(method, path, {shard: {"operations": part} for shard, part in lists.items()})
    results: list[list[bytes]] = [[] for _ in operations]
    for shard, raw in answers.items():
        for number, result in zip(numbers[shard], read_value(raw), strict=True):
            results[number].append(write(result))
    return join(_together(parts) for parts in results)


def everywhere(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """The same to every shard: indexes, vectors, settings."""
    answers = legs.ask(method, path, dict.fromkeys(legs.shards, body))
    return _together(answers.values()) if len(answers) > 1 else next(iter(answers.values()))


def _first(legs: Legs, method: str, path: str, body: Any) -> bytes:
    return next(iter(legs.ask(method, path, {legs.shards[0]: body}).values()))


def _together(results: Iterable[bytes]) -> bytes:
    """One result of several: the one with the largest position."""
    read = [read_value(raw) for raw in results]
    if not isinstance(read[0], dict):
        return write(read[0])
    return write(max(read, key=lambda result: result.get("operation_id") or 0))


def _upsert(legs: Legs, body: Any) -> Bodies:
    points, columns = body.get("points"), body.get("batch")
    if isinstance(columns, dict) and points is None:
        return _columns(legs, body, columns)
    return _by_point(legs, body)


def _by_point(legs: Legs, body: Any) -> Bodies:
    """By the id of each of `points`."""
    points = body.get("points")
    if not isinstance(points, list):
        return {}
    parts: dict[int, list[Any]] = {}
    for row, point in enumerate(points):
        if not isinstance(point, dict) or "id" not in point:
            raise Malformed(f"points[{row}]", "must be an object with an id")
        parts.setdefault(legs.owner(parse_id(point["id"], f"points[{row}].id")), []).append(point)
    return {shard: {**body, "points": part} for shard, part in parts.items()}


def _columns(legs: Legs, body: Any, columns: dict[str, Any]) -> Bodies:
    ids = columns.get("ids")
    if not isinstance(ids, list):
        return {}
    rows: dict[int, list[int]] = {}
    for row, id in enumerate(ids):
        rows.setdefault(legs.owner(parse_id(id, f"batch.ids[{row}]")), []).append(row)

    def part(column: Any, chosen: list[int], where: str) -> Any:
        if isinstance(column, dict):
            return {name: part(inner, chosen, f"{where}.{name}") for name, inner in column.items()}
        if isinstance(column, list):
            if len(column) != len(ids):
                raise Rejected(where, f"{len(column)} given for {len(ids)} ids")
            return [column[row] for row in chosen]
        return column

    return {
        shard: {**body, "batch": {name: part(column, chosen, f"batch.{name}") for name, column in columns.items()}}
        for shard, chosen in rows.items()
    }


def _selected(legs: Legs, body: Any) -> Bodies:
    """By ids, or everywhere by filter."""
    ids = body.get("points")
    if ids is None:
        return dict.fromkeys(legs.shards, body)
    if not isinstance(ids, list):
        return {}
    parts: dict[int, list[Any]] = {}
    for row, id in enumerate(ids):
        parts.setdefault(legs.owner(parse_id(id, f"points[{row}]")), []).append(id)
    return {shard: {**body, "points": part} for shard, part in parts.items()}


# by operation: what of its body goes to which shard; nothing: it is wrong, and any shard says how
WRITES: dict[str, Callable[[Legs, Any], Bodies]] = {
    "upsert": _upsert,
    "delete": _selected,
    "update_vectors": _by_point,
    "delete_vectors": _selected,
    "set_payload": _selected,
    "overwrite_payload": _selected,
    "delete_payload": _selected,
    "clear_payload": _selected,
}
