"""The shards that this node has open: opened from the store, moved along with it, closed when they belong elsewhere.

    get      a shard, opened if it is not yet
    follow   what other nodes appended to the logs, and their manifests
    keep     open what is wanted, close what is not wanted for a while, lead where this node is the home

Both only begin: several shards are opened or moved along at once, each by one thread at a time.

A shard's bytes are in collections/<number>/<shard>/; a clone's are its own over those of its origin at a moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Collection as Many
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from tamis.cluster.catalog import Origin, ShardedEntry
from tamis.collection.collection import StoredCollection
from tamis.embedded.collection import Collection
from tamis.embedded.warm_up import warm_up
from tamis.errors import TamisError, Unavailable
from tamis.log.store_log import StoreLog
from tamis.shard.runtime import Runtime
from tamis.storage.layered import LayeredStore
from tamis.storage.prefix import PrefixStore
from tamis.storage.store import Store

__all__ = ["Key", "OpenShard", "Shards", "shard_store"]

Key = tuple[int, int]  # collection number, shard
_OPENERS, _FOLLOWERS = 4, 8  # shards that are opened, moved along at once: what takes long holds up no others
_UNWANTED_MAX = 5  # looks after which a shard that belongs elsewhere is closed


class OpenShard:
    """One shard, and the log it follows."""

    def __init__(self, collection: Collection, store: Store, log: StoreLog) -> None:
        self.collection = collection
        self.store = store
        self.log = log
        self.unwanted = 0

    @property
    def stored(self) -> StoredCollection:
        """The engine's collection."""
        return self.collection.stored

    def catch_up(self, at_least: int = 0) -> None:
        """Apply everything that was acknowledged anywhere before this call. Unavailable if that does not reach."""
        if self.stored.shard.follow() < at_least:
            raise Unavailable(f"this shard has not reached position {at_least} yet; its log ends before")


class Shards:
    """Those of this node. Any thread may ask."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime
        self._lock = threading.Lock()
        self._opening: dict[Key, threading.Lock] = {}
        self._open: dict[Key, OpenShard] = {}
        self._busy: set[Key] = set()  # being opened or moved along, or waiting for it
        self._openers = ThreadPoolExecutor(_OPENERS, "tamis-open-shard")
        self._followers = ThreadPoolExecutor(_FOLLOWERS, "tamis-follow")
        self.troubles: dict[Key, str] = {}  # why a shard could not be opened or moved along

    def get(self, name: str, entry: ShardedEntry, shard: int) -> OpenShard:
        """Open it, unless it is. Unavailable, Corrupt."""
        key = entry.number, shard
        found = self._open.get(key)
        if found is not None:
            return found
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        with opening:
            found = self._open.get(key)
            if found is None:
                found = self._opened(name, entry, shard)
                self._open[key] = found
            return found

    def here(self, key: Key) -> OpenShard | None:
        """It, if it is open."""
        return self._open.get(key)

    def positions(self) -> dict[int, dict[int, int]]:
        """What is open, and how far each is: for the lease."""
        held: dict[int, dict[int, int]] = {}
        for (number, shard), one in list(self._open.items()):
            held.setdefault(number, {})[shard] = one.stored.position
        return held

    def all(self) -> Iterator[tuple[Key, OpenShard]]:
        """Every open one."""
        yield from list(self._open.items())

    def follow(self, *, manifests: bool, listed: bool = True) -> list[Future[None]]:
        """Begin to move every shard along that is not under way yet; returns what was begun. One that fails is named
        and tried again. listed: see `Ledger.is_outrun`."""

        def move(one: OpenShard) -> None:
            if manifests:
                one.stored.shard.adopt(listed=listed)
            one.stored.shard.follow()

        return [begun for key, one in self.all() for begun in self._begin(self._followers, key, partial(move, one))]

    def keep(self, wanted: Mapping[Key, tuple[str, ShardedEntry]], leading: Many[Key]) -> list[Future[None]]:
        """Begin to open those, lead these, close the rest after a while; returns what was begun."""
        begun = []
        for key, (name, entry) in wanted.items():
            one = self._open.get(key)
            if one is None:
                begun += self._begin(self._openers, key, partial(self._wanted, name, entry, key[1]))
            else:
                one.unwanted = 0
        for key, one in self.all():
            if (key in leading) != one.stored.shard.leading:
                one.stored.shard.lead(key in leading)
            if key not in wanted:
                one.unwanted += 1
                if one.unwanted > _UNWANTED_MAX:
                    self.close(key, "is served by other nodes")
        for key in set(self.troubles).difference(wanted, self._open):
            self.troubles.pop(key, None)
        return begun

    def stop(self) -> None:
        """Return when none is under way any more."""
        for pool in (self._openers, self._followers):
            pool.shutdown(cancel_futures=True)

    def _begin(self, pool: ThreadPoolExecutor, key: Key, task: Callable[[], None]) -> list[Future[None]]:
        """Nothing, if something is done with this shard already."""
        with self._lock:
            if key in self._busy:
                return []
            self._busy.add(key)
        return [pool.submit(self._done, key, task)]

    def _done(self, key: Key, task: Callable[[], None]) -> None:
        try:
            task()
            self.troubles.pop(key, None)
        except Exception as error:
            self.troubles[key] = f"{type(error).__name__}: {error}"
            if not isinstance(error, TamisError):
                raise  # to who looks at what was begun
        finally:
            with self._lock:
                self._busy.discard(key)

    def _wanted(self, name: str, entry: ShardedEntry, shard: int) -> None:
        self.get(name, entry, shard)

    def close(self, key: Key, why: str) -> None:
        """Let go of a shard; who asks for it from now on is told why."""
        found = self._open.pop(key, None)
        self.troubles.pop(key, None)
        if found is not None:
            found.stored.close(f"shard {key[1]} of collection {found.stored.name!r} {why}")

    def _opened(self, name: str, entry: ShardedEntry, shard: int) -> OpenShard:
        store = shard_store(self._store, entry.number, shard, entry.origin)
        log = StoreLog(store)
        stored = StoredCollection.open(name, (store, log), entry.schema, self._runtime)
        warm_up(params.distance for params in stored.schema.vectors.values())
        return OpenShard(Collection(stored), store, log)


def shard_store(root: Store, number: int, shard: int, origin: Origin | None) -> Store:
    """The bytes of a shard."""
    own = PrefixStore(root, f"collections/{number:06d}/{shard}")
    if origin is None or shard not in origin.moment:
        return own
    manifest, position = origin.moment[shard]

    def shows(key: str) -> bool:
        kind, _, rest = key.partition("/")
        if kind == "manifest":
            return int(rest) <= manifest
        return kind != "log" or int(rest) <= position

    return LayeredStore(own, shard_store(root, origin.number, shard, origin.parent), shows)
