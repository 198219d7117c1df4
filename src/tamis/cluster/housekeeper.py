"""The threads of a node in a cluster: what `ClusterDatabase` does not do by itself is called from here.

    turns     every third of a lease: catalog, leases, shards opened and closed
    follows   every `poll` seconds: the logs' news, every fifth time the manifests' too
    collects  every `collect` seconds: garbage

Rounds do not wait for shards that are opened or moved along. One that fails is told and tried again; a store that is
away for a while stops none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from tamis.cluster.database import ClusterDatabase
from tamis.errors import Unavailable

__all__ = ["Housekeeper", "Rhythm"]

_MANIFESTS = 5  # rounds of following for one look at the next manifest
_LISTED = 300  # rounds for one look at all of them


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds."""

    lease: float = 6.0
    poll: float = 0.2
    collect: float = 300.0


class Housekeeper:
    """Runs until `stop`. told: hears of every trouble, in words."""

    def __init__(self, db: ClusterDatabase, rhythm: Rhythm, told: Callable[[str, Exception], None]) -> None:
        self._db = db
        self._told = told
        self._stopping = threading.Event()
        self._rounds = 0
        self._following: list[Future[None]] = []
        self._trouble = ""  # of the cache, as it was told
        tasks = ((rhythm.lease / 3, self._turn), (rhythm.poll, self._follow), (rhythm.collect, db.collect))
        self._threads = [
            threading.Thread(target=self._run, args=task, name=f"tamis-cluster-{number}", daemon=True)
            for number, task in enumerate(tasks)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return when no round is under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, pause: float, task: Callable[[], None]) -> None:
        while not self._stopping.wait(pause):
            try:
                task()
            except Exception as error:  # noqa: BLE001 - told, and tried again
                self._told(getattr(task, "__name__", "round").removeprefix("_"), error)

    def _turn(self) -> None:
        trouble, self._trouble = self._trouble, self._db.cache.trouble
        if self._trouble and self._trouble != trouble:
            self._told("cache", Unavailable(self._trouble))
        self._db.turn(waits=False)

    def _follow(self) -> None:
        self._rounds += 1
        shards, manifests = self._db.shards, self._rounds % _MANIFESTS == 0
        self._following += shards.follow(manifests=manifests, listed=self._rounds % _LISTED == 0)
        done = [one for one in self._following if one.done()]
        self._following = [one for one in self._following if one not in done]
        for error in (one.exception() for one in done):
            if isinstance(error, Exception):
                self._told("follow", error)
