"""Where an import goes: an empty collection that is there, or a new one that nobody sees before it is complete.

there      its own folder; shards become full one by one when all segments are written
new        a folder under a reserved number; the collection enters the catalog with everything in it

imports/<digest of what is imported>   the number that is reserved for it: the same command goes on where one stopped
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import msgspec

from tamis.bulk.commit import empty_state
from tamis.cluster.catalog import Catalog, ShardedEntry, Version
from tamis.cluster.database import with_entry
from tamis.cluster.shards import shard_store
from tamis.embedded.names import check_collection_name
from tamis.errors import Conflict, Rejected
from tamis.model.schema import CollectionSchema
from tamis.shard.state import State
from tamis.storage.chain import create
from tamis.storage.store import Store

__all__ = ["Destination", "there"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A collection. reservation: the key of its number, if it is not in the catalog yet."""

    name: str
    entry: ShardedEntry
    reservation: str | None = None

    @classmethod
    def reserved(cls, root: Store, name: str, schema: CollectionSchema, digest: str) -> Destination:
        """A new one; of the same name and digest always the same."""
        key = f"imports/{digest}"
        if key not in root.list(key):
            number = Catalog(root).change(lambda version: msgspec.structs.replace(version, next=version.next + 1)).next
            with suppress(Conflict):  # the same import, begun elsewhere just now; this number stays unused
                create(root, key, [msgspec.msgpack.encode(number - 1)])
        count = schema.shard_number or 1
        number = msgspec.msgpack.decode(root.get(key), type=int)
        return cls(name, ShardedEntry(number, schema, tuple(range(count)), next_shard=count), key)

    def store(self, root: Store, shard: int) -> Store:
        """The bytes of a shard."""
        return shard_store(root, self.entry.number, shard, self.entry.origin)

    def states(self, root: Store) -> dict[int, State]:
        """Every shard as it is. Conflict if there are points; a new collection may be complete, but for the catalog."""
        if self.reservation is not None:
            return {shard: State(self.entry.schema, 0) for shard in self.entry.shards}
        return {shard: empty_state(self.store(root, shard), self.entry.schema)[0] for shard in self.entry.shards}

    def publish(self, root: Store) -> None:
        """Put it into the catalog, unless it is there. Conflict if another one has its name by now."""
        if self.reservation is None:
            return

        def make(version: Version) -> Version:
            found = version.entries.get(self.name)
            if found is not None and found.number == self.entry.number:
                return version
            if found is not None or self.name in version.aliases:
                raise Conflict(f"collection or alias {self.name!r} was made meanwhile; delete it and import again")
            return with_entry(version, self.name, self.entry)

        Catalog(root).change(make)
        root.delete(self.reservation)


def there(root: Store, name: str) -> Destination | None:
    """The collection of that name or alias, if there is one. Rejected if its shards have keys."""
    check_collection_name(name, "collection")
    version = Catalog(root).version
    name = version.aliases.get(name, name)
    entry = version.entries.get(name)
    if entry is None:
        return None
    if entry.keys or entry.schema.sharding_method == "custom":
        raise Rejected("collection", f"the shards of {name!r} have keys; an import by id does not know which")
    return Destination(name, entry)
