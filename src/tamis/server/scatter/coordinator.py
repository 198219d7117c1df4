"""A request to a whole collection, answered by the nodes that have its shards.

    request ─▶ its shards ─▶ one leg each: here, or another node over HTTP ─▶ put together ─▶ reply

    reads    the best replica, overtaken by the next when it is slow or fails; with `consistency` beyond 1, or positions
             to be reached, the replica first catches up with its log
    writes   the shard's home; another node only if it certainly did not begin. Durable when the home says so; with a
             write_consistency_factor beyond 1 so many replicas have caught up with it, too

A leg is the same endpoint with the header `x-tamis-shard: <collection number>/<shard>`; who gets it answers for this
one shard and asks nobody. A collection of one shard that is here costs no more than on a single node.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from tamis.cluster.catalog import ShardedEntry
from tamis.cluster.database import ClusterDatabase
from tamis.cluster.membership import Lease
from tamis.cluster.peers import Answer, Peers, Recent, first_good
from tamis.cluster.placement import shard_of
from tamis.embedded.collection import Collection
from tamis.embedded.database import Database
from tamis.errors import NotFound, Outdated, Rejected, TimedOut, Unavailable
from tamis.model.ids import PointId
from tamis.model.schema import CollectionSchema
from tamis.server.backend import Backend
from tamis.server.bridge import reply_of
from tamis.server.endpoints.moments import INSTEAD
from tamis.server.error_map import error_reply
from tamis.server.query.search import Asked
from tamis.server.request import (
    AT_LEAST_HEADER,
    OUTDATED_HEADER,
    POSITIONS_HEADER,
    SHARD_HEADER,
    BadQuery,
    Reply,
    Request,
    Result,
)
from tamis.server.route import Route
from tamis.server.routes import Router
from tamis.server.scatter.call import Call
from tamis.server.scatter.legs import LegFailed, Legs
from tamis.server.scatter.table import SPREAD
from tamis.wire.answers import write
from tamis.wire.bodies import read_members
from tamis.wire.members import Members
from tamis.wire.parts import read_result, read_value

__all__ = ["Coordinator"]

_SECONDS = 60.0
_NOTHING: dict[str, Any] = {"filter": {"must": [{"has_id": []}]}}
_FRESH = ("majority", "quorum", "all")


class Coordinator:
    """Answers every request of a node that is one of a cluster."""

    def __init__(self, backend: Backend, db: ClusterDatabase, peers: Peers, threads: int = 64) -> None:
        self.db = db
        self.peers = peers
        self._backend = backend
        self._router = Router()
        self._pool = ThreadPoolExecutor(threads, "tamis-leg")
        self._asking = ThreadPoolExecutor(2 * threads, "tamis-ask")  # legs wait for what runs here, never the other way
        self._recent = Recent()

    def is_spread(self, route: Route, request: Request) -> bool:
        """Whether other nodes may have to be asked."""
        if request.shard is not None or route.name not in SPREAD:
            return False
        entry = self.db.version.entries.get(request.path["name"])
        if entry is None or len(entry.shards) != 1:
            return True
        here = self.db.shards.here((entry.number, entry.shards[0])) is not None
        return not here or (route.access != "read" and not self._is_home(entry, entry.shards[0]))

    def answer(self, route: Route, request: Request) -> Asked | Result | Reply:
        """The answer of an endpoint, wherever its data is."""
        if request.shard is not None:
            return self._leg(route, request)
        if route.name not in SPREAD:
            instead = INSTEAD.get(route.name)
            return route.answer(self._backend, request) if instead is None else instead(self._backend, request)
        if _is_fresh(request.query.get("consistency", "1")):
            self.db.catalog.refresh()
        try:
            answer = self._answer(route, request)
        except (Outdated, _UnknownKey):
            answer = None
        if answer is None or (isinstance(answer, Reply) and (OUTDATED_HEADER, "true") in answer.headers):
            self.db.catalog.refresh()  # nothing was done: once more, to what has the name now
            request.shard = None
            answer = self._answer(route, request)
        return answer

    def _answer(self, route: Route, request: Request) -> Asked | Result | Reply:
        name, entry = self.db.entry(request.path["name"])
        if route.query is not None:
            request.only(*route.query)
        body = read_members(request.body) if request.body else {}
        keys = read_value(body.pop("shard_key", b"null"))
        legs = _Legs(self, route, request, (name, entry, keys))
        if keys is None and not self.is_spread(route, request) and len(entry.shards) == 1:
            request.shard = entry.number, entry.shards[0]
            answer = self._leg(route, request)
            return answer if route.access == "read" else _with_position(answer, entry.shards[0])
        return self._spread(route, request, legs, body)

    def _spread(self, route: Route, request: Request, legs: _Legs, body: Members) -> Result | Reply:
        if request.flag("explain"):
            header = f"{SHARD_HEADER}: {legs.entry.number}/{legs.shards[0] if legs.shards else 0}"
            raise BadQuery("explain", f"answers for one shard at a time; ask one with the header {header}")
        path = route.pattern.removeprefix("/collections/{name}")
        for hole, value in request.path.items():
            path = path.replace(f"{{{hole}}}", value)
        try:
            result = SPREAD[route.name](legs, route.method, path, body)
        except LegFailed as failed:
            return _failure(failed)
        if route.access == "read":
            return Result(result)
        positions = ",".join(f"{shard}:{position}" for shard, position in sorted(legs.positions.items()))
        return Result(result, headers=((POSITIONS_HEADER, positions),) if positions else ())

    def _leg(self, route: Route, request: Request) -> Asked | Result | Reply:
        """For one shard, here."""
        assert request.shard is not None
        number, shard = request.shard
        name, entry = self.db.entry(request.path["name"])
        if entry.number != number:
            self.db.catalog.refresh()
            name, entry = self.db.entry(request.path["name"])
            if entry.number != number:
                raise Outdated(f"collection {name!r} is another one by now")
        one = self.db.shard(name, shard)
        least = _at_least(request.at_least, shard)
        if least or _is_fresh(request.query.get("consistency", "1")):
            one.catch_up(least)
        return route.answer(self._backend_of(one.collection), request)

    def _backend_of(self, collection: Collection) -> Backend:
        """This node's backend as if it had but this shard."""
        only = copy.copy(self._backend)
        only.database = cast(Database, _OneShard(collection))
        return only

    def _is_home(self, entry: ShardedEntry, shard: int) -> bool:
        return self.db.home(entry, shard).id == self.db.me.id

    def asked(self, peer: Lease, call: Call) -> Answer:
        """One leg, at one node."""
        if peer.id != self.db.me.id:
            begin = time.monotonic()
            seconds = max(0.001, call.end - begin)
            answer = self.peers.call(peer, call.method, call.target, call.body, (call.headers, seconds))
            if call.route.access == "read":
                self._recent.took(time.monotonic() - begin)
            return answer
        request = Request(
            body=call.body,
            path=call.values,
            query=call.query,
            shard=call.shard,
            at_least=call.at_least,
            deadline=call.end,
        )
        reply = reply_of(lambda: self._leg(call.route, request))
        return Answer(reply.status, reply.body, dict(reply.headers))

    def read(self, entry: ShardedEntry, shard: int, call: Call) -> Answer:
        """From the best replica."""
        candidates = self.peers.in_order(self.db.candidates(entry, shard))
        mine = [one for one in candidates if one.id == self.db.me.id and self.db.shards.here((entry.number, shard))]
        if mine:
            candidates = [*mine, *(one for one in candidates if one.id != self.db.me.id)]
        times = self._recent.patience(), max(0.001, call.end - time.monotonic())
        return first_good(candidates, lambda peer: self.asked(peer, call), self._asking, times)

    def write(self, entry: ShardedEntry, shard: int, call: Call) -> Answer:
        """At the home, or at the next node if the home was not reached at all."""
        home = self.db.home(entry, shard)
        others = [one for one in self.db.candidates(entry, shard) if one.id != home.id]
        trouble: Exception = Unavailable("no node takes writes of this shard now; try again in a moment")
        for peer in [home, *others]:
            try:
                return self.asked(peer, call)
            except Unavailable as error:  # it did not begin
                trouble = error
        raise trouble

    def caught_up(self, entry: ShardedEntry, shard: int, position: int, seconds: float) -> None:
        """Return when as many replicas as the collection wants have a write. TimedOut, with the write durable."""
        factor = min(entry.schema.write_consistency_factor or 1, entry.factor)
        if factor < 2:
            return
        home = self.db.home(entry, shard).id
        others = [one for one in self.db.candidates(entry, shard) if one.id != home][: factor - 1]
        end = time.monotonic() + seconds
        call = Call(self._router, (entry.number, shard), ("POST", _name_of(self.db, entry), "/points/count"), end)
        call.body, call.at_least = write(_NOTHING), f"{shard}:{position}"
        call.headers[AT_LEAST_HEADER] = call.at_least
        answers = [self._asking.submit(self.asked, peer, call) for peer in others]
        done = 0
        for one in answers:
            try:
                done += one.result(max(0.001, end - time.monotonic())).is_good
            except (TimeoutError, TimedOut, Unavailable):
                continue
        if done < factor - 1:
            raise TimedOut(f"the write is durable, but only {done + 1} of {factor} replicas have it by now")

    def together(self, calls: Mapping[int, Call], legs: _Legs) -> dict[int, bytes]:
        """All legs at once; their results. LegFailed."""
        send = self.read if legs.route.access == "read" else self.write
        if len(calls) == 1:
            [(shard, call)] = calls.items()
            return {shard: self._good(send(legs.entry, shard, call))}
        futures = {shard: self._pool.submit(send, legs.entry, shard, call) for shard, call in calls.items()}
        results: dict[int, bytes] = {}
        failures: list[Reply] = []
        for shard, future in futures.items():
            try:
                answer = future.result()
            except Exception as error:  # noqa: BLE001 - told as this shard's failure
                failures.append(error_reply(error))
                continue
            try:
                results[shard] = self._good(answer)
            except LegFailed as failed:
                failures.append(failed.reply)
        if failures:
            raise LegFailed(failures[0], len(failures), len(calls))
        return results

    def _good(self, answer: Answer) -> bytes:
        """The result in an answer. LegFailed."""
        if answer.status == 200:
            return read_result(answer.body)
        raise LegFailed(Reply(answer.body, answer.status, headers=_retry(answer)))

    def call_of(self, legs: _Legs, method: str, path: str, shard: int, body: Any) -> Call:
        """A leg of a request, ready to be sent."""
        end = time.monotonic() + _SECONDS if legs.request.deadline is None else legs.request.deadline
        call = Call(self._router, (legs.entry.number, shard), (method, legs.collection, path), end)
        taken = call.route.query or ()  # a leg may be another endpoint than the request's, which takes less
        call.query = {key: value for key, value in legs.request.query.items() if key in taken and key != "explain"}
        call.body = b"" if method in ("GET", "DELETE") else write(body)
        if legs.request.at_least:
            call.at_least = legs.request.at_least
            call.headers[AT_LEAST_HEADER] = call.at_least
        return call

    def close(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown()
        self._asking.shutdown()
        self.peers.close()


class _Legs:
    """A request's shards. Implements `Legs`."""

    def __init__(
        self, coordinator: Coordinator, route: Route, request: Request, place: tuple[str, ShardedEntry, Any]
    ) -> None:
        self.route = route
        self.request = request
        self.collection, self.entry, keys = place
        self._named = keys is not None
        self._rings = _rings(self.collection, self.entry, keys)
        self.shards = [shard for ring in self._rings for shard in ring]
        self.positions: dict[int, int] = {}
        self._coordinator = coordinator

    @property
    def schema(self) -> CollectionSchema:
        here = (self._coordinator.db.shards.here((self.entry.number, shard)) for shard in self.entry.shards)
        return next((one.stored.schema for one in here if one is not None), self.entry.schema)

    def owners(self, id: PointId) -> Sequence[int]:
        return [shard_of(id, ring) for ring in self._rings]

    def homes(self, id: PointId) -> Sequence[int]:
        if not self._named and self.entry.schema.sharding_method == "custom":
            raise Rejected("shard_key", "is missing: this collection is sharded by key; name the key of the points")
        return self.owners(id)

    def under(self, keys: Any) -> Legs:
        return _Legs(self._coordinator, self.route, self.request, (self.collection, self.entry, keys))

    def elsewhere(self, collection: str) -> Legs:
        name, entry = self._coordinator.db.entry(collection)
        return _Legs(self._coordinator, self.route, self.request, (name, entry, None))

    def ask(self, method: str, path: str, bodies: Mapping[int, Any]) -> dict[int, bytes]:
        coordinator = self._coordinator
        calls = {shard: coordinator.call_of(self, method, path, shard, body) for shard, body in bodies.items()}
        results = coordinator.together(calls, self)
        if self.route.access != "read":
            for shard, raw in results.items():
                position = _position(read_value(raw))
                if position is not None:
                    self.positions[shard] = position
                    left = max(0.001, calls[shard].end - time.monotonic())
                    coordinator.caught_up(self.entry, shard, position, left)
        return results


class _UnknownKey(NotFound):
    """A shard key that the catalog, as it is known here, does not have."""


class _OneShard:
    """Stands where the database is, for endpoints that answer for one shard."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def get_collection(self, name: str) -> Collection:
        return self._collection

    def collections(self) -> list[str]:
        return [self._collection.name]

    def aliases(self) -> dict[str, str]:
        return {}


def _is_fresh(consistency: str) -> bool:
    """Whether a read must see every write that was acknowledged before it."""
    return consistency in _FRESH or (consistency.isdecimal() and int(consistency[:9]) > 1)


def _rings(name: str, entry: ShardedEntry, keys: Any) -> list[Sequence[int]]:
    """The shards that a request is about: those of each shard key by themselves, or all where there are no keys."""
    custom = entry.schema.sharding_method == "custom"
    if keys is None:
        return list(entry.keys.values()) if custom else [entry.shards]
    if not custom:
        raise Rejected("shard_key", f"collection {name!r} has no shard keys; leave it out")
    wanted = dict.fromkeys(map(str, keys if isinstance(keys, list) else [keys]))
    for key in wanted:
        if key not in entry.keys:
            raise _UnknownKey(f"Shard key {key!r} of collection {name!r} does not exist")
    return [entry.keys[key] for key in wanted]


def _at_least(given: str, shard: int) -> int:
    """The position that a read must have reached: of "0:17,1:20" the shard's."""
    for one in filter(None, given.split(",")):
        number, _, position = one.partition(":")
        if not number.isdecimal() or not position.isdecimal():
            raise BadQuery(AT_LEAST_HEADER, f"must be shard:position, separated by commas; got {given[:50]!r}")
        if int(number) == shard:
            return int(position)
    return 0


def _with_position(answer: Asked | Result | Reply, shard: int) -> Asked | Result | Reply:
    """A write's result, with the header that says where in the shard's log it is."""
    position = _position(read_value(answer.result)) if isinstance(answer, Result) else None
    if position is None or not isinstance(answer, Result):
        return answer
    return Result(answer.result, answer.extra, ((POSITIONS_HEADER, f"{shard}:{position}"),))


def _position(result: Any) -> int | None:
    if isinstance(result, list):
        return max((one for one in map(_position, result) if one is not None), default=None)
    return result.get("operation_id") if isinstance(result, dict) else None


def _name_of(db: ClusterDatabase, entry: ShardedEntry) -> str:
    return next((name for name, one in db.version.entries.items() if one.number == entry.number), "")


def _failure(failed: LegFailed) -> Reply:
    """One shard's words; of several, how many."""
    if failed.of == 1 or failed.reply.status in (400, 404, 422):
        return failed.reply
    first = read_value(failed.reply.body)["status"]["error"]
    message = f"{failed.failed} out of {failed.of} shards failed to apply operation. First error captured: {first}"
    body = write({"status": {"error": message}, "time": 0.0})
    return Reply(body, failed.reply.status, headers=failed.reply.headers)


def _retry(answer: Answer) -> tuple[tuple[str, str], ...]:
    kept = ((name, answer.headers.get(name)) for name in ("retry-after", OUTDATED_HEADER))
    return tuple((name, value) for name, value in kept if value)
