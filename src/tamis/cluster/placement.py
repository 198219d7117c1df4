"""Which nodes have which shard: rendezvous hashing, computed by every node for itself from the nodes it sees.

    replicas       the `factor` nodes that serve a shard, the first of them its home: the nodes of highest weight
    upkeep_home    who seals, merges and builds: the index node of highest weight, or else the home
    shard_of       which shard has a point

A node's weight for a shard is a hash of both, so a node that comes or goes moves only the shards that it gets or had
(Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998). Nodes that an operator pinned come
first. Two nodes that see different nodes may both think they are home: that costs work, never data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from tamis.model.ids import PointId
from tamis.model.role import Role
from tamis.model.siphash import hash_id

__all__ = ["replicas", "shard_of", "upkeep_home", "write_home"]


Nodes = Iterable[tuple[str, Role]]  # id and role of those that live


def replicas(shard: tuple[int, int], nodes: Nodes, factor: int, pins: Sequence[str] = ()) -> list[str]:
    """The nodes that serve a shard, (collection number, shard number): `factor` full ones, and every one that reads.

    >>> replicas((1, 0), [("a", Role.FULL), ("b", Role.FULL), ("c", Role.READ)], factor=1)
    ['a', 'c']
    """
    known = dict(nodes)
    full = _ranked(shard, [id for id, role in known.items() if role is Role.FULL])
    first = [id for id in dict.fromkeys(pins) if known.get(id) is Role.FULL]
    chosen = [*first, *(id for id in full if id not in first)][: max(1, factor)]
    return chosen + _ranked(shard, [id for id, role in known.items() if role is Role.READ])


def write_home(shard: tuple[int, int], nodes: Nodes, pins: Sequence[str] = ()) -> str | None:
    """The node that writes are forwarded to; None if no full node lives."""
    full = [(id, role) for id, role in nodes if role is Role.FULL]
    return next(iter(replicas(shard, full, 1, pins)), None)


def upkeep_home(shard: tuple[int, int], nodes: Nodes, pins: Sequence[str] = ()) -> str | None:
    """The node that seals and merges."""
    known = list(nodes)
    index = _ranked(shard, [id for id, role in known if role is Role.INDEX])
    return index[0] if index else write_home(shard, known, pins)


def shard_of(id: PointId, shards: Sequence[int]) -> int:
    """The shard of a point, among those of the collection or of its shard key.

    >>> shard_of(1, (4, 5, 6, 7))
    6
    """
    return shards[hash_id(id) % len(shards)]


def _ranked(shard: tuple[int, int], ids: Iterable[str]) -> list[str]:
    """Highest weight first."""

    def weight(id: str) -> bytes:
        return hashlib.blake2b(f"{shard[0]}/{shard[1]}/{id}".encode(), digest_size=8).digest()

    return sorted(ids, key=weight, reverse=True)
