"""Where sealed bytes live: whole objects under string keys, with the semantics of object storage.

    get(key, start, length)   some bytes of an object
    put(key, parts)           the whole object, durable when it returns
    put(…, if_absent=True)    create it, or Conflict: the only primitive that correctness rests on
    list(prefix), delete(key), size(key), map(key), modified(key)

Objects are written once and whole; nobody ever sees a half-written one. A key is relative, made of ``a-z 0-9 . _ -``
and ``/``, and cannot leave the store. Implementations: `LocalStore` (a directory), `MemoryStore` (this process),
`ObjectStore` (S3 and others); and in front of them `PrefixStore`, `LayeredStore` and `CachedStore`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from tamis.errors import Rejected

__all__ = ["Part", "Store", "check_key", "check_prefix"]

Part = bytes | bytearray | memoryview

_KEY = re.compile(r"[a-z0-9_\-][a-z0-9._\-]*(?:/[a-z0-9_\-][a-z0-9._\-]*)*")
_PREFIX = re.compile(r"(?:[a-z0-9_\-][a-z0-9._\-]*/)*(?:[a-z0-9_\-][a-z0-9._\-]*)?")
_KEY_BYTES_MAX = 512


class Store(Protocol):
    """Objects under keys. Every method may be called from any thread; an absent key is NotFound."""

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """The bytes from `start`, `length` of them or up to the end."""
        ...

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Write the parts one after the other as one object. Conflict if `if_absent` and the key is taken."""
        ...

    def list(self, prefix: str) -> list[str]:
        """All keys that start with the prefix, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Forget the object; a missing one is fine. Views that `map` gave out stay readable."""
        ...

    def size(self, key: str) -> int:
        """Bytes of the object."""
        ...

    def modified(self, key: str) -> float:
        """When the object was written: seconds since the epoch, by the clock of the store."""
        ...

    def map(self, key: str) -> memoryview:
        """The whole object as read-only bytes, without reading it where the store can."""
        ...


def check_key(key: str) -> None:
    """Rejected if the key could leave the store or collide with the store's own files.

    >>> check_key("segments/01-ab/vectors")
    >>> check_key("../etc/passwd")
    Traceback (most recent call last):
    tamis.errors.Rejected: key: '../etc/passwd' must be names of a-z 0-9 . _ - joined by /, no name starting with a dot
    """
    if len(key) > _KEY_BYTES_MAX:
        raise Rejected("key", f"{len(key)} bytes long; at most {_KEY_BYTES_MAX}")
    if _KEY.fullmatch(key) is None:
        raise Rejected("key", f"{key!r} must be names of a-z 0-9 . _ - joined by /, no name starting with a dot")


def check_prefix(prefix: str) -> None:
    """Like `check_key`, for the beginning of a key; the empty prefix is the whole store."""
    if _PREFIX.fullmatch(prefix) is None:
        raise Rejected("prefix", f"{prefix!r} is not the beginning of a key")
