"""Snapshots, clones and time travel: a moment of every shard is two numbers, and keeping them keeps everything.

    now       the end of every log, and the newest manifest before it
    at        the last position that was in the log at a moment of the store's clock, and a manifest before it
    snapshot  a moment with a name in the catalog
    clone     a collection whose origin is a moment of another; it copies nothing and goes its own way from there

What they need is kept by `ClusterDatabase.collect` as long as they are in the catalog.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import msgspec

from tamis.cluster.catalog import Moment, Origin, ShardedEntry, SnapshotEntry, Version
from tamis.cluster.database import ClusterDatabase, with_entry
from tamis.cluster.shards import shard_store
from tamis.embedded.names import check_collection_name
from tamis.errors import Conflict, NotFound, Rejected
from tamis.log.store_log import StoreLog
from tamis.shard.manifest import manifest_numbers, read_manifest

__all__ = ["clone", "create_snapshot", "delete_snapshot", "moment_of", "restore", "snapshots"]


def moment_of(db: ClusterDatabase, entry: ShardedEntry, at: float | None = None) -> Moment:
    """Every shard now, or as it was. NotFound if that is further back than is kept."""
    return {shard: _point(db, entry, shard, at) for shard in entry.shards}


def create_snapshot(db: ClusterDatabase, collection: str) -> tuple[str, SnapshotEntry]:
    """Keep this moment of a collection; its name and what is kept."""
    name, entry = db.entry(collection)
    now = time.time()
    made = SnapshotEntry(entry, moment_of(db, entry), now)
    title = f"{name}-{datetime.fromtimestamp(now, UTC):%Y-%m-%d-%H-%M-%S-%f}.snapshot"

    def make(version: Version) -> Version:
        kept = {**version.snapshots.get(name, {}), title: made}
        return msgspec.structs.replace(version, snapshots={**version.snapshots, name: kept})

    db.catalog.change(make)
    return title, made


def snapshots(db: ClusterDatabase, collection: str) -> dict[str, SnapshotEntry]:
    """Those of a collection, oldest first; also of one that is deleted, as long as there are any."""
    db.catalog.refresh()
    name = db.version.aliases.get(collection, collection)
    if name not in db.version.snapshots:
        db.entry(name)
    return dict(sorted(db.version.snapshots.get(name, {}).items(), key=lambda item: item[1].created))


def delete_snapshot(db: ClusterDatabase, collection: str, title: str) -> None:
    """Keep it no longer. NotFound."""

    def make(version: Version) -> Version:
        name = version.aliases.get(collection, collection)
        kept = dict(version.snapshots.get(name, {}))
        if kept.pop(title, None) is None:
            raise NotFound(f"Snapshot {title!r} of collection {name!r} does not exist")
        others = {known: some for known, some in version.snapshots.items() if known != name}
        return msgspec.structs.replace(version, snapshots={**others, name: kept} if kept else others)

    db.catalog.change(make)


def clone(db: ClusterDatabase, collection: str, to: str, at: float | None = None) -> None:
    """Make a collection of another, as it is now or as it was. Conflict if the name is taken."""
    check_collection_name(to, "to")
    _, entry = db.entry(collection)
    moment = moment_of(db, entry, at)

    def make(version: Version) -> Version:
        if to in version.entries or to in version.aliases:
            raise Conflict(f"collection {to!r} already exists")
        return _with_clone(version, to, entry, moment)

    db.catalog.change(make)


def restore(db: ClusterDatabase, collection: str, title: str) -> None:
    """Put a snapshot of this collection, or of a deleted one of its name, in its place. NotFound."""
    check_collection_name(collection)

    def make(version: Version) -> Version:
        kept = {name: one for some in version.snapshots.values() for name, one in some.items()}
        if title not in kept:
            raise NotFound(f"Snapshot {title!r} does not exist")
        if collection in version.aliases:
            raise Rejected("collection", f"{collection!r} is an alias; name the collection")
        if collection in version.entries:
            gone.append(version.entries[collection])
            deleted = (*version.deleted, version.entries[collection].number)
            version = msgspec.structs.replace(version, deleted=deleted)
        return _with_clone(version, collection, kept[title].entry, kept[title].moment)

    gone: list[ShardedEntry] = []
    db.catalog.change(make)
    for entry in gone[-1:]:
        db.fence(entry)


def _with_clone(version: Version, name: str, source: ShardedEntry, moment: Moment) -> Version:
    origin = Origin(source.number, moment, source.origin)
    entry = msgspec.structs.replace(source, number=version.next, origin=origin, pins={})
    return with_entry(msgspec.structs.replace(version, next=version.next + 1), name, entry)


def _point(db: ClusterDatabase, entry: ShardedEntry, shard: int, at: float | None) -> tuple[int, int]:
    """Manifest and position."""
    store = shard_store(db.store, entry.number, shard, entry.origin)
    log = StoreLog(store)
    numbers = manifest_numbers(store)
    if not numbers:
        db.shard(_name_of(db, entry), shard)  # it was never opened: nothing is there yet
        numbers = manifest_numbers(store)
    position = log.end if at is None else log.position_at(at)
    for number in reversed(numbers):
        if read_manifest(store, number)[0].position <= position:
            return number, position
    raise NotFound(f"shard {shard}: what was there then is not kept any more (position {position})")


def _name_of(db: ClusterDatabase, entry: ShardedEntry) -> str:
    """The name under which an entry is in the catalog."""
    return next(name for name, one in db.version.entries.items() if one.number == entry.number)
