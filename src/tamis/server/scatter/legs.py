"""The shards that a request is about, as what puts their answers together sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from tamis.errors import TamisError
from tamis.model.ids import PointId
from tamis.server.request import Reply

__all__ = ["LegFailed", "Legs"]


class LegFailed(TamisError):
    """A shard answered with an error, or none of its nodes did. failed, of: shards."""

    def __init__(self, reply: Reply, failed: int = 1, of: int = 1) -> None:
        super().__init__(f"{failed} of {of} shards failed")
        self.reply = reply
        self.failed = failed
        self.of = of


class Legs(Protocol):
    """A collection's shards, or those of the shard keys that a request names."""

    @property
    def shards(self) -> Sequence[int]:
        """Their numbers."""
        ...

    @property
    def sign(self) -> Mapping[str, int]:
        """By vector name: -1 where a larger score is nearer, 1 where a smaller one is."""
        ...

    def owner(self, id: PointId) -> int:
        """The shard that has a point."""
        ...

    def ask(self, method: str, path: str, bodies: Mapping[int, Any]) -> dict[int, bytes]:
        """The JSON of every shard's result. path: after /collections/{name}. LegFailed."""
        ...

    def elsewhere(self, collection: str) -> Legs:
        """Another collection, all of it. NotFound."""
        ...

    def lacking(self, names: Iterable[str]) -> None:
        """UnknownVector for a vector name that the collection has not."""
        ...
