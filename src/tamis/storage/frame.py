"""Groups of records, framed so that a reader finds what is whole, what is torn and what is damaged.

    group    header, 32 bytes: magic, records, position of the first, bytes of the body, checksums of body and header
             body: per record its length (8 bytes) and its bytes

A group is what one append made durable, all of it or nothing. The last group of a file may be torn by a crash while it
was written; it was never acknowledged, and `scan` ends before it. Any other damage is Corrupt. The two look different:

    torn      the file ends inside the group, or a sector of it was never written and is all zeros
    damaged   a whole group follows, or the group is all there and its checksum is wrong

So an acknowledged group is not silently cut off, except when a bit flips in the very last one and it holds such zeros.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tamis.errors import Corrupt
from tamis.storage.crc import crc32c
from tamis.storage.store import Part

__all__ = ["Group", "pack_group", "scan"]

_MAGIC = b"tGRP"
_SECTOR = 512  # what a disk writes whole or not at all
_HEADER = struct.Struct("<4sIQQII")  # magic, records, position, body bytes, body checksum, header checksum
_CHECKED = 28  # of the header
_LENGTH = struct.Struct("<Q")
_JOIN_BYTES_MAX = 2**20  # smaller groups are one buffer, larger ones are not copied


@dataclass(frozen=True, slots=True)
class Group:
    """One whole group found by `scan`. end: the byte after it."""

    position: int
    count: int
    end: int
    body: memoryview

    def records(self) -> Iterator[tuple[int, bytes]]:
        """Position and bytes of every record."""
        at = 0
        for position in range(self.position, self.position + self.count):
            (length,) = _LENGTH.unpack_from(self.body, at)
            at += _LENGTH.size + length
            yield position, bytes(self.body[at - length : at])


def pack_group(position: int, records: Sequence[bytes]) -> list[Part]:
    """The bytes of a group, as buffers to be written one after the other.

    >>> data = b"".join(pack_group(7, [b"a", b"bc"]))
    >>> [list(group.records()) for group in scan(memoryview(data), 0, 7, "log")]
    [[(7, b'a'), (8, b'bc')]]
    """
    body: list[Part] = []
    for record in records:
        body += [_LENGTH.pack(len(record)), record]
    length = sum(map(len, body))
    if length <= _JOIN_BYTES_MAX:
        body = [b"".join(body)]
    checksum = 0
    for part in body:
        checksum = crc32c(part, checksum)
    header = _HEADER.pack(_MAGIC, len(records), position, length, checksum, 0)
    header = _HEADER.pack(_MAGIC, len(records), position, length, checksum, crc32c(header[:_CHECKED]))
    return [header, *body]


def scan(view: memoryview, start: int, position: int, key: str, torn_tail: bool = True) -> Iterator[Group]:
    """Whole groups from byte `start`, the first of which holds `position`; ends at a torn tail.

    torn_tail: whether a torn tail may be here: only in the newest file. Corrupt names `key` and the byte.
    """
    while start < len(view):
        group = _group(view, start)
        if group is None:
            if torn_tail and _is_torn(view, start):
                return
            raise Corrupt(key, start, f"the records from position {position} on do not match their checksum")
        if group.position != position:
            raise Corrupt(key, start, f"holds position {group.position} where {position} is due")
        yield group
        start = group.end
        position += group.count


def _group(view: memoryview, start: int) -> Group | None:
    extent = _extent(view, start)
    if extent is None or extent[3] > len(view):
        return None
    position, count, body_start, end, checksum = extent
    body = view[body_start:end]
    return Group(position, count, end, body) if crc32c(body) == checksum else None


def _extent(view: memoryview, start: int) -> tuple[int, int, int, int, int] | None:
    """What a sound header says: position, records, start and end of the body, its checksum."""
    body_start = start + _HEADER.size
    if body_start > len(view):
        return None
    magic, count, position, length, checksum, header_checksum = _HEADER.unpack(view[start:body_start])
    if magic != _MAGIC or crc32c(view[start : start + _CHECKED]) != header_checksum:
        return None
    return position, count, body_start, body_start + length, checksum


def _is_torn(view: memoryview, start: int) -> bool:
    """Whether the bad group at `start` can be what a crash left of the last write."""
    extent = _extent(view, start)
    end = len(view) if extent is None else extent[3]
    if extent is None and len(view) - start < _HEADER.size:
        return True
    if _has_group_after(view, start + 1 if extent is None else end):
        return False
    return end > len(view) or _has_empty_sector(view, start, end)


def _has_group_after(view: memoryview, start: int) -> bool:
    rest = bytes(view[start:])
    at = rest.find(_MAGIC)
    while at >= 0:
        if _group(view, start + at) is not None:
            return True
        at = rest.find(_MAGIC, at + 1)
    return False


def _has_empty_sector(view: memoryview, start: int, end: int) -> bool:
    while start < end:
        stop = min(end, (start // _SECTOR + 1) * _SECTOR)
        if not any(view[start:stop]):
            return True
        start = stop
    return False
