"""One task: the points of one shard in a stretch of rows become a sealed segment with graphs.

    rows ─▶ validated points ─▶ head ─▶ segments/b-<letters>/{points, payload-1}

The name is a digest of the schema and of every point that was read, so whoever does the task again, after a worker was
killed or beside one that only seemed to be, writes the same files or finds them there. A segment counts once a manifest
lists it. Of points with the same id the last row wins.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from tamis.bulk.plan import Task
from tamis.bulk.rows import read_rows
from tamis.cluster.shards import shard_store
from tamis.errors import Conflict, NotFound
from tamis.model.ids import IdArray
from tamis.model.operation import encode_operation
from tamis.segment.format import payload_key, points_key
from tamis.segment.points import Points
from tamis.segment.seal import living_rows, write_payload, write_points
from tamis.shard.state import State
from tamis.shard.upkeep import builds_of, deserving_graphs
from tamis.storage.object_store import open_store
from tamis.storage.store import Store

__all__ = ["PAYLOAD_NUMBER", "REQUEST_SECONDS", "Sealed", "perform"]

PAYLOAD_NUMBER = 1
REQUEST_SECONDS = 600.0  # a whole segment goes up in one request
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")  # numbers in names are counters


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the task of this number left: a segment, the ids in it in row order, and how many rows were read for it."""

    number: int
    shard: int
    name: str
    ids: IdArray
    rows: int


def perform(task: Task) -> Sealed:
    """Read, validate, build and write. Rejected, naming file and row; Unavailable: try again."""
    store = shard_store(open_store(task.store, REQUEST_SECONDS), task.entry.number, task.shard, task.entry.origin)
    state = State(task.schema, task.version)
    digest = blake2b(repr(task.schema).encode(), digest_size=16)  # its bytes would tell who has a copy
    rows = 0
    owner = task.entry.shards.index(task.shard), len(task.entry.shards)
    for count, upsert in read_rows(task.pieces, task.columns, task.schema, owner):
        rows += count
        digest.update(encode_operation(upsert))
        for chosen in state.locate(upsert.ids):
            state.kill(chosen)
        state.append(Points(upsert.ids, upsert.vectors, upsert.payloads), task.version)
    name = "b-" + digest.hexdigest().translate(_LETTERS)
    views = state.snapshot().views
    if not views:
        return Sealed(task.number, task.shard, name, IdArray(np.empty(0, np.uint64)), rows)
    kept = living_rows(views)
    with ThreadPoolExecutor(task.threads, "tamis-bulk") as pool:
        builds = builds_of(task.schema, deserving_graphs(task.schema, views, background=False), pool)
        payload = payload_key(name, PAYLOAD_NUMBER)
        _once(store, payload, lambda: write_payload(store, payload, kept, task.schema.indexes))
        _once(store, points_key(name), lambda: write_points(store, name, kept, builds))
    ids = IdArray.concatenate([part.view.body.ids(part.rows) for part in kept])
    return Sealed(task.number, task.shard, name, ids, rows)


def _once(store: Store, key: str, write: Callable[[], None]) -> None:
    """Write an object unless it is there."""
    try:
        store.size(key)
    except NotFound:
        with suppress(Conflict):  # somebody did meanwhile
            write()
