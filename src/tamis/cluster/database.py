"""The collections of a cluster, as one node knows and has them.

    names       collections, aliases: the catalog, refreshed when something is not found in it
    placement   which nodes serve a shard, who is its home: leases and rendezvous hashing
    shards      those this node has open
    turn        one round of housekeeping; nothing here runs by itself

Nothing is decided here that could lose data: whoever appends to a log has the store's word for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Any

import msgspec

from tamis.cluster.catalog import Catalog, ShardedEntry, Version
from tamis.cluster.membership import Lease, Membership
from tamis.cluster.placement import replicas, upkeep_home
from tamis.cluster.shards import Key, OpenShard, Shards, shard_store
from tamis.embedded.aliases import aliases_after
from tamis.embedded.names import check_collection_name, unknown_collection
from tamis.errors import Conflict, Outrun, Rejected, Unavailable
from tamis.log.store_log import StoreLog
from tamis.model.operation import ChangeSchema, encode_operation
from tamis.model.role import Role
from tamis.model.schema import CollectionSchema
from tamis.shard.garbage import Keep, collect
from tamis.shard.runtime import Runtime
from tamis.storage.cache import CachedStore
from tamis.storage.store import Store
from tamis.wire.alias_reader import read_alias_actions
from tamis.wire.configuration.schema_reader import read_schema

__all__ = ["ClusterDatabase", "Retention", "with_entry"]


@dataclass(frozen=True, slots=True)
class Retention:
    """Seconds: how far back a collection can be cloned, and how old a file that nothing lists must be to be removed."""

    history: float = 3_600.0
    grace: float = 3_600.0


class ClusterDatabase:
    """One node's share of a cluster. Any thread may use it."""

    def __init__(self, store: CachedStore, membership: Membership, runtime: Runtime, retention: Retention) -> None:
        assert runtime.shared
        self.store: Store = store
        self.cache = store
        self.membership = membership
        self.catalog = Catalog(store)
        self.shards = Shards(store, runtime)
        self.retention = retention
        self._closed = threading.Event()

    @property
    def troubles(self) -> dict[str, str]:
        """What went wrong lately, by shard as 1/0, and with the cache."""
        found = {f"{number}/{shard}": text for (number, shard), text in sorted(self.shards.troubles.items())}
        return {**found, "cache": self.cache.trouble} if self.cache.trouble else found

    # names

    @property
    def version(self) -> Version:
        """The catalog as this node knows it."""
        return self.catalog.version

    def collections(self) -> list[str]:
        """The names, sorted."""
        self._check_open()
        return sorted(self.version.entries)

    def aliases(self) -> dict[str, str]:
        """Every alias and the name of its collection, sorted."""
        self._check_open()
        return dict(sorted(self.version.aliases.items()))

    def entry(self, name: str) -> tuple[str, ShardedEntry]:
        """A collection's own name and entry, by name or alias. NotFound, after a look at the newest catalog."""
        self._check_open()
        check_collection_name(name)
        for look in range(2):
            version = self.version
            resolved = version.aliases.get(name, name)
            if resolved in version.entries:
                return resolved, version.entries[resolved]
            if look == 0:
                self.catalog.refresh()
        raise unknown_collection(name, self.version.entries)

    def create_collection(self, name: str, /, vectors: Any = None, **options: Any) -> None:
        """Make an empty collection. Conflict if the name is taken, Rejected if it is an alias."""
        self._check_open()
        check_collection_name(name)
        schema = read_schema({"vectors": vectors, **options})
        custom = schema.sharding_method == "custom"
        count = 0 if custom else schema.shard_number or 1

        def make(version: Version) -> Version:
            if name in version.entries:
                raise Conflict(f"collection {name!r} already exists")
            if name in version.aliases:
                raise Rejected("name", f"{name!r} is an alias of {version.aliases[name]!r}; delete it first")
            entry = ShardedEntry(version.next, schema, tuple(range(count)), next_shard=count)
            return with_entry(msgspec.structs.replace(version, next=version.next + 1), name, entry)

        self.catalog.change(make)

    def delete_collection(self, name: str) -> None:
        """Delete a collection and its aliases. NotFound."""
        self._check_open()
        check_collection_name(name)

        def make(version: Version) -> Version:
            if name not in version.entries:
                raise unknown_collection(name, version.entries)
            entries = {known: entry for known, entry in version.entries.items() if known != name}
            aliases = {alias: of for alias, of in version.aliases.items() if of != name}
            deleted = (*version.deleted, version.entries[name].number)
            gone.append(version.entries[name])
            return msgspec.structs.replace(version, entries=entries, aliases=aliases, deleted=deleted)

        gone: list[ShardedEntry] = []
        self.catalog.change(make)
        self.fence(gone[-1])
        self._close_deleted()

    def fence(self, entry: ShardedEntry) -> None:
        """End the logs of a collection that is out of the catalog: a node that has not heard of it cannot acknowledge a
        write to it after this. Unavailable: it is out, but that is not certain yet."""
        for shard in entry.shards:
            log = StoreLog(shard_store(self.store, entry.number, shard, entry.origin))
            while True:
                try:
                    log.append([encode_operation(ChangeSchema(params={"fenced": True}))], log.end)
                    break
                except Outrun:
                    log.refresh()

    def update_aliases(self, actions: Any) -> None:
        """All of these or none."""
        self._check_open()
        wanted = read_alias_actions(actions)

        def make(version: Version) -> Version:
            return msgspec.structs.replace(version, aliases=aliases_after(version.aliases, version.entries, wanted))

        self.catalog.change(make)

    def change_entry(self, name: str, make: Callable[[ShardedEntry], ShardedEntry]) -> ShardedEntry:
        """Another entry for a collection. NotFound."""

        def remade(version: Version) -> Version:
            if name not in version.entries:
                raise unknown_collection(name, version.entries)
            return with_entry(version, name, make(version.entries[name]))

        return self.catalog.change(remade).entries[name]

    def newest_schema(self, name: str) -> CollectionSchema:
        """As the shards have it by now; the catalog's is the one that the collection was made with."""
        name, entry = self.entry(name)
        if not entry.shards:
            return entry.schema
        one = self.shards.get(name, entry, entry.shards[0])
        one.catch_up()
        return one.stored.schema

    # placement

    def candidates(self, entry: ShardedEntry, shard: int) -> list[Lease]:
        """Nodes to ask for a shard, the best first: those that have it open, in order of placement."""
        live = self.membership.live()
        nodes = [(id, lease.role) for id, lease in live.items()]
        chosen = replicas((entry.number, shard), nodes, entry.factor, entry.pins.get(shard, ()))
        ready = [id for id in chosen if self._has(live[id], (entry.number, shard))]
        others = [id for id in chosen if id not in ready]
        serving = [id for id, lease in live.items() if shard in lease.shards.get(entry.number, {}) and id not in chosen]
        serving = [id for id in serving if live[id].role is not Role.INDEX]
        return [live[id] for id in (*ready, *serving, *others)]

    def home(self, entry: ShardedEntry, shard: int) -> Lease:
        """The node that writes go to: the first that has the shard open, or else is to have it. Unavailable if no node
        takes writes."""
        live, key = self.membership.live(), (entry.number, shard)
        nodes = [(id, lease.role) for id, lease in live.items()]
        chosen = replicas(key, nodes, entry.factor, entry.pins.get(shard, ()))
        full = [id for id in chosen if live[id].role is Role.FULL]
        if not full:
            raise Unavailable("no live node takes writes: all are read-only or only index")
        return live[next((id for id in full if self._has(live[id], key)), full[0])]

    def _has(self, lease: Lease, key: Key) -> bool:
        """Whether a node has a shard open."""
        if lease.id == self.me.id:
            return self.shards.here(key) is not None
        return key[1] in lease.shards.get(key[0], {})

    @property
    def me(self) -> Lease:
        """This node."""
        return self.membership.me

    def shard(self, name: str, shard: int) -> OpenShard:
        """One of a collection's shards, here; opened if this node is to have it. Unavailable if it is not."""
        name, entry = self.entry(name)
        if shard not in entry.shards:
            self.catalog.refresh()
            name, entry = self.entry(name)
        found = self.shards.here((entry.number, shard))
        if found is not None:
            return found
        mine = [lease.id for lease in self.candidates(entry, shard)]
        if self.me.role is Role.INDEX or self.me.id not in mine:
            raise Unavailable(f"shard {shard} of collection {name!r} is not served by node {self.me.id}")
        return self.shards.get(name, entry, shard)

    # housekeeping

    def turn(self, *, waits: bool = True) -> None:
        """Look at the catalog, renew the lease, see who is there, and have what this node is to have. waits: until the
        shards are open, however long they take."""
        self.catalog.refresh()
        self.membership.observe()
        self._close_deleted()
        opening = self.shards.keep(*self._wanted())
        if waits:
            wait(opening)
        self.membership.renew(self.shards.positions())

    def _wanted(self) -> tuple[dict[Key, tuple[str, ShardedEntry]], set[Key]]:
        nodes, me = self.membership.nodes(), self.me.id
        wanted: dict[Key, tuple[str, ShardedEntry]] = {}
        leading: set[Key] = set()
        for name, entry in self.version.entries.items():
            for shard in entry.shards:
                key, pins = (entry.number, shard), entry.pins.get(shard, ())
                if upkeep_home(key, nodes, pins) == me:
                    leading.add(key)
                if key in leading or me in replicas(key, nodes, entry.factor, pins):
                    wanted[key] = name, entry
        return wanted, leading

    def collect(self) -> None:
        """Remove what no manifest within reach needs, of the shards that this node leads; and deleted collections."""
        now = self.store.modified(f"nodes/{self.me.id}/{self.me.number:012d}")
        version = self.version
        for key, one in self.shards.all():
            if one.stored.shard.leading:
                keep = Keep(self.retention.history, self.retention.grace, frozenset(_pinned(version, key)))
                collect(one.store, one.log, now, keep)
        needed = {number for _, moments in _moments(version) for number in moments}
        for number in version.deleted:
            if number not in needed:
                self._remove(number)

    def _remove(self, number: int) -> None:
        for key in self.store.list(f"collections/{number:06d}/"):
            self.store.delete(key)

        def forget(version: Version) -> Version:
            if number not in version.deleted:
                return version
            return msgspec.structs.replace(version, deleted=tuple(n for n in version.deleted if n != number))

        self.catalog.change(forget)

    def _close_deleted(self) -> None:
        known = {entry.number for entry in self.version.entries.values()}
        for key, _ in self.shards.all():
            if key[0] not in known:
                self.shards.close(key, "was deleted")

    def close(self) -> None:
        """Let go of every shard and tell the others."""
        if self._closed.is_set():
            return
        self._closed.set()
        self.shards.stop()
        for key, _ in self.shards.all():
            self.shards.close(key, "is closed: the node stops")

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise Conflict("this node is stopping")


def with_entry(version: Version, name: str, entry: ShardedEntry) -> Version:
    """The version with an entry put in or replaced."""
    return msgspec.structs.replace(version, entries={**version.entries, name: entry})


def _moments(version: Version) -> list[tuple[int, dict[int, dict[int, tuple[int, int]]]]]:
    """By whom is needed: of which collections which moments."""
    found = [(entry.number, _chain_of(entry)) for entry in version.entries.values()]
    for snapshots in version.snapshots.values():
        for snapshot in snapshots.values():
            moments = {**_chain_of(snapshot.entry), snapshot.entry.number: dict(snapshot.moment)}
            found.append((snapshot.entry.number, moments))
    return found


def _chain_of(entry: ShardedEntry) -> dict[int, dict[int, tuple[int, int]]]:
    chain: dict[int, dict[int, tuple[int, int]]] = {}
    origin = entry.origin
    while origin is not None:
        chain[origin.number] = dict(origin.moment)
        origin = origin.parent
    return chain


def _pinned(version: Version, key: Key) -> set[int]:
    """Manifests of a shard that snapshots and clones need."""
    number, shard = key
    return {moments[number][shard][0] for _, moments in _moments(version) if shard in moments.get(number, {})}
