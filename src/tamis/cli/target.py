"""What a command works on: a database directory, or the address of a server. Both are asked through the same API.

    ./data                  opened in this process, and locked against others while the command runs
    http://host:6333        asked over HTTP, with the key from --api-key or TAMIS_API_KEY

An answer that is an error becomes `Refused` with the words of whoever answered; no answer at all is `Unreachable`.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tamis.embedded.database import open_database
from tamis.errors import NotFound, Rejected, TamisError
from tamis.wire.answers import write
from tamis.wire.bodies import read_object

__all__ = ["Refused", "Target", "Unreachable", "collection_path", "is_address", "opened"]

_TIMEOUT_S = 300.0
_Send = Callable[[str, str, bytes], tuple[int, bytes]]


class Refused(TamisError):
    """The answer was an error. status: as in HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(TamisError):
    """There was no answer."""


class Target:
    """The API of a directory or a server."""

    def __init__(self, send: _Send) -> None:
        self._send = send

    def envelope(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The whole answer. Refused with its message if it is an error."""
        status, raw = self._send(method, path, b"" if body is None else write(body))
        if status >= 400:
            raise Refused(status, _message(status, raw))
        try:
            return read_object(raw)
        except Rejected:
            raise Refused(status, f"status {status} without a JSON object: is there another kind of server?") from None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result."""
        return self.envelope(method, path, body).get("result")


def collection_path(name: str, rest: str = "") -> str:
    """The path of a collection, and what comes after it.

    >>> collection_path("a b", "/points/count")
    '/collections/a%20b/points/count'
    """
    return f"/collections/{quote(name, safe='')}{rest}"


def is_address(target: str) -> bool:
    """Whether it names a server rather than a directory."""
    return target.startswith(("http://", "https://"))


@contextmanager
def opened(target: str, api_key: str = "", create: bool = False) -> Iterator[Target]:
    """The target, as long as the block runs. create: make the directory if there is none."""
    if is_address(target):
        connection = _Connection(target, api_key)
        try:
            yield Target(connection)
        finally:
            connection.close()
        return
    if not create and not (Path(target) / "catalog").is_dir():
        raise NotFound(f"target: {target} is not a tamis database")
    from tamis.server.in_process import InProcess

    with open_database(target) as database:
        api = InProcess(database)

        def send(method: str, path: str, body: bytes) -> tuple[int, bytes]:
            reply = api.call(method, path, body)
            return reply.status, reply.body

        yield Target(send)


class _Connection:
    """One kept-alive connection to a server."""

    def __init__(self, address: str, api_key: str) -> None:
        if not address.isprintable() or " " in address:
            raise Rejected("target", f"{address!r} is no address; write http://host:6333")
        if not (api_key.isascii() and api_key.isprintable()):
            raise Rejected("api-key", "a header takes printable ASCII only")
        try:
            parts = urlsplit(address)
            port = parts.port or 6333
        except ValueError:
            raise Rejected("target", f"{address} has no host or port that can be; write http://host:6333") from None
        if not parts.hostname:
            raise Rejected("target", f"{address} names no host; write http://host:6333")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address = address
        self._connection = kind(parts.hostname, port, timeout=_TIMEOUT_S)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"content-type": "application/json", **({"api-key": api_key} if api_key else {})}

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        kept = self._connection.sock is not None
        try:
            try:
                return self._exchange(method, path, body)
            except (ConnectionResetError, BrokenPipeError):
                if not kept:
                    raise
                self.close()  # the server closed what was idle; every request here may be sent twice
                return self._exchange(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(f"{self._address} does not answer: {error or type(error).__name__}") from error

    def close(self) -> None:
        self._connection.close()

    def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        self._connection.request(method, self._prefix + path, body or None, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def _message(status: int, raw: bytes) -> str:
    try:
        told = read_object(raw)["status"]["error"]
    except (TamisError, KeyError, TypeError):
        return raw.decode(errors="replace").strip() or f"status {status}"
    return str(told)
