"""Opening a shard: the newest manifest that can be read, its segments verified, the rest quarantined.

    the newest manifest, if it and all its files are whole    -> replay the log from its position
    else an older one that is whole                           -> replay the log from there: nothing is missing
    else the newest readable one                              -> its damaged segments are quarantined

A quarantined segment is not served and stays on disk, named in `damage`, until somebody restores the file and opens
again; then its points return, except those written anew meanwhile (those deleted meanwhile come back, too).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tamis.errors import Corrupt, NotFound, TamisError
from tamis.log.log import Log
from tamis.segment.alive import Mask, unpack_rows
from tamis.segment.format import overlay_key
from tamis.segment.overlay import read_overlay
from tamis.segment.segment import Segment
from tamis.segment.view import Snapshot
from tamis.shard.ledger import History, Ledger, Quarantined
from tamis.shard.manifest import Manifest, SealedEntry, manifest_key, manifest_numbers, read_manifest
from tamis.shard.state import Slot, State
from tamis.storage.store import Store

__all__ = ["Recovered", "recover"]


@dataclass(slots=True)
class Recovered:
    """A shard's state as of its manifest. damage: what could not be read, by key."""

    state: State
    ledger: Ledger
    damage: dict[str, TamisError] = field(default_factory=dict)


@dataclass(slots=True)
class _Opened:
    manifest: Manifest
    slots: list[Slot] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)


def recover(store: Store, log: Log, *, shared: bool = False, known: Mapping[str, Segment] | None = None) -> Recovered:
    """Read manifest and segments. NotFound if there is no shard here, Corrupt if no manifest can be read.

    shared: other nodes write here, too. known: segments that are open already, by name; they are not verified again.
    """
    while True:
        numbers = manifest_numbers(store)
        if not numbers:
            raise NotFound("no manifest: there is no shard here")
        try:
            return _recover(store, log, numbers, known or {}, shared=shared)
        except (Corrupt, NotFound):
            if not shared or max(manifest_numbers(store), default=0) <= numbers[-1]:
                raise  # otherwise there is a newer one, and what this one needs is gone by now


def _recover(store: Store, log: Log, numbers: list[int], known: Mapping[str, Segment], *, shared: bool) -> Recovered:
    damage: dict[str, TamisError] = {}
    opened: list[_Opened] = []
    for number in reversed(numbers):
        try:
            opened.append(_open(store, number, known))
        except (Corrupt, NotFound) as error:
            damage[manifest_key(number)] = error
            continue
        damage |= {_key_of(lost): lost.error for lost in opened[-1].quarantined}
        if not opened[-1].quarantined:
            break
    if not opened:
        raise next(iter(damage.values()))
    with suppress(NotFound):  # what the log object knew is trimmed; it knows better now
        log.refresh()  # a manifest of another node may be ahead of it
    chosen = opened[-1] if not opened[-1].quarantined and _continues(log, opened[-1].manifest) else opened[0]
    if not _continues(log, chosen.manifest):
        at = chosen.manifest.position
        raise Corrupt("log", 0, f"begins after position {at}, where manifest {chosen.manifest.number} ends")
    return Recovered(*_continue_from(store, log, chosen, numbers[-1], shared=shared), damage)


def _continues(log: Log, manifest: Manifest) -> bool:
    try:
        log.read(manifest.position)
    except NotFound:
        return False
    return True


def _open(store: Store, number: int, known: Mapping[str, Segment]) -> _Opened:
    manifest, alive = read_manifest(store, number)
    opened = _Opened(manifest)
    entries = [*manifest.segments, *manifest.quarantined]
    for place, (entry, words) in enumerate(zip(entries, alive, strict=True)):
        try:
            slot = _open_slot(store, manifest, entry, words, known.get(entry.name))
        except (Corrupt, NotFound) as error:
            opened.quarantined.append(Quarantined(entry, words, error))
            continue
        if place >= len(manifest.segments):
            _drop_rewritten(slot, opened.slots)
        opened.slots.append(slot)
    return opened


def _open_slot(store: Store, manifest: Manifest, entry: SealedEntry, alive: Mask, known: Segment | None) -> Slot:
    if known is None:
        segment = Segment.open(store, entry.name, entry.payload)
    else:
        segment = known if known.payload_number == entry.payload else known.with_payload(store, entry.payload)
    overlay = None
    if entry.overlay is not None:
        key = overlay_key(entry.name, entry.overlay)
        overlay = read_overlay(store, key, segment.count, manifest.schema.indexes)
    return Slot(segment.under(manifest.schema), alive, overlay)


def _drop_rewritten(restored: Slot, others: Sequence[Slot]) -> None:
    """A segment came back from quarantine: points that were written since are newer elsewhere."""
    rows = unpack_rows(restored.view().alive)
    ids = restored.body.ids(rows)
    for other in others:
        again = other.find(ids) >= 0
        restored.kill(rows[again & (restored.find(ids) >= 0)])


def _key_of(lost: Quarantined) -> str:
    """Which of the segment's files is to blame."""
    return lost.error.key if isinstance(lost.error, Corrupt) else lost.entry.keys[0]


def _continue_from(store: Store, log: Log, chosen: _Opened, newest: int, *, shared: bool) -> tuple[State, Ledger]:
    manifest = chosen.manifest
    slots = [slot for slot in chosen.slots if slot.alive_count]
    state = State(manifest.schema, manifest.position, slots)
    sealed = Snapshot(manifest.position, manifest.schema, tuple(slot.view() for slot in slots))
    ledger = Ledger(store, log, sealed, History(manifest, None, tuple(chosen.quarantined), newest), shared=shared)
    if log.end < manifest.position:
        if shared:
            raise Corrupt("log", 0, f"ends at position {log.end}, before manifest {manifest.number} begins")
        # An unsynced log lost its end after the manifest was written. Nothing is missing, but positions must go on.
        log.append([b""] * (manifest.position - log.end))
    if not chosen.quarantined:
        ledger.sweep()
    return state, ledger
