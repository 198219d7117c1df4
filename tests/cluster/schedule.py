"""A seeded schedule of faults against real processes, and a checker of everything their clients were told.

    writers   single points with a number nobody else writes, deletions, to any node; every answer is recorded
    readers   one point by id with consistency=all, to any node
    faults    kill -9 and restart · SIGSTOP, later SIGCONT · a store that refuses, loses answers, is slow · a cut net
    check     against the log, which is the truth: acknowledged writes are in it, at the position they were told, once;
              order agrees with time; reads saw a state that was current while they ran; all replicas equal the log

Run many: python -m tests.cluster.schedule --schedules 50 [--first 0] [--s3 | --azure] [--nodes 3]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tamis.log.store_log import StoreLog
from tamis.model.operation import Delete, Upsert, decode_operation
from tamis.model.payload import decode_payload
from tamis.storage.object_store import open_store
from tamis.storage.prefix import PrefixStore
from tests.cluster.azure import AzureServer
from tests.cluster.azure import missing as missing_azure
from tests.cluster.processes import Cluster
from tests.cluster.s3 import S3Server, missing

KEYS = 12
SHARDS = 2
COLLECTION = "docs"


@dataclass
class Write:
    """One write of one point. number: what was written, None for a deletion; position: None if it is not known."""

    key: int
    number: int | None
    begin: float
    end: float
    position: int | None
    shard: int | None


@dataclass
class Read:
    """One read: the number that was found, None if the point was not there."""

    key: int
    number: int | None
    begin: float
    end: float


@dataclass
class History:
    """What clients saw."""

    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    refused: int = 0
    faults: list[str] = field(default_factory=list)


class Clients:
    """Threads that ask until they are told to stop."""

    def __init__(self, cluster: Cluster, seed: int, threads: int = 4) -> None:
        self.history = History()
        self._cluster = cluster
        self._numbers = iter(range(1, 10**9))
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(seed * 100 + number),), daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, chance: random.Random) -> None:
        while not self._stopping.is_set():
            node, key = chance.randrange(len(self._cluster.ports)), chance.randrange(KEYS)
            if chance.random() < 0.4:
                self._read(node, key)
            else:
                self._write(node, key, delete=chance.random() < 0.2)
            time.sleep(0.005)

    def _write(self, node: int, key: int, *, delete: bool) -> None:
        with self._lock:
            number = None if delete else next(self._numbers)
        begin = time.monotonic()
        if delete:
            asked = ("POST", f"/collections/{COLLECTION}/points/delete?wait=true", {"points": [key]})
        else:
            point = {"id": key, "vector": [1.0, 2.0], "payload": {"number": number}}
            asked = ("PUT", f"/collections/{COLLECTION}/points?wait=true", {"points": [point]})
        status, body, headers = self._cluster.ask(node, *asked, seconds=15.0)
        position = shard = None
        if status == 200:
            position = body["result"]["operation_id"]
            if "x-tamis-positions" in headers:
                shard, position = map(int, headers["x-tamis-positions"].split(":"))
        written = Write(key, number, begin, time.monotonic(), position, shard)
        with self._lock:
            self.history.writes.append(written)
            self.history.refused += status != 200

    def _read(self, node: int, key: int) -> None:
        begin = time.monotonic()
        path = f"/collections/{COLLECTION}/points?consistency=all"
        status, body, _ = self._cluster.ask(node, "POST", path, {"ids": [key], "with_payload": True}, seconds=15.0)
        if status == 200:
            found = body["result"]
            number = found[0]["payload"]["number"] if found else None
            with self._lock:
                self.history.reads.append(Read(key, number, begin, time.monotonic()))


def play(seed: int, folder: Path, store: str, *, nodes: int = 3, seconds: float = 6.0) -> History:
    """One schedule, checked. AssertionError says what is wrong."""
    chance = random.Random(seed)
    settings = {"HISTORY_SECS": "3600", "GRACE_SECS": "60", "COLLECT_SECS": "1"}
    with Cluster(folder, store, nodes, settings) as cluster:
        made = {"vectors": {"size": 2, "distance": "Dot"}, "shard_number": SHARDS, "replication_factor": 2}
        status, body, _ = cluster.ask(0, "PUT", f"/collections/{COLLECTION}", made)
        assert status == 200, body
        with Clients(cluster, seed) as clients:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                clients.history.faults.append(_fault(cluster, chance))
        _heal(cluster)
        time.sleep(3.0)  # leases are renewed, pauses are over
        _check(seed, cluster, clients.history)
        return clients.history


def _fault(cluster: Cluster, chance: random.Random) -> str:
    """One thing goes wrong for a while, and is mended."""
    node = chance.randrange(len(cluster.ports))
    kind = chance.choice(["kill", "pause", "refuse", "lose", "slow", "cut", "quiet"])
    lasts = chance.uniform(0.3, 2.5)
    if kind == "kill":
        cluster.kill(node)
        time.sleep(lasts / 2)
        cluster.start(node)
    elif kind == "pause":
        cluster.signal(node, signal.SIGSTOP)
        time.sleep(lasts)
        cluster.signal(node, signal.SIGCONT)
    else:
        others = [f"n{number}" for number in range(len(cluster.ports)) if number != node]
        faults = {"refuse": {"refuse": 0.4}, "lose": {"lose": 0.4}, "slow": {"delay": 0.5}, "cut": {"cut": others}}
        cluster.control(node, faults.get(kind, {}))
        if kind == "cut":
            for number in range(len(cluster.ports)):
                if number != node:
                    cluster.control(number, {"cut": [f"n{node}"]})
        time.sleep(lasts)
        for number in range(len(cluster.ports)):
            cluster.control(number, {})
    return f"{kind} n{node} {lasts:.1f}s"


def _heal(cluster: Cluster) -> None:
    for number, process in enumerate(cluster.processes):
        assert process is not None
        if process.poll() is not None:
            raise AssertionError(f"node {number} ended by itself: {cluster.log(number)}")
        cluster.control(number, {})
    for number in range(len(cluster.ports)):
        cluster.wait_ready(number)


def _check(seed: int, cluster: Cluster, history: History) -> None:
    where = f"seed {seed}: "
    logs = {shard: _log_of(cluster, shard) for shard in range(SHARDS)}
    owner = {key: shard for shard, log in logs.items() for key, _ in log.values()}
    numbers = [number for log in logs.values() for _, number in log.values() if number is not None]
    assert len(numbers) == len(set(numbers)), f"{where}a write was applied twice"
    issued = {write.number for write in history.writes if write.number is not None}
    assert set(numbers) <= issued, f"{where}the log holds what nobody wrote"
    known = [write for write in history.writes if write.position is not None]
    for write in known:
        shard = owner.get(write.key) if write.shard is None else write.shard
        assert shard is not None, f"{where}{write} was acknowledged and is lost"
        assert write.position in logs[shard], f"{where}{write} was acknowledged and is lost"
        assert logs[shard][write.position] == (write.key, write.number), f"{where}{write}: another is there"
        write.shard = shard
    for shard in logs:
        _check_order(where, [write for write in known if write.shard == shard])
    for read in history.reads:
        _check_read(where, read, logs[owner[read.key]] if read.key in owner else {}, known)
    _check_replicas(where, cluster, logs)


def _log_of(cluster: Cluster, shard: int) -> dict[int, tuple[int, int | None]]:
    """By position, which point was given which number."""
    store = open_store(cluster.store)
    log = StoreLog(PrefixStore(store, f"collections/000001/{shard}"))
    found: dict[int, tuple[int, int | None]] = {}
    for position, record in log.read(0):
        operation = decode_operation(record)
        assert isinstance(operation, (Upsert, Delete))
        assert operation.ids is not None
        key = operation.ids[0]
        assert isinstance(key, int)
        found[position] = (
            key,
            decode_payload(operation.payloads[0])["number"] if isinstance(operation, Upsert) else None,
        )
    return found


def _check_order(where: str, writes: list[Write]) -> None:
    """Whatever was answered before another began has an earlier position."""
    ended = sorted(writes, key=lambda write: write.end)
    for write in writes:
        last = max((other.position or 0 for other in ended if other.end < write.begin), default=0)
        assert last < (write.position or 0), f"{where}{write} is before one that was answered earlier, at {last}"


def _check_read(where: str, read: Read, log: dict[int, tuple[int, int | None]], writes: list[Write]) -> None:
    """It saw a state not older than what was acknowledged before it began."""
    least = max((w.position or 0 for w in writes if w.key == read.key and w.end < read.begin), default=0)
    changes = [(position, number) for position, (key, number) in sorted(log.items()) if key == read.key]
    states = [number for position, number in changes if position >= least]
    if least == 0:
        states.append(None)
    assert read.number in states, f"{where}{read} is stale: at position {least} it was one of {states[:3]}"


def _check_replicas(where: str, cluster: Cluster, logs: dict[int, dict[int, tuple[int, int | None]]]) -> None:
    """Every node that serves a shard holds exactly what the log says."""
    for shard, log in logs.items():
        wanted: dict[int, int] = {}
        for _, (key, number) in sorted(log.items()):
            if number is None:
                wanted.pop(key, None)
            else:
                wanted[key] = number
        serving = 0
        for node in range(len(cluster.ports)):
            path = f"/collections/{COLLECTION}/points/scroll?consistency=all"
            asked = {"limit": 100, "with_payload": True}
            status, body, _ = cluster.ask(node, "POST", path, asked, headers={"x-tamis-shard": f"1/{shard}"})
            if status == 503:
                continue
            assert status == 200, f"{where}node {node}: {body}"
            serving += 1
            found = {point["id"]: point["payload"]["number"] for point in body["result"]["points"]}
            assert found == wanted, f"{where}node {node} holds {found} in shard {shard}, the log says {wanted}"
        assert serving >= 1, f"{where}nobody serves shard {shard}"


def main() -> None:
    """Many schedules, and what happened in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--store", default="", help="s3://bucket, with AWS_* set; a directory unless given")
    parser.add_argument("--s3", action="store_true", help="start a real S3 server for it")
    parser.add_argument("--azure", action="store_true", help="start a server of Azure's API for it")
    given = parser.parse_args()
    with ExitStack() as held:
        if given.s3 or given.azure:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            given.store = held.enter_context(_server(folder, azure=given.azure))
        _play_many(given)


@contextmanager
def _server(folder: Path, *, azure: bool) -> Iterator[str]:
    """The address of an empty bucket; its keys are in the environment."""
    program = folder / "azurite"
    reason = missing_azure(program) if azure else missing()
    if reason is not None:
        sys.exit(reason)
    with AzureServer(folder / "azure", program) if azure else S3Server(folder) as server:
        os.environ.update(server.environment)
        yield server.make_bucket("tamis-schedules")


def _play_many(given: argparse.Namespace) -> None:
    begin, acknowledged, refused, reads = time.monotonic(), 0, 0, 0
    for seed in range(given.first, given.first + given.schedules):
        folder = Path(tempfile.mkdtemp(prefix="tamis-schedule-"))
        store = f"{given.store}/schedule-{seed}-{int(time.time())}" if given.store else str(folder / "store")
        history = play(seed, folder, store, nodes=given.nodes)
        shutil.rmtree(folder)
        known = sum(write.position is not None for write in history.writes)
        acknowledged, refused, reads = acknowledged + known, refused + history.refused, reads + len(history.reads)
        sys.stdout.write(
            f"seed {seed}: {known} writes, {history.refused} not answered well, {', '.join(history.faults)}\n"
        )
        sys.stdout.flush()
    seconds = time.monotonic() - begin
    sys.stdout.write(
        f"{given.schedules} schedules in {seconds:.0f} s: {acknowledged:,} acknowledged writes, {refused:,} others, "
        f"{reads:,} reads; nothing lost, nothing twice, all replicas equal\n"
    )


if __name__ == "__main__":
    main()
