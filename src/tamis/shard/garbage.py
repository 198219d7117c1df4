"""Removing what a shared shard no longer needs: any node may do it at any time, and two at once do no harm.

    kept manifests   the newest two, those of the last `history` seconds and the one before them, and pinned ones
    deleted          other manifests · sealed files that no kept manifest lists and that are older than `grace` ·
                     the log before the oldest kept manifest

Ages are those of the store's own clock. A file that is written and not yet listed is young; whoever lists one in a
manifest long after it was written finds out that it is gone when the manifest is read, and goes on from the one before.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from tamis.errors import NotFound
from tamis.log.log import Log
from tamis.segment.format import SEGMENTS
from tamis.shard.manifest import Manifest, manifest_key, manifest_numbers, read_manifest
from tamis.storage.store import Store

__all__ = ["Collected", "Keep", "collect"]


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed."""

    manifests: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class Keep:
    """What stays. history and grace in seconds; pinned: manifests that snapshots and clones need."""

    history: float
    grace: float
    pinned: frozenset[int] = frozenset()


def collect(store: Store, log: Log, now: float, keep: Keep) -> Collected:
    """Remove what can be. now: seconds by the store's clock."""
    numbers = manifest_numbers(store)
    if not numbers:
        return Collected()
    kept = _kept(store, numbers, keep.pinned, now - keep.history)
    manifests = {number: _read(store, number) for number in kept}
    if any(manifest is None for manifest in manifests.values()):
        return Collected()  # damaged, or removed by somebody else meanwhile: what it lists is not known
    reached = {key for manifest in manifests.values() if manifest is not None for key in manifest.files}
    files = 0
    for key in store.list(SEGMENTS):
        if key not in reached and _older(store, key, now - keep.grace):
            store.delete(key)
            files += 1
    gone = [number for number in numbers if number not in kept]
    for number in gone:
        store.delete(manifest_key(number))
    log.trim(min(manifest.position for manifest in manifests.values() if manifest is not None))
    return Collected(len(gone), files)


def _kept(store: Store, numbers: list[int], pinned: Collection[int], begin: float) -> list[int]:
    """Ascending."""
    recent = [place for place, number in enumerate(numbers) if not _older(store, manifest_key(number), begin)]
    first = max(0, min([*recent, len(numbers)][0] - 1, len(numbers) - 2))
    return [number for place, number in enumerate(numbers) if place >= first or number in pinned]


def _older(store: Store, key: str, moment: float) -> bool:
    with suppress(NotFound):
        return store.modified(key) < moment
    return False


def _read(store: Store, number: int) -> Manifest | None:
    with suppress(NotFound):
        return read_manifest(store, number)[0]
    return None
