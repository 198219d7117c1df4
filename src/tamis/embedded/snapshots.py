"""The half of `tamis.Database` that copies collections into files, and back.

    create     seal · pin the newest manifest · stream header, manifest and files into one tar       writes go on
    recover    read the tar into a new place · open it, every checksum compared · one catalog version    reads go on

A recovery that fails has changed nothing: what it wrote is removed, at the latest when the database is opened again.
One snapshot or recovery of a collection at a time.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tamis.collection.backup import Archive, collection_members, full_members, opened_archive, unpack
from tamis.collection.catalog import Catalog, Entry
from tamis.collection.collection import StoredCollection
from tamis.collection.places import Places
from tamis.collection.snapshot_folder import SnapshotFolder, SnapshotInfo
from tamis.embedded.collection import Collection
from tamis.embedded.names import check_collection_name
from tamis.embedded.warm_up import warm_up
from tamis.errors import Conflict, Rejected, Unavailable
from tamis.model.schema import CollectionSchema
from tamis.shard.runtime import Runtime
from tamis.storage.local import make_folder, refusal
from tamis.storage.tar import Member, tar_parts

__all__ = ["Snapshots"]

_ALL = ""  # stands for the full snapshot where collections are named
_CHECKSUM = re.compile(r"[0-9a-f]{64}")


class Snapshots:
    """What `Database` can do with snapshot files."""

    _places: Places
    _catalog: Catalog
    _runtime: Runtime
    _lock: threading.Lock
    _open: dict[str, Collection]
    _check_open: Callable[[], None]
    _entry: Callable[[Any], Entry]
    _resolved: Callable[[str], str]
    _forget: Callable[[str, Entry, str], None]
    get_collection: Callable[[str], Collection]
    collections: Callable[[], list[str]]

    def __init__(self) -> None:
        self._under_way: set[str] = set()  # collections that are being copied
        self._idle = threading.Condition()  # guards it

    @property
    def snapshots_folder(self) -> Path:
        """Where snapshots are kept: DIR/snapshots; for a database in memory a temporary folder that goes with it."""
        make_folder(self._places.snapshots)
        return self._places.snapshots

    def create_snapshot(self, collection: str) -> SnapshotInfo:
        """Copy a collection, as it is at one moment after this call, into one file; reads and writes go on meanwhile.

        NotFound: no such collection. Unavailable: the disk is full, or a snapshot of it is being made already.

        >>> import tamis
        >>> with tamis.open() as db:
        ...     _ = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        ...     info = db.create_snapshot("docs")
        ...     _ = db.recover_snapshot("copy", db.snapshot_path("docs", info.name), info.checksum)
        ...     db.collections()
        ['copy', 'docs']
        """
        name = self.get_collection(collection).name
        with self._copying(name), self._members(name) as members:
            return self._folder(name).save(name, tar_parts(members, int(time.time())))

    def snapshots(self, collection: str) -> list[SnapshotInfo]:
        """The snapshots of a collection, oldest first; those of a deleted one too, as long as there are any."""
        return self._known_folder(collection).infos()

    def snapshot_path(self, collection: str, name: str) -> Path:
        """The file of a snapshot. NotFound; Rejected if the name is not one of a file that ends in .snapshot."""
        return self._known_folder(collection).path(name)

    def delete_snapshot(self, collection: str, name: str) -> None:
        """Remove a snapshot. NotFound."""
        self._known_folder(collection).delete(name)

    def recover_snapshot(
        self, collection: str, source: str | os.PathLike[str], checksum: str | None = None
    ) -> Collection:
        """Make a collection of a snapshot file, in the place of the one of that name if there is one.

        The file may come from another database, and from a collection of another name. checksum: SHA-256 in hex that
        the file must have. Rejected: it has not, or it is damaged, or no snapshot of one collection; nothing has
        changed. Handles of a replaced collection refuse from now on; take the one that this returns. Checksums find
        damage, not malice: recover only files from somebody you trust.
        """
        check_collection_name(collection, "collection")
        path, expected = _path(source), _checksum(checksum)
        with self._copying(collection), opened_archive(path, expected) as archive:
            archive.collection()
            self._recover(iter([(collection, archive)]), {})
        return self.get_collection(collection)

    def create_full_snapshot(self) -> SnapshotInfo:
        """Copy all collections into one file, each as it is at one moment after this call."""
        written = int(time.time())
        with self._copying(_ALL), ExitStack() as held:
            members = {name: held.enter_context(self._members(name)) for name in self.collections()}
            parts = tar_parts(full_members(members, self._catalog.aliases, written), written)
            return self._full_folder().save("full-snapshot", parts)

    def full_snapshots(self) -> list[SnapshotInfo]:
        """The snapshots of all collections, oldest first."""
        return self._full_folder().infos()

    def full_snapshot_path(self, name: str) -> Path:
        """The file of a full snapshot. NotFound; Rejected if the name is not one of a file that ends in .snapshot."""
        return self._full_folder().path(name)

    def delete_full_snapshot(self, name: str) -> None:
        """Remove a full snapshot. NotFound."""
        self._full_folder().delete(name)

    def recover_full_snapshot(self, source: str | os.PathLike[str], checksum: str | None = None) -> list[str]:
        """Make all collections of a full snapshot, all or none, and their aliases; returns their names.

        Those that exist are replaced; collections and aliases that are not in the file stay. Conflict: an alias of the
        file is the name of a collection here. Otherwise as `recover_snapshot`.
        """
        path, expected = _path(source), _checksum(checksum)
        with opened_archive(path, expected) as archive:
            header = archive.full()
            names = header.collections
            for name in (*names, *header.aliases):
                check_collection_name(name, "snapshot")
            with self._copying(_ALL, *names):
                self._recover(archive.collections(), header.aliases)
        return names

    def _recover(self, archives: Iterator[tuple[str, Archive]], aliases: Mapping[str, str]) -> None:
        """Unpack and open them all, then put them in their places at once, and the aliases."""
        made: dict[str, tuple[Entry, Collection]] = {}
        try:
            for name, archive in archives:
                made[name] = self._unpacked(name, archive)
        except BaseException:
            self._discard(made)
            raise
        with self._lock:
            before = self._catalog.entries
            try:
                self._check_open()
                self._catalog.replace({name: entry for name, (entry, _) in made.items()}, aliases)
            except (Conflict, Rejected, Unavailable):
                self._discard(made)
                raise
            except BaseException:
                # What the catalog on the disk says is not known: the next opening looks, and sweeps the rest.
                self._close(made, "could not be put in its place")
                raise
            for name, (_, collection) in made.items():
                if name in before:
                    self._forget(name, before[name], "was replaced by a snapshot; get_collection gives the new one")
                self._open[name] = collection

    def _unpacked(self, name: str, archive: Archive) -> tuple[Entry, Collection]:
        """The collection of a snapshot, open, under a number that the catalog does not know yet."""
        schema = archive.collection().schema
        with self._lock:
            self._check_open()
            entry = self._catalog.fresh(name, schema)
        try:
            warm_up(params.distance for params in schema.vectors.values())
            store, log = self._places.shard(entry.number)
            try:
                unpack(archive, (store, log), self._check_open)
            except BaseException:
                log.close()
                raise
            collection = Collection(StoredCollection.open(name, (store, log), schema, self._runtime))
            for problem in collection.info()["damage"].values():
                collection._stored.close("it is damaged")
                raise Rejected("snapshot", f"is damaged: {problem}")
            return entry, collection
        except OSError as error:
            self._places.remove(entry.number)
            raise refusal(Path(self._places.name), error) from error
        except BaseException:
            self._places.remove(entry.number)
            raise

    def _discard(self, made: Mapping[str, tuple[Entry, Collection]]) -> None:
        self._close(made, "was not recovered")
        for entry, _ in made.values():
            self._places.remove(entry.number)

    def _close(self, made: Mapping[str, tuple[Entry, Collection]], why: str) -> None:
        for name, (_, collection) in made.items():
            collection._stored.close(f"collection {name!r} {why}")

    @contextmanager
    def _members(self, name: str) -> Iterator[list[Member]]:
        """What the snapshot of a collection consists of, held in place while the block runs."""
        stored = self.get_collection(name)._stored
        with self._lock:
            schema = self._entry(name).schema

        def check() -> CollectionSchema:
            return stored.schema  # Conflict, saying why, once the collection is closed

        with stored.sealed() as (store, manifest):
            yield collection_members(name, schema, store, manifest, check)

    @contextmanager
    def _copying(self, *names: str) -> Iterator[None]:
        """These collections are being copied. Unavailable if one of them is already."""
        with self._idle:
            self._check_open()
            for name in names:
                if name in self._under_way:
                    which = f"of collection {name!r}" if name else "of all collections"
                    raise Unavailable(f"a snapshot {which} is already in progress; try again when it is done")
            self._under_way.update(names)
        try:
            yield
        finally:
            with self._idle:
                self._under_way.difference_update(names)
                self._idle.notify_all()

    def _wait_until_idle(self) -> None:
        """Return when no snapshot is being made or recovered; those under way give up once the database is closed."""
        with self._idle:
            self._idle.wait_for(lambda: not self._under_way)

    def _folder(self, name: str) -> SnapshotFolder:
        return SnapshotFolder.of_collection(self._places.snapshots, name)

    def _known_folder(self, collection: str) -> SnapshotFolder:
        """The folder of a collection that exists, or of whose snapshots some do. NotFound."""
        check_collection_name(collection, "collection")
        with self._lock:
            self._check_open()
            name = self._resolved(collection)
            folder = self._folder(name)
            if not folder.infos():
                self._entry(name)
        return folder

    def _full_folder(self) -> SnapshotFolder:
        with self._lock:
            self._check_open()
        return SnapshotFolder(self._places.snapshots)


def _path(source: Any) -> Path:
    if not isinstance(source, (str, os.PathLike)) or not os.fspath(source):
        raise Rejected("source", f"must be the path of a snapshot file, got {source!r}")
    return Path(source)


def _checksum(given: Any) -> str | None:
    """SHA-256 in hex, in lower case."""
    if given is None:
        return None
    if not isinstance(given, str) or not _CHECKSUM.fullmatch(given.lower()):
        raise Rejected("checksum", f"must be the 64 hex digits of a SHA-256, got {given!r}")
    return given.lower()
