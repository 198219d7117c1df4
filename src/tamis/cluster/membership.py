"""Who is there: every node renews a lease in the store, and believes in the others as long as theirs go on changing.

    nodes/<id>/<12 digits>   a lease: url, role, what it has of which shard; the greatest number counts

A node is taken for alive until `seconds` of this node's own monotonic clock have passed without a new lease of it; no
two machines' clocks are compared. Safety never depends on what is believed here. Nothing runs by itself: `renew` and
`observe` are called by who has a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from tamis.errors import Conflict, NotFound, Retryable
from tamis.model.role import Role
from tamis.storage.chain import Chain
from tamis.storage.store import Store

__all__ = ["Lease", "Membership"]

_PREFIX = "nodes/"
_DIGITS = 12
_FORGOTTEN_LEASES = 100  # times the lease's seconds after which a silent node's leases are removed


class Lease(msgspec.Struct, frozen=True):
    """What a node says of itself. number: of this lease; peer: its number where the API wants one; shards: those it can
    serve now, by collection number, with the position it has applied."""

    id: str
    url: str
    role: Role
    peer: int
    started: float
    version: str
    number: int = 0
    leaving: bool = False
    shards: dict[int, dict[int, int]] = {}


class Membership:
    """This node's view of all nodes. One thread renews and observes; any may ask."""

    def __init__(self, store: Store, me: Lease, clock: Callable[[], float], seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._chain = Chain(store, f"{_PREFIX}{me.id}/", _DIGITS)
        self._seen: dict[str, tuple[Lease, float]] = {}  # the newest lease and when it was first seen here
        self.me = me

    def renew(self, shards: dict[int, dict[int, int]], *, leaving: bool = False) -> None:
        """Write the next lease. Conflict if another process uses this node's id."""
        number = max(self._chain.newest(), self.me.number) + 1
        lease = msgspec.structs.replace(self.me, number=number, leaving=leaving, shards=shards)
        with suppress(NotFound):
            self._chain.create(number, [msgspec.msgpack.encode(lease)])
        self.me = lease
        self._chain.trim(number - 1)

    def observe(self) -> None:
        """Read the newest lease of every node."""
        now = self._clock()
        newest: dict[str, int] = {}
        for key in self._store.list(_PREFIX):
            id, _, digits = key.removeprefix(_PREFIX).partition("/")
            newest[id] = max(newest.get(id, 0), int(digits))
        for id, number in newest.items():
            known = self._seen.get(id)
            if known is None or known[0].number < number:
                with suppress(NotFound, Retryable, msgspec.MsgspecError):
                    lease = msgspec.msgpack.decode(self._store.get(_key(id, number)), type=Lease)
                    self._seen[id] = (lease, now)
            elif now - known[1] > _FORGOTTEN_LEASES * self._seconds:
                with suppress(Retryable, Conflict):
                    self._store.delete(_key(id, number))
        self._seen = {id: seen for id, seen in self._seen.items() if id in newest}

    def live(self) -> dict[str, Lease]:
        """Nodes that are believed to be there, this one always among them."""
        now = self._clock()
        others = {
            id: lease for id, (lease, since) in self._seen.items() if now - since <= self._seconds and not lease.leaving
        }
        return {**others, self.me.id: self.me}

    def nodes(self) -> list[tuple[str, Role]]:
        """Their ids and roles, for placement."""
        return [(id, lease.role) for id, lease in sorted(self.live().items())]

    def silent(self) -> dict[str, Lease]:
        """Nodes that were there and are not believed to be now."""
        live = self.live()
        return {id: lease for id, (lease, _) in self._seen.items() if id not in live and not lease.leaving}


def _key(id: str, number: int) -> str:
    return f"{_PREFIX}{id}/{number:0{_DIGITS}d}"
