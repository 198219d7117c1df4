"""Hits grouped by a payload value: the best groups, each with its best hits.

    first    more and more hits, until they hold enough different values or there are no more
    then     for every group that is not full: one search among the points that hold its value

So groups are exact in the sense the search is: ordered by their best hit, filled with the best hits of their value. A
point that holds several values is in several groups; one that holds anything but integers and strings is in none.
"""

from __future__ import annotations

import msgspec

from tamis.limits import LIMIT_MAX
from tamis.model.filter import Filter, Match
from tamis.model.path import Path, leaves, parse_path, resolve
from tamis.model.payload import decode_payload
from tamis.search.ranked import Places
from tamis.server.query.search import Search, run, run_together

__all__ = ["Grouping", "Value", "group"]

Value = int | str

_LOOK_AHEAD = 4  # hits looked at for each one that is wanted


class Grouping(msgspec.Struct, frozen=True):
    """By the values at which path, how many groups, how many hits in each."""

    path: str  # canonical
    groups: int
    size: int


def group(search: Search, grouping: Grouping) -> list[tuple[Value, Places]]:
    """Every group's value and hits, best group first."""
    path = parse_path(grouping.path)
    wanted = grouping.groups * grouping.size * _LOOK_AHEAD
    while True:
        wanted = min(wanted, LIMIT_MAX - len(search.excluded))
        places = run(_asking(search, wanted)).places
        rows = _rows(places, path, grouping.groups)
        every = len(places) < wanted or wanted == LIMIT_MAX - len(search.excluded)
        if every or len(rows) >= grouping.groups:
            break
        wanted *= 8
    groups = {value: places.take(found[: grouping.size]) for value, found in rows.items()}
    lacking = [] if every else [value for value, found in groups.items() if len(found) < grouping.size]
    return list((groups | _filled(search, grouping, path, lacking)).items())


def _filled(search: Search, grouping: Grouping, path: Path, values: list[Value]) -> dict[Value, Places]:
    """By value its best hits. More are looked at only where some of the first belong to no group."""
    filled: dict[Value, Places] = {}
    wanted, most = grouping.size, LIMIT_MAX - len(search.excluded)
    while values:
        asked = run_together([_asking(search, wanted, Match(grouping.path, value)) for value in values])
        lacking = []
        for value, places in zip(values, (found.places for found in asked), strict=True):
            rows = _rows(places, path).get(value, [])
            filled[value] = places.take(rows[: grouping.size])
            if len(rows) < grouping.size and len(places) == wanted < most:
                lacking.append(value)
        values, wanted = lacking, min(8 * wanted, most)
    return filled


def _rows(places: Places, path: Path, most: int | None = None) -> dict[Value, list[int]]:
    """For the first `most` values their hits, by row of `places`."""
    rows: dict[Value, list[int]] = {}
    for row, (view, offset) in enumerate(zip(places.views, places.offsets, strict=True)):
        found = leaves(resolve(decode_payload(view.payload(offset)), path))
        if any(type(value) not in (int, str) for value in found):
            continue
        for value in dict.fromkeys(found):
            if value in rows or most is None or len(rows) < most:
                rows.setdefault(value, []).append(row)
    return rows


def _asking(search: Search, limit: int, also: Match | None = None) -> Search:
    """The same search for so many hits, among the points that hold a value."""
    filter = search.query.filter
    if also is not None:
        filter = Filter(must=(also,) if filter is None else (filter, also))
    query = msgspec.structs.replace(search.query, limit=limit + len(search.excluded), filter=filter)
    return msgspec.structs.replace(search, query=query, limit=limit, skip=0)
