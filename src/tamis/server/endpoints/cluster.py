"""The cluster: who is there, where shards are, shard keys, pins; and what only manifests give: moments of a collection.

On a single node the ones that change something are refused with 405, as the reference does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tamis.cluster import moments
from tamis.cluster.catalog import ShardedEntry, SnapshotEntry
from tamis.cluster.database import ClusterDatabase
from tamis.cluster.membership import Lease
from tamis.cluster.placement import replicas, write_home
from tamis.errors import Conflict, Invalid, NotFound, Rejected
from tamis.limits import SHARDS_MAX
from tamis.model.role import Role
from tamis.server.backend import Backend
from tamis.server.error_map import refusal
from tamis.server.request import Reply, Request, Result
from tamis.wire.answers import write
from tamis.wire.bodies import CloneBody, read_body, read_object

__all__ = [
    "change_cluster",
    "clone",
    "cluster",
    "collection_cluster",
    "create_shard_key",
    "delete_shard_key",
    "describe_snapshot",
    "recover_cluster",
    "remove_peer",
    "shard_keys",
]

_TRUE = Result(b"true")
_PEER = 1  # a number for one node alone, where answers need one
_OWN_AFFAIR = (
    "replicate_shard",
    "abort_transfer",
    "restart_transfer",
    "drop_replica",
    "start_resharding",
    "abort_resharding",
    "replicate_points",
)


def cluster(backend: Backend, request: Request) -> Result:
    """GET /cluster: the nodes that this one believes to be there. One node alone is no cluster."""
    db = backend.cluster
    if db is None:
        return Result(write({"status": "disabled"}))
    live, traffic = db.membership.live(), db.cache.traffic
    answer = {
        "status": "enabled",
        "peer_id": db.me.peer,
        "peers": {str(lease.peer): {"uri": lease.url} for lease in live.values()},
        "raft_info": {
            "term": 0,
            "commit": db.catalog.number,
            "pending_operations": 0,
            "leader": None,
            "role": None,
            "is_voter": True,
        },
        "consensus_thread_status": {"consensus_thread_status": "working", "last_update": _when(None)},
        "message_send_failures": {},
        "nodes": [_node(lease, True) for lease in live.values()]
        + [_node(lease, False) for lease in db.membership.silent().values()],
        "troubles": db.troubles,
        "store": {"requests": traffic.requests, "bytes_up": traffic.up, "bytes_down": traffic.down},
    }
    return Result(write(answer))


def collection_cluster(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/cluster: which node has which shard."""
    db = backend.cluster
    if db is None:
        points = backend.collection(request.path["name"]).count(None)
        alone = {"shard_id": 0, "points_count": points, "state": "Active"}
        return Result(write(_shards_answer(_PEER, 1, [alone], [])))
    _, entry = db.entry(request.path["name"])
    local, remote = [], []
    live = db.membership.live()
    for shard in entry.shards:
        key = next((key for key, shards in entry.keys.items() if shard in shards), None)
        described: dict[str, Any] = {"shard_id": shard, **({} if key is None else {"shard_key": key})}
        one = db.shards.here((entry.number, shard))
        if one is not None:
            local.append({**described, "points_count": one.stored.count(None), "state": "Active"})
        wanted = replicas((entry.number, shard), db.membership.nodes(), entry.factor, entry.pins.get(shard, ()))
        for id in wanted:
            if id != db.me.id:
                ready = shard in live[id].shards.get(entry.number, {})
                remote.append({**described, "peer_id": live[id].peer, "state": "Active" if ready else "Initializing"})
    pins = [{"shard_id": shard, "nodes": nodes} for shard, nodes in sorted(entry.pins.items())]
    return Result(write({**_shards_answer(db.me.peer, len(entry.shards), local, remote), "pins": pins}))


def change_cluster(backend: Backend, request: Request) -> Result | Reply:
    """POST /collections/{name}/cluster: pin a shard to a node or to none, make or drop a shard key."""
    db = backend.cluster
    if db is None:
        return _standalone()
    name, _ = db.entry(request.path["name"])
    body = read_object(request.body)
    if len(body) != 1:
        raise Rejected("", "must be an object with one operation")
    kind, given = next(iter(body.items()))
    if kind in _OWN_AFFAIR:
        what = "nodes read shards from the store; set replication_factor instead, or move_shard and unpin_shard"
        raise Rejected(kind, f"is not done by hand: {what}")
    if not isinstance(given, dict):
        raise Rejected(kind, "must be an object")
    if kind == "move_shard":
        return _move(db, name, given)
    if kind == "unpin_shard":
        return _unpin(db, name, given)
    if kind == "create_sharding_key":
        return _create_key(db, name, given)
    if kind == "drop_sharding_key":
        return _drop_key(db, name, given)
    raise Rejected(kind, "is not known; known are move_shard, unpin_shard, create_sharding_key and drop_sharding_key")


def shard_keys(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/shards: the shard keys."""
    db = backend.cluster
    keys: Sequence[str] = () if db is None else sorted(db.entry(request.path["name"])[1].keys)
    return Result(write({"shard_keys": [{"key": key} for key in keys]}))


def create_shard_key(backend: Backend, request: Request) -> Result | Reply:
    """PUT /collections/{name}/shards: make a shard key with its own shards."""
    if backend.cluster is None:
        return _standalone()
    return _create_key(backend.cluster, backend.cluster.entry(request.path["name"])[0], read_object(request.body))


def delete_shard_key(backend: Backend, request: Request) -> Result | Reply:
    """POST /collections/{name}/shards/delete: drop a shard key and every point under it."""
    if backend.cluster is None:
        return _standalone()
    return _drop_key(backend.cluster, backend.cluster.entry(request.path["name"])[0], read_object(request.body))


def clone(backend: Backend, request: Request) -> Result | Reply:
    """POST /collections/{name}/clone: make a collection of this one, as it is or as it was. Copies nothing."""
    if backend.cluster is None:
        return _standalone()
    body = read_body(request.body, CloneBody)
    at = None
    if body.at is not None:
        try:
            at = datetime.fromisoformat(body.at)
        except ValueError:
            raise Invalid("at", f"must be a date and time as 2026-01-31T12:00:00Z, got {body.at!r}") from None
        if at.tzinfo is None:
            raise Invalid("at", f"must say its time zone, as 2026-01-31T12:00:00Z, got {body.at!r}")
    moments.clone(backend.cluster, request.path["name"], body.to, None if at is None else at.timestamp())
    return _TRUE


def recover_cluster(backend: Backend, request: Request) -> Reply:
    """POST /cluster/recover: there is no consensus to recover."""
    return _standalone() if backend.cluster is None else refusal(400, "Wrong input: nodes agree by the store alone")


def remove_peer(backend: Backend, request: Request) -> Reply:
    """DELETE /cluster/peer/{peer}: nodes leave when they stop."""
    if backend.cluster is None:
        return _standalone()
    return refusal(400, "Wrong input: a node leaves when it is stopped, or when its lease ends")


def describe_snapshot(title: str, snapshot: SnapshotEntry) -> dict[str, Any]:
    """As the API lists one. It has no size of its own: it names files that are there anyway."""
    return {"name": title, "creation_time": _when(snapshot.created)[:19], "size": 0, "checksum": None}


def _move(db: ClusterDatabase, name: str, given: dict[str, Any]) -> Result:
    """Pin it there; or to no node if it would lie there anyway."""
    shard: Any = given.get("shard_id")
    to = given.get("to_peer_id")
    target = next((lease for lease in db.membership.live().values() if lease.peer == to), None)
    if target is None or target.role is not Role.FULL:
        raise NotFound(f"there is no live node {to} that takes shards")

    def pinned(entry: ShardedEntry) -> tuple[str, ...]:
        if write_home((entry.number, shard), db.membership.nodes()) == target.id:
            return ()
        return target.id, *(id for id in entry.pins.get(shard, ()) if id != target.id)

    _pin(db, name, shard, pinned)
    return _TRUE


def _unpin(db: ClusterDatabase, name: str, given: dict[str, Any]) -> Result:
    _pin(db, name, given.get("shard_id"), lambda _: ())
    return _TRUE


def _pin(db: ClusterDatabase, name: str, shard: Any, pinned: Callable[[ShardedEntry], tuple[str, ...]]) -> None:
    """Other pins for a shard."""

    def make(entry: ShardedEntry) -> ShardedEntry:
        if isinstance(shard, bool) or shard not in entry.shards:
            raise NotFound(f"Shard {shard} of collection {name!r} does not exist")
        pins = {**entry.pins, shard: pinned(entry)}
        return msgspec.structs.replace(entry, pins={known: nodes for known, nodes in pins.items() if nodes})

    db.change_entry(name, make)


def _create_key(db: ClusterDatabase, name: str, given: dict[str, Any]) -> Result:
    key, count = _key(given), given.get("shards_number") or 1
    if not isinstance(count, int) or not 1 <= count <= SHARDS_MAX:
        raise Invalid("shards_number", f"must be an integer from 1 to {SHARDS_MAX}, got {count!r}")
    for option in given:
        if option not in ("shard_key", "shards_number"):
            raise Rejected(option, "is not supported: placement goes by itself, and by move_shard")

    schema = db.newest_schema(name)

    def make(entry: ShardedEntry) -> ShardedEntry:
        if entry.schema.sharding_method != "custom":
            raise Rejected("shard_key", f"{name!r} is sharded automatically; make it with sharding_method custom")
        if key in entry.keys:
            raise Conflict(f"Shard key {key} already exists for collection {name}")
        made = tuple(range(entry.next_shard, entry.next_shard + count))
        if len(entry.shards) + count > SHARDS_MAX:
            raise Rejected("shards_number", f"a collection has at most {SHARDS_MAX} shards")
        keys, shards = {**entry.keys, key: made}, entry.shards + made
        next_shard = entry.next_shard + count
        return msgspec.structs.replace(entry, schema=schema, keys=keys, shards=shards, next_shard=next_shard)

    db.change_entry(name, make)
    return _TRUE


def _drop_key(db: ClusterDatabase, name: str, given: dict[str, Any]) -> Result:
    key = _key(given)

    def make(entry: ShardedEntry) -> ShardedEntry:
        if key not in entry.keys:
            raise NotFound(f"Shard key {key} of collection {name!r} does not exist")
        gone = entry.keys[key]
        keys = {known: shards for known, shards in entry.keys.items() if known != key}
        shards = tuple(number for number in entry.shards if number not in gone)
        pins = {number: nodes for number, nodes in entry.pins.items() if number not in gone}
        return msgspec.structs.replace(entry, keys=keys, shards=shards, pins=pins)

    db.change_entry(name, make)
    return _TRUE


def _key(given: dict[str, Any]) -> str:
    key = given.get("shard_key")
    if isinstance(key, bool) or not isinstance(key, (str, int)):
        raise Rejected("shard_key", f"must be a string or an integer, got {key!r}")
    return str(key)


def _node(lease: Lease, live: bool) -> dict[str, Any]:
    shards = {f"{number}/{shard}": at for number, held in lease.shards.items() for shard, at in held.items()}
    return {
        "id": lease.id,
        "peer_id": lease.peer,
        "url": lease.url,
        "role": lease.role.value,
        "live": live,
        "version": lease.version,
        "shards": shards,
    }


def _shards_answer(peer: int, count: int, local: list[Any], remote: list[Any]) -> dict[str, Any]:
    return {
        "peer_id": peer,
        "shard_count": count,
        "local_shards": local,
        "remote_shards": remote,
        "shard_transfers": [],
    }


def _when(seconds: float | None) -> str:
    moment = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _standalone() -> Reply:
    return refusal(
        405, "Wrong input: this node is in standalone mode; start it with --store to make it one of a cluster"
    )
