"""Creating objects once, and numbered versions made of them: what nodes that share a store agree by.

    create(store, key, parts)    it is ours, or it is somebody else's (Conflict), or that is not known (Unavailable)
    Chain                        prefix/000…1, prefix/000…2, …   each created once, the greatest number counts

A create without an answer is read back: bodies hold a token of their writer, so the same bytes are the same create. One
that is refused is read back, too: it may be refused because an earlier try of it got through.

Trimming removes numbers in ascending order and leaves the newest. A node that slept through it could create a number
that was used and is gone. So a create counts only if its predecessor, the very one, is still there afterwards: then
nothing after the predecessor was ever removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from tamis.errors import Conflict, NotFound, Retryable, Unavailable
from tamis.storage.store import Part, Store

__all__ = ["Chain", "begins_with", "create", "read_back"]

_LOOKS = 10
_BEGINNING = 64  # bytes of a version; its writer's token is among them


def create(store: Store, key: str, parts: Iterable[Part], after: tuple[str, bytes] | None = None) -> None:
    """Create an object whose bytes nobody else would write. after: the key that it follows, and how its bytes begin.

    Conflict: the key is somebody else's. Unavailable: whether it was written is not known; creating it again with the
    same bytes, or reading the key, tells.
    """
    body = b"".join(bytes(part) for part in parts)
    try:
        store.put(key, [body], if_absent=True)
    except (Conflict, Retryable) as error:
        read_back(store, key, body, error)
    if after is not None and not begins_with(store, *after):
        raise Unavailable(f"{key}: written long after it was due; whether it counts is not known")


def begins_with(store: Store, key: str, beginning: bytes) -> bool:
    """Whether an object is there, and is the one that begins like this."""
    try:
        return store.get(key, 0, len(beginning)) == beginning
    except NotFound:
        return False


def read_back(store: Store, key: str, body: bytes, error: Conflict | Retryable) -> None:
    """After a create that failed: fine if the bytes are there. Conflict: others are. Unavailable: that is not known."""
    try:
        found = store.get(key)
    except (NotFound, Retryable):
        raise Unavailable(f"{key}: the store gave no answer ({error}); whether it was written is not known") from error
    if found != body:
        raise Conflict(f"{key} exists already") from error


class Chain:
    """Numbered objects under a prefix that ends in a slash. Their first 64 bytes hold what makes each different.

    >>> from tamis.storage.memory import MemoryStore
    >>> chain = Chain(MemoryStore(), "catalog/", digits=4)
    >>> chain.create(1, [b"one"])
    >>> chain.newest(), chain.read(1)
    (1, b'one')
    """

    def __init__(self, store: Store, prefix: str, digits: int) -> None:
        self._store = store
        self._prefix = prefix
        self._digits = digits
        self._last = 0, b""  # read or created here

    def numbers(self) -> list[int]:
        """Those that are there, ascending."""
        return [int(key.removeprefix(self._prefix)) for key in self._store.list(self._prefix)]

    def newest(self) -> int:
        """The greatest number, 0 if there is none."""
        return max(self.numbers(), default=0)

    def latest(self) -> tuple[int, bytes]:
        """The version of the greatest number; 0 and nothing if there is none.

        While the last one that was read or created here is there, nothing after it was trimmed: the next one is there,
        or it is the latest. Otherwise all are listed, and again after reading: a number that was listed may be trimmed
        meanwhile, and taken by somebody who slept.
        """
        last = found = self._last
        if last[0]:
            with suppress(NotFound):
                while True:
                    found = found[0] + 1, self._store.get(self.key(found[0] + 1))
            if begins_with(self._store, self.key(last[0]), last[1][:_BEGINNING]):
                self._last = found
                return found
        for _ in range(_LOOKS):
            number = self.newest()
            if not number:
                return 0, b""
            with suppress(NotFound):
                body = self._store.get(self.key(number))
                if self.newest() == number:
                    self._last = number, body
                    return self._last
        raise Unavailable(f"{self._prefix}: it changed {_LOOKS} times while it was read; try again")

    def read(self, number: int) -> bytes:
        """One version. NotFound."""
        body = self._store.get(self.key(number))
        self._last = max(self._last, (number, body))
        return body

    def create(self, number: int, parts: Iterable[Part]) -> None:
        """The version after the newest. Errors as `create`; also Unavailable for a first one that is not alone."""
        body = b"".join(bytes(part) for part in parts)
        before, known = self._last
        after = (self.key(number - 1), known if before == number - 1 else b"") if number > 1 else None
        create(self._store, self.key(number), [body], after)
        if number == 1 and self.numbers() != [1]:
            raise Unavailable(f"{self.key(1)}: others went on meanwhile; whether it counts is not known")
        self._last = number, body

    def modified(self, number: int) -> float:
        """When it was written, by the store's clock."""
        return self._store.modified(self.key(number))

    def trim(self, below: int) -> None:
        """Remove the numbers below, never the newest."""
        for number in self.numbers()[:-1]:
            if number < below:
                self._store.delete(self.key(number))

    def key(self, number: int) -> str:
        """Where a version is."""
        return f"{self._prefix}{number:0{self._digits}d}"
