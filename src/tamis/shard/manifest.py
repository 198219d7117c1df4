"""The manifest: which sealed files make up a shard, exact at one position of the log.

    manifest/<number>   an array file; meta: Manifest in msgpack, arrays: alive.<i> for segments with dead rows

Numbers only grow and each is created once. The newest two stay: the newest is the truth, the one before it, with
its files and the log from its position, is what recovery falls back to when the newest turns out to be damaged.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tamis.model.schema import CollectionSchema
from tamis.segment.alive import Mask, all_rows
from tamis.segment.format import overlay_key, payload_key, points_key
from tamis.storage.array import ArrayFile, write_arrays
from tamis.storage.store import Store

__all__ = [
    "MANIFESTS",
    "Manifest",
    "SealedEntry",
    "manifest_key",
    "manifest_numbers",
    "read_manifest",
    "write_manifest",
]

MANIFESTS = "manifest/"


class SealedEntry(msgspec.Struct, frozen=True):
    """One sealed segment."""

    name: str
    payload: int  # number of its payload file
    rows: int
    alive_count: int
    overlay: int | None = None  # number of its overlay file

    @property
    def keys(self) -> list[str]:
        """Keys of its files."""
        keys = [points_key(self.name), payload_key(self.name, self.payload)]
        return keys if self.overlay is None else [*keys, overlay_key(self.name, self.overlay)]


class Manifest(msgspec.Struct, frozen=True):
    """A shard's sealed state. quarantined: segments that could not be read; they are kept, not served."""

    number: int
    position: int
    schema: CollectionSchema
    segments: list[SealedEntry] = []
    quarantined: list[SealedEntry] = []

    @property
    def files(self) -> set[str]:
        """Keys of the files it lists."""
        return {key for entry in (*self.segments, *self.quarantined) for key in entry.keys}

    @property
    def keys(self) -> set[str]:
        """Keys of the files it lists and its own."""
        return {manifest_key(self.number), *self.files}


def manifest_key(number: int) -> str:
    """Key of a manifest."""
    return f"{MANIFESTS}{number:012d}"


def manifest_numbers(store: Store) -> list[int]:
    """Numbers of all manifests, ascending."""
    return [int(key.removeprefix(MANIFESTS)) for key in store.list(MANIFESTS)]


def write_manifest(store: Store, manifest: Manifest, alive: Sequence[Mask]) -> None:
    """Create it; alive: words per segment, the quarantined ones last. Conflict if the number is taken."""
    entries = [*manifest.segments, *manifest.quarantined]
    arrays = {
        f"alive.{place}": words
        for place, (entry, words) in enumerate(zip(entries, alive, strict=True))
        if entry.alive_count < entry.rows
    }
    write_arrays(store, manifest_key(manifest.number), arrays, msgspec.msgpack.encode(manifest))


def read_manifest(store: Store, number: int) -> tuple[Manifest, list[Mask]]:
    """A manifest and its alive words. Corrupt or NotFound if it cannot be read."""
    file = ArrayFile.open(store, manifest_key(number))
    manifest = msgspec.msgpack.decode(file.meta, type=Manifest)
    entries = [*manifest.segments, *manifest.quarantined]
    alive = [file.arrays.get(f"alive.{place}", None) for place in range(len(entries))]
    return manifest, [
        all_rows(entry.rows) if words is None else words for entry, words in zip(entries, alive, strict=True)
    ]
