"""What is checked against a collection's schema before shards are asked.

This node may not have followed the newest change of a schema yet, and must not refuse what is right by now. So a
refusal counts only by the schema that a shard tells, asked as the request itself asks: of the home for a write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tamis.errors import NotFound, Rejected
from tamis.model.schema import CollectionSchema
from tamis.server.scatter.legs import Legs
from tamis.wire.configuration.schema_reader import read_schema
from tamis.wire.parts import read_value

__all__ = ["by_schema"]

T = TypeVar("T")


def by_schema(legs: Legs, read: Callable[[CollectionSchema], T]) -> T:
    """What `read` makes of the schema's vectors. Rejected, NotFound: it refuses by the newest one, too."""
    try:
        return read(legs.schema)
    except (Rejected, NotFound):
        if not legs.shards:
            raise
    return read(_told(legs))


def _told(legs: Legs) -> CollectionSchema:
    """The vectors of the collection as a shard has them."""
    [info] = legs.ask("GET", "", {legs.shards[0]: None}).values()
    return read_schema({"vectors": read_value(info)["config"]["params"].get("vectors", {})})
