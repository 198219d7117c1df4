"""A shared store with a local directory in front of it, so that sealed files are mapped and not held in memory.

    map(key)     from DIR/files/<key>; fetched first if it is not there
    put(key)     created in the store, then kept in the directory: who built a file need not fetch it
    the rest     the store's own answer; small objects are always asked for

A file in the directory is the object and a trailer: its length and CRC32C. The trailer is compared when this process
maps the file for the first time; a torn or bad one is removed and fetched again. Files not used for longest go when the
directory is over its limit; one that is mapped now stays. Nothing in a shared store is overwritten: a put is a create.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from tamis.storage.crc import crc32c
from tamis.storage.local import make_folder, refusal, write_all
from tamis.storage.lock import DirectoryLock
from tamis.storage.store import Part, Store, check_key

__all__ = ["CachedStore", "Traffic"]

_TRAILER = struct.Struct("<QI4s")  # length, checksum, magic
_MAGIC = b"tCCH"
_SMALL = 64 * 2**10  # objects up to here are not kept when they are put


class Traffic:
    """What went to and from the store: requests by kind, bytes up and down; maps that needed a fetch and that did not.

    >>> traffic = Traffic()
    >>> traffic.count("put", up=10)
    >>> traffic.requests["put"], traffic.up, traffic.hits
    (1, 10, 0)
    """

    def __init__(self) -> None:
        self.requests: dict[str, int] = {"get": 0, "put": 0, "list": 0, "delete": 0, "head": 0}
        self.up = 0
        self.down = 0
        self.hits = 0
        self.misses = 0
        self._lock = threading.Lock()

    def count(self, kind: str, up: int = 0, down: int = 0) -> None:
        """One request."""
        with self._lock:
            self.requests[kind] += 1
            self.up += up
            self.down += down

    def count_map(self, *, hit: bool) -> None:
        """One map."""
        with self._lock:
            self.hits += hit
            self.misses += not hit


class CachedStore:
    """A `Store`. One process has the directory; bytes_max: of the files in it. Conflict if another process has it,
    Unavailable if it cannot be made.

    >>> import tempfile
    >>> from tamis.storage.memory import MemoryStore
    >>> store = CachedStore(MemoryStore(), Path(tempfile.mkdtemp()), bytes_max=10**9)
    >>> store.put("a", [b"bytes"])
    >>> bytes(store.map("a")), bytes(store.map("a")), store.traffic.misses, store.traffic.hits
    (b'bytes', b'bytes', 1, 1)
    >>> store.close()
    """

    def __init__(self, store: Store, directory: Path, bytes_max: int) -> None:
        files = directory / "files"
        try:
            make_folder(files)
            self._lock_file = DirectoryLock(directory)
        except OSError as error:
            raise refusal(directory, error) from error
        self._store = store
        self._files_folder = files
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._fetching: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()  # while somebody holds one
        self._files: OrderedDict[str, int] = OrderedDict()  # bytes by key, least recently used first
        self._mapped: dict[str, weakref.ref[mmap.mmap]] = {}
        self.traffic = Traffic()
        self.trouble = ""  # why the last file was not kept, and what to do
        self._find_files()

    @property
    def cached_bytes(self) -> int:
        """Of the files in the directory."""
        with self._lock:
            return sum(self._files.values())

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        down = 0
        try:
            body = self._store.get(key, start, length)
            down = len(body)
        finally:
            self.traffic.count("get", down=down)
        return body

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Create the object. Conflict if it is there, whatever `if_absent` says."""
        body = b"".join(bytes(part) for part in parts)
        self.traffic.count("put", up=len(body))
        self._store.put(key, [body], if_absent=True)
        if len(body) > _SMALL:
            self._keep(key, body)  # a full disk costs a fetch later

    def list(self, prefix: str) -> list[str]:
        self.traffic.count("list")
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        self.traffic.count("delete")
        self._store.delete(key)
        with self._lock:
            self._drop(key)

    def size(self, key: str) -> int:
        self.traffic.count("head")
        return self._store.size(key)

    def modified(self, key: str) -> float:
        self.traffic.count("head")
        return self._store.modified(key)

    def map(self, key: str) -> memoryview:
        """The object's bytes in a mapped file; they stay readable whatever happens to the file."""
        check_key(key)
        with self._lock:
            one_at_a_time = self._fetching.setdefault(key, threading.Lock())
        with one_at_a_time:
            found = self._mapped_now(key) or self._opened(key)
            self.traffic.count_map(hit=found is not None)
            return found or self._fetched(key)

    def close(self) -> None:
        """Let another process have the directory."""
        self._lock_file.release()

    def _mapped_now(self, key: str) -> memoryview | None:
        with self._lock:
            reference = self._mapped.get(key)
            file = None if reference is None else reference()
            if file is None:
                return None
            self._files.move_to_end(key)
            return memoryview(file)[: len(file) - _TRAILER.size]

    def _opened(self, key: str) -> memoryview | None:
        """From the directory, if it is there and whole."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size <= _TRAILER.size:
                    raise ValueError
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError:
            return None
        except ValueError:
            self._discard(key)
            return None
        view = memoryview(mapped)
        length, checksum, magic = _TRAILER.unpack(view[-_TRAILER.size :])
        body = view[: -_TRAILER.size]
        if magic != _MAGIC or length != len(body) or crc32c(body) != checksum:
            self._discard(key)
            return None
        with self._lock:
            self._files[key] = len(view)
            self._files.move_to_end(key)
            self._mapped[key] = weakref.ref(mapped)
        return body

    def _fetched(self, key: str) -> memoryview:
        body = self.get(key)
        if not self._keep(key, body):
            return memoryview(body)  # no room on the disk: from memory
        return self._opened(key) or memoryview(body)

    def _keep(self, key: str, body: bytes) -> bool:
        """Put it into the directory, if that takes it."""
        try:
            self._write(key, body)
        except OSError as error:
            self.trouble = (
                f"the cache {self._files_folder.parent} takes no more files ({error.strerror}): what does not fit "
                "is held in memory and fetched again after a restart; free some space there, or lower cluster.cache_mb"
            )
            return False
        self.trouble = ""
        return True

    def _write(self, key: str, body: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{threading.get_ident()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            write_all(descriptor, [body, _TRAILER.pack(len(body), crc32c(body), _MAGIC)])
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        os.replace(draft, path)
        with self._lock:
            self._files[key] = len(body) + _TRAILER.size
            self._files.move_to_end(key)
            self._evict()

    def _evict(self) -> None:
        total = sum(self._files.values())
        for key in list(self._files)[:-1]:
            if total <= self._bytes_max:
                return
            reference = self._mapped.get(key)
            if reference is None or reference() is None:
                total -= self._files[key]
                self._drop(key)

    def _discard(self, key: str) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._files.pop(key, None)
        self._mapped.pop(key, None)
        self._path(key).unlink(missing_ok=True)

    def _find_files(self) -> None:
        """What an earlier process left, oldest first."""
        found: list[tuple[float, str, int]] = []
        for path in self._files_folder.rglob("*"):
            with suppress(OSError):
                if path.name.startswith("."):
                    path.unlink()  # half a download
                elif path.is_file():
                    stat = path.stat()
                    found.append((stat.st_atime, path.relative_to(self._files_folder).as_posix(), stat.st_size))
        self._files.update((key, size) for _, key, size in sorted(found))
        with self._lock:
            self._evict()

    def _path(self, key: str) -> Path:
        return self._files_folder / key
