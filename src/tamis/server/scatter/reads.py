"""Points by id, page, count and value from several shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tamis.embedded.options import read_order_by
from tamis.embedded.points import list_ids
from tamis.errors import NotFound
from tamis.limits import LIMIT_MAX
from tamis.model.ids import PointId, id_order, parse_id
from tamis.server.endpoints.points import page_limit
from tamis.server.scatter.legs import Legs
from tamis.wire.answers import join, write, write_page
from tamis.wire.bodies import FacetBody, PointsBody, ScrollBody, read_body
from tamis.wire.members import Members
from tamis.wire.parts import Part, read_facet_part, read_page_part, read_parts, read_value

__all__ = ["count", "facet", "point", "retrieve", "retrieved", "scroll"]

_KINDS: dict[type, int] = {bool: 0, int: 1, str: 2}


def point(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """One point by id, with everything. NotFound."""
    given = path.rsplit("/", 1)[1]
    id = parse_id(int(given) if given.isdecimal() and len(given) <= 20 else given)
    found = retrieved(legs, [id], {"with_vector": True})
    if not found:
        raise NotFound(f"Point with id {id} does not exists!")
    return found[id].raw


def retrieve(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """In the order of the ids, those that are missing left out."""
    ids = list_ids(read_body(write(body), PointsBody).ids).tolist()
    found = retrieved(legs, ids, body)
    return join(found[id].raw for id in ids if id in found)


def retrieved(legs: Legs, ids: Sequence[PointId], body: Mapping[str, Any]) -> dict[PointId, Part]:
    """Points by id. body: what of them, as for the endpoint; it is read even if there are no ids."""
    parts: dict[int, list[PointId]] = {} if ids else {shard: [] for shard in legs.shards[:1]}
    for id in dict.fromkeys(ids):
        for shard in legs.owners(id):
            parts.setdefault(shard, []).append(id)
    answers = legs.ask("POST", "/points", {shard: {**body, "ids": part} for shard, part in parts.items()})
    return {part.id: part for raw in answers.values() for part in read_parts(raw)}


def count(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """The sum."""
    answers = legs.ask(method, path, dict.fromkeys(legs.shards, body))
    return write({"count": sum(read_value(raw)["count"] for raw in answers.values())})


def facet(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """Every shard counts all values: the most frequent of all need not be among the most frequent of each.

    Where strict mode bounds limits, every shard counts that many.
    """
    limit = page_limit(read_body(write(body), FacetBody).limit)
    mode = legs.schema.strict_mode
    most = LIMIT_MAX if mode is None or not mode.enabled else mode.max_query_limit or LIMIT_MAX
    everything = {**body, "limit": max(limit, min(most, LIMIT_MAX))}
    answers = legs.ask(method, path, dict.fromkeys(legs.shards, everything))
    totals: dict[tuple[int, Any], int] = {}
    for raw in answers.values():
        for value, held in read_facet_part(raw):
            key = _KINDS[type(value)], value
            totals[key] = totals.get(key, 0) + held
    best = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return write({"hits": [{"value": value, "count": held} for (_, value), held in best]})


def scroll(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """A page of all: the first of the shards' first. By id, or by value and then by id."""
    given = read_body(write(body), ScrollBody)
    limit, order = page_limit(given.limit), read_order_by(given.order_by)
    pages = [read_page_part(raw) for raw in legs.ask(method, path, dict.fromkeys(legs.shards, body)).values()]
    points = [part for page in pages for part in page.points]
    if order is not None:
        sign = -1 if order.descending else 1
        points.sort(key=lambda part: (sign * (part.order_value or 0), id_order(part.id)))
        return write_page([part.raw for part in points[:limit]], None)
    points.sort(key=lambda part: id_order(part.id))
    rest = [part.id for part in points[limit : limit + 1]]
    rest += [page.following for page in pages if page.following is not None]
    return write_page([part.raw for part in points[:limit]], min(rest, key=id_order, default=None))
