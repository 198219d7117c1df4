"""A node of a cluster put together: store, cache, lease, shards, threads.

open_node(settings)  →  Node: db, housekeeper; `close` leaves the cluster
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tamis.cluster.database import ClusterDatabase, Retention
from tamis.cluster.housekeeper import Housekeeper, Rhythm
from tamis.cluster.membership import Lease, Membership
from tamis.errors import TamisError
from tamis.model.role import Role
from tamis.shard.runtime import Runtime
from tamis.storage.cache import CachedStore
from tamis.storage.object_store import open_store

__all__ = ["ClusterNode", "NodeSettings", "open_node"]

_LETTERS = "bcdfghjkmnpqrstvwxz"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What a node is started with. url: where others reach it; seconds: for one request to the store."""

    store: str
    url: str
    id: str
    role: Role
    cache: Path
    cache_bytes: int
    version: str
    rhythm: Rhythm
    retention: Retention
    seconds: float


@dataclass(slots=True)
class ClusterNode:
    """Made by `open_node`."""

    db: ClusterDatabase
    housekeeper: Housekeeper
    store: CachedStore

    def close(self) -> None:
        """Tell the others, let go of every shard."""
        self.housekeeper.stop()
        with suppress(TamisError):  # they see it when the lease ends
            self.db.membership.renew({}, leaving=True)
        self.db.close()
        self.store.close()


def open_node(settings: NodeSettings, pool: ThreadPoolExecutor, told: Callable[[str, Exception], None]) -> ClusterNode:
    """Join the cluster of a store. Rejected, Unavailable, or Conflict if the cache is another process's."""
    store = CachedStore(open_store(settings.store, settings.seconds), settings.cache, settings.cache_bytes)
    try:
        id = settings.id or secrets.token_hex(6)
        peer = int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest(), "big") >> 12
        lease = Lease(id, settings.url, settings.role, peer, time.time(), settings.version)
        membership = Membership(store, lease, time.monotonic, settings.rhythm.lease)
        mark = "-" + "".join(secrets.choice(_LETTERS) for _ in range(8))
        db = ClusterDatabase(store, membership, Runtime(pool, mark=mark), settings.retention)
        membership.renew({})
        db.turn()
    except BaseException:
        store.close()
        raise
    return ClusterNode(db, Housekeeper(db, settings.rhythm, told), store)
