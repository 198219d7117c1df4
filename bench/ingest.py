"""How fast do points go in, are they searchable at once, how fast is recovery, and how much memory does it take?

    python bench/ingest.py [--points 1000000] [--peer-points 100000]

128 dimensions, five payload fields, batches of 1,000, every batch durable (fsync) when the call returns. The peer is
Qdrant's engine in process (qdrant-edge-py), which writes its log without a sync unless flush() is called: it is
measured both ways, on fewer points. Recovery is a fresh process that opens the directory: once as the writer left it
(log tail included), once after optimize(). Memory is what that fresh process holds more than before it opened, after
1,000 searches, against the bytes of vectors, codes, graph and columns.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.data import clustered
from bench.report import publish

BATCH = 1_000
SIZE = 128
REOPEN = """
import json, sys, time
import numpy as np, tamis

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return {l.split(":")[0]: int(l.split()[1]) * 1024 for l in lines if l.startswith(("VmRSS", "RssAnon", "RssFile"))}

small = tamis.open().create_collection("warm", vectors={"size": 128, "distance": "Euclid"})
queries = np.random.default_rng(0).standard_normal((1000, 128)).astype(np.float32)
small.upsert(ids=np.arange(6000), vectors=np.tile(queries, (6, 1)) + np.arange(6000)[:, None].astype(np.float32) / 1e4)
small.optimize()
small.search(queries[0]), small.search(queries[0], filter={"must": [{"key": "n", "range": {"lt": 3000}}]})
before = resident()
begin = time.perf_counter()
db = tamis.open(sys.argv[1])
c = db.get_collection("bench")
count = c.count()
first = c.search(queries[0])
opened = time.perf_counter() - begin
for query in queries[:int(sys.argv[2])]:
    c.search(query)
after = resident()
print(json.dumps({"seconds": opened, "points": count, "hits": len(first), "memory": c.memory(),
                  "resident": {key: after[key] - before[key] for key in after}, "status": c.info()["status"]}))
db.close()
"""


def payload(row: int) -> dict[str, Any]:
    """Five fields."""
    return {
        "city": f"city {row % 400}",
        "price": row % 9973 / 7,
        "stock": row % 1000,
        "sold": row % 3 == 0,
        "tags": [f"tag {row % 50}", f"tag {row % 7}"],
    }


def reopen(directory: str, searches: int) -> dict[str, Any]:
    """Open the directory in a fresh process, and ask so much of it."""
    done = subprocess.run(
        [sys.executable, "-c", REOPEN, directory, str(searches)], capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure_tamis(points: int, directory: str) -> tuple[list[list[Any]], dict[str, Any]]:
    """Rows for the table, and the reports of the fresh processes."""
    import tamis

    base = clustered(points).base
    db = tamis.open(directory)
    collection = db.create_collection("bench", vectors={"size": SIZE, "distance": "Euclid"})
    worst, inside, waited = 0.0, 0.0, 0
    begin = time.perf_counter()
    for first in range(0, points, BATCH):
        ids = np.arange(first, first + BATCH)
        payloads = [payload(row) for row in range(first, first + BATCH)]
        called = time.perf_counter()
        collection.upsert(ids=ids, vectors=base[first : first + BATCH], payloads=payloads)
        spent = time.perf_counter() - called
        inside += spent
        worst = max(worst, spent)
        if first % (points // 10) == 0:
            last = first + BATCH - 1
            hit = collection.search(base[last], limit=1, params={"exact": True})[0]
            assert hit.id == last, "a point that was written is not found"
            waited += 1
    total = time.perf_counter() - begin
    rows = [
        ["tamis: upsert calls, fsync", points, points / inside],
        ["tamis: the whole loop, with making payloads", points, points / total],
        ["tamis: longest call, ms", BATCH, worst * 1e3],
        [f"tamis: searchable at once ({waited} probes)", waited, "yes"],
    ]
    db.close()
    reports = {"as written": reopen(directory, 0)}
    db = tamis.open(directory)
    begin = time.perf_counter()
    db.get_collection("bench").optimize()
    rows.append(["tamis: optimize s", points, time.perf_counter() - begin])
    db.close()
    reports["optimized"] = reopen(directory, 1_000)
    for name, report in reports.items():
        assert report["points"] == points
        rows.append([f"tamis: recovery {name}, s", points, report["seconds"]])
    memory = reports["optimized"]["memory"]["resident"]
    data = sum(memory.get(part, 0) for part in ("vectors", "codes", "graph", "columns"))
    held = reports["optimized"]["resident"]["VmRSS"]
    rows += [
        ["tamis: vectors + codes + graph + columns, bytes per point", points, data / points],
        ["tamis: process after 1,000 searches, bytes per point", points, held / points],
        ["tamis: process / (vectors + codes + graph + columns)", points, held / data],
        ["tamis: memory() total / (vectors + codes + graph + columns)", points, sum(memory.values()) / data],
    ]
    return rows, reports


def measure_edge(points: int, directory: str) -> list[list[Any]]:
    """The peer, with and without a flush after every batch."""
    import qdrant_edge as q

    base = clustered(points).base
    rows = []
    for flush in (False, True):
        folder = f"{directory}/{flush}"
        config = q.EdgeConfig(vectors=q.EdgeVectorParams(size=SIZE, distance=q.Distance.Euclid))
        shard = q.EdgeShard.create(folder, config)
        inside = 0.0
        for first in range(0, points, BATCH):
            vectors = base[first : first + BATCH].tolist()
            payloads = [payload(row) for row in range(first, first + BATCH)]
            called = time.perf_counter()
            made = [q.Point(first + i, v, p) for i, (v, p) in enumerate(zip(vectors, payloads, strict=True))]
            shard.update(q.UpdateOperation.upsert_points(made))
            if flush:
                shard.flush()
            inside += time.perf_counter() - called
        name = "flush every batch" if flush else "no flush"
        rows.append([f"qdrant-edge: points and update, {name}", points, points / inside])
        shard.close()
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=1_000_000)
    options.add_argument("--peer-points", type=int, default=100_000)
    chosen = options.parse_args()
    folder = tempfile.mkdtemp(prefix="tamis-bench-")
    try:
        Path(f"{folder}/edge").mkdir()
        rows, reports = measure_tamis(chosen.points, f"{folder}/tamis")
        rows += measure_edge(chosen.peer_points, f"{folder}/edge")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    packages = ["qdrant-edge-py", "google-crc32c", "msgspec", "numba", "numpy"]
    publish("ingest", ["what", "points", "value"], rows, packages, reports=reports)


if __name__ == "__main__":
    main()
