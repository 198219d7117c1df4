"""Writes to several shards: points go to the shard that owns their id, what selects by filter goes to all.

    body ─▶ checked whole, as one shard would ─▶ each shard's part, vectors and payloads as they came ─▶ one result

A write is atomic and durable in each shard by itself. What is wrong in itself is refused before any shard is asked; if
a shard fails all the same, the others have it, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tamis.errors import Rejected, TamisError
from tamis.model.ids import PointId, parse_id
from tamis.server.endpoints.writes import OPERATIONS, checked, read_steps
from tamis.server.scatter.legs import Legs
from tamis.server.scatter.schemas import by_schema
from tamis.wire.answers import join, write
from tamis.wire.bodies import read_body
from tamis.wire.members import Members, column_part, read_items, read_operations
from tamis.wire.parts import read_value

__all__ = ["batch", "everywhere", "written"]

Bodies = dict[int, Any]
Split = Callable[[Legs, Members, Any], Bodies]  # an operation's body and the struct that was read from it


def written(name: str) -> Callable[[Legs, str, str, Members], bytes]:
    """What sends one operation where it belongs; its result is that of the shard with the largest position."""

    def send(legs: Legs, method: str, path: str, body: Members) -> bytes:
        parts = _split(legs, name, body, read_body(write(body), OPERATIONS[name][0]))
        return _together(legs.ask(method, path, parts).values())

    return send


def batch(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """A list of operations: every shard gets its part of each that concerns it, in the same order.

    Those before one that is refused are done, as in one shard.
    """
    raw = write(body)
    steps = read_steps(raw)
    lists: dict[int, list[Any]] = {}
    numbers: dict[int, list[int]] = {}
    refused: TamisError | None = None
    for number, ((name, given), (_, members)) in enumerate(zip(steps, read_operations(raw), strict=True)):
        try:
            parts = _split(legs if given.shard_key is None else legs.under(given.shard_key), name, members, given)
        except TamisError as error:
            refused = error
            break
        for shard, part in parts.items():
            lists.setdefault(shard, []).append({name: part})
            numbers.setdefault(shard, []).append(number)
    answers = legs.ask(method, path, {shard: {"operations": part} for shard, part in lists.items()})
    if refused is not None:
        raise refused
    results: list[list[bytes]] = [[] for _ in steps]
    for shard, answer in answers.items():
        for number, result in zip(numbers[shard], read_items(answer), strict=True):
            results[number].append(bytes(result))
    return join(map(_together, results))


def everywhere(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """The same to every shard: indexes, vectors, settings."""
    _check_shards(legs)
    return _together(legs.ask(method, path, dict.fromkeys(legs.shards, body)).values())


def _split(legs: Legs, name: str, body: Members, given: Any) -> Bodies:
    """By shard its part of an operation, which is checked first."""
    _check_shards(legs)
    given.shard_key = None  # it chose the shards
    by_schema(legs, lambda schema: checked(schema, name, given))
    return _SPLITS[name](legs, {key: value for key, value in body.items() if key != "shard_key"}, given)


def _check_shards(legs: Legs) -> None:
    if not legs.shards:
        raise Rejected("shard_key", "this collection is sharded by key and has none yet; create one first")


def _together(results: Iterable[bytes]) -> bytes:
    """One result of several: one that is not done yet, or else the one with the largest position."""
    read = [read_value(raw) for raw in results]
    if not isinstance(read[0], dict):
        return write(read[0])
    return write(max(read, key=lambda result: (result["operation_id"] is None, result["operation_id"] or 0)))


def _rows(ids: Sequence[Any], shards: Callable[[PointId], Sequence[int]]) -> dict[int, list[int]]:
    """By shard the rows of its ids."""
    rows: dict[int, list[int]] = {}
    for row, id in enumerate(ids):
        for shard in shards(parse_id(id)):
            rows.setdefault(shard, []).append(row)
    return rows


def _upsert(legs: Legs, body: Members, given: Any) -> Bodies:
    """A list of points, or columns."""
    if given.batch is None:
        return _points(legs, body, given)
    rows = _rows(given.batch.ids, legs.homes)
    return {shard: {**body, "batch": column_part(body["batch"], some)} for shard, some in rows.items()}


def _points(legs: Legs, body: Members, given: Any) -> Bodies:
    rows = _rows([point["id"] for point in given.points], legs.homes)
    points = read_items(body["points"])
    return {shard: {**body, "points": [points[row] for row in some]} for shard, some in rows.items()}


def _selected(legs: Legs, body: Members, given: Any) -> Bodies:
    """By ids, or everywhere by filter; by ids that may be under any of several shard keys, too."""
    if given.points is None:
        return dict.fromkeys(legs.shards, body)
    rows = _rows(given.points, legs.owners)
    if sum(map(len, rows.values())) > len(given.points):
        chosen = {"filter": {"must": [{"has_id": body["points"]}]}}
        return dict.fromkeys(legs.shards, {key: value for key, value in body.items() if key != "points"} | chosen)
    points = read_items(body["points"])
    return {shard: {**body, "points": [points[row] for row in some]} for shard, some in rows.items()}


_SPLITS: dict[str, Split] = {
    "upsert": _upsert,
    "delete": _selected,
    "update_vectors": _points,
    "delete_vectors": _selected,
    "set_payload": _selected,
    "overwrite_payload": _selected,
    "delete_payload": _selected,
    "clear_payload": _selected,
}
