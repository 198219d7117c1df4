"""A drop-in for the official client's local mode: the same client, with an index under it instead of a scan.

    TamisClient ─▶ what QdrantClient would send to a server ─▶ the endpoints, in this process ─▶ a tamis database

No server runs and nothing is sent anywhere. Needs the extra: pip install 'tamis[qdrant]'.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Any, ParamSpec

try:
    import anyio.to_thread
    import httpx
    from qdrant_client import AsyncQdrantClient, QdrantClient
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ImportError(f"tamis.qdrant needs {error.name}; install it with: pip install 'tamis[qdrant]'") from error

from tamis.embedded.database import Database, open_database
from tamis.errors import Rejected
from tamis.server.in_process import InProcess
from tamis.server.request import Reply

__all__ = ["AsyncTamisClient", "TamisClient"]

_MEMORY = ":memory:"
_URL = "http://tamis"  # never looked up
_SERVER: dict[str, Any] = {  # arguments that are about one, with what the official client takes if they are not given
    **dict.fromkeys(("url", "host", "https", "api_key", "prefix", "auth_token_provider", "transport")),
    "port": 6333,
    "grpc_port": 6334,
    "prefer_grpc": False,
}

_Given = ParamSpec("_Given")


def _in_one_process(upload: Callable[_Given, None]) -> Callable[_Given, None]:
    """The same method whatever `parallel` is: the database is open in this process only."""
    signature = inspect.signature(upload)

    @functools.wraps(upload)
    def alone(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        given = signature.bind(*args, **kwargs)
        given.arguments["parallel"] = 1
        upload(*given.args, **given.kwargs)

    return alone


class TamisClient(QdrantClient):
    """`qdrant_client.QdrantClient` on an embedded database.

    location: ":memory:" (as without arguments), or a directory, which may be given as `path` too. Close it, or leave it
    as a context manager, to let the directory go. What the client can do and the engine cannot yet is refused with the
    message a server would give. `parallel` of the upload methods has no effect: the engine uses all cores by itself.

    >>> from qdrant_client import models
    >>> params = models.VectorParams(size=2, distance=models.Distance.DOT)
    >>> with TamisClient(":memory:") as client:
    ...     _ = client.create_collection("docs", vectors_config=params)
    ...     _ = client.upsert("docs", points=[models.PointStruct(id=1, vector=[0, 1], payload={"kind": "a"})])
    ...     [(hit.id, hit.payload) for hit in client.query_points("docs", query=[1, 3]).points]
    [(1, {'kind': 'a'})]
    """

    def __init__(
        self, location: str | None = None, *, path: str | os.PathLike[str] | None = None, **kwargs: Any
    ) -> None:
        self._database = _opened(location, path, kwargs)
        try:
            super().__init__(url=_URL, check_compatibility=False, transport=_Transport(self._database), **kwargs)
        except BaseException:
            self._database.close()
            raise

    upload_points = _in_one_process(QdrantClient.upload_points)
    upload_collection = _in_one_process(QdrantClient.upload_collection)

    def close(self, grpc_grace: float | None = None, **kwargs: Any) -> None:
        """Let the database go."""
        super().close(grpc_grace=grpc_grace, **kwargs)
        if hasattr(self, "_database"):
            self._database.close()

    def __enter__(self) -> TamisClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncTamisClient(AsyncQdrantClient):
    """`qdrant_client.AsyncQdrantClient` on an embedded database; arguments as those of `TamisClient`."""

    def __init__(
        self, location: str | None = None, *, path: str | os.PathLike[str] | None = None, **kwargs: Any
    ) -> None:
        self._database = _opened(location, path, kwargs)
        try:
            super().__init__(url=_URL, check_compatibility=False, transport=_Transport(self._database), **kwargs)
        except BaseException:
            self._database.close()
            raise

    upload_points = _in_one_process(AsyncQdrantClient.upload_points)
    upload_collection = _in_one_process(AsyncQdrantClient.upload_collection)

    async def close(self, grpc_grace: float | None = None, **kwargs: Any) -> None:
        """Let the database go."""
        await super().close(grpc_grace=grpc_grace, **kwargs)
        self._database.close()

    async def __aenter__(self) -> AsyncTamisClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Where httpx would open a connection, the endpoints are called."""

    def __init__(self, database: Database) -> None:
        self._api = InProcess(database)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        return await anyio.to_thread.run_sync(self._answer, request, body)

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        reply: Reply = self._api.call(request.method, request.url.raw_path.decode(), body)
        content = reply.body if reply.file is None else reply.file.read_bytes()
        headers = [("content-type", reply.content_type), *reply.headers]
        return httpx.Response(reply.status, headers=headers, content=content, request=request)


def _opened(location: str | None, path: str | os.PathLike[str] | None, rest: dict[str, Any]) -> Database:
    for name, default in _SERVER.items():
        if rest.pop(name, default) not in (None, default):
            raise Rejected(name, "is about a server; this client has none: use qdrant_client.QdrantClient for one")
    rest.pop("check_compatibility", None)
    if location is not None and path is not None:
        raise Rejected("path", "give either location or path")
    directory = path if path is not None else location
    if isinstance(directory, str) and directory.startswith(("http://", "https://")):
        raise Rejected("location", "is about a server; this client has none: use qdrant_client.QdrantClient for one")
    return open_database(None if directory in (None, _MEMORY) else directory)
