"""One process per directory: a lock that the kernel drops when its holder dies.

The file `lock` is held with flock; its text says who holds it, for the message that the second process gets. The text
is information only: a stale one does not lock anybody out.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tamis.errors import Conflict

__all__ = ["DirectoryLock"]

_TEXT_BYTES_MAX = 1_000


class DirectoryLock:
    """Held from construction to `release`. Conflict, naming the holder, if the directory is in use.

    >>> import tempfile
    >>> lock = DirectoryLock(Path(tempfile.mkdtemp()))
    >>> lock.release()
    """

    def __init__(self, directory: Path) -> None:
        self.path = Path(directory) / "lock"
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, _TEXT_BYTES_MAX, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise Conflict(
                f"{self.path.parent} is in use by {holder or 'another process'}; "
                "close it there first: one process at a time may open a directory"
            ) from None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):  # a full disk: the second process is told no name
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"pid {os.getpid()} on {socket.gethostname()} since {now}\n".encode(), 0)

    def release(self) -> None:
        """Let the next process in. The file stays: removing it would let two processes lock two files."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
