"""Points by id, and the parts of a point that an answer carries.

Payloads are kept as JSON bytes and decoded here, for winners only. `include` and `exclude` follow payload paths:
`a.b` inside objects, `a[].b` inside the elements of an array, `a[1].b` inside one of them. `include` keeps what lies on
the way: an object or an array with nothing left in it, and a value that a path would go on into but cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from tamis.model.ids import IdArray
from tamis.model.path import EVERY, parse_path
from tamis.model.payload import decode_payload
from tamis.model.query import Fields
from tamis.model.result import Hit, Record, Vector
from tamis.search.ranked import Places
from tamis.segment.vectors.dense import Dense
from tamis.segment.view import SegmentView, Snapshot

__all__ = ["Make", "T", "fetch", "hits_at", "payload_at", "project", "record_at", "vector_at"]

T = TypeVar("T")
Make = Callable[[SegmentView, int, Fields, int | float | None], T]  # from view, row, fields, and the value ordered by

_Steps = tuple[str | int, ...]


def fetch(snapshot: Snapshot, ids: IdArray, fields: Fields, make: Make[T]) -> list[T]:
    """The points with these ids, in that order, as `make` makes them; missing ones are left out."""
    numbers, offsets = snapshot.locate(ids)
    places = zip(numbers.tolist(), offsets.tolist(), strict=True)
    return [make(snapshot.views[number], offset, fields, None) for number, offset in places if number >= 0]


def record_at(view: SegmentView, offset: int, fields: Fields, order_value: int | float | None = None) -> Record:
    """One row as a record."""
    return Record(
        view.body.ids(np.array([offset]))[0],
        view.version(offset),
        payload_at(view, offset, fields),
        vector_at(view, offset, fields),
        order_value,
    )


def hits_at(places: Places, fields: Fields) -> list[Hit]:
    """Ranked places as hits. On the path of every search: the usual answers are made straight from columns."""
    ids, scores, views, offsets = places.ids, places.scores, places.views, places.offsets
    if len(set(map(id, views))) == 1 and views[0].overlay is None:
        versions = views[0].body.versions[np.array(offsets)].tolist()
    else:
        versions = [view.version(offset) for view, offset in zip(views, offsets, strict=True)]
    if fields.vectors == () and not fields.payload:
        return list(map(Hit, ids, versions, scores))
    if fields.vectors == () and fields.include is None and not fields.exclude:
        payloads = [decode_payload(view.payload(offset)) for view, offset in zip(views, offsets, strict=True)]
        return list(map(Hit, ids, versions, scores, payloads))
    rows = zip(ids, versions, scores, views, offsets, strict=True)
    return [Hit(i, v, s, payload_at(view, o, fields), vector_at(view, o, fields)) for i, v, s, view, o in rows]


def payload_at(view: SegmentView, offset: int, fields: Fields) -> dict[str, Any] | None:
    """The payload of one row, or the asked part of it; None if it is not asked for."""
    if not fields.payload:
        return None
    payload = decode_payload(view.payload(offset))
    return project(payload, fields) if fields.include is not None or fields.exclude else payload


def vector_at(view: SegmentView, offset: int, fields: Fields) -> Vector | None:
    """The vector of one row, or {name: vector} where vectors have names; None if not asked for or not there."""
    if fields.vectors == ():
        return None
    vectors = view.body.vectors
    names = tuple(vectors) if fields.vectors is None else fields.vectors
    found = {
        name: vectors[name].rows[offset].copy() for name in names if name in vectors and _has(vectors[name], offset)
    }
    return found.get("") if tuple(vectors) == ("",) else found


def _has(dense: Dense, offset: int) -> bool:
    return dense.present is None or bool(int(dense.present[offset >> 6]) >> (offset & 63) & 1)


def project(payload: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """The part of a payload that `fields` lets through.

    >>> project({"a": {"b": 1, "c": 2}, "d": 3}, Fields(include=("a.b",)))
    {'a': {'b': 1}}
    """
    if fields.include is not None:
        payload = _included(payload, [parse_path(path).steps for path in fields.include])
    return _without(payload, [parse_path(path).steps for path in fields.exclude]) if fields.exclude else payload


def _included(value: Any, paths: Sequence[_Steps]) -> Any:
    if () in paths:
        return value
    if isinstance(value, dict):
        return {key: _included(inner, rest) for key, inner in value.items() if (rest := _below(paths, key))}
    if isinstance(value, list):
        return [_included(inner, rest) for row, inner in enumerate(value) if (rest := _below(paths, row))]
    return value


def _without(value: Any, paths: Sequence[_Steps]) -> Any:
    if isinstance(value, dict):
        below = {key: _below(paths, key) for key in value}
        return {key: _without(inner, below[key]) for key, inner in value.items() if () not in below[key]}
    if isinstance(value, list):
        rests = [_below(paths, row) for row in range(len(value))]
        return [_without(inner, rest) for inner, rest in zip(value, rests, strict=True) if () not in rest]
    return value


def _below(paths: Sequence[_Steps], step: str | int) -> list[_Steps]:
    """What is left of the paths that go through this key, or this element."""
    return [p[1:] for p in paths if p and (p[0] == step or (p[0] == EVERY and isinstance(step, int)))]
