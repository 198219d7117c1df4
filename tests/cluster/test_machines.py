"""Nodes on machines that are not well: a clock that is hours off, a disk without room for the cache."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.processes import Cluster, count, made, node_of, points, until

HOURS = 3 * 3_600.0


def pin(cluster: Cluster, shard: int, node: str) -> None:
    peers = {one["id"]: one["peer_id"] for one in cluster.ask(0, "GET", "/cluster")[1]["result"]["nodes"]}
    change = {"move_shard": {"shard_id": shard, "to_peer_id": peers[node]}}
    assert cluster.ask(0, "POST", "/collections/docs/cluster", change)[0] == 200


def write(cluster: Cluster, upto: int, first: int = 0) -> None:
    """Batches of 5,000 points, each by another node."""
    for batch in range(first, upto):
        path = "/collections/docs/points?wait=true"
        assert cluster.ask(batch % 3, "PUT", path, points(batch * 5_000, 5_000), seconds=30)[0] == 200


def live(cluster: Cluster, node: int) -> list[str]:
    nodes = cluster.ask(node, "GET", "/cluster")[1]["result"]["nodes"]
    return sorted(one["id"] for one in nodes if one["live"])


def test_nodes_whose_clocks_are_hours_off(tmp_path: Path) -> None:
    """They are homes of the shards, seal and collect garbage; nothing is taken for old, and nobody for dead.

    The clock is the process's time of day (`time.time`); what signs requests to S3 reads another one.
    """
    settings = {"COLLECT_SECS": "0.3"}  # with an hour of history, and of grace for files that nothing lists
    clocks = {1: {"clock": HOURS}, 2: {"clock": -HOURS}}
    with Cluster(tmp_path, str(tmp_path / "store"), 3, settings, faults=clocks) as cluster:
        assert [live(cluster, node) for node in range(3)] == [["n0", "n1", "n2"]] * 3
        made(cluster, shard_number=2, replication_factor=3)
        pin(cluster, 0, "n1")
        pin(cluster, 1, "n2")
        until(lambda: all({"1/0", "1/1"} <= set(node_of(cluster, f"n{n}")["shards"]) for n in range(3)))
        write(cluster, 4)
        then = datetime.now(UTC)
        time.sleep(1.1)
        gone = {"points": list(range(10_000))}
        assert cluster.ask(1, "POST", "/collections/docs/points/delete?wait=true", gone)[0] == 200
        write(cluster, 12, 4)
        until(lambda: sealed(tmp_path, 0) and sealed(tmp_path, 1))
        time.sleep(1.0)  # some rounds of collecting
        for node in range(3):
            name = f"then{node}"
            body = {"to": name, "at": then.isoformat()}
            assert cluster.ask(node, "POST", "/collections/docs/clone", body)[0] == 200
            assert (count(cluster, node, name), count(cluster, node)) == (20_000, 50_000)
        assert [live(cluster, node) for node in range(3)] == [["n0", "n1", "n2"]] * 3
        cluster.kill(1)
        until(lambda: live(cluster, 2) == ["n0", "n2"], 10)
        cluster.start(1, faults={"clock": -HOURS})
        cluster.wait_ready(1)
        until(lambda: live(cluster, 2) == ["n0", "n1", "n2"], 10)
        assert [count(cluster, node) for node in range(3)] == [50_000] * 3


def sealed(folder: Path, shard: int) -> list[Path]:
    return list((folder / "store" / "collections" / "000001" / str(shard) / "segments").glob("*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The cache of n1 is a disk of its own, of 128 KiB."""
    folder = tmp_path / "cache1"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_node_whose_cache_has_no_room(small_disk: Path, tmp_path: Path) -> None:
    """It seals, serves and starts without it, says so, and uses the room when there is some."""
    with Cluster(tmp_path, str(tmp_path / "store"), 3) as cluster:
        made(cluster, replication_factor=3)
        pin(cluster, 0, "n1")
        until(lambda: all("1/0" in node_of(cluster, f"n{n}")["shards"] for n in range(3)))
        write(cluster, 10)
        until(lambda: "cache" in troubles(cluster))
        said = troubles(cluster)["cache"]
        assert "No space left on device" in said
        assert "free some space there, or lower cluster.cache_mb" in said
        until(lambda: "housekeeping failed" in cluster.log(1))
        assert cluster.log(1).count("No space left on device") <= 2, "it is not said over and over"
        assert [count(cluster, node) for node in range(3)] == [50_000] * 3
        assert best(cluster) == [49_999, 49_998]
        cluster.kill(1)
        cluster.start(1)
        cluster.wait_ready(1)
        assert "cache" in troubles(cluster)
        assert (count(cluster, 1), best(cluster)) == (50_000, [49_999, 49_998])
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        assert cluster.stop(1) == 0
        cluster.start(1)
        cluster.wait_ready(1)
        assert troubles(cluster) == {}
        assert any(path.is_file() for path in small_disk.glob("files/collections/**/*"))
        assert (count(cluster, 1), best(cluster)) == (50_000, [49_999, 49_998])


def troubles(cluster: Cluster) -> dict[str, str]:
    """As n1 tells them."""
    found: dict[str, str] = cluster.ask(1, "GET", "/cluster")[1]["result"]["troubles"]
    return found


def best(cluster: Cluster) -> list[Any]:
    """Two points, of n1."""
    body = {"query": [0.0, 1.0], "limit": 2}
    answer = cluster.ask(1, "POST", "/collections/docs/points/query", body, headers={"x-tamis-shard": "1/0"})[1]
    return [point["id"] for point in answer["result"]["points"]]
