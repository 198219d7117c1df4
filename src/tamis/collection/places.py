"""Where the collections of a database keep their bytes.

    LocalPlaces     DIR/lock · DIR/catalog/<version> · DIR/collections/<number>/0/{manifest,segments,log}/…
                    DIR/snapshots/<collection>/<name>.snapshot
    MemoryPlaces    the same in this process, gone with it

One collection has one shard today, number 0; the folder says so in order that more can stand beside it.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection
from functools import cached_property
from pathlib import Path
from typing import Protocol

from tamis.collection.snapshot_folder import sweep_drafts
from tamis.errors import Unavailable
from tamis.log.file_log import FileLog
from tamis.log.log import Log
from tamis.log.memory_log import MemoryLog
from tamis.storage.local import LocalStore, make_folder
from tamis.storage.lock import DirectoryLock
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Store

__all__ = ["LocalPlaces", "MemoryPlaces", "Places", "shard_folder"]


def shard_folder(directory: Path, number: int) -> Path:
    """Where a collection's one shard lives in a database directory."""
    return directory / "collections" / f"{number:06d}" / "0"


class Places(Protocol):
    """Stores and logs by collection number."""

    name: str  # for messages
    catalog: Store

    @property
    def snapshots(self) -> Path:
        """The folder for snapshots."""
        ...

    def shard(self, number: int) -> tuple[Store, Log]:
        """The bytes of a collection's shard; empty if it is new. Ask once per opening."""
        ...

    def remove(self, number: int) -> None:
        """Forget a collection's bytes; nothing of it may be open."""
        ...

    def sweep(self, numbers: Collection[int]) -> None:
        """Forget what belongs to no collection: leftovers of a crash between two steps."""
        ...

    def close(self) -> None:
        """Let others in."""
        ...


class LocalPlaces:
    """A directory, locked against a second process. Raises Conflict if it is in use.

    snapshots: a folder of its own for them, DIR/snapshots unless given.
    """

    def __init__(self, directory: Path, snapshots: Path | None = None) -> None:
        self.name = str(directory)
        try:
            make_folder(directory)
            self._lock = DirectoryLock(directory)
        except OSError as error:
            raise Unavailable(f"{directory} cannot be opened as a database directory: {error.strerror}") from error
        self.catalog: Store = LocalStore(directory)
        self._directory = directory
        self.snapshots = directory / "snapshots" if snapshots is None else snapshots

    def shard(self, number: int) -> tuple[Store, Log]:
        folder = shard_folder(self._directory, number)
        return LocalStore(folder), FileLog(folder / "log")

    def remove(self, number: int) -> None:
        shutil.rmtree(shard_folder(self._directory, number).parent, ignore_errors=True)

    def sweep(self, numbers: Collection[int]) -> None:
        known = {shard_folder(self._directory, number).parent for number in numbers}
        for folder in (self._directory / "collections").glob("*"):
            if folder not in known:
                shutil.rmtree(folder, ignore_errors=True)
        sweep_drafts(self.snapshots)

    def close(self) -> None:
        self._lock.release()


class MemoryPlaces:
    """This process's memory; snapshots in a temporary folder that goes with it."""

    def __init__(self) -> None:
        self.name = ":memory:"
        self.catalog: Store = MemoryStore()
        self._shards: dict[int, tuple[Store, Log]] = {}
        self._remove_snapshots: Callable[[], object] = lambda: None

    @cached_property
    def snapshots(self) -> Path:
        folder = tempfile.mkdtemp(prefix="tamis-snapshots-")
        self._remove_snapshots = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def shard(self, number: int) -> tuple[Store, Log]:
        return self._shards.setdefault(number, (MemoryStore(), MemoryLog()))

    def remove(self, number: int) -> None:
        self._shards.pop(number, None)

    def sweep(self, numbers: Collection[int]) -> None:
        """Nothing outlives a crash here."""

    def close(self) -> None:
        self._shards.clear()
        self._remove_snapshots()
