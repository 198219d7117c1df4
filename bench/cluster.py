"""What do several nodes over one store cost and give: searches, ingest, a death, a newcomer, one index for all?

    python bench/cluster.py [--points 20000] [--s3]

Everything runs on this one machine: nodes, their clients, and with --s3 a real S3 server (Ceph's gateway, in memory);
three nodes share its cores, so more shards and replicas cannot be faster here. It is what spreading costs.

    grid      1, 2, 4 shards × 1, 2 replicas on three nodes, 128 dimensions, payload of two fields: ingest in batches of
              500 over four connections (wait=true); searches of 10 hits over 16 connections to one node
    death     kill -9 of one of three nodes while the others are asked all the time: seconds to the last failed request
    newcomer  a fourth node's seconds from start to ready and to the first shard that it serves, and bytes it fetched
    index     CPU seconds of every node while 45,000 points with a graph are built with three replicas
    store     requests and bytes to and from the store per 1,000 points written
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.generator import Load, ask_all, request
from bench.report import publish
from tests.cluster.processes import Cluster, free_port
from tests.cluster.s3 import S3Server, missing

SIZE = 128
BATCH = 500
GRID = tuple(itertools.product((1, 2, 4), (1, 2)))
SETTINGS = {"LEASE_SECS": "3", "POLL_SECS": "0.2"}
COLUMNS = [
    "what",
    "points/s",
    "batch p50 ms",
    "QPS",
    "p50 µs",
    "p99 µs",
    "store requests/1,000",
    "KiB up/1,000",
    "KiB down/1,000",
]
_TICK = os.sysconf("SC_CLK_TCK")


def upserts(vectors: np.ndarray) -> list[bytes]:
    """Batches as requests."""
    made = []
    for first in range(0, len(vectors), BATCH):
        rows = vectors[first : first + BATCH].tolist()
        points = [
            {"id": first + n, "vector": row, "payload": {"stock": (first + n) % 1_000, "name": f"item {first + n}"}}
            for n, row in enumerate(rows)
        ]
        made.append(request("PUT", "/collections/docs/points?wait=true", json.dumps({"points": points}).encode()))
    return made


def searches(queries: np.ndarray) -> list[bytes]:
    """Searches as requests."""
    path = "/collections/docs/points/query"
    return [request("POST", path, json.dumps({"query": row, "limit": 10}).encode()) for row in queries.tolist()]


def create(cluster: Cluster, **options: Any) -> None:
    """The collection, once every node sees every other."""
    while len(cluster.ask(0, "GET", "/cluster")[1]["result"]["peers"]) < len(cluster.ports):
        time.sleep(0.1)
    body = {"vectors": {"size": SIZE, "distance": "Cosine"}, **options}
    status, answer, _ = cluster.ask(0, "PUT", "/collections/docs", body)
    assert status == 200, answer


def traffic(cluster: Cluster) -> tuple[int, int, int]:
    """Requests, bytes up, bytes down of all nodes so far."""
    told = [cluster.ask(node, "GET", "/cluster")[1]["result"]["store"] for node in range(len(cluster.ports))]
    return (
        sum(sum(one["requests"].values()) for one in told),
        sum(one["bytes_up"] for one in told),
        sum(one["bytes_down"] for one in told),
    )


def cpu_seconds(cluster: Cluster, node: int) -> float:
    """User and system time of a node so far."""
    process = cluster.processes[node]
    assert process is not None
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def cell(folder: Path, store: str, vectors: np.ndarray, shape: tuple[int, int]) -> list[Any]:
    """Ingest and searches of one shape."""
    shards, replicas = shape
    with Cluster(folder, store, 3, SETTINGS) as cluster:
        create(cluster, shard_number=shards, replication_factor=replicas)
        before = traffic(cluster)
        written: Load = ask_all(cluster.ports[0], iter(upserts(vectors)), 4)
        after = traffic(cluster)
        time.sleep(3.0)  # what was written is sealed and fetched
        asked: Load = ask_all(cluster.ports[1], itertools.cycle(searches(vectors[:1_000] + 0.01)), 16, 4.0)
    thousands = len(vectors) / 1_000
    requests, up, down = (b - a for a, b in zip(before, after, strict=True))
    return [
        f"{shards} shards × {replicas}",
        f"{len(vectors) / written.seconds:,.0f}",
        f"{written.percentile(50) / 1e3:.1f}",
        f"{asked.answers / asked.seconds:,.0f}",
        f"{asked.percentile(50):,.0f}",
        f"{asked.percentile(99):,.0f}",
        f"{requests / thousands:.1f}",
        f"{up / thousands / 1024:,.0f}",
        f"{down / thousands / 1024:,.0f}",
    ]


def death(folder: Path, store: str, vectors: np.ndarray) -> dict[str, float]:
    """Seconds from a kill to the last failed request, of reads and of writes, through the two nodes that are left."""
    with Cluster(folder, store, 3, SETTINGS) as cluster:
        create(cluster, shard_number=4, replication_factor=2)
        ask_all(cluster.ports[0], iter(upserts(vectors[:5_000])), 4)
        failed: dict[str, list[float]] = {"read": [], "write": []}
        counts = {"read": 0, "write": 0}
        stopping = threading.Event()

        def ask(node: int, kind: str) -> None:
            number = node
            while not stopping.is_set():
                number += 2
                if kind == "read":
                    asked = ("POST", "/collections/docs/points/query", {"query": vectors[number % 1_000].tolist()})
                else:
                    point = {"id": 10**6 + number, "vector": vectors[0].tolist()}
                    asked = ("PUT", "/collections/docs/points?wait=true", {"points": [point]})
                counts[kind] += 1
                if cluster.ask(node, *asked)[0] != 200:
                    failed[kind].append(time.monotonic())
                time.sleep(0.02)

        threads = [threading.Thread(target=ask, args=(node, kind)) for node in (0, 1) for kind in ("read", "write")]
        for thread in threads:
            thread.start()
        time.sleep(2.0)
        killed = time.monotonic()
        cluster.kill(2)
        time.sleep(8.0)
        stopping.set()
        for thread in threads:
            thread.join()
    return {
        **{f"{kind}s_failed": float(len(times)) for kind, times in failed.items()},
        **{f"{kind}s": float(count) for kind, count in counts.items()},
        **{f"last_failed_{kind}_s": round(max(times, default=killed) - killed, 2) for kind, times in failed.items()},
    }


def newcomer(folder: Path, store: str, vectors: np.ndarray) -> dict[str, float]:
    """A fourth node joins."""
    with Cluster(folder, store, 3, SETTINGS) as cluster:
        create(cluster, shard_number=4, replication_factor=2)
        ask_all(cluster.ports[0], iter(upserts(vectors)), 4)
        time.sleep(3.0)
        cluster.ports.append(free_port())
        cluster.processes.append(None)
        begin = time.monotonic()
        cluster.start(3)
        cluster.wait_ready(3)
        ready = time.monotonic() - begin
        while True:
            told = cluster.ask(3, "GET", "/cluster")[1]["result"]
            if next(node for node in told["nodes"] if node["id"] == "n3")["shards"]:
                break
            time.sleep(0.05)
        return {
            "ready_s": round(ready, 2),
            "serving_s": round(time.monotonic() - begin, 2),
            "fetched_mib": round(told["store"]["bytes_down"] / 2**20, 1),
        }


def index(folder: Path, store: str, vectors: np.ndarray) -> dict[str, Any]:
    """Who pays for the index of a collection with three replicas."""
    with Cluster(folder, store, 3, SETTINGS) as cluster:
        create(cluster, replication_factor=3)
        before = [cpu_seconds(cluster, node) for node in range(3)]
        ask_all(cluster.ports[0], iter(upserts(vectors)), 4)
        written = [cpu_seconds(cluster, node) for node in range(3)]
        built, last, since = [], -1.0, time.monotonic()
        while time.monotonic() - since < 5.0:  # nobody works any more
            time.sleep(0.5)
            built = [cpu_seconds(cluster, node) for node in range(3)]
            if sum(built) - last > 0.3:
                last, since = sum(built), time.monotonic()
        told = cluster.ask(0, "GET", "/collections/docs")[1]["result"]
    return {
        "points": told["points_count"],
        "indexed": told["indexed_vectors_count"],
        "ingest_cpu_s": [round(b - a, 1) for a, b in zip(before, written, strict=True)],
        "build_cpu_s": [round(b - a, 1) for a, b in zip(written, built, strict=True)],
    }


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--s3", action="store_true", help="over a real S3 server instead of a directory")
    given = parser.parse_args()
    chance = np.random.default_rng(7)
    vectors = chance.standard_normal((max(given.points, 45_000), SIZE)).astype(np.float32)
    with ExitStack() as held:
        base = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="tamis-bench-")))
        store = str(base / "store")
        if given.s3:
            reason = missing()
            if reason is not None:
                sys.exit(reason)
            server = held.enter_context(S3Server(base / "s3"))
            os.environ.update(server.environment)
            store = server.make_bucket("tamis-bench")
        numbers = itertools.count()

        def fresh() -> tuple[Path, str]:
            folder = base / f"run{next(numbers)}"
            folder.mkdir()
            return folder, f"{store}/{folder.name}"

        rows = [cell(*fresh(), vectors[: given.points], shape) for shape in GRID]
        facts = {
            "death": death(*fresh(), vectors),
            "newcomer": newcomer(*fresh(), vectors[: given.points]),
            "index": index(*fresh(), vectors[:45_000]),
        }
    publish("cluster-s3" if given.s3 else "cluster", COLUMNS, rows, ["tamis", "obstore"], points=given.points, **facts)
    for name, fact in facts.items():
        print(f"{name}: {json.dumps(fact)}")


if __name__ == "__main__":
    main()
