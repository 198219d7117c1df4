"""A snapshot's file from where a request says it is.

file:///path/to/name.snapshot     inside the database's own snapshots folder, nowhere else
http(s)://host/…                  copied into a temporary file first, bounded in size and time; may be switched off
"""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tamis.collection.snapshot_folder import DRAFT
from tamis.errors import Forbidden, Rejected, Unavailable
from tamis.server.backend import Backend

__all__ = ["fetched"]

_BYTES_MAX = 1 << 40
_CHUNK = 1 << 20
_TIMEOUT_S = 60.0  # for every read


@contextmanager
def fetched(backend: Backend, location: str, api_key: str | None) -> Iterator[Path]:
    """The file, as long as the block runs."""
    url = urllib.parse.urlsplit(location)
    if url.scheme == "file":
        yield _confined(backend, Path(urllib.parse.unquote(url.path)))
        return
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Rejected("location", f"must be a file:// or http(s):// address, got {location!r}")
    if not backend.url_recovery:
        raise Forbidden("recovering from a URL is switched off here (snapshots.enable_url_recovery)")
    headers = {} if api_key is None else {"api-key": api_key}
    with tempfile.NamedTemporaryFile(dir=backend.db.snapshots_folder, prefix=DRAFT) as file:
        try:
            with urllib.request.urlopen(urllib.request.Request(location, headers=headers), timeout=_TIMEOUT_S) as reply:
                copied = 0
                while chunk := reply.read(_CHUNK):
                    copied += len(chunk)
                    if copied > _BYTES_MAX:
                        raise Rejected("location", f"the snapshot is larger than {_BYTES_MAX} bytes")
                    file.write(chunk)
        except (OSError, urllib.error.URLError) as error:
            raise Unavailable(f"the snapshot could not be fetched from {location}: {error}") from error
        file.flush()
        yield Path(file.name)


def _confined(backend: Backend, path: Path) -> Path:
    folder = backend.db.snapshots_folder.resolve()
    if not path.resolve().is_relative_to(folder):
        raise Forbidden(f"{path} is not in the snapshots folder of this database")
    if not path.is_file():
        raise Rejected("location", f"there is no file {path}")
    return path
