"""Snapshot files in a folder: named, written whole or not at all, listed, confined.

    <stem>-2026-01-31-12-00-00-1a2b3c4d.snapshot            there only once all its bytes are durable
    <stem>-2026-01-31-12-00-00-1a2b3c4d.snapshot.checksum   SHA-256 of it in hex, there before it
    .draft-<random>                                         being written, or left by a killed process

A name that a user gives is a plain file name ending in `.snapshot`, and what it names is a regular file of this folder:
nothing leads out of it. What is inside the files is `tamis.collection.backup`'s.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tamis.errors import NotFound, Rejected
from tamis.storage.local import make_folder, refusal, sync_folder, write_file
from tamis.storage.store import Part

__all__ = ["DRAFT", "SnapshotFolder", "SnapshotInfo", "checksum_of", "sweep_drafts"]

DRAFT = ".draft-"  # what the names of unfinished files begin with
_ENDING = ".snapshot"
_CHECKSUM = ".checksum"
_NAME_BYTES_MAX = 255 - len(_CHECKSUM)
_STEM_BYTES_MAX = 180
_HEX = re.compile(r"[0-9a-f]{64}")
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A snapshot file. creation_time: UTC, to the second; size: bytes; checksum: SHA-256 in hex, None if unknown."""

    name: str
    creation_time: str
    size: int
    checksum: str | None


class SnapshotFolder:
    """The snapshots of one collection, or the full ones. The folder need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_collection(cls, root: Path, collection: str) -> SnapshotFolder:
        """The folder of a collection below `root`. Rejected if its name cannot be one."""
        if collection in (".", "..") or collection.startswith(DRAFT):
            raise Rejected("collection", f"a collection named {collection!r} cannot have snapshots")
        return cls(root / collection)

    def save(self, stem: str, parts: Iterable[Part]) -> SnapshotInfo:
        """Write a new snapshot. Unavailable if the disk refuses; then nothing is left of it."""
        now = datetime.now(UTC)
        name = f"{_stem(stem)}-{now:%Y-%m-%d-%H-%M-%S}-{secrets.token_hex(4)}{_ENDING}"
        target = self.folder / name
        beside = self.folder / (name + _CHECKSUM)
        try:
            make_folder(self.folder)
            with self._draft() as draft, self._draft() as checksum_draft:
                checksum = hashlib.sha256()
                write_file(draft, _digested(parts, checksum))
                write_file(checksum_draft, [checksum.hexdigest().encode()])
                checksum_draft.rename(beside)
                draft.rename(target)
            sync_folder(self.folder)
            return self._info(name)
        except OSError as error:
            for path in (target, beside):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise refusal(target, error) from error

    def infos(self) -> list[SnapshotInfo]:
        """What is here, oldest first."""
        try:
            names = os.listdir(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = []
        for name in names:
            if _is_name(name) and _is_file(self.folder / name):
                with suppress(FileNotFoundError):  # deleted meanwhile
                    found.append(self._info(name))
        return sorted(found, key=lambda info: (info.creation_time, info.name))

    def path(self, name: Any) -> Path:
        """Where a snapshot is. Rejected if this is no name of one, NotFound if there is none."""
        if not _is_name(name):
            raise Rejected("snapshot", f"must be a file name that ends in {_ENDING}, got {name!r}")
        path = self.folder / str(name)
        if not _is_file(path) or self.folder.is_symlink():
            raise NotFound(f"snapshot {name!r} does not exist")
        return path

    def delete(self, name: Any) -> None:
        """Remove a snapshot. NotFound."""
        path = self.path(name)
        try:
            path.unlink(missing_ok=True)
            path.with_name(path.name + _CHECKSUM).unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as error:
            raise refusal(path, error) from error

    def _info(self, name: str) -> SnapshotInfo:
        status = os.lstat(self.folder / name)
        created = datetime.fromtimestamp(int(status.st_mtime), UTC).replace(tzinfo=None)
        checksum = None
        with suppress(OSError, ValueError):
            text = (self.folder / (name + _CHECKSUM)).read_text(encoding="ascii").strip()
            checksum = text if _HEX.fullmatch(text) else None
        return SnapshotInfo(name, created.isoformat(timespec="seconds"), status.st_size, checksum)

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """A path that nothing is at, before and after."""
        draft = self.folder / f"{DRAFT}{secrets.token_hex(8)}"
        try:
            yield draft
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def sweep_drafts(root: Path) -> None:
    """Remove what a killed process left below the snapshots folder of a database that this process holds."""
    for pattern in (f"{DRAFT}*", f"*/{DRAFT}*"):
        for draft in root.glob(pattern):
            if draft.is_file() or draft.is_symlink():
                draft.unlink(missing_ok=True)


def checksum_of(source: Path) -> str:
    """SHA-256 of a file, in hex."""
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stem(text: str) -> str:
    """The beginning of a file name, without what file names and headers dislike.

    >>> _stem("docs"), _stem(".hidden"), _stem("two\\nlines"), len(_stem("x" * 255))
    ('docs', '_hidden', 'two_lines', 180)
    """
    plain = "".join(letter if letter.isprintable() else "_" for letter in text)
    short = plain.encode()[:_STEM_BYTES_MAX].decode(errors="ignore")
    return f"_{short[1:]}" if short.startswith(".") else short


def _is_name(name: Any) -> bool:
    if not isinstance(name, str) or not name.endswith(_ENDING) or name.startswith("."):
        return False
    try:
        return len(name.encode()) <= _NAME_BYTES_MAX and not set(name) & set("/\\\0")
    except UnicodeEncodeError:
        return False


def _is_file(path: Path) -> bool:
    """Whether there is a regular file, and not a link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _digested(parts: Iterable[Part], checksum: Any) -> Iterator[Part]:
    """The same parts, cut into chunks, each counted in."""
    for part in parts:
        whole = memoryview(part).cast("B")
        for at in range(0, len(whole), _CHUNK):
            chunk = whole[at : at + _CHUNK]
            checksum.update(chunk)
            yield chunk
