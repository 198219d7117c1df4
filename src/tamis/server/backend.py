"""What endpoints work with: the database, this node's counters, and whether it is ready."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

from tamis.cluster.database import ClusterDatabase
from tamis.cluster.node import ClusterNode
from tamis.collection.collection import StoredCollection
from tamis.embedded.database import Database
from tamis.errors import NotFound, Rejected, TamisError, Unavailable
from tamis.server.metrics import Metrics
from tamis.server.strict_mode import Rates

__all__ = ["API_VERSION", "TITLE", "Backend", "Coordinates"]

TITLE = "tamis - filtered vector search"
API_VERSION = "1.19.0"  # of the API that is spoken here; clients compare it with their own


class Coordinates(Protocol):
    """What answers requests together with other nodes."""

    def is_spread(self, route: Any, request: Any) -> bool:
        """Whether other nodes may have to be asked."""
        ...

    def answer(self, route: Any, request: Any) -> Any:
        """What the endpoint answers, wherever the data is."""
        ...


@dataclass
class Backend:
    """One node. database is None until it has been opened."""

    database: Database | None = None
    url_recovery: bool = True  # whether a snapshot may be fetched from a URL
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.time)
    version: str = field(default_factory=lambda: version("tamis"))
    trouble: str | None = None  # why the database could not be opened
    ready: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    failed: Callable[[str, Exception], None] = lambda endpoint, error: None  # told of every internal error
    rates: Rates = field(default_factory=Rates)
    is_one_of_several: bool = False  # of a cluster's nodes, once it is open
    cluster: ClusterDatabase | None = None  # where this node is one of several
    node: ClusterNode | None = None  # this node of them
    coordinator: Coordinates | None = None  # answers together with them
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.collections)

    @property
    def db(self) -> Database:
        """The database. Unavailable while it is being opened."""
        if self.database is None:
            raise Unavailable(self.trouble or "the database is being opened; try again in a moment")
        return self.database

    def collection(self, name: str) -> StoredCollection:
        """The engine behind a collection's name or alias. NotFound."""
        return self.db.get_collection(name).stored

    def exists(self, name: str) -> bool:
        """Whether there is a collection or an alias of this name."""
        try:
            if self.cluster is None:
                self.collection(name)
            else:
                self.cluster.entry(name)
        except NotFound:
            return False
        return True

    def answer(self, route: Any, request: Any) -> Any:
        """What a route's endpoint answers, here or with other nodes."""
        if self.coordinator is None:
            if request.shard is not None and self.is_one_of_several:
                raise Unavailable("this node is joining the cluster; try again in a moment")
            if request.shard is not None:
                raise Rejected("x-tamis-shard", "has no meaning: this node is not one of a cluster")
            return route.answer(self, request)
        return self.coordinator.answer(route, request)

    def is_spread(self, route: Any, request: Any) -> bool:
        """Whether other nodes may have to be asked."""
        return self.coordinator is not None and self.coordinator.is_spread(route, request)

    def collections(self) -> Iterator[StoredCollection]:
        """All of them, those that cannot be opened left out."""
        if self.cluster is not None:
            yield from (one.stored for _, one in self.cluster.shards.all())
        elif self.database is not None:
            for name in self.database.collections():
                with suppress(TamisError):
                    yield self.collection(name)
