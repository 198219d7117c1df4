"""What does a cluster ask the store that nobody asks anything: requests an hour of three nodes, and their price on S3.

    python bench/idle.py [--seconds 60]

One collection of three shards, two copies of each, over a directory; every call of the store is one request there, the
unfound too. Counted over the given seconds, once nodes have settled. Prices: S3 Standard, us-east-1, 2025.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.report import publish
from tests.cluster.processes import Cluster, made, points

NODES = 3
COLUMNS = ["what", "PUT/h", "LIST/h", "GET and HEAD/h", "$/h", "$/month"]
DEAR, CHEAP = 0.005 / 1_000, 0.0004 / 1_000  # of one PUT or LIST, of one GET or HEAD
HOURS = 730  # of a month
SETTLED_SECONDS = 20.0
AS_IT_COMES = {"LEASE_SECS": "6", "POLL_SECS": "0.2", "REQUEST_SECS": "10"}
THRIFTIER = {**AS_IT_COMES, "LEASE_SECS": "15", "POLL_SECS": "1"}
SHAPES = (
    ("as it comes", AS_IT_COMES, 300),
    ("as it comes, no points", AS_IT_COMES, 0),
    ("lease_secs 15, poll_secs 1", THRIFTIER, 300),
)


def requests(cluster: Cluster) -> dict[str, int]:
    """By kind, of all nodes so far."""
    told = [cluster.ask(node, "GET", "/cluster")[1]["result"]["store"]["requests"] for node in range(NODES)]
    return {kind: sum(one[kind] for one in told) for kind in told[0]}


def an_hour(settings: dict[str, str], count: int, seconds: float) -> dict[str, float]:
    """Requests by kind."""
    with tempfile.TemporaryDirectory(prefix="tamis-bench-") as folder:
        path = Path(folder)
        with Cluster(path, str(path / "store"), NODES, settings) as cluster:
            while len(cluster.ask(0, "GET", "/cluster")[1]["result"]["peers"]) < NODES:
                time.sleep(0.1)
            made(cluster, shard_number=3, replication_factor=2)
            if count:
                assert cluster.ask(0, "PUT", "/collections/docs/points?wait=true", points(0, count))[0] == 200
            time.sleep(SETTLED_SECONDS)
            begin, before = time.monotonic(), requests(cluster)
            time.sleep(seconds)
            after = requests(cluster)
            hours = (time.monotonic() - begin) / 3_600
    return {kind: (after[kind] - before[kind]) / hours for kind in after}


def main() -> None:
    """Every shape."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    rows: list[list[Any]] = []
    for name, settings, count in SHAPES:
        found = an_hour(settings, count, given.seconds)
        reads = found["get"] + found["head"]
        dollars = (found["put"] + found["list"]) * DEAR + reads * CHEAP
        kinds = [f"{number:,.0f}" for number in (found["put"], found["list"], reads)]
        rows.append([name, *kinds, f"{dollars:.3f}", f"{dollars * HOURS:,.0f}"])
    publish("idle", COLUMNS, rows, ["tamis"], seconds=given.seconds)


if __name__ == "__main__":
    main()
