"""One file of a log: its header, its records, its damage.

    0    header, 32 bytes: magic, version, first position, checksum
    32   groups of records (`tamis.storage.frame`), first position, first position + 1, …

The name is the first position too, so that an empty file still says where its log goes on. A file is made under another
name and renamed, so its header is always whole. What is not here: which files there are, and who writes (`FileLog`).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tamis.errors import Corrupt
from tamis.storage.crc import crc32c
from tamis.storage.frame import Group, scan
from tamis.storage.local import map_file, write_all

__all__ = ["DRAFT", "HEADER_BYTES", "LogFile", "count_records", "create_file", "list_files", "read_groups"]

MAGIC = b"TAMISLOG"
VERSION = 1
DRAFT = "draft"
HEADER_BYTES = 32
_HEADER = struct.Struct("<8sQQII")  # magic, version, first position, zero, checksum
_CHECKED = 28
_SUFFIX = ".log"


@dataclass(slots=True)
class LogFile:
    """first: the position of its first record, present or future. size: bytes that are header and whole groups."""

    path: Path
    first: int
    size: int


def list_files(directory: Path) -> list[LogFile]:
    """The files of a log in order, unread."""
    paths = sorted(path for path in directory.glob(f"*{_SUFFIX}") if path.stem.isdecimal())
    return [LogFile(path, int(path.stem), path.stat().st_size) for path in paths]


def create_file(directory: Path, first: int) -> tuple[LogFile, int]:
    """An empty file and a descriptor to write it. OSError leaves nothing behind. The folder is the caller's to sync."""
    draft = directory / DRAFT
    path = directory / f"{first:020d}{_SUFFIX}"
    header = _HEADER.pack(MAGIC, VERSION, first, 0, 0)
    header = _HEADER.pack(MAGIC, VERSION, first, 0, crc32c(header[:_CHECKED]))
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(descriptor, [header])
        os.fsync(descriptor)
        draft.rename(path)
    except OSError:
        os.close(descriptor)
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    return LogFile(path, first, HEADER_BYTES), descriptor


def count_records(file: LogFile, newest: bool) -> tuple[int, int]:
    """The last position in the file (first - 1 if it is empty) and its bytes up to there. Corrupt if it is damaged.

    newest: a torn tail is fine and not counted.
    """
    last, whole = file.first - 1, HEADER_BYTES
    for group in read_groups(file, map_file(file.path), torn_tail=newest):
        last, whole = last + group.count, group.end
    return last, whole


def read_groups(file: LogFile, view: memoryview, torn_tail: bool = False) -> Iterator[Group]:
    """The groups in the file's bytes. Corrupt names the file and the byte."""
    key = str(file.path)
    if len(view) < HEADER_BYTES:
        raise Corrupt(key, len(view), f"ends after {len(view)} bytes, before its header does")
    magic, version, first, _, checksum = _HEADER.unpack(view[:HEADER_BYTES])
    if magic != MAGIC or crc32c(view[:_CHECKED]) != checksum:
        raise Corrupt(key, 0, "the header does not match its checksum")
    if version != VERSION:
        raise Corrupt(key, 8, f"has format version {version}; this release reads version {VERSION}")
    if first != file.first:
        raise Corrupt(key, 16, f"says it starts at position {first}; its name says {file.first}")
    yield from scan(view, HEADER_BYTES, file.first, key, torn_tail)
