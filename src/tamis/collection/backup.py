"""What is in a snapshot file: the sealed files of a collection, or of all collections, as one tar.

    of one    header · manifest/<number> · segments/<name>/…   exactly the files that the manifest names
    of all    header · collections/<i>.snapshot …              the snapshots of all of them, one after the other
    header    a framed group of one record, as in a log; the record is `CollectionHeader` or `FullHeader` in msgpack

Writing takes a manifest whose files are held in place and reads them as they are streamed. Reading trusts nothing: a
member that is not due, a size beyond the end, a link or another version is refused, and every file that comes out
carries its own checksums, which opening the collection verifies. They find damage; they are no signature.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from tamis.collection.snapshot_folder import checksum_of
from tamis.errors import Corrupt, NotFound, Rejected, TamisError
from tamis.limits import SNAPSHOT_HEADER_BYTES_MAX
from tamis.log.log import Log
from tamis.model.schema import CollectionSchema
from tamis.shard.manifest import MANIFESTS, Manifest, manifest_key, read_manifest
from tamis.storage.frame import pack_group, scan
from tamis.storage.store import Part, Store
from tamis.storage.tar import Found, Member, read_chunks, read_tar, tar_parts, tar_size

__all__ = [
    "Archive",
    "Check",
    "CollectionHeader",
    "FullHeader",
    "collection_members",
    "full_members",
    "opened_archive",
    "unpack",
]

Check = Callable[[], object]  # called between chunks: raises if going on makes no sense

_T = TypeVar("_T")
_VERSION = 1
_HEADER = "header"
_MANIFEST = re.compile(rf"{MANIFESTS}\d{{12}}")
_CHUNK = 4 * 2**20
_POSITION_MAX = 2**62


class CollectionHeader(msgspec.Struct, frozen=True, tag="collection"):
    """The first member of a collection's snapshot. schema: as the collection was created with."""

    collection: str
    schema: CollectionSchema
    position: int
    version: int = _VERSION


class FullHeader(msgspec.Struct, frozen=True, tag="full"):
    """The first member of a snapshot of everything. collections: their names, in the order of the members."""

    collections: list[str]
    version: int = _VERSION
    aliases: dict[str, str] = {}  # and the collection that each stands for


class _AnyVersion(msgspec.Struct, frozen=True):
    version: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A snapshot that is being read: its header, and the members that follow it, once."""

    header: CollectionHeader | FullHeader
    descriptor: int
    rest: Iterator[Found]

    def collection(self) -> CollectionHeader:
        """The header, if this is the snapshot of one collection."""
        if not isinstance(self.header, CollectionHeader):
            raise Rejected("snapshot", "holds all collections of a database; recover it as a full snapshot")
        return self.header

    def full(self) -> FullHeader:
        """The header, if this is the snapshot of everything."""
        if not isinstance(self.header, FullHeader):
            raise Rejected("snapshot", f"holds the collection {self.header.collection!r} only, not all collections")
        if len(set(self.header.collections)) < len(self.header.collections):
            raise Corrupt(_HEADER, 0, "names a collection twice")
        if not set(self.header.aliases.values()) <= set(self.header.collections):
            raise Corrupt(_HEADER, 0, "names an alias of a collection that is not in it")
        return self.header

    def collections(self) -> Iterator[tuple[str, Archive]]:
        """The collections of a full snapshot and their snapshots; each is to be read before the next."""
        for number, name in enumerate(self.full().collections):
            found = _due(self.rest, _nested(number))
            inner = _archive(self.descriptor, found.start, found.start + found.size)
            if inner.collection().collection != name:
                raise Corrupt(found.name, 0, f"holds the collection {inner.collection().collection!r}, not {name!r}")
            yield name, inner
        for found in self.rest:
            raise Corrupt(found.name, 0, "does not belong to the snapshot")


def collection_members(
    name: str, schema: CollectionSchema, store: Store, manifest: Manifest, check: Check
) -> list[Member]:
    """What a collection's snapshot consists of. The manifest's files must stay in the store until it is written."""
    header = CollectionHeader(name, schema, manifest.position)
    keys = [manifest_key(manifest.number), *sorted(manifest.files)]
    return [_header(header), *(_file(store, key, check) for key in keys)]


def full_members(collections: Mapping[str, Sequence[Member]], aliases: Mapping[str, str], written: int) -> list[Member]:
    """What a full snapshot consists of, given the members of the snapshot of each collection.

    Aliases of collections that came meanwhile are left out.
    """
    nested = [
        Member(_nested(number), tar_size(members), lambda members=members: tar_parts(members, written))  # type: ignore[misc]
        for number, members in enumerate(collections.values())
    ]
    held = {alias: of for alias, of in aliases.items() if of in collections}
    return [_header(FullHeader(list(collections), aliases=held)), *nested]


@contextmanager
def opened_archive(source: Path, checksum: str | None) -> Iterator[Archive]:
    """The snapshot in a file, for as long as the block runs. Rejected if it is none, or its SHA-256 is another.

    What the block finds wrong with the file while reading it is Rejected too.
    """
    if not source.is_file():
        raise NotFound(f"snapshot: there is no file {source}")
    try:
        file = source.open("rb")
    except OSError as error:
        raise Rejected("snapshot", f"{source} cannot be read: {error.strerror}") from error
    with file, _refusing_damage():
        if checksum is not None and (actual := checksum_of(source)) != checksum:
            raise Rejected("checksum", f"expected {checksum}, got {actual}: the file is damaged or another one")
        yield _archive(file.fileno(), 0, os.fstat(file.fileno()).st_size)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except (Corrupt, NotFound) as error:
        raise Rejected("snapshot", f"is damaged or no snapshot: {error}") from error
    except TamisError:
        raise
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise Rejected("snapshot", f"cannot be read ({error!r})") from error


def unpack(archive: Archive, place: tuple[Store, Log], check: Check) -> None:
    """Put the files of a collection's snapshot into an empty place, from where the collection can be opened."""
    store, log = place
    header = archive.collection()
    found = next(archive.rest, None)
    if found is None or not _MANIFEST.fullmatch(found.name):
        raise Corrupt("tar", 0, f"the second member is {found.name if found else 'missing'}, not a manifest")
    store.put(found.name, _checked(archive, found, check))
    manifest, _ = read_manifest(store, int(found.name.removeprefix(MANIFESTS)))
    if manifest.position != header.position or not 0 <= manifest.position < _POSITION_MAX or manifest.quarantined:
        raise Corrupt(found.name, 0, "does not fit the header")
    missing = set(manifest.files)
    for found in archive.rest:
        if found.name not in missing:
            raise Corrupt(found.name, 0, "is there twice, or the manifest does not name it")
        missing.discard(found.name)
        store.put(found.name, _checked(archive, found, check))
    for key in sorted(missing):
        raise Corrupt(key, 0, "the manifest names it, but it is missing")
    log.trim(manifest.position)  # positions go on from there


def _archive(descriptor: int, start: int, end: int) -> Archive:
    rest = read_tar(descriptor, start, end)
    found = _due(rest, _HEADER)
    if found.size > SNAPSHOT_HEADER_BYTES_MAX:
        raise Corrupt(_HEADER, 0, f"is {found.size} bytes long; at most {SNAPSHOT_HEADER_BYTES_MAX} are read")
    raw = memoryview(b"".join(read_chunks(descriptor, found)))
    records = [record for group in scan(raw, 0, 1, _HEADER, torn_tail=False) for _, record in group.records()]
    if len(records) != 1:
        raise Corrupt(_HEADER, 0, f"is one record, this has {len(records)}")
    version = msgspec.msgpack.decode(records[0], type=_AnyVersion).version
    if version != _VERSION:
        raise Rejected("snapshot", f"has format version {version}; this release reads version {_VERSION}")
    header = msgspec.msgpack.decode(records[0], type=CollectionHeader | FullHeader)
    return Archive(header, descriptor, rest)


def _due(rest: Iterator[Found], name: str) -> Found:
    found = next(rest, None)
    if found is None or found.name != name:
        raise Corrupt("tar", 0, f"member {name!r} is due, there is {repr(found.name) if found else 'none'}")
    return found


def _checked(archive: Archive, found: Found, check: Check) -> Iterator[bytes]:
    for chunk in read_chunks(archive.descriptor, found):
        check()
        yield chunk


def _nested(number: int) -> str:
    return f"collections/{number:06d}.snapshot"


def _header(header: CollectionHeader | FullHeader) -> Member:
    raw = b"".join(pack_group(1, [msgspec.msgpack.encode(header)]))
    return Member(_HEADER, len(raw), lambda: [raw])


def _file(store: Store, key: str, check: Check) -> Member:
    def parts() -> Iterable[Part]:
        whole = _present(store.map, key, check)
        for at in range(0, len(whole), _CHUNK):
            check()
            yield whole[at : at + _CHUNK]

    return Member(key, _present(store.size, key, check), parts)


def _present(read: Callable[[str], _T], key: str, check: Check) -> _T:
    try:
        return read(key)
    except NotFound as error:
        check()  # the collection may have been deleted under our hands
        raise Corrupt(key, 0, "the manifest names it, but it is missing") from error
