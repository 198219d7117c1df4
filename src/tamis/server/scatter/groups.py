"""Groups over several shards, as exact as those of one.

first    the best groups of every shard; the best of all are among them
then     a shard that gave all it was asked for may hold more of a chosen group that was not among its best: it is
         asked for the groups of just those values
lookup   the records of another collection, from the shards that have them
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tamis.errors import Rejected
from tamis.server.query.lookup import lookup_ids, read_lookup
from tamis.server.query.reader import read_mmr
from tamis.server.scatter.examples import also, fetch, pending, resolved
from tamis.server.scatter.legs import Legs
from tamis.server.scatter.reads import retrieved
from tamis.server.scatter.searches import Order, leg_path, order_of
from tamis.wire.answers import join, write
from tamis.wire.bodies import QueryGroupsBody, RecommendGroupsBody, SearchGroupsBody, read_body
from tamis.wire.members import Members
from tamis.wire.parts import Part, read_group_part

__all__ = ["groups"]

_GROUPS, _GROUP_SIZE = 10, 3
_BODIES: dict[str, type[msgspec.Struct]] = {
    "query": QueryGroupsBody,
    "search": SearchGroupsBody,
    "recommend": RecommendGroupsBody,
}
Value = int | str
Held = dict[int, dict[Value, list[Part]]]  # by shard and value the best hits


def groups(legs: Legs, method: str, path: str, body: Members) -> bytes:
    """…/query/groups, …/search/groups, …/recommend/groups."""
    kind = path.removesuffix("/groups").rsplit("/", 1)[1]
    given: Any = read_body(write(body), _BODIES[kind])
    if kind == "query" and given.query is None:
        raise Rejected("query", "is missing; groups need one to be ordered by")
    one = pending(legs, kind, given)
    fetch([one])
    asking = resolved(one, body, given)
    asking.body.pop("with_lookup", None)
    wanted = _GROUPS if given.limit is None else given.limit
    if asking.mmr is not None:
        read_mmr(asking.mmr, wanted)
        raise Rejected("query.mmr", "does not go with groups")
    size = _GROUP_SIZE if given.group_size is None else given.group_size
    path, order = f"{leg_path(kind)}/groups", order_of(one.vector[1])
    held = _ask(legs, path, dict.fromkeys(legs.shards, asking.body))
    best = _best(held, order)[:wanted]
    _fill(legs, path, asking.body, (held, best, wanted))
    records = _looked_up(legs, given.with_lookup, best)
    written = []
    for value in best:
        members = sorted((part for some in held.values() for part in some.get(value, ())), key=order)[:size]
        lookup = b',"lookup":%b' % records[value] if value in records else b""
        written.append(b'{"id":%b,"hits":%b%b}' % (write(value), join(part.raw for part in members), lookup))
    return b'{"groups":%b}' % join(written)


def _ask(legs: Legs, path: str, bodies: dict[int, dict[str, Any]]) -> Held:
    return {shard: dict(read_group_part(raw)) for shard, raw in legs.ask("POST", path, bodies).items()}


def _best(held: Held, order: Order) -> list[Value]:
    """All values, that of the best hit first; those of one hit in the order that its shard has them in."""
    keys: dict[Value, Any] = {}
    for some in held.values():
        for rank, (value, parts) in enumerate(some.items()):
            key = order(parts[0]), rank
            keys[value] = min(key, keys.get(value, key))
    return sorted(keys, key=keys.__getitem__)


def _fill(legs: Legs, path: str, body: dict[str, Any], chosen: tuple[Held, Sequence[Value], int]) -> None:
    """Add to `held` what shards have of the chosen values beyond their best groups."""
    held, best, wanted = chosen
    lacking = {
        shard: missing
        for shard, some in held.items()
        if len(some) >= wanted and (missing := [value for value in best if value not in some])
    }
    limit = wanted
    while lacking:
        found = _ask(legs, path, {shard: _only(body, values, limit) for shard, values in lacking.items()})
        for shard, some in found.items():
            held[shard] |= {value: some[value] for value in lacking[shard] if value in some}
        lacking = {  # a hit with many values can fill an answer with other groups
            shard: missing
            for shard, some in found.items()
            if len(some) >= limit and (missing := [value for value in lacking[shard] if value not in some])
        }
        limit *= 8


def _only(body: dict[str, Any], values: Sequence[Value], limit: int) -> dict[str, Any]:
    """The same search among the points that hold one of the values."""
    any_of = {"should": [{"key": body["group_by"], "match": {"value": value}} for value in values]}
    return {**body, "limit": limit, "filter": also(body.get("filter"), any_of)}


def _looked_up(legs: Legs, with_lookup: Any, values: Sequence[Value]) -> dict[Value, bytes]:
    """By value the record whose id it is."""
    if with_lookup is None:
        return {}
    given = dict(read_lookup(with_lookup))
    other = legs.elsewhere(given.pop("collection"))
    ids = lookup_ids(values)
    return {ids[id]: part.raw for id, part in retrieved(other, list(ids), given).items()}
