"""Objects of one's own over those of another store that one only reads: what a clone's bytes are made of.

    get, size, map, modified   one's own, or else the other's if it shows there
    list                       both, sorted
    put, delete                one's own only

`shows` says which keys of the other store are part of the clone: everything up to the moment it was made at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from tamis.errors import NotFound
from tamis.storage.store import Part, Store

__all__ = ["LayeredStore"]

T = TypeVar("T")


class LayeredStore:
    """A `Store`."""

    def __init__(self, own: Store, other: Store, shows: Callable[[str], bool]) -> None:
        self._own = own
        self._other = other
        self._shows = shows

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return self._either(key, lambda store: store.get(key, start, length))

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        self._own.put(key, parts, if_absent=if_absent)

    def list(self, prefix: str) -> list[str]:
        shown = filter(self._shows, self._other.list(prefix))
        return sorted({*self._own.list(prefix), *shown})

    def delete(self, key: str) -> None:
        self._own.delete(key)

    def size(self, key: str) -> int:
        return self._either(key, lambda store: store.size(key))

    def map(self, key: str) -> memoryview:
        return self._either(key, lambda store: store.map(key))

    def modified(self, key: str) -> float:
        return self._either(key, lambda store: store.modified(key))

    def _either(self, key: str, ask: Callable[[Store], T]) -> T:
        if not self._shows(key):
            return ask(self._own)
        try:
            return ask(self._other)
        except NotFound:
            return ask(self._own)
