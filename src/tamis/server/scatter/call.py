"""One leg of a request: the same endpoint, asked for one shard, at any node that has it."""

from __future__ import annotations

from urllib.parse import quote

from tamis.server.request import SHARD_HEADER
from tamis.server.routes import Router

__all__ = ["Call"]


class Call:
    """One leg: the request that any node with the shard can answer."""

    def __init__(self, router: Router, shard: tuple[int, int], place: tuple[str, str, str], end: float) -> None:
        method, name, path = place
        found = router.find(method, f"/collections/{name}{path}")
        assert not isinstance(found, frozenset), path
        self.route, self.values = found
        self.method = method
        self.shard = shard
        self.end = end
        self.body = b""
        self.query: dict[str, str] = {}
        self.at_least = ""
        self.headers = {SHARD_HEADER: f"{shard[0]}/{shard[1]}"}
        self._path = f"/collections/{_quoted(name)}{quote(path)}"

    @property
    def target(self) -> str:
        """As in a request line."""
        return self._path + (
            "?" + "&".join(f"{_quoted(k)}={_quoted(v)}" for k, v in self.query.items()) if self.query else ""
        )


def _quoted(text: str) -> str:
    """As part of a URL."""
    return quote(text, safe="")
