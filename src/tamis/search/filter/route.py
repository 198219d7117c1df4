"""How a payload path runs through a table of columns.

a.b          field a.b of the table
a.b[]        the same field, elements of arrays only           each
p[].q[].b    child table p, in it child table q, its field b   hops p, q
a[0].b       no column: rows with an array at `a` are read     exact is False
a[][].b      no column either: arrays inside arrays
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tamis.model.path import EVERY, Path, parse_path

__all__ = ["Route", "route_of"]


@dataclass(frozen=True, slots=True)
class Route:
    """Child tables to go through, then the path of a field there."""

    hops: tuple[str, ...]
    last: str
    each: bool  # the path ends in []
    exact: bool  # False: it goes on in a way that no column follows


@lru_cache(maxsize=4096)
def route_of(path: str) -> Route:
    """The route of a canonical path.

    >>> route_of("parts[].tags[]")
    Route(hops=('parts',), last='tags', each=True, exact=True)
    >>> route_of("parts[0].tags").exact
    False
    """
    steps = parse_path(path).steps
    hops: list[str] = []
    keys: list[str | int] = []
    for place, step in enumerate(steps):
        if isinstance(step, str):
            keys.append(step)
            continue
        last = str(Path(tuple(keys)))
        if place == len(steps) - 1 and step == EVERY:
            return Route(tuple(hops), last, each=True, exact=True)
        if step != EVERY or not isinstance(steps[place + 1], str):
            return Route(tuple(hops), last, each=False, exact=False)
        hops.append(last)
        keys = []
    return Route(tuple(hops), str(Path(tuple(keys))), each=False, exact=True)
