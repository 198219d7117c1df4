"""Objects in S3 and what is compatible with it, Google Cloud Storage or Azure, through obstore.

    open_store("s3://bucket/prefix")   also gs://, az://; credentials and endpoint from the environment, as SDKs do
    open_store("/shared/directory")    a directory that every node sees

A put that must not overwrite is one request (If-None-Match: *), never multipart. Retries inside obstore may turn a
create that got through into one that is refused, and a time-out leaves it open: it is read back, and the same bytes
are taken for the same create. `map` reads the whole object into memory; `CachedStore` maps it from a local file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tamis.errors import Conflict, NotFound, Rejected, Retryable, TamisError, Unavailable
from tamis.storage.chain import read_back
from tamis.storage.local import LocalStore
from tamis.storage.store import Part, Store, check_key, check_prefix

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Remote

__all__ = ["ObjectStore", "open_store"]

CREATE_BYTES_MAX = 4 * 2**30  # of one request
_AWS = ("AWS_ENDPOINT", "AWS_ENDPOINT_URL")
_AZURE = ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
_ENDPOINTS = {  # by scheme: variables that name another server
    **dict.fromkeys(("s3", "s3a"), _AWS),
    "gs": ("GOOGLE_BASE_URL",),
    **dict.fromkeys(("az", "azure", "abfs", "abfss"), _AZURE),
}

T = TypeVar("T")


def open_store(url: str, timeout: float = 10.0) -> Store:
    """The store at an address or in a directory. Rejected if it cannot be one. timeout: seconds for one request."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        return LocalStore(Path(url))
    if scheme not in _ENDPOINTS:
        raise Rejected("store", f"{url!r} must be a directory or begin with s3://, gs:// or az://")
    try:
        from obstore.store import from_url
    except ImportError:
        raise Rejected("store", f"{scheme}:// needs the extra: pip install 'tamis[cluster]'") from None
    retry: Any = {
        "max_retries": 3,
        "retry_timeout": timedelta(seconds=timeout),
        "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1), "base": 2},
    }
    options: Any = {"timeout": timedelta(seconds=timeout)}
    if any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS[scheme]):
        options["allow_http"] = True
    try:
        return ObjectStore(from_url(url, client_options=options, retry_config=retry))
    except Exception as error:
        raise Rejected("store", f"{url!r} cannot be opened: {_first_line(error)}") from error


class ObjectStore:
    """A `Store` over one of obstore's.

    >>> from obstore.store import MemoryStore
    >>> store = ObjectStore(MemoryStore())
    >>> store.put("a/1", [b"he", b"llo"], if_absent=True)
    >>> store.get("a/1", start=1, length=3), store.list("a/")
    (b'ell', ['a/1'])
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Some bytes of the object, in one request."""
        import obstore

        check_key(key)
        if start == 0 and length is None:
            return self._asked(key, lambda: bytes(obstore.get(self._remote, key).bytes()))
        if length is None:
            length = self.size(key) - start
        if length <= 0:
            self.size(key)
            return b""
        try:
            return self._asked(key, lambda: bytes(obstore.get_range(self._remote, key, start=start, length=length)))
        except Unavailable:
            if self.size(key) <= start:  # stores refuse a range behind the end
                return b""
            raise

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Write the object; a large one that may be overwritten goes up in parts.

        With `if_absent` Unavailable means that whether it was written is not known, also to the store that was asked.
        """
        import obstore

        check_key(key)
        body = b"".join(bytes(part) for part in parts)
        if if_absent and len(body) > CREATE_BYTES_MAX:
            raise Rejected(key, f"{len(body):,} bytes cannot be created in one request; at most {CREATE_BYTES_MAX:,}")
        mode: Any = "create" if if_absent else "overwrite"
        multipart = False if if_absent else None
        try:
            self._asked(key, lambda: obstore.put(self._remote, key, body, mode=mode, use_multipart=multipart))
        except (Conflict, Retryable) as error:
            if not if_absent:
                raise
            read_back(self, key, body, error)

    def list(self, prefix: str) -> list[str]:
        """Sorted keys that start with the prefix."""
        import obstore

        check_prefix(prefix)
        folder = prefix.rpartition("/")[0]

        def listed() -> list[str]:
            return [one["path"] for page in obstore.list(self._remote, folder or None) for one in page]

        return sorted(key for key in self._asked(prefix, listed) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Forget the object."""
        import obstore

        check_key(key)
        try:
            self._asked(key, lambda: obstore.delete(self._remote, key))
        except NotFound:
            return

    def size(self, key: str) -> int:
        """Bytes of the object."""
        return int(self._head(key)["size"])

    def map(self, key: str) -> memoryview:
        """The object's bytes, in memory."""
        return memoryview(self.get(key))

    def modified(self, key: str) -> float:
        """When it was written, by the store's clock."""
        return float(self._head(key)["last_modified"].timestamp())

    def _head(self, key: str) -> Any:
        import obstore

        check_key(key)
        return self._asked(key, lambda: obstore.head(self._remote, key))

    def _asked(self, key: str, ask: Callable[[], T]) -> T:
        from obstore import exceptions

        try:
            return ask()
        except FileNotFoundError:
            raise NotFound(f"{key} does not exist") from None
        except exceptions.AlreadyExistsError:
            raise Conflict(f"{key} exists already") from None
        except exceptions.PreconditionError:
            raise Conflict(f"{key} exists already, or is being created by somebody else") from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise _refused(key, error) from error
        except TamisError:
            raise
        except Exception as error:
            if "403 Forbidden" in _first_line(error):  # how a delete on Azure is refused
                raise _refused(key, error) from error
            raise Unavailable(f"{key}: the store gives no answer ({_first_line(error)}); try again") from error


def _refused(key: str, error: Exception) -> Unavailable:
    why = f"check that they may read, create, list and delete ({_first_line(error)})"
    return Unavailable(f"{key}: the store refuses these credentials; {why}")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
