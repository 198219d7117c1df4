"""What every node knows of the cluster's collections: numbered versions, each created once by whoever comes first.

    catalog/<20 digits>   {entries by name, aliases, snapshots by collection and name, the next number}

A change is made on the newest version and is the version after it, or is made again on what somebody else made of it
meanwhile: so two nodes that change different things both succeed. A collection's number names its folder in the store
and is never given twice.

    ShardedEntry   schema, shards, shard keys, pins (nodes that an operator chose), and the origin it was cloned from
    Moment         per shard a manifest and a position: what a snapshot keeps and a clone begins with
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

import msgspec

from tamis.errors import Conflict, Corrupt, Overloaded
from tamis.model.schema import CollectionSchema
from tamis.storage.chain import Chain
from tamis.storage.store import Store

__all__ = ["Catalog", "Moment", "Origin", "ShardedEntry", "SnapshotEntry", "Version"]

_DIGITS = 20
_KEPT = 100  # versions
_TRIES = 50

Moment = dict[int, tuple[int, int]]  # by shard: manifest, position


class Origin(msgspec.Struct, frozen=True):
    """Where a clone's first bytes are: another collection's folder, at a moment; and where that one's were."""

    number: int
    moment: Moment
    parent: Origin | None = None


class ShardedEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One collection. keys: shards by shard key, under custom sharding. pins: by shard, nodes in this order."""

    number: int
    schema: CollectionSchema
    shards: tuple[int, ...]
    keys: dict[str, tuple[int, ...]] = {}
    pins: dict[int, tuple[str, ...]] = {}
    origin: Origin | None = None
    next_shard: int = 0  # the number of the next shard that a shard key makes

    @property
    def factor(self) -> int:
        """Nodes that serve each shard."""
        return self.schema.replication_factor or 1


class SnapshotEntry(msgspec.Struct, frozen=True):
    """A moment of a collection that is kept. created: seconds since the epoch, by the node that made it."""

    entry: ShardedEntry
    moment: Moment
    created: float


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything at once. token: makes every version different from all others, in its first bytes."""

    token: str = ""
    next: int = 1
    entries: dict[str, ShardedEntry] = {}
    aliases: dict[str, str] = {}
    snapshots: dict[str, dict[str, SnapshotEntry]] = {}
    deleted: tuple[int, ...] = ()  # numbers of collections whose files are to be removed


class Catalog:
    """The newest version this node has seen, and how to make the next. Any thread may use it."""

    def __init__(self, store: Store, token: Callable[[], str] = lambda: secrets.token_hex(8)) -> None:
        self._chain = Chain(store, "catalog/", _DIGITS)
        self._token = token
        self._lock = threading.Lock()
        self._number = 0
        self.version = Version()
        self.refresh()

    @property
    def number(self) -> int:
        """Of the version that is known."""
        return self._number

    def refresh(self) -> bool:
        """Read the newest version; whether it is another one than before. Unavailable if the store is."""
        with self._lock:
            number, body = self._chain.latest()
            if number <= self._number:
                return False
            self._number, self.version = number, _decode(body, number)
            return True

    def change(self, make: Callable[[Version], Version]) -> Version:
        """Make the version that follows from the newest one; what `make` raises changes nothing.

        Unavailable: whether it was made is not known; the next refresh tells.
        """
        for _ in range(_TRIES):
            self.refresh()
            with self._lock:
                before, number = self.version, self._number + 1
                after = make(before)
                if after is before:
                    return before
                after = msgspec.structs.replace(after, token=self._token())
                try:
                    self._chain.create(number, [msgspec.msgpack.encode(after)])
                except Conflict:
                    continue
                self._number, self.version = number, after
                if number > _KEPT:
                    self._chain.trim(number - _KEPT)
                return after
        raise Overloaded(f"the catalog was changed by others {_TRIES} times in a row; try again")


def _decode(raw: bytes, number: int) -> Version:
    try:
        return msgspec.msgpack.decode(raw, type=Version)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"catalog/{number:020d}", 0, f"the catalog cannot be read ({error})") from error
