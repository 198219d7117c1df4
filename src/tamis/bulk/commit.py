"""Making the segments of one shard count: one manifest, the next one, that lists them all.

    look     the newest manifest lists nothing, and replaying the log after it leaves no point
    mark     a record in the log that changes nothing: its position is the manifest's, so that the import has a moment
    create   manifest <newest + 1>, if nobody else did; then the next look sees it

Nodes that have the shard open adopt it like any manifest of another node. What they write meanwhile stays in the log
after the mark, or makes the look fail: nothing that was acknowledged is lost. Two imports of the same rows are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from tamis.bulk.sealing import PAYLOAD_NUMBER, Sealed
from tamis.errors import Conflict, NotFound, Retryable, Unavailable
from tamis.log.store_log import StoreLog
from tamis.model.ids import IdArray
from tamis.model.operation import Delete, decode_operation, encode_operation
from tamis.model.schema import CollectionSchema
from tamis.segment.alive import Mask, all_rows, clear_rows
from tamis.shard.apply import apply
from tamis.shard.manifest import Manifest, SealedEntry, manifest_numbers, read_manifest, write_manifest
from tamis.shard.state import State
from tamis.storage.store import Store

__all__ = ["commit", "empty_state", "last_rows"]

_TRIES = 10
_MARK = encode_operation(Delete(IdArray(np.empty(0, np.uint64))))


def commit(store: Store, schema: CollectionSchema, sealed: Sequence[Sealed]) -> int:
    """List them, given in the order of their rows; returns how many points there are. Conflict if the shard has others.

    schema: of the shard if it was never opened.
    """
    alive = last_rows([one.ids for one in sealed])
    counts = [int(np.bitwise_count(words).sum()) for words in alive]
    kept = [place for place, count in enumerate(counts) if count]
    entries = [_entry(sealed[place], counts[place]) for place in kept]
    before = max(manifest_numbers(store), default=1) - 1
    trouble: Exception = Unavailable("")
    for _ in range(_TRIES):
        try:
            if _is_listed(store, entries, before):
                _check_files(store, entries)
                return sum(counts)
            _write(store, schema, entries, [alive[place] for place in kept])
        except (Retryable, NotFound, Conflict) as error:
            if isinstance(error, _Full):
                raise
            trouble = error
    raise Unavailable(f"the import is not complete: {trouble}; the same command goes on from here") from trouble


class _Full(Conflict):
    """There are points."""

    def __init__(self) -> None:
        super().__init__("the collection holds points already; only an empty one is filled this way")


def _entry(one: Sealed, count: int) -> SealedEntry:
    return SealedEntry(one.name, PAYLOAD_NUMBER, len(one.ids), count)


def _write(store: Store, schema: CollectionSchema, entries: Sequence[SealedEntry], alive: Sequence[Mask]) -> None:
    _check_files(store, entries)
    state, newest = empty_state(store, schema)
    position = StoreLog(store).append([_MARK], state.position)
    write_manifest(store, Manifest(newest + 1, position, state.schema, list(entries)), alive)


def empty_state(store: Store, schema: CollectionSchema) -> tuple[State, int]:
    """A shard without points at the end of its log, and the number of its newest manifest; a new shard is made one.

    Conflict if there are points.
    """
    if not manifest_numbers(store):
        with suppress(Conflict):  # a node opened it just now
            write_manifest(store, Manifest(1, 0, schema), [])
    newest = manifest_numbers(store)[-1]
    manifest, _ = read_manifest(store, newest)
    if manifest.segments or manifest.quarantined:
        raise _Full
    log = StoreLog(store)
    state = State(manifest.schema, manifest.position)
    for position, record in log.read(manifest.position):
        apply(state, position, decode_operation(record))
    if state.snapshot().count:
        raise _Full
    return state, newest


def _is_listed(store: Store, entries: Sequence[SealedEntry], before: int) -> bool:
    """Whether some manifest after that number is the one that was to be written, and was so in time: one that is older
    than the newest and has no predecessor took a number that was given and taken back."""
    numbers = manifest_numbers(store)
    in_time = [number for number in numbers if number == numbers[-1] or number - 1 in numbers]
    return any(number > before and read_manifest(store, number)[0].segments == list(entries) for number in in_time)


def _check_files(store: Store, entries: Sequence[SealedEntry]) -> None:
    for entry in entries:
        for key in entry.keys:
            try:
                store.size(key)
            except NotFound:
                raise Unavailable(
                    f"{key} was removed before it was listed: the import took longer than cluster.grace_secs; import"
                    " again with a longer grace, or into a collection that is not there yet"
                ) from None


def last_rows(parts: Sequence[IdArray]) -> list[Mask]:
    """Per part, which rows are the last ones of their ids, in all parts.

    >>> one, two = IdArray(np.array([5, 7], np.uint64)), IdArray(np.array([7, 9], np.uint64))
    >>> [words.tolist() for words in last_rows([one, two])]
    [[1], [3]]
    """
    dead = _overwritten(IdArray.concatenate(parts))
    alive, first = [], 0
    for ids in parts:
        words = all_rows(len(ids))
        clear_rows(words, dead[np.searchsorted(dead, first) : np.searchsorted(dead, first + len(ids))] - first)
        alive.append(words)
        first += len(ids)
    return alive


def _overwritten(ids: IdArray) -> NDArray[np.int64]:
    """Rows after which the same id comes again, ascending."""
    order = ids.order()  # equal ids in row order
    low = ids.low[order]
    same = low[1:] == low[:-1]
    if ids.high is not None and ids.uuids is not None:
        high, uuids = ids.high[order], ids.uuids[order]
        same &= (high[1:] == high[:-1]) & (uuids[1:] == uuids[:-1])
    return np.sort(order[:-1][same].astype(np.int64))
