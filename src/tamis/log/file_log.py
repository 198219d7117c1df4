"""A log in a directory: numbered files, appended to, synced before an append returns.

    <directory>/00000000000000000001.log    records 1 … 812
    <directory>/00000000000000000813.log    records 813 …        the newest; only this one is written

Trimming removes whole files. Opening reads the newest file, cuts a torn tail off, and raises Corrupt for anything else;
older files are checked as they are read.

A write that fails, as on a full disk, is cut off again and the log goes on. If a sync fails the log is poisoned: nobody
knows what the disk holds then, and the kernel may say so only once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tamis.errors import Corrupt, NotFound, Poisoned, Unavailable
from tamis.log.log import check_end
from tamis.log.log_file import DRAFT, LogFile, count_records, create_file, list_files, read_groups
from tamis.storage.frame import pack_group
from tamis.storage.local import make_folder, map_file, refusal, sync_folder, write_all
from tamis.storage.store import Part

__all__ = ["FileLog", "find_log_damage"]

_CLOSED = -1


class FileLog:
    """A `Log` in `directory`, which is created if missing. The caller holds the directory's lock.

    sync: without it an append returns before the disk has the records: a crash of the process loses nothing, a power
    cut may lose the last seconds. segment_bytes: when a new file is begun. fdatasync: tests make it fail.

    >>> import tempfile
    >>> log = FileLog(Path(tempfile.mkdtemp()))
    >>> log.append([b"a", b"b"]), log.append([b"c"]), log.end
    (1, 3, 3)
    >>> list(log.read(after=1))
    [(2, b'b'), (3, b'c')]
    >>> log.close()
    """

    def __init__(
        self,
        directory: Path,
        *,
        sync: bool = True,
        segment_bytes: int = 64 * 2**20,
        fdatasync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        self.directory = Path(directory)
        self._sync = fdatasync if sync else None
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        self._poison: str | None = None
        self._descriptor = _CLOSED
        self._end = 0
        make_folder(self.directory)
        (self.directory / DRAFT).unlink(missing_ok=True)
        self._files = list_files(self.directory)
        if self._files:
            self._open_newest()
        else:
            self._begin_file(1)

    @property
    def end(self) -> int:
        """The position of the last record; 0 if there never was one."""
        return self._end

    def refresh(self) -> int:
        """The end: nobody else appends."""
        return self.end

    @property
    def size(self) -> int:
        """Bytes of all files."""
        with self._lock:
            return sum(file.size for file in self._files)

    def append(self, records: Sequence[bytes], after: int | None = None) -> int:
        """Write the records as one group with one sync; returns the position of the first."""
        assert records, "an append of nothing has no position"
        with self._lock:
            if self._poison is not None:
                raise Poisoned(self._poison)
            check_end(self._end, after)
            if self._files[-1].size >= self._segment_bytes and not self._is_newest_empty():
                self._begin_file(self._end + 1)
            first = self._end + 1
            self._write(pack_group(first, records))
            self._end += len(records)
            return first

    def read(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Records with a position greater than `after`, as far as the log went when this was called."""
        with self._lock:
            trimmed = self._files[0].first - 1
            if after < trimmed:
                raise NotFound(f"{self.directory}: positions up to {trimmed} were trimmed; asked for {after + 1}")
            # Mapped now: a file that is trimmed meanwhile stays readable.
            files = [(file, map_file(file.path)[: file.size]) for file in self._files_after(after)]
            end = self._end
        return _read_files(files, after, end)

    def trim(self, upto: int) -> None:
        """Remove files whose records are all at or before `upto`; positions go on after it."""
        with self._lock:
            if self._poison is None and upto >= self._end:
                self._begin_after(upto)
            while len(self._files) > 1 and self._files[1].first <= upto + 1:
                self._files[0].path.unlink(missing_ok=True)
                del self._files[0]

    def close(self) -> None:
        """Close the newest file; nothing is left to be written."""
        with self._lock:
            if self._descriptor != _CLOSED:
                os.close(self._descriptor)
                self._descriptor = _CLOSED
                self._poison = self._poison or f"{self.directory}: the log is closed"

    def _open_newest(self) -> None:
        newest = self._files[-1]
        self._end, whole = count_records(newest, newest=True)
        self._descriptor = os.open(newest.path, os.O_WRONLY)
        if whole < newest.size:
            os.ftruncate(self._descriptor, whole)
            newest.size = whole
        # What a killed process wrote and did not sync is about to be read and built upon.
        os.fsync(self._descriptor)

    def _begin_after(self, upto: int) -> None:
        if upto == self._end and self._is_newest_empty():
            return
        try:
            self._begin_file(upto + 1)
        except Unavailable:
            if upto > self._end:
                raise  # otherwise a full disk only means that less is trimmed

    def _is_newest_empty(self) -> bool:
        return self._end < self._files[-1].first

    def _begin_file(self, first: int) -> None:
        """Go on in a new file; the old one is never written again."""
        try:
            file, descriptor = create_file(self.directory, first)
        except OSError as error:
            raise refusal(self.directory, error) from error
        if self._descriptor != _CLOSED:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._files.append(file)
        self._end = first - 1
        try:
            sync_folder(self.directory)
        except OSError as error:
            raise self._poisoned(f"{self.directory}: could not be synced ({error.strerror})") from error

    def _files_after(self, after: int) -> list[LogFile]:
        following = [*(file.first for file in self._files[1:]), self._end + 1]
        return [file for file, end in zip(self._files, following, strict=True) if end - 1 > after]

    def _write(self, parts: Sequence[Part]) -> None:
        file = self._files[-1]
        os.lseek(self._descriptor, file.size, os.SEEK_SET)
        try:
            write_all(self._descriptor, parts)
        except OSError as error:
            self._take_back(file)
            raise refusal(file.path, error) from error
        try:
            if self._sync is not None:
                self._sync(self._descriptor)
        except OSError as error:
            problem = f"{file.path}: could not be synced at byte {file.size} ({error.strerror})"
            raise self._poisoned(problem) from error
        file.size += sum(map(len, parts))

    def _take_back(self, file: LogFile) -> None:
        """Cut off what a failed write left."""
        try:
            os.ftruncate(self._descriptor, file.size)
        except OSError as error:
            problem = f"{file.path}: a failed write could not be cut off at byte {file.size} ({error.strerror})"
            raise self._poisoned(problem) from error

    def _poisoned(self, problem: str) -> Poisoned:
        self._poison = f"{problem}; writes are refused until the data is opened again; check the disk"
        return Poisoned(self._poison)


def find_log_damage(directory: Path) -> list[Corrupt]:
    """Everything that is wrong with a log: at most one finding per file. Only reads. A torn tail is not damage."""
    found = []
    due: int | None = None
    files = list_files(directory)
    for file in files:
        if due is not None and file.first != due:
            found.append(_gap(file, due))
        try:
            due = count_records(file, newest=file is files[-1])[0] + 1
        except Corrupt as damage:
            found.append(damage)
            due = None
    return found


def _read_files(files: list[tuple[LogFile, memoryview]], after: int, end: int) -> Iterator[tuple[int, bytes]]:
    due = files[0][0].first if files else end + 1
    for file, view in files:
        if file.first != due:
            raise _gap(file, due)
        for group in read_groups(file, view):
            due += group.count
            if due - 1 > after:
                yield from (record for record in group.records() if record[0] > after)
    if due != end + 1:
        file = files[-1][0]
        raise Corrupt(str(file.path), file.size, f"ends at position {due - 1}; the log goes on to {end}")


def _gap(file: LogFile, due: int) -> Corrupt:
    return Corrupt(str(file.path), 0, f"starts at position {file.first} where {due} is due")
