"""A node whose store and way to other nodes fail as a file says: python -m tests.cluster.faulty_node CONTROL serve …

CONTROL is JSON that is read again whenever it changes: {"refuse": 0.2, "lose": 0.1, "delay": 0.5, "cut": ["n1"]}

    refuse   this share of the store's calls is refused, nothing done
    lose     this share of the puts is done and answered with a time-out
    delay    this share of the calls takes 0.3 seconds longer
    cut      other nodes that this one cannot reach
    clock    so many seconds are added to what the process takes for the time of day
    die      {"key": "/manifest/", "after": true}: the process ends when it puts such a key, before it is done or after
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tamis.cluster import node as cluster_node
from tamis.cluster.membership import Lease
from tamis.cluster.peers import Answer, Peers
from tamis.errors import TimedOut, Unavailable
from tamis.storage.object_store import open_store
from tamis.storage.store import Part, Store

DELAY_SECONDS = 0.3


class Control:
    """What goes wrong now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0.0
        self._now: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        try:
            changed = self._path.stat().st_mtime
            if changed != self._read:
                self._now, self._read = json.loads(self._path.read_text()), changed
        except (OSError, ValueError):
            pass
        return self._now.get(name, 0)


class FaultyStore:
    """A `Store` in front of another."""

    def __init__(self, store: Store, control: Control) -> None:
        self._store = store
        self._control = control
        self._random = random.Random(os.getpid())

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._store, name)

        def asked(*given: Any) -> Any:
            self._trouble(name)
            return ask(*given)

        return asked

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        self._trouble(key)
        die = self._control["die"]
        doomed = bool(die) and die["key"] in key
        if doomed and not die["after"]:
            os._exit(9)
        self._store.put(key, parts, if_absent=if_absent)
        if doomed:
            os._exit(9)
        if self._random.random() < self._control["lose"]:
            raise TimedOut(f"{key}: no answer (as the control file wants it)")

    def _trouble(self, what: str) -> None:
        if self._random.random() < self._control["delay"]:
            time.sleep(DELAY_SECONDS)
        if self._random.random() < self._control["refuse"]:
            raise Unavailable(f"{what}: 503 (as the control file wants it)")


def main() -> None:
    """Serve, with faults."""
    control = Control(Path(sys.argv.pop(1)))
    cluster_node.open_store = lambda url, seconds: FaultyStore(open_store(url, seconds), control)  # type: ignore[assignment]
    call, now = Peers.call, time.time
    time.time = lambda: now() + control["clock"]

    def cut(self: Peers, peer: Lease, *given: Any) -> Answer:
        if peer.id in (control["cut"] or ()):
            raise Unavailable(f"node {peer.id} cannot be reached (as the control file wants it)")
        return call(self, peer, *given)

    Peers.call = cut  # type: ignore[method-assign]
    from tamis.cli import app

    app()


if __name__ == "__main__":
    main()
