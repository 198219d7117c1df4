"""Plain tar files, written as a stream and read without trust.

    per member   header, 512 bytes · its bytes · zeros up to a multiple of 512
    end          1,024 zeros

Only regular files with short names; sizes from 8 GiB on are written in base 256, which every tar program reads. The
reader walks from header to header and takes nothing on faith: a link, a folder, an extension header, a size beyond the
end and a missing end are Corrupt. It writes nothing: where members go is the caller's business. A tar inside a tar is
read where it lies, between two bytes of the outer file.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tamis.errors import Corrupt
from tamis.storage.store import Part

__all__ = ["Found", "Member", "read_chunks", "read_tar", "tar_parts", "tar_size"]

_BLOCK = tarfile.BLOCKSIZE
_END = 2 * _BLOCK
_NAME_BYTES_MAX = 100  # more would need an extension header
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be written. parts: its bytes, `size` of them in all."""

    name: str
    size: int
    parts: Callable[[], Iterable[Part]]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was found: `size` bytes from `start` of the tar's file."""

    name: str
    start: int
    size: int


def tar_size(members: Sequence[Member]) -> int:
    """Bytes that `tar_parts` gives."""
    return sum(_BLOCK + _padded(member.size) for member in members) + _END


def tar_parts(members: Sequence[Member], written: int) -> Iterator[Part]:
    """The bytes of a tar with these members. written: when, in seconds since 1970.

    >>> data = b"".join(tar_parts([Member("a", 2, lambda: [b"hi"])], written=0))
    >>> len(data) == tar_size([Member("a", 2, lambda: [b"hi"])]) == 2048
    True
    """
    for member in members:
        assert len(member.name.encode()) <= _NAME_BYTES_MAX, "the name needs an extension header"
        header = tarfile.TarInfo(member.name)
        header.size, header.mtime = member.size, written
        yield header.tobuf(tarfile.GNU_FORMAT)
        size = 0
        for part in member.parts():
            size += memoryview(part).nbytes
            yield part
        assert size == member.size, "a member has the size it was announced with"
        yield bytes(_padded(size) - size)
    yield bytes(_END)


def read_tar(descriptor: int, start: int, end: int) -> Iterator[Found]:
    """The members of the tar between two bytes of an open file. Corrupt names the byte."""
    at = start
    while True:
        block = _read(descriptor, at, _BLOCK, end)
        if not any(block):
            break
        found = _member(block, at, start)
        if found.start + found.size > end:
            left = max(end - found.start, 0)
            problem = f"member {found.name!r} says it has {found.size} bytes, and {left} are left"
            raise Corrupt("tar", at - start, f"{problem}; the file is cut off or damaged")
        yield found
        at = found.start + _padded(found.size)
    if any(_read(descriptor, at, _END, end)) or at + _END != end:
        raise Corrupt("tar", at - start, "something follows the end mark")


def read_chunks(descriptor: int, found: Found) -> Iterator[bytes]:
    """The bytes of a member."""
    at, end = found.start, found.start + found.size
    while at < end:
        chunk = _read(descriptor, at, min(_CHUNK, end - at), end)
        at += len(chunk)
        yield chunk


def _member(block: bytes, at: int, start: int) -> Found:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise Corrupt("tar", at - start, f"is not the header of a member ({error})") from error
    if header.type != tarfile.REGTYPE:
        raise Corrupt("tar", at - start, f"member {header.name!r} is not a plain file")
    if header.size < 0:
        raise Corrupt("tar", at - start, f"member {header.name!r} says it has {header.size} bytes")
    return Found(header.name, at + _BLOCK, header.size)


def _read(descriptor: int, at: int, length: int, end: int) -> bytes:
    read = os.pread(descriptor, length, at) if at + length <= end else b""
    if len(read) != length:
        raise Corrupt("tar", at, "the file ends before its end mark; it is cut off or damaged")
    return read


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
