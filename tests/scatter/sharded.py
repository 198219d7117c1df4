"""Collections of several shards without nodes: every shard is a database in this process. And one beside them.

Sharded   the API of a database whose collections have n shards each, spread by what is tested
Pair      the same call to a Sharded and to one database that holds everything: both must answer alike
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

import tamis
from tamis.cluster.placement import shard_of
from tamis.errors import Rejected, TamisError
from tamis.model.ids import PointId
from tamis.model.schema import CollectionSchema
from tamis.server.error_map import error_reply
from tamis.server.in_process import InProcess
from tamis.server.request import Reply, envelope
from tamis.server.routes import Router
from tamis.server.scatter.legs import LegFailed, Legs
from tamis.server.scatter.table import SPREAD
from tamis.wire.answers import write
from tamis.wire.bodies import read_members
from tamis.wire.parts import read_result, read_value

PATH = "/collections/{name}"


class Sharded:
    """n databases behind one API. keys: by shard key its shards, for collections that are sharded by key."""

    def __init__(self, count: int, keys: Mapping[str, Sequence[int]] | None = None) -> None:
        self.databases = [tamis.open() for _ in range(count)]
        self.shards = [InProcess(database) for database in self.databases]
        self.keys = keys
        self.stale: CollectionSchema | None = None  # what whoever spreads requests believes
        self.asked: list[tuple[str, dict[int, Any]]] = []  # what legs were asked, for tests of how often
        self._router = Router()

    def call(self, method: str, target: str, body: bytes) -> Reply:
        """As InProcess does."""
        path = target.partition("?")[0]
        found = self._router.find(method, unquote(path))
        assert not isinstance(found, frozenset), target
        route, values = found
        if route.name not in SPREAD:
            replies = [shard.call(method, target, body) for shard in self.shards]
            return replies[0]
        try:
            members = read_members(body) if body else {}
            keys = read_value(members.pop("shard_key", b"null"))
            legs = _Legs(self, unquote(values["name"]), keys, target.partition("?")[2])
            spread = path.removeprefix(f"/collections/{values['name']}")
            return Reply(envelope(SPREAD[route.name](legs, method, spread, members), 0.0))
        except LegFailed as failed:
            return failed.reply
        except TamisError as error:
            return error_reply(error)


class _Legs:
    def __init__(self, of: Sharded, name: str, keys: Any, query: str = "") -> None:
        self._of, self.collection, self._query = of, name, query
        self._named = keys is not None
        self._database = of.databases[0]
        self._database.get_collection(name)  # NotFound
        if of.keys is None:
            if keys is not None:
                raise Rejected("shard_key", "this collection has no shard keys; leave it out")
            self._rings: list[Sequence[int]] = [range(len(of.shards))]
        else:
            wanted = list(of.keys) if keys is None else keys if isinstance(keys, list) else [keys]
            self._rings = [of.keys[key] for key in wanted]
        self.shards = [shard for ring in self._rings for shard in ring]

    @property
    def schema(self) -> CollectionSchema:
        return self._of.stale or self._database.get_collection(self.collection).stored.schema

    def owners(self, id: PointId) -> Sequence[int]:
        return [shard_of(id, ring) for ring in self._rings]

    def homes(self, id: PointId) -> Sequence[int]:
        if self._of.keys is not None and not self._named:
            raise Rejected("shard_key", "is missing")
        return self.owners(id)

    def under(self, keys: Any) -> Legs:
        return _Legs(self._of, self.collection, keys, self._query)

    def elsewhere(self, collection: str) -> Legs:
        return _Legs(self._of, collection, None)

    def ask(self, method: str, path: str, bodies: Mapping[int, Any]) -> dict[int, bytes]:
        self._of.asked.append((path, dict(bodies)))
        target = f"/collections/{quote(self.collection)}{path}"
        if self._query and path:  # to read a schema takes no parameters
            target += f"?{self._query}"
        replies = {
            shard: self._of.shards[shard].call(method, target, b"" if method in ("GET", "DELETE") else write(body))
            for shard, body in bodies.items()
        }
        failures = [reply for reply in replies.values() if reply.status != 200]
        if failures:
            raise LegFailed(failures[0], len(failures), len(bodies))
        return {shard: read_result(reply.body) for shard, reply in replies.items()}


class Pair:
    """One database, and the same data in shards."""

    def __init__(self, count: int) -> None:
        self.one = InProcess(tamis.open())
        self.sharded = Sharded(count)

    def both(self, method: str, target: str, body: Any = None) -> Any:
        """The result of both, or their refusal: the status and the words."""
        raw = b"" if body is None else json.dumps(body).encode()
        alone, spread = self.one.call(method, target, raw), self.sharded.call(method, target, raw)
        expected, got = _told(alone), _told(spread)
        assert got == expected, f"{method} {target} {body}\n  shards: {got}\n  one:    {expected}"
        return expected

    def good(self, method: str, target: str, body: Any = None) -> Any:
        """A result that is no refusal."""
        status, told = self.both(method, target, body)
        assert status == 200, told
        return told

    def everything(self, name: str = "docs") -> Any:
        """All points."""
        return self.good("POST", f"/collections/{name}/points/scroll", {"limit": 10_000, "with_vector": True})


def _told(reply: Reply) -> tuple[int, Any]:
    answer = json.loads(reply.body)
    if reply.status != 200:
        return reply.status, answer["status"]["error"]
    return 200, _unversioned(answer["result"])


def _unversioned(value: Any) -> Any:
    """Without positions in a log: shards have logs of their own."""
    if isinstance(value, list):
        return [_unversioned(one) for one in value]
    if isinstance(value, dict):
        return {key: _unversioned(one) for key, one in value.items() if key not in ("version", "operation_id")}
    return value
