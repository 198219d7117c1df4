"""What does a search cost over HTTP that it does not cost in process, and how much goes through one server?

    python bench/served.py [--points 100000] [--seconds 2.5]

Clustered vectors of 128 and of 768 dimensions, five payload fields, one optimized segment each. The server is one
process on loopback: Python threads under one interpreter lock, kernels without it. This process is its clients: 1, 16
and 64 keep-alive connections, each with one request under way; bodies are made beforehand, their numbers as clients
write them, in 17 digits. A request under a filter asks one of ten in turn.

CPU is user and system time of the whole server per search, load that of this process per search, embedded that of one
`Collection.search()` with the same queries on the same directory, measured before; beyond is the difference. others
is how many cores were busy with neither: not zero on a machine that is shared. allowed is what the cores are enough
for, QPS: cores ÷ (CPU + load), which is the cores less what the clients use, divided by the CPU of a served search.
share is QPS ÷ allowed.

Ingest: batches of 500 points as JSON with payload, wait=true, over 1 and then 4 connections. There is no peer here:
qdrant-edge is not a server.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.data import F32, DataSet, clustered
from bench.generator import Load, ask_all, request
from bench.ingest import payload
from bench.node import Node, busy_seconds
from bench.report import publish

LIMIT = 10
BATCH = 500
CONNECTIONS = (1, 16, 64)
KINDS = ("ids", "payload", "filter", "filter + payload")
SIZES = (128, 768)
OVERHEAD_US = {128: 200.0, 768: 400.0}  # CPU of a served search beyond the embedded call
ALLOWED_SHARE = 0.7
TAIL = 5.0  # p99 ÷ p50
INGEST_PER_S = 10_000
FILTERS = [
    {"must": [{"key": "sold", "match": {"value": True}}, {"key": "stock", "range": {"gte": low, "lt": low + 100}}]}
    for low in range(0, 1_000, 100)
]
COLUMNS = [
    "search", "clients", "QPS", "p50 µs", "p95 µs", "p99 µs", "CPU µs", "embedded", "beyond", "load µs", "others",
    "allowed", "share",
]  # fmt: skip


def name(size: int) -> str:
    """The collection's."""
    return f"d{size}"


def arguments(kind: str, number: int) -> dict[str, Any]:
    """What the query of this number asks beside its vector, in words that both doors understand."""
    filtered = {"filter": FILTERS[number % len(FILTERS)]} if "filter" in kind else {}
    return {"limit": LIMIT, "with_payload": "payload" in kind, **filtered}


def searches(data: DataSet, kind: str) -> list[bytes]:
    """The requests of all queries."""
    path = f"/collections/{name(data.queries.shape[1])}/points/query"
    vectors = data.queries.tolist()
    return [
        request("POST", path, json.dumps({"query": vector, **arguments(kind, number)}).encode())
        for number, vector in enumerate(vectors)
    ]


def upserts(base: F32, first: int, last: int) -> Iterator[bytes]:
    """Batches of these rows as requests."""
    path = f"/collections/{name(base.shape[1])}/points?wait=true"
    for start in range(first, last, BATCH):
        rows = range(start, min(start + BATCH, last))
        vectors = base[rows.start : rows.stop].tolist()
        points = [{"id": r, "vector": v, "payload": payload(r)} for r, v in zip(rows, vectors, strict=True)]
        yield request("PUT", path, json.dumps({"points": points}).encode())


def measured_ingest(node: Node, data: DataSet) -> list[list[Any]]:
    """Half of the points over one connection, the other half over four: [what, points, points/s, …]."""
    collection, count = name(data.base.shape[1]), len(data.base)
    node.call("PUT", f"/collections/{collection}", {"vectors": {"size": data.base.shape[1], "distance": "Euclid"}})
    rows = []
    for connections, first, last in ((1, 0, count // 2), (4, count // 2, count)):
        batches = list(upserts(data.base, first, last))
        before = node.cpu_seconds()
        load = ask_all(node.port, iter(batches), connections)
        spent = node.cpu_seconds() - before
        points = last - first
        milliseconds = [load.percentile(share) / 1e3 for share in (50, 99)]
        cpu = [used / points * 1e6 for used in (spent, load.cpu)]
        rows.append([connections, points, points / load.seconds, *milliseconds, *cpu])
        node.wait_until_green(collection)
    held = node.call("POST", f"/collections/{collection}/points/count", {"exact": True})["count"]
    if held != count:
        raise RuntimeError(f"{count} points were sent, the server has {held}")
    return rows


def fill(folder: str, data: DataSet) -> None:
    """The other collection goes in by the embedded door: a gigabyte of JSON would measure the encoder here."""
    import tamis

    with tamis.open(folder) as db:
        size = data.base.shape[1]
        collection = db.create_collection(name(size), vectors={"size": size, "distance": "Euclid"})
        for first in range(0, len(data.base), 5_000):
            ids = np.arange(first, min(first + 5_000, len(data.base)))
            collection.upsert(ids=ids, vectors=data.base[ids], payloads=[payload(row) for row in ids.tolist()])


def embedded_costs(folder: str, sets: list[DataSet], seconds: float) -> dict[tuple[int, str], float]:
    """Optimize every collection, then: CPU microseconds of one embedded call, by size and kind; warm."""
    import tamis

    costs = {}
    with tamis.open(folder) as db:
        for data in sets:
            size = data.queries.shape[1]
            collection = db.get_collection(name(size))
            collection.optimize()
            for kind in KINDS:
                calls = [(query, arguments(kind, number)) for number, query in enumerate(data.queries)]
                search = collection.search
                costs[size, kind] = _cpu_per_call(lambda call, s=search: s(call[0], **call[1]), calls, seconds)
    return costs


def _cpu_per_call(call: Callable[[Any], Any], calls: list[Any], seconds: float) -> float:
    for one in calls:
        call(one)  # warm
    begin, busy, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begin < seconds:
        for one in calls:
            call(one)
        done += len(calls)
    return (time.process_time() - busy) / done * 1e6


def measured_searches(
    node: Node, data: DataSet, costs: dict[tuple[int, str], float], seconds: float
) -> list[list[Any]]:
    """One row per kind and number of connections."""
    rows = []
    size = data.queries.shape[1]
    for kind in KINDS:
        requests = searches(data, kind)
        ask_all(node.port, iter(requests), CONNECTIONS[-1])  # warm
        for connections in CONNECTIONS:
            busy, before = busy_seconds(), node.cpu_seconds()
            load = ask_all(node.port, itertools.cycle(requests), connections, seconds)
            spent = node.cpu_seconds() - before
            others = max(0.0, busy_seconds() - busy - spent - load.cpu) / load.seconds
            row = _row(load, spent / load.answers * 1e6, costs[size, kind], others)
            rows.append([f"{size}-d, {kind}", connections, *row])
            print(*(f"{v:.4g}" if isinstance(v, float) else v for v in rows[-1]), sep=" | ", flush=True)
    return rows


def _row(load: Load, served: float, embedded: float, others: float) -> list[Any]:
    qps, clients = load.answers / load.seconds, load.cpu / load.answers * 1e6
    allowed = (os.cpu_count() or 1) * 1e6 / (served + clients)
    percentiles = [load.percentile(share) for share in (50, 95, 99)]
    return [qps, *percentiles, served, embedded, served - embedded, clients, others, allowed, qps / allowed]


def verdicts(rows: list[list[Any]], ingest: list[list[Any]]) -> list[str]:
    """The bars, and every one that is missed."""
    beyond = " / ".join(f"{bar:g} µs at {size}-d" for size, bar in OVERHEAD_US.items())
    throughput = f"{ALLOWED_SHARE:g} of the allowed QPS at 16 connections"
    ingested = f"ingest {INGEST_PER_S} points/s at {SIZES[0]}-d"
    lines = [f"bars: CPU beyond the embedded call {beyond}; {throughput}; p99 ≤ {TAIL:g} × p50; {ingested}"]
    for row in rows:
        cell = dict(zip(COLUMNS, row, strict=True))
        what = f"{cell['search']}, {cell['clients']} clients"
        bar = OVERHEAD_US[int(cell["search"].partition("-")[0])]
        if cell["beyond"] > bar:
            lines.append(f"MISSED CPU: {what}: {cell['beyond']:.0f} µs beyond the embedded call, {bar:g} allowed")
        if cell["clients"] == 16 and cell["share"] < ALLOWED_SHARE:
            lines.append(f"MISSED throughput: {what}: {cell['share']:.2f} of what the cores allow")
        if cell["p99 µs"] > TAIL * cell["p50 µs"]:
            lines.append(f"MISSED tail: {what}: p99 is {cell['p99 µs'] / cell['p50 µs']:.1f} × p50")
    for connections, _, rate, *_ in ingest:
        if rate < INGEST_PER_S:
            lines.append(f"MISSED ingest: {connections} connections: {rate:.0f} points/s")
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=2.5, help="of each cell")
    chosen = options.parse_args()
    sets = [clustered(chosen.points, size) for size in SIZES]
    with tempfile.TemporaryDirectory(prefix="tamis-bench-") as parent:
        folder = f"{parent}/node"
        with Node(folder) as node:
            ingest = measured_ingest(node, sets[0])
        fill(folder, sets[1])
        costs = embedded_costs(folder, sets, chosen.seconds / 2)
        with Node(folder) as node:
            rows = [row for data in sets for row in measured_searches(node, data, costs, chosen.seconds)]
            memory = node.memory()
    lines = verdicts(rows, ingest)
    packages = ["httptools", "msgspec", "numba", "numpy"]
    columns = ["connections", "points", "points/s", "p50 ms", "p99 ms", "CPU µs/point", "clients µs/point"]
    publish("served_ingest", columns, ingest, packages, size=SIZES[0], batch=BATCH)
    publish("served", COLUMNS, rows, packages, verdicts=lines, points=chosen.points, memory=memory)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
