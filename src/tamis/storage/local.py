"""A directory as a store: one file per key, written so that it is there whole or not at all.

    put            .tmp/<random> ── write, fsync ──▶ rename over the key        ──▶ fsync of the folder
    put if_absent  .tmp/<random> ── write, fsync ──▶ hard link (fails if taken) ──▶ fsync of the folder

A hard link is an atomic create even on a shared POSIX file system. What a killed process left in `.tmp` is removed
when the store is opened by the next owner (`sweep`). A write that fails, a full disk included, changes nothing.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tamis.errors import Conflict, NotFound, Poisoned, Unavailable
from tamis.storage.store import Part, check_key, check_prefix

__all__ = ["LocalStore", "make_folder", "map_file", "refusal", "sync_folder", "write_all", "write_file"]

_TEMPORARY = ".tmp"
_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class LocalStore:
    """A `Store` in the directory `root`, which is created if missing.

    >>> import tempfile
    >>> store = LocalStore(Path(tempfile.mkdtemp()))
    >>> store.put("catalog/1", [b"one"], if_absent=True)
    >>> store.get("catalog/1"), store.list("catalog/")
    (b'one', ['catalog/1'])
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._temporary = self.root / _TEMPORARY
        self._folders = threading.Lock()  # so that nobody writes into a folder whose own name is not durable yet
        make_folder(self._temporary)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Some bytes of the object; fewer than `length` if it ends before."""
        with self._open(key) as file:
            file.seek(start)
            return file.read() if length is None else file.read(length)

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Write the object and make it durable. Unavailable if the disk refuses; then nothing has changed."""
        target = self._path(key)
        draft = self._temporary / secrets.token_hex(8)
        try:
            write_file(draft, parts)
            with self._folders:
                make_folder(target.parent)
            if if_absent:
                os.link(draft, target)
            else:
                os.replace(draft, target)
        except FileExistsError:
            raise Conflict(f"{target} exists already") from None
        except OSError as error:
            raise refusal(target, error) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        try:
            sync_folder(target.parent)
        except OSError as error:
            raise Poisoned(f"{target}: written, but its folder could not be synced ({error.strerror})") from error

    def list(self, prefix: str) -> list[str]:
        """Sorted keys that start with the prefix."""
        check_prefix(prefix)
        folder = prefix.rpartition("/")[0]
        keys: list[str] = []
        for place, folders, files in os.walk(self.root / folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            at = Path(place).relative_to(self.root).as_posix()
            lead = "" if at == "." else f"{at}/"
            keys += [lead + name for name in files if not name.startswith(".")]
        return sorted(key for key in keys if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove the file. Not synced: an object that comes back after a power cut is garbage, not harm."""
        self._path(key).unlink(missing_ok=True)

    def size(self, key: str) -> int:
        """Bytes of the object."""
        with self._open(key) as file:
            return os.fstat(file.fileno()).st_size

    def modified(self, key: str) -> float:
        """The file's time of change."""
        with self._open(key) as file:
            return os.fstat(file.fileno()).st_mtime

    def map(self, key: str) -> memoryview:
        """The file's bytes through the page cache; they stay valid after `delete`."""
        try:
            return map_file(self._path(key))
        except _ABSENT:
            raise self._absent(key) from None

    def sweep(self) -> int:
        """Remove drafts that a killed process left; only the owner of the directory may call it. Returns how many."""
        drafts = list(self._temporary.iterdir())
        for draft in drafts:
            draft.unlink(missing_ok=True)
        return len(drafts)

    def _path(self, key: str) -> Path:
        check_key(key)
        return self.root / key

    def _open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except _ABSENT:
            raise self._absent(key) from None

    def _absent(self, key: str) -> NotFound:
        return NotFound(f"{self.root / key} does not exist")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: new, renamed and removed files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents; each new name is durable before anything is put in it."""
    missing = []
    at = Path(folder)
    while not at.is_dir():
        missing.append(at)
        at = at.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def map_file(path: Path) -> memoryview:
    """The bytes of a file as they are now, through the page cache; they stay readable after it is removed."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def write_all(descriptor: int, parts: Iterable[Part]) -> None:
    """Write every byte of the parts; OSError if the disk refuses some, which may leave a beginning of them."""
    for part in parts:
        rest = memoryview(part).cast("B")
        while len(rest):
            rest = rest[os.write(descriptor, rest) :]


def write_file(path: Path, parts: Iterable[Part]) -> None:
    """A new file, its bytes durable on return; its name is the caller's to sync. OSError may leave a part of it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        write_all(descriptor, parts)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refusal(target: Path, error: OSError) -> Unavailable:
    """The error for a write that the system refused and that left nothing behind."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Unavailable(
            f"{target}: the disk is full ({error.strerror}); nothing was changed; free some space and try again"
        )
    return Unavailable(f"{target}: cannot be written ({error.strerror}); nothing was changed")
