"""Points by id, page, count and value from several shards."""

from __future__ import annotations

from typing import Any

from tamis.embedded.options import read_limit, read_order_by
from tamis.errors import Invalid
from tamis.limits import LIMIT_MAX
from tamis.model.ids import id_order, parse_id
from tamis.server.scatter.legs import Legs
from tamis.wire.answers import join, write, write_page
from tamis.wire.parts import Part, read_facet_part, read_page_part, read_parts, read_value

__all__ = ["count", "facet", "retrieve", "retrieved", "scroll"]

_KINDS: dict[type, int] = {bool: 0, int: 1, str: 2}


def retrieve(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """In the order of the ids, those that are missing left out."""
    ids = body.get("ids")
    if not isinstance(ids, list) or not ids:
        return next(iter(legs.ask(method, path, {legs.shards[0]: body}).values()))
    return join(part.raw for part in retrieved(legs, body).values())


def retrieved(legs: Legs, body: Any) -> dict[Any, Part]:
    """Points by id, in the order that they are asked for."""
    owners: dict[int, list[Any]] = {}
    order = [parse_id(id, f"ids[{row}]") for row, id in enumerate(body["ids"])]
    for id, given in zip(order, body["ids"], strict=True):
        owners.setdefault(legs.owner(id), []).append(given)
    answers = legs.ask("POST", "/points", {shard: {**body, "ids": part} for shard, part in owners.items()})
    found = {part.id: part for raw in answers.values() for part in read_parts(raw)}
    return {id: found[id] for id in order if id in found}


def count(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """The sum."""
    answers = legs.ask(method, path, dict.fromkeys(legs.shards, body))
    return write({"count": sum(read_value(raw)["count"] for raw in answers.values())})


def facet(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """Every shard counts all values: the most frequent of all need not be among the most frequent of each."""
    limit = read_limit(10 if body.get("limit") is None else body["limit"])
    everything = {**body, "limit": LIMIT_MAX}
    answers = legs.ask(method, path, dict.fromkeys(legs.shards, everything))
    totals: dict[tuple[int, Any], int] = {}
    for raw in answers.values():
        for value, held in read_facet_part(raw):
            key = _KINDS[type(value)], value
            totals[key] = totals.get(key, 0) + held
    best = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return write({"hits": [{"value": value, "count": held} for (_, value), held in best]})


def scroll(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """A page of all: the first of the shards' first. By id, or by value and then by id."""
    given = body.get("limit")
    if isinstance(given, int) and given < 1:
        raise Invalid("limit", f"value {given} invalid, must be 1 or larger")
    limit = read_limit(10 if given is None else given)
    order = read_order_by(body.get("order_by"))
    pages = [read_page_part(raw) for raw in legs.ask(method, path, dict.fromkeys(legs.shards, body)).values()]
    points = [part for page in pages for part in page.points]
    if order is not None:
        sign = -1 if order.descending else 1
        points.sort(key=lambda part: (sign * (part.order_value or 0), id_order(part.id)))
        return write_page([part.raw for part in points[:limit]], None)
    points.sort(key=lambda part: id_order(part.id))
    rest = [part.id for part in points[limit : limit + 1]]
    rest += [page.following for page in pages if page.following is not None]
    following = min(rest, key=id_order, default=None)
    return write_page([part.raw for part in points[:limit]], following)
