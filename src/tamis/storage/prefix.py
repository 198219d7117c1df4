"""The keys below a prefix, as a store of their own."""

from __future__ import annotations

from collections.abc import Iterable

from tamis.storage.store import Part, Store, check_key, check_prefix

__all__ = ["PrefixStore"]


class PrefixStore:
    """A `Store` whose keys are those of `store` below `prefix`.

    >>> from tamis.storage.memory import MemoryStore
    >>> whole = MemoryStore()
    >>> PrefixStore(whole, "collections/000001/0").put("log/1", [b"a"])
    >>> whole.list("")
    ['collections/000001/0/log/1']
    """

    def __init__(self, store: Store, prefix: str) -> None:
        check_key(prefix)
        self._store = store
        self._prefix = f"{prefix}/"

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return self._store.get(self._full(key), start, length)

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        self._store.put(self._full(key), parts, if_absent=if_absent)

    def list(self, prefix: str) -> list[str]:
        check_prefix(prefix)
        return [key.removeprefix(self._prefix) for key in self._store.list(self._prefix + prefix)]

    def delete(self, key: str) -> None:
        self._store.delete(self._full(key))

    def size(self, key: str) -> int:
        return self._store.size(self._full(key))

    def map(self, key: str) -> memoryview:
        return self._store.map(self._full(key))

    def modified(self, key: str) -> float:
        return self._store.modified(self._full(key))

    def _full(self, key: str) -> str:
        check_key(key)
        return self._prefix + key
