"""The ledger: the newest manifest in memory, writing the next one, and removing what none of the last two reaches.

    commit(sealed)   new overlay files -> next manifest -> trim the log -> remove unreachable files

Numbers of manifests, segments, payload and overlay files come from one counter that never goes back: a write that
timed out and arrives late can never be mistaken for a later one. One thread at a time commits (the upkeep's lock).

A shared ledger is one of several on the same store: its manifests have consecutive numbers, so that of two nodes that
go on from the same one only one succeeds (Conflict for the other, which reads what happened and goes on from there),
and it removes nothing: `garbage` does.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tamis.errors import NotFound, TamisError
from tamis.log.log import Log
from tamis.segment.alive import Mask
from tamis.segment.format import SEGMENTS, overlay_key
from tamis.segment.overlay import write_overlay
from tamis.segment.segment import Segment
from tamis.segment.view import OverlayView, SegmentView, Snapshot
from tamis.shard.manifest import MANIFESTS, Manifest, SealedEntry, manifest_key, manifest_numbers, write_manifest
from tamis.storage.store import Store

__all__ = ["History", "Ledger", "Quarantined"]

_NUMBER = re.compile(r"\d+")
_DRAWN_BITS = 60


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A segment that could not be read; it is carried along as it was."""

    entry: SealedEntry
    alive: Mask
    error: TamisError


@dataclass(frozen=True, slots=True)
class History:
    """The two manifests that are kept (None: never written), what could not be read of the newest, and the number of
    the newest there was, readable or not."""

    newest: Manifest | None = None
    before: Manifest | None = None
    quarantined: tuple[Quarantined, ...] = ()
    number: int = 0


class Ledger:
    """What is sealed and durable. `sealed` is exact at its position; every body in it is a Segment."""

    def __init__(
        self,
        store: Store,
        log: Log,
        sealed: Snapshot,
        history: History,
        *,
        shared: bool = False,
    ) -> None:
        self.sealed = sealed
        self.history = history
        self.quarantined = history.quarantined
        self._shared = shared
        self._store = store
        self.number = history.number
        self._log = log
        self._numbers = itertools.count(_greatest_number(store) + 1)
        self._orphans: set[str] = set()  # to be removed after a commit: replaced, or written in vain
        self._pinned: list[Manifest] = []
        self._overlays: dict[str, tuple[OverlayView, int]] = {}  # by segment: what is in which file
        numbers = {} if history.newest is None else {entry.name: entry.overlay for entry in history.newest.segments}
        for view in sealed.views:
            at = numbers.get(view.body.name)
            if view.overlay is not None and at is not None:
                self._overlays[view.body.name] = (view.overlay, at)

    def fresh(self) -> int:
        """A number that was never used here. A shared ledger draws it: one that was used and removed may still be in
        the cache of another node."""
        return secrets.randbits(_DRAWN_BITS) if self._shared else next(self._numbers)

    def is_outrun(self, *, listed: bool) -> bool:
        """Whether there is a newer manifest in the store. Without listing them only the next one is looked for, which
        is cheap, and misses the others when that one is removed already."""
        if listed:
            return max(manifest_numbers(self._store), default=0) > self.number
        try:
            self._store.size(manifest_key(self.number + 1))
        except NotFound:
            return False
        return True

    def commit(self, sealed: Snapshot) -> None:
        """Make this state the durable one. If that fails the one before stays, and the caller may try again."""
        number = self.number + 1 if self._shared else self.fresh()
        written: set[str] = set()
        overlays: dict[str, tuple[OverlayView, int]] = {}
        try:
            entries = [self._entry(view, written, overlays) for view in sealed.views]
            lost = [quarantined.entry for quarantined in self.quarantined]
            manifest = Manifest(number, sealed.position, sealed.schema, entries, lost)
            alive = [view.alive for view in sealed.views] + [quarantined.alive for quarantined in self.quarantined]
            write_manifest(self._store, manifest, alive)
            if self._shared and self.number:
                self._store.size(manifest_key(self.number))  # NotFound: this one was long gone, and so was its number
        except BaseException:
            self._orphans |= written | {manifest_key(number)}
            raise
        gone = self.history.before
        self.sealed, self.history, self._overlays = (
            sealed,
            History(manifest, self.history.newest, self.quarantined, number),
            overlays,
        )
        self.number = number
        self._orphans |= set() if gone is None else gone.keys
        # The commit is made: what cannot be removed now is removed after the next one.
        with suppress(TamisError, OSError):
            self._release()

    def _entry(self, view: SegmentView, written: set[str], overlays: dict[str, tuple[OverlayView, int]]) -> SealedEntry:
        body, overlay = view.body, view.overlay
        assert isinstance(body, Segment)
        if overlay is None or not overlay.alive_count:
            return SealedEntry(body.name, body.payload_number, body.count, view.alive_count)
        known, at = self._overlays.get(body.name, (None, 0))
        if known is not overlay:
            at = self.fresh()
            key = overlay_key(body.name, at)
            written.add(key)
            write_overlay(self._store, key, overlay)
        overlays[body.name] = (overlay, at)
        return SealedEntry(body.name, body.payload_number, body.count, view.alive_count, at)

    def abandon(self, keys: Sequence[str]) -> None:
        """These files were written for a commit that failed; they go once a later one has succeeded."""
        self._orphans.update(keys)

    def abandon_unlisted(self, keys: Sequence[str]) -> None:
        """The same, for those that the newest manifest does not list."""
        newest = self.history.newest
        self._orphans.update(set(keys) - (set() if newest is None else newest.files))

    def pin(self) -> Manifest:
        """The newest manifest; it and its files stay until `unpin`."""
        newest = self.history.newest
        assert newest is not None, "a shard has a manifest from its first moment on"
        self._pinned.append(newest)
        return newest

    def unpin(self, manifest: Manifest) -> None:
        """Its files go if nothing else needs them."""
        self._pinned.remove(manifest)
        with suppress(TamisError, OSError):
            self._release()

    def _release(self) -> None:
        """Remove what neither manifest needs and nobody has pinned, forget the log before the older one."""
        if self._shared:
            return
        kept = self._kept()
        pinned = {key for manifest in self._pinned for key in manifest.keys}
        for key in sorted(self._orphans - kept - pinned):
            self._store.delete(key)
            self._orphans.discard(key)
        self._orphans -= kept
        if self.history.before is not None:
            self._log.trim(self.history.before.position)

    def _kept(self) -> set[str]:
        manifests = (self.history.newest, self.history.before)
        return {key for manifest in manifests if manifest is not None for key in manifest.keys}

    def sweep(self) -> None:
        """Remove every file that neither manifest reaches: what a crash left behind."""
        if self._shared:
            return
        kept = self._kept()
        for key in (*self._store.list(SEGMENTS), *self._store.list(MANIFESTS)):
            if key not in kept:
                self._store.delete(key)


def _greatest_number(store: Store) -> int:
    keys = (*store.list(SEGMENTS), *store.list(MANIFESTS))
    return max((int(number) for key in keys for number in _NUMBER.findall(key)), default=0)
