"""Several nodes on one shard, one seed: a store that errs, nodes that die and sleep, every interleaving of their calls.

    World     the store, the nodes' threads, and whose turn it is: every call of the store is a step, and the seed says
              who takes the next one and what goes wrong with it
    SimStore  what a node sees of the store: refused, applied without an answer, or arriving much later
    Node      a thread that writes, follows, adopts, seals, merges and collects garbage, as the seed says
    check     after all: what was acknowledged is in the log once and in order; every replica is the log's outcome

Run many: python -m tests.cluster.simulation --schedules 2000 [--first 0]
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tamis.errors import Conflict, NotFound, Overloaded, Rejected, Retryable, TimedOut, Unavailable
from tamis.log.store_log import StoreLog
from tamis.model.operation import Operation, decode_operation, encode_operation
from tamis.segment.alive import unpack_rows
from tamis.shard.garbage import Keep, collect
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Part
from tests.shard.dict_model import POOL, SCHEMA, Chance, DictModel, check

HISTORY = 40.0  # seconds of the simulated clock; a step is one
GRACE = 60.0
ODDS = {"write": 12.0, "follow": 3.0, "adopt": 2.0, "seal": 1.5, "merge": 1.0, "full": 0.5, "collect": 1.0}
REFUSED = (Retryable, NotFound, Rejected, Conflict)


class Killed(BaseException):
    """The node's process is gone."""


@dataclass
class Faults:
    """How often what goes wrong, per call of the store."""

    refused: float = 0.01
    unanswered: float = 0.01
    late: float = 0.01
    kill: float = 0.003
    sleep: float = 0.01


@dataclass
class Written:
    """One write as its client saw it. Steps are moments; position is None where the outcome is not known."""

    record: bytes
    begin: int
    end: int
    position: int | None


@dataclass
class World:
    """One schedule."""

    seed: int
    faults: Faults
    random: random.Random = field(init=False)
    store: MemoryStore = field(init=False)
    step: int = 0
    groups: dict[int, bytes] = field(default_factory=dict)  # every object of the log that ever counted, by position
    late: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    quiet: bool = False  # nothing goes wrong any more

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.store = MemoryStore(clock=lambda: float(self.step))

    def run(self, nodes: list[Node], steps: int) -> None:
        """Give turns until all have done what they were to do."""
        for node in nodes:
            node.start()
        while alive := [node for node in nodes if node.thread.is_alive()]:
            awake = [node for node in alive if node.sleeps_until <= self.step] or alive
            self.random.choice(awake).turn()
            self.step += 1
            for moment, arrive in [one for one in self.late if one[0] <= self.step]:
                self.late.remove((moment, arrive))
                arrive()
            assert self.step < 4 * steps, "the schedule does not end"


class SimStore:
    """A `Store` of one node."""

    def __init__(self, world: World, node: Node) -> None:
        self._world = world
        self._node = node

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return self._read(lambda store: store.get(key, start, length))

    def list(self, prefix: str) -> list[str]:
        return self._read(lambda store: store.list(prefix))

    def size(self, key: str) -> int:
        return self._read(lambda store: store.size(key))

    def map(self, key: str) -> memoryview:
        return self._read(lambda store: store.map(key))

    def modified(self, key: str) -> float:
        return self._read(lambda store: store.modified(key))

    def delete(self, key: str) -> None:
        self._read(lambda store: store.delete(key))

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        """Always a create: nothing in a shared store is overwritten."""
        body = b"".join(bytes(part) for part in parts)
        fault = self._node.step()
        if fault == "refused":
            raise Unavailable(f"{key}: 503")
        if fault == "late":
            moment = self._world.step + self._world.random.randrange(1, 200)
            self._world.late.append((moment, lambda: self._arrive(key, body)))
            raise TimedOut(f"{key}: no answer")
        self._world.store.put(key, [body], if_absent=True)
        if fault == "unanswered":
            raise TimedOut(f"{key}: no answer")

    def _arrive(self, key: str, body: bytes) -> None:
        with suppress(Conflict):
            self._world.store.put(key, [body], if_absent=True)

    def _read(self, ask: Callable[[MemoryStore], Any]) -> Any:
        if self._node.step() in ("refused", "unanswered", "late"):
            raise Unavailable("503")
        return ask(self._world.store)


class Node:
    """A process: what it does next, and what it saw."""

    def __init__(self, world: World, number: int, actions: int) -> None:
        self.world = world
        self.number = number
        self.actions = actions
        self.sleeps_until = 0
        self.written: list[Written] = []
        self.reads: list[tuple[int, int]] = []  # begin, position
        self.chance = Chance(world.seed * 31 + number, ids=12)
        self.failure: BaseException | None = None
        self.shard: Shard | None = None
        self._log: StoreLog | None = None
        self._store = SimStore(world, self)
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        assert self._theirs.acquire(timeout=60)

    def turn(self) -> None:
        """Let it go on to its next call of the store."""
        self._mine.release()
        assert self._theirs.acquire(timeout=60), f"node {self.number} does not come back"

    def step(self) -> str | None:
        """A call of the store: wait for the turn; what goes wrong with it."""
        self._theirs.release()
        self._mine.acquire()
        world, odds = self.world, self.world.faults
        if world.quiet:
            return None
        lot = world.random.random()
        for name in ("refused", "unanswered", "late", "kill", "sleep"):
            lot -= getattr(odds, name)
            if lot < 0:
                break
        else:
            return None
        if name == "kill":
            raise Killed
        if name == "sleep":
            self.sleeps_until = world.step + world.random.choice([5, 50, 300])
            self._theirs.release()
            self._mine.acquire()
            return None
        return name

    def _run(self) -> None:
        try:
            while self.actions > 0:
                self.actions -= 1
                try:
                    self._act()
                except Killed:
                    self.shard = None
                except REFUSED:
                    pass
        except BaseException as error:  # noqa: BLE001 - shown by the test
            self.failure = error
        finally:
            self._theirs.release()

    def opened(self) -> Shard:
        if self.shard is None:
            runtime = Runtime(POOL, background=False, head_points=24, mark=f"-n{self.number}")
            token = self.world.random.randbytes
            self._log = StoreLog(self._store, lambda: token(16), ahead=1)
            try:
                self.shard = Shard.create(self._store, self._log, SCHEMA, runtime)
            except Conflict:
                self.shard = Shard.open(self._store, self._log, runtime)
        return self.shard

    def _act(self) -> None:
        shard, chance = self.opened(), self.world.random
        kind = chance.choices(list(ODDS), ODDS.values())[0]
        if kind == "write":
            self._write(shard)
        elif kind == "follow":
            begin = self.world.step
            self.reads.append((begin, shard.follow()))
        elif kind == "adopt":
            shard.adopt(listed=chance.random() < 0.3)
        elif kind == "seal":
            shard.seal()
        elif kind in ("merge", "full"):
            shard.merge(full=kind == "full")
        else:
            assert self._log is not None
            collect(self._store, self._log, float(self.world.step), Keep(HISTORY, GRACE))

    def _write(self, shard: Shard) -> None:
        model = DictModel()
        model.points = {
            id: ({}, {}, 0) for view in shard.snapshot().views for id in view.body.ids(unpack_rows(view.alive))
        }
        operation: Operation = self.chance.operation(model)
        written = Written(encode_operation(operation), self.world.step, 0, None)
        try:
            written.position = shard.write(operation)
        except (NotFound, Rejected, Overloaded):
            return  # refused: it must not be in the log
        except (Retryable, Conflict, Killed):
            self.written.append(written)
            raise
        finally:
            written.end = self.world.step
        self.written.append(written)


def play(seed: int, *, nodes: int = 3, actions: int = 25, faults: Faults | None = None) -> World:
    """One schedule, checked; AssertionError names what is wrong."""
    world = World(seed, faults or Faults())
    _record_groups(world)
    players = [Node(world, number, actions) for number in range(nodes)]
    world.run(players, steps=nodes * actions * 40)
    for player in players:
        if player.failure is not None:
            raise AssertionError(f"seed {seed}: node {player.number} broke") from player.failure
    world.quiet = True
    _settle(world, players)
    return world


def _record_groups(world: World) -> None:
    """Remember every group of the log, also after it is trimmed."""
    put = world.store.put

    def recording(key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        body = b"".join(bytes(part) for part in parts)
        put(key, [body], if_absent=if_absent)
        if key.startswith("log/"):
            world.groups.setdefault(int(key.removeprefix("log/")), body)  # a later one of a trimmed key is garbage

    world.store.put = recording  # type: ignore[method-assign]


def _settle(world: World, players: list[Node]) -> None:
    records = _chain(world)
    _check_clients(world, players, records)
    model = DictModel()
    for record in records:
        model.apply(decode_operation(record))
    for player in players:
        finisher = threading.Thread(target=_finish, args=(player,), daemon=True)
        finisher.start()
        while finisher.is_alive():
            player._mine.release()
            player._theirs.acquire(timeout=0.05)
        if player.failure is not None:
            raise AssertionError(f"seed {world.seed}: node {player.number} broke in the end") from player.failure
        assert player.shard is not None
        check(player.shard.snapshot(), model)


def _finish(player: Node) -> None:
    try:
        shard = player.opened()
        shard.follow()
        shard.adopt()
        shard.follow()
        if player.number == 0:
            shard.seal()
            player.shard = None
            player.opened().follow()
    except BaseException as error:  # noqa: BLE001 - shown by the test
        player.failure = error


def _chain(world: World) -> list[bytes]:
    """The records of the log from its first position to its last."""
    store = MemoryStore()
    for first, body in world.groups.items():
        store.put(f"log/{first:020d}", [body])
    reader = StoreLog(store)
    return [record for _, record in reader.read(0)]


def _check_clients(world: World, players: list[Node], records: list[bytes]) -> None:
    written = [one for player in players for one in player.written]
    known = [one for one in written if one.position is not None]
    for one in known:
        assert one.position is not None
        assert one.position <= len(records), f"seed {world.seed}: position {one.position} was acknowledged and is lost"
        assert records[one.position - 1] == one.record, f"seed {world.seed}: {one.position} holds another write"
    issued: dict[bytes, int] = {}
    for one in written:
        issued[one.record] = issued.get(one.record, 0) + 1
    for record in set(records):
        times, wanted = records.count(record), issued.get(record, 0)
        assert times <= wanted, f"seed {world.seed}: a write is applied {times} times, issued {wanted}"
    for one in known:
        for other in known:
            if one.end < other.begin:
                assert one.position < other.position, f"seed {world.seed}: a later write has an earlier position"  # type: ignore[operator]
    for player in players:
        for begin, position in player.reads:
            due = max((one.position or 0 for one in known if one.end < begin), default=0)
            assert position >= due, f"seed {world.seed}: a read at {position} misses the write at {due}"


def main() -> None:
    """Many schedules, and how long they took."""
    given = dict(zip(sys.argv[1::2], map(int, sys.argv[2::2]), strict=True))
    first, count = given.get("--first", 0), given.get("--schedules", 1_000)
    begin = time.perf_counter()
    writes = steps = 0
    for seed in range(first, first + count):
        world = play(seed)
        writes, steps = writes + len(world.groups), steps + world.step
        if (seed - first + 1) % 100 == 0:
            seconds = time.perf_counter() - begin
            sys.stdout.write(f"{seed - first + 1} schedules, {steps:,} calls of the store, {seconds:.0f} s\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{count} schedules from {first}: {writes:,} groups of writes, {steps:,} calls, all as it should be\n"
    )


if __name__ == "__main__":
    main()
