"""Shared logs of the tests of this folder, and a store that counts what they ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tamis.errors import Unavailable
from tamis.log.store_log import StoreLog
from tamis.storage.cache import Traffic
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Part, Store

__all__ = ["Counting", "filled", "key", "records"]


def key(first: int) -> str:
    """Where a group is."""
    return f"log/{first:020d}"


def records(log: StoreLog, after: int = 0) -> list[bytes]:
    """Those after a position."""
    return [record for _, record in log.read(after)]


def filled(store: Store, groups: int, of: int = 1) -> StoreLog:
    """A log of groups of as many records each."""
    log = StoreLog(store)
    for number in range(groups):
        log.append([b"%d" % (number * of + place + 1) for place in range(of)])
    return log


class Counting(MemoryStore):
    """Counts what is asked of it, and refuses when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.traffic = Traffic()
        self.refused: set[str] = set()
        self.waits: Callable[[], object] = lambda: None

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        self.traffic.count("get")
        self.waits()
        if key in self.refused:
            raise Unavailable(f"{key}: 503")
        return super().get(key, start, length)

    def list(self, prefix: str) -> list[str]:
        self.traffic.count("list")
        return super().list(prefix)

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        self.traffic.count("put")
        super().put(key, parts, if_absent=if_absent)

    def requests(self) -> dict[str, int]:
        """Since the last time."""
        seen = {kind: count for kind, count in self.traffic.requests.items() if count}
        self.traffic = Traffic()
        return seen
