"""`tamis.open` and `tamis.Database`: a directory, or memory, with collections in it.

The directory is locked against a second process while it is open. Collections open when they are first asked for, so
a damaged one does not keep the others away.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from tamis.collection.catalog import Catalog, Entry
from tamis.collection.collection import StoredCollection
from tamis.collection.places import LocalPlaces, MemoryPlaces, Places
from tamis.collection.threads import build_pool
from tamis.embedded.aliases import Aliases
from tamis.embedded.collection import Collection
from tamis.embedded.names import check_collection_name, unknown_collection
from tamis.embedded.one_node import check_one_node
from tamis.embedded.snapshots import Snapshots
from tamis.embedded.warm_up import warm_up
from tamis.errors import Conflict, Rejected
from tamis.shard.runtime import Runtime
from tamis.wire.configuration.schema_reader import read_schema

__all__ = ["Database", "open_database"]


def open_database(
    directory: str | os.PathLike[str] | None = None, *, snapshots_path: str | os.PathLike[str] | None = None
) -> Database:
    """Open a database directory, created if missing; without one, a database in memory.

    snapshots_path: a folder that nothing else uses, for its snapshots; otherwise they are in `snapshots` inside it.
    Raises Conflict, naming the holder, if another process (or this one) has it open.

    >>> with open_database() as db:
    ...     db.collections()
    []
    """
    if directory is None:
        if snapshots_path is not None:
            raise Rejected("snapshots_path", "a database in memory keeps its snapshots in a folder that goes with it")
        return Database(MemoryPlaces())
    snapshots = None if snapshots_path is None else _path(snapshots_path, "snapshots_path")
    return Database(LocalPlaces(_path(directory, "directory"), snapshots))


def _path(directory: Any, where: str) -> Path:
    if not isinstance(directory, (str, os.PathLike)) or not os.fspath(directory):
        raise Rejected(where, f"must be a path, or left out; got {directory!r}")
    path = Path(directory)
    if path.exists() and not path.is_dir():
        raise Rejected(where, f"{path} is a file; give a directory")
    return path


class Database(Aliases, Snapshots):
    """Collections by name. A context manager: leaving it closes it."""

    def __init__(self, places: Places, runtime: Runtime | None = None) -> None:
        super().__init__()
        self._places = places
        self._runtime = Runtime(build_pool()) if runtime is None else runtime
        self._lock = threading.Lock()
        self._open: dict[str, Collection] = {}
        self._closed = False
        try:
            self._catalog = Catalog(places.catalog)
            places.sweep([entry.number for entry in self._catalog.entries.values()])
        except BaseException:
            places.close()
            raise

    def create_collection(
        self,
        name: str,
        /,
        vectors: Any = None,
        **options: Any,
    ) -> Collection:
        """Make an empty collection. Raises Conflict if the name is taken, Rejected if it is an alias.

        vectors: {"size": 256, "distance": "Cosine"} (Cosine, Dot, Euclid or Manhattan), or {name: such a dict, ...}, or
        nothing for a collection of payloads. options: hnsw_config (m, ef_construct, ...), quantization_config
        ({"scalar": {"type": "int8"}}), optimizers_config (when background work starts), metadata (anything that is
        JSON), and others that are kept and given back by `info`; the guide to the API lists them all.

        >>> open_database().create_collection("docs", vectors={"size": 4, "distance": "Cosine"})
        <tamis.Collection 'docs'>
        """
        check_collection_name(name)
        schema = read_schema({"vectors": vectors, **options})
        check_one_node(schema)
        with self._lock:
            self._check_open()
            entry = self._catalog.planned(name, schema)
            collection = self._opened(name, entry)  # before the catalog says so: what it names must be there
            try:
                self._catalog.create(name, entry)
            except BaseException:
                self._forget(name, entry, "could not be created")
                raise
            return collection

    def get_collection(self, name: str) -> Collection:
        """The collection of this name or alias. Raises NotFound."""
        with self._lock:
            self._check_open()
            name = self._resolved(name)
            entry = self._entry(name)
            return self._open[name] if name in self._open else self._opened(name, entry)

    def delete_collection(self, name: str) -> None:
        """Delete a collection, its bytes and its aliases; its handles refuse from now on. Raises NotFound.

        An alias in the place of the name is not followed: delete it with `update_aliases`.
        """
        with self._lock:
            self._check_open()
            entry = self._entry(name)
            self._catalog.delete(name)
            self._forget(name, entry, "was deleted")

    def collections(self) -> list[str]:
        """The names, sorted."""
        with self._lock:
            self._check_open()
            return sorted(self._catalog.entries)

    def close(self) -> None:
        """Finish what is being written, let the directory go. Handles of collections refuse from now on."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for collection in self._open.values():
                collection._stored.close(f"the database {self._places.name} is closed")
            self._open.clear()
        self._wait_until_idle()
        self._places.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<tamis.Database {self._places.name}{' (closed)' if self._closed else ''}>"

    def _opened(self, name: str, entry: Entry) -> Collection:
        place = self._places.shard(entry.number)
        collection = Collection(StoredCollection.open(name, place, entry.schema, self._runtime))
        warm_up(params.distance for params in collection.stored.schema.vectors.values())
        self._open[name] = collection
        return collection

    def _forget(self, name: str, entry: Entry, why: str) -> None:
        collection = self._open.pop(name, None)
        if collection is not None:
            collection._stored.close(f"collection {name!r} {why}")
        self._places.remove(entry.number)

    def _entry(self, name: Any) -> Entry:
        check_collection_name(name)
        entries = self._catalog.entries
        if name not in entries:
            raise unknown_collection(name, entries)
        return entries[name]

    def _resolved(self, name: str) -> str:
        """The collection's own name, if this is an alias."""
        return self._catalog.aliases.get(check_collection_name(name), name)

    def _check_open(self) -> None:
        if self._closed:
            raise Conflict(f"the database {self._places.name} is closed; open it again")
