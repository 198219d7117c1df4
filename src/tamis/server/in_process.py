"""The API without a network: method, path and body in, reply out, on the caller's thread.

What a client would send to a server goes to the same endpoints here. The command line works on directories this way,
and the drop-in client on a database of its own.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from tamis.embedded.database import Database
from tamis.errors import Malformed, TamisError
from tamis.server.backend import Backend
from tamis.server.bridge import answer_now
from tamis.server.error_map import error_reply, refusal
from tamis.server.request import Reply, Request, read_query_string
from tamis.server.routes import Router

__all__ = ["InProcess"]


class InProcess:
    """The API of one open database.

    >>> import tamis
    >>> api = InProcess(tamis.open())
    >>> api.call("PUT", "/collections/docs", b'{"vectors": {"size": 2, "distance": "Dot"}}').status
    200
    >>> api.call("GET", "/collections/docs/exists").body.split(b',"status"')[0]
    b'{"result":{"exists":true}'
    """

    def __init__(self, database: Database) -> None:
        self._backend = Backend(database)
        self._backend.ready.set()
        self._router = Router()

    def call(self, method: str, target: str, body: bytes = b"") -> Reply:
        """The reply; errors are replies too. target: path and query string, as in a request line."""
        parts = urlsplit(target)
        found = self._router.find(method, unquote(parts.path))
        if isinstance(found, frozenset):
            return refusal(405 if found else 404, f"Not found: there is no {method} {parts.path}")
        route, values = found
        if route.uploads:
            return error_reply(Malformed("snapshot", "files are not uploaded in process; recover from a path instead"))
        try:
            request = Request(body=body, path=values, query=read_query_string(parts.query))
        except TamisError as error:
            return error_reply(error)
        return answer_now(self._backend, route, request)
