"""Who is there: every node renews a lease in the store, and believes in the others as long as theirs go on changing.

    nodes/<id>/<12 digits>   a lease: url, role, what it has of which shard; the greatest number counts

A node is taken for alive until this node has looked for `seconds`, by its own monotonic clock, and seen no new lease of
it; no two machines' clocks are compared. Time in which this node did not look, or the store did not answer, counts for
one look only: a store that is away for a while makes nobody dead. Safety never depends on what is believed here.
Nothing runs by itself: `renew` and `observe` are called by who has a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from tamis.errors import Conflict, NotFound, Retryable
from tamis.model.role import Role
from tamis.storage.chain import Chain, create
from tamis.storage.store import Store

__all__ = ["Lease", "Membership"]

_PREFIX = "nodes/"
_DIGITS = 12
_LOOK_MAX = 0.5  # of the lease's seconds: what one look counts for at most, however long ago the last one was
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


class _View(NamedTuple):
    """seen: by node the newest lease, and what `looked` was then; looked: seconds for which this node has looked."""

    seen: dict[str, tuple[Lease, float]]
    looked: float


class Membership:
    """This node's view of all nodes. One thread renews and observes; any may ask.

    >>> from tamis.storage.memory import MemoryStore
    >>> me = Lease("a", "http://a:6333", Role.FULL, peer=1, started=0.0, version="1")
    >>> membership = Membership(MemoryStore(), me, clock=lambda: 0.0, seconds=6.0)
    >>> membership.renew({})
    >>> membership.observe()
    >>> membership.nodes()
    [('a', <Role.FULL: 'full'>)]
    """

    def __init__(self, store: Store, me: Lease, clock: Callable[[], float], seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._chain = Chain(store, f"{_PREFIX}{me.id}/", _DIGITS)
        self._own: list[int] | None = None  # this node's leases, as they were listed last
        self._looked_at = clock()
        self._view = _View({}, 0.0)
        self.me = me

    def renew(self, shards: dict[int, dict[int, int]], *, leaving: bool = False) -> None:
        """Write the next lease. Conflict if a younger process uses this node's id."""
        if self._own is None:
            self._own = self._chain.numbers()
        number = max([*self._own, self.me.number])
        if self.me.number and number > self.me.number:  # not this one's, unless it had no answer to it
            self._check_mine(number)
        while True:
            number += 1
            lease = msgspec.structs.replace(self.me, number=number, leaving=leaving, shards=shards)
            try:
                create(self._store, self._chain.key(number), [msgspec.msgpack.encode(lease)])
                break
            except Conflict:
                self._check_mine(number)
        self.me = lease
        for known in self._own:
            if known < number - 1:
                self._store.delete(self._chain.key(known))
        self._own = [*(known for known in self._own if known == number - 1), number]

    def _check_mine(self, number: int) -> None:
        with suppress(NotFound):
            found = _decode(self._chain.read(number))
            if found is None or (found.started, found.url) != (self.me.started, self.me.url):
                where = "" if found is None else f" at {found.url}"
                raise Conflict(f"another process{where} runs as node {self.me.id!r}; give every node an id of its own")

    def observe(self) -> None:
        """Read the newest lease of every other node. Unavailable if the store is; what was believed is believed on."""
        found: dict[str, list[int]] = {}
        for key in self._store.list(_PREFIX):
            id, _, digits = key.removeprefix(_PREFIX).partition("/")
            found.setdefault(id, []).append(int(digits))
        self._own = found.pop(self.me.id, [])
        newest = {id: max(numbers) for id, numbers in found.items()}
        now = self._clock()
        looked = self._view.looked + min(now - self._looked_at, _LOOK_MAX * self._seconds)
        seen = {id: one for id, one in self._view.seen.items() if id in newest}
        for id, number in newest.items():
            known = seen.get(id)
            if known is None or known[0].number < number:
                with suppress(NotFound, Retryable):
                    lease = _decode(self._store.get(_key(id, number)))
                    if lease is not None:
                        seen[id] = lease, looked
            elif looked - known[1] > _FORGOTTEN_LEASES * self._seconds:
                with suppress(Retryable, Conflict):
                    self._store.delete(_key(id, number))
        self._looked_at, self._view = now, _View(seen, looked)

    def live(self) -> dict[str, Lease]:
        """Nodes that are believed to be there, this one always among them."""
        seen, looked = self._view
        others = {id: one for id, (one, since) in seen.items() if looked - since <= self._seconds and not one.leaving}
        return {**others, self.me.id: self.me}

    def nodes(self) -> list[tuple[str, Role]]:
        """Their ids and roles, for placement."""
        return [(id, lease.role) for id, lease in sorted(self.live().items())]

    def silent(self) -> dict[str, Lease]:
        """Nodes that were there and are not believed to be now."""
        live = self.live()
        return {id: lease for id, (lease, _) in self._view.seen.items() if id not in live and not lease.leaving}


def _decode(raw: bytes) -> Lease | None:
    """None if it is of a version that says other things."""
    try:
        return msgspec.msgpack.decode(raw, type=Lease)
    except msgspec.MsgspecError:
        return None


def _key(id: str, number: int) -> str:
    return f"{_PREFIX}{id}/{number:0{_DIGITS}d}"
