"""The shards that a request is about, as what puts their answers together sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tamis.errors import TamisError
from tamis.model.ids import PointId
from tamis.model.schema import CollectionSchema
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
    def collection(self) -> str:
        """The collection's own name."""
        ...

    @property
    def schema(self) -> CollectionSchema:
        """The collection's, as far as this node knows it."""
        ...

    @property
    def shards(self) -> Sequence[int]:
        """Their numbers."""
        ...

    def owners(self, id: PointId) -> Sequence[int]:
        """The shards that may have a point: one, or with several shard keys one of each."""
        ...

    def homes(self, id: PointId) -> Sequence[int]:
        """The shards that a point is written to. Rejected if it needs a shard key and none is named."""
        ...

    def under(self, keys: Any) -> Legs:
        """Only the shards of these shard keys, as a body has them. NotFound, Rejected."""
        ...

    def elsewhere(self, collection: str) -> Legs:
        """Another collection, all of it. NotFound."""
        ...

    def ask(self, method: str, path: str, bodies: Mapping[int, Any]) -> dict[int, bytes]:
        """The JSON of every shard's result, all asked at once. path: after /collections/{name}. LegFailed."""
        ...
