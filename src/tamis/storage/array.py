"""Many named arrays in one object, mapped into memory and checked block by block.

    0      header, 64 bytes    magic, version, lengths, checksums
    64     directory           msgpack: per array name, dtype, shape, start, bytes, CRC32C of every block
    …      meta                the writer's own bytes
    …      arrays              each at a multiple of 128, zeros between

Everything is covered by a checksum except the zeros. A block is 4 MiB, so damage is named to within 4 MiB. Arrays that
come out are read-only views of the map: opening copies nothing. What the arrays mean is the caller's business.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.errors import Corrupt
from tamis.storage.aligned import ALIGNMENT
from tamis.storage.crc import crc32c
from tamis.storage.store import Part, Store

__all__ = ["ArrayFile", "find_damage", "write_arrays"]

MAGIC = b"TAMISARR"
VERSION = 2
BLOCK = 4 * 2**20

# magic, version, zero, bytes of the directory, of meta, of the file, checksums of directory, meta, and this header
_HEADER = struct.Struct("<8sIIQQQIIQI4x")
_UNSIGNED = struct.Struct("<I")
_CHECKED = _HEADER.size - 8  # the header's own checksum and padding come last


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    length: int
    checksums: bytes  # u32 little-endian, one per block


def write_arrays(store: Store, key: str, arrays: Mapping[str, NDArray[Any]], meta: bytes = b"") -> None:
    """Store the arrays under a new key; Conflict if it is taken. Large arrays are streamed, not copied.

    Any dtype that is plain bytes will do (numbers, bool, fixed strings), in any byte order.

    >>> from tamis.storage.memory import MemoryStore
    >>> store = MemoryStore()
    >>> write_arrays(store, "a", {"x": np.arange(3, dtype=np.int32)}, meta=b"hello")
    >>> file = ArrayFile.open(store, "a")
    >>> file.meta, file.arrays["x"].tolist(), file.sizes
    (b'hello', [0, 1, 2], {'x': 12})
    """
    blocks = {name: _bytes_of(array) for name, array in arrays.items()}
    entries = _directory(arrays, blocks)
    store.put(key, _parts(entries, blocks, meta), if_absent=True)


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """An opened object. arrays: read-only views; sizes: bytes of each; meta: what the writer put there."""

    key: str
    meta: bytes
    arrays: dict[str, NDArray[Any]]
    sizes: dict[str, int]

    @classmethod
    def open(cls, store: Store, key: str, verify: bool = True) -> ArrayFile:
        """Map the object. Corrupt, naming key and byte, if anything is not what was written.

        verify: read every array once and compare its checksums; without it only header, directory and meta are.
        """
        view = store.map(key)
        entries, meta = _read_directory(key, view)
        if verify:
            for damage in _damage(key, view, entries):
                raise damage
        return cls(
            key,
            meta,
            {entry.name: _array(view, entry) for entry in entries},
            {entry.name: entry.length for entry in entries},
        )


def find_damage(store: Store, key: str) -> list[Corrupt]:
    """Everything that is wrong with an array file: empty if it is whole. What `tamis check` calls per file."""
    view = store.map(key)
    try:
        entries, _ = _read_directory(key, view)
    except Corrupt as damage:
        return [damage]
    return list(_damage(key, view, entries))


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    assert not array.dtype.hasobject, "arrays of Python objects have no bytes"
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _aligned(place: int) -> int:
    return -(-place // ALIGNMENT) * ALIGNMENT


def _directory(arrays: Mapping[str, NDArray[Any]], blocks: Mapping[str, NDArray[np.uint8]]) -> list[_Entry]:
    """Entries whose starts count from the first array; `_parts` knows where that is once the directory is encoded."""
    entries = []
    start = 0
    for name, block in blocks.items():
        pieces = (block[at : at + BLOCK] for at in range(0, len(block), BLOCK))
        checksums = b"".join(_UNSIGNED.pack(crc32c(piece.data)) for piece in pieces)
        array = arrays[name]
        entries.append(_Entry(name, array.dtype.str, array.shape, start, len(block), checksums))
        start = _aligned(start + len(block))
    return entries


def _parts(entries: list[_Entry], blocks: Mapping[str, NDArray[np.uint8]], meta: bytes) -> Iterator[Part]:
    directory = msgspec.msgpack.encode(entries)
    first = _aligned(_HEADER.size + len(directory) + len(meta))
    total = first + (entries[-1].start + entries[-1].length if entries else 0)
    yield _header(directory, meta, total)
    yield directory
    yield meta
    place = _HEADER.size + len(directory) + len(meta)
    for entry in entries:
        yield bytes(first + entry.start - place)
        yield blocks[entry.name].data
        place = first + entry.start + entry.length
    yield bytes(total - place)


def _header(directory: bytes, meta: bytes, total: int) -> bytes:
    fields = (len(directory), len(meta), total, crc32c(directory), crc32c(meta), 0)
    unsigned = _HEADER.pack(MAGIC, VERSION, 0, *fields, 0)
    return _HEADER.pack(MAGIC, VERSION, 0, *fields, crc32c(unsigned[:_CHECKED]))


def _read_directory(key: str, view: memoryview) -> tuple[list[_Entry], bytes]:
    """Header, directory and meta, verified; entries with absolute starts."""
    if len(view) < _HEADER.size:
        raise Corrupt(key, len(view), f"ends after {len(view)} bytes, before its header does")
    magic, version, _, directory_bytes, meta_bytes, total, directory_crc, meta_crc, _, header_crc = _HEADER.unpack(
        view[: _HEADER.size]
    )
    if magic != MAGIC:
        raise Corrupt(key, 0, "is not an array file: the first bytes are wrong")
    if crc32c(view[:_CHECKED]) != header_crc:
        raise Corrupt(key, 0, "the header does not match its checksum")
    if version != VERSION:
        raise Corrupt(key, 8, f"has format version {version}; this release reads version {VERSION}")
    if len(view) != total:
        raise Corrupt(key, min(len(view), total), f"is {len(view)} bytes long, but was written as {total}")
    meta_start = _HEADER.size + directory_bytes
    directory, meta = view[_HEADER.size : meta_start], view[meta_start : meta_start + meta_bytes]
    if crc32c(directory) != directory_crc:
        raise Corrupt(key, _HEADER.size, "the directory does not match its checksum")
    if crc32c(meta) != meta_crc:
        raise Corrupt(key, meta_start, "the meta bytes do not match their checksum")
    first = _aligned(meta_start + meta_bytes)
    entries = msgspec.msgpack.decode(directory, type=list[_Entry])
    return [msgspec.structs.replace(entry, start=first + entry.start) for entry in entries], bytes(meta)


def _damage(key: str, view: memoryview, entries: list[_Entry]) -> Iterator[Corrupt]:
    for entry in entries:
        for block, at in enumerate(range(entry.start, entry.start + entry.length, BLOCK)):
            end = min(at + BLOCK, entry.start + entry.length)
            (expected,) = _UNSIGNED.unpack_from(entry.checksums, block * _UNSIGNED.size)
            if crc32c(view[at:end]) != expected:
                problem = f"array {entry.name!r} does not match its checksum between bytes {at} and {end}"
                yield Corrupt(key, at, problem)


def _array(view: memoryview, entry: _Entry) -> NDArray[Any]:
    dtype = np.dtype(entry.dtype)
    if entry.length == 0:
        array: NDArray[Any] = np.empty(entry.shape, dtype)
    else:
        array = np.frombuffer(view, dtype, count=math.prod(entry.shape), offset=entry.start).reshape(entry.shape)
    array.flags.writeable = False
    return array
