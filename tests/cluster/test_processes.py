"""Real nodes over a shared directory and over a real S3 server; what only a cluster can do."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tamis.cli import app
from tamis.cluster.placement import write_home
from tamis.model.role import Role
from tests.cluster.processes import Cluster, count, free_port, made, node_of, points, until
from tests.cluster.s3 import S3Server, missing
from tests.cluster.schedule import play

STORES = ("directory", "s3")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a bucket."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with S3Server(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patched:
        for name, value in server.environment.items():
            patched.setenv(name, value)
        yield server.make_bucket("tamis-tests")


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of this kind that nobody used before."""
    if request.param == "directory":
        return str(tmp_path / "store")
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}-{time.monotonic_ns()}"


@pytest.mark.parametrize("store", STORES, indirect=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_acknowledged_is_lost_whatever_fails(seed: int, store: str, tmp_path: Path) -> None:
    history = play(seed, tmp_path, store, seconds=4.0)
    assert len(history.writes) > 50
    assert len(history.reads) > 20


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("key", ["/log/", "/points", "/payload-1", "/manifest/", "catalog/"])
def test_a_node_that_dies_at_this_very_moment_loses_nothing(key: str, after: bool, tmp_path: Path) -> None:
    """In the middle of a write, of a seal, of a manifest, of a change of the catalog."""
    settings = {"HISTORY_SECS": "3600"}
    with Cluster(tmp_path, str(tmp_path / "store"), 3, settings) as cluster:
        made(cluster, replication_factor=2)
        for node in range(3):
            cluster.control(node, {"die": {"key": key, "after": after}})
        acknowledged, dead = [], None
        for first in range(0, 60_000, 3_000):
            node = first // 3_000 % 3
            if key == "catalog/":
                cluster.ask(node, "PUT", f"/collections/other{first}", {"vectors": {"size": 2, "distance": "Dot"}})
            if (
                cluster.ask(node, "PUT", "/collections/docs/points?wait=true", points(first, 3_000), seconds=20)[0]
                == 200
            ):
                acknowledged.append(first)
            dead = next((n for n, process in enumerate(cluster.processes) if process and process.poll() == 9), None)
            if dead is not None:
                break
        assert dead is not None, "nobody put such a key"
        for node in range(3):
            cluster.control(node, {})
        time.sleep(0.5)  # another one may have died meanwhile
        for node, process in enumerate(cluster.processes):
            if process is not None and process.poll() is not None:
                cluster.start(node)
        for node in range(3):
            cluster.wait_ready(node)
        until(lambda: cluster.ask(0, "PUT", "/collections/docs/points?wait=true", points(10**6, 1))[0] == 200)
        path = "/collections/docs/points?consistency=all"
        for first in acknowledged:
            ids = {"ids": list(range(first, first + 3_000))}
            for node in range(3):
                assert len(cluster.ask(node, "POST", path, ids)[1]["result"]) == 3_000
        counts = {count(cluster, node) for node in range(3)}
        assert len(counts) == 1
        assert counts.pop() % 3_000 == 1, "a write is there whole or not at all"


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path, str(tmp_path / "store"), 3) as cluster:
        yield cluster


def test_every_node_answers_for_the_whole_collection(three: Cluster) -> None:
    made(three, shard_number=4, replication_factor=2, write_consistency_factor=2)
    status, answer, headers = three.ask(1, "PUT", "/collections/docs/points?wait=true", points(0, 200))
    assert (status, answer["result"]["status"]) == (200, "completed")
    assert headers["x-tamis-positions"] == "0:1,1:1,2:1,3:1"
    assert [count(three, node) for node in range(3)] == [200, 200, 200]
    asked = {"query": [0.0, 1.0], "limit": 3, "with_payload": True}
    answers = [three.ask(node, "POST", "/collections/docs/points/query", asked)[1]["result"] for node in range(3)]
    assert [point["id"] for point in answers[0]["points"]] == [199, 198, 197]
    assert answers[0] == answers[1] == answers[2]
    assert three.ask(2, "GET", "/collections/docs")[1]["result"]["points_count"] == 200


def test_what_one_node_wrote_every_node_reads_at_once(three: Cluster) -> None:
    made(three, replication_factor=3)
    for round in range(20):
        status, _, headers = three.ask(round % 3, "PUT", "/collections/docs/points?wait=true", points(round, 1))
        assert status == 200
        reached = {"x-tamis-at-least": headers["x-tamis-positions"]} if "x-tamis-positions" in headers else {}
        path = "/collections/docs/points/count" + ("" if reached else "?consistency=majority")
        status, answer, _ = three.ask((round + 1) % 3, "POST", path, {}, headers=reached)
        assert (status, answer["result"]["count"]) == (200, round + 1)


def test_nothing_is_acknowledged_into_what_was_deleted(three: Cluster) -> None:
    for round in range(6):
        made(three)
        until(lambda: three.ask(1, "GET", "/collections/docs/exists")[1]["result"]["exists"])
        assert three.ask(1, "PUT", "/collections/docs/points?wait=true", points(0, 3))[0] == 200
        assert three.ask(0, "DELETE", "/collections/docs")[0] == 200
        made(three)
        node = 1 + round % 2  # which may not have heard of it
        status, answer, _ = three.ask(node, "PUT", "/collections/docs/points?wait=true", points(10, 1))
        assert status in (200, 503), answer
        assert count(three, 0) == (1 if status == 200 else 0)
        assert three.ask(0, "DELETE", "/collections/docs")[0] == 200


def test_a_rolling_restart_costs_a_few_retries(three: Cluster) -> None:
    made(three, shard_number=2, replication_factor=2)
    trouble: list[Any] = []
    stopping = threading.Event()

    def write() -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            node = number % 3
            reply = three.ask(node, "PUT", "/collections/docs/points?wait=true", points(number, 1))
            if reply[0] == 0:  # this node is the one that restarts: a balancer asks another
                reply = three.ask((node + 1) % 3, "PUT", "/collections/docs/points?wait=true", points(number, 1))
            if reply[0] != 200:
                trouble.append((number, reply))
            time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for node in range(3):
            assert three.stop(node) == 0, three.log(node)
            three.start(node)
            three.wait_ready(node)
            time.sleep(0.5)
    finally:
        stopping.set()
        writer.join()
    assert [one for one in trouble if one[1][0] not in (0, 503)] == []
    assert len(trouble) <= 10, trouble  # between a node's last answer and its neighbours' next look at the leases


def test_nodes_that_only_read_or_only_index(tmp_path: Path) -> None:
    with Cluster(tmp_path, str(tmp_path / "store"), 1) as cluster:
        made(cluster)
        for number, role in ((1, "read"), (2, "index")):
            cluster.ports.append(free_port())
            cluster.processes.append(None)
            cluster.start(number, role)
            cluster.wait_ready(number)
        assert cluster.ask(1, "PUT", "/collections/docs/points?wait=true", points(0, 10))[0] == 200, "forwarded"
        assert count(cluster, 1) == count(cluster, 2) == 10
        until(lambda: "1/0" in node_of(cluster, "n1")["shards"])
        until(lambda: "1/0" in node_of(cluster, "n2")["shards"])
        cluster.signal(0, signal.SIGSTOP)
        status, answer, _ = cluster.ask(1, "POST", "/collections/docs/points/count", {})
        cluster.signal(0, signal.SIGCONT)
        assert (status, answer["result"]["count"]) == (200, 10), "a node that reads needs nobody"


def test_an_index_is_built_once_and_fetched_by_the_others(three: Cluster) -> None:
    made(three, replication_factor=3, optimizers_config={"indexing_threshold": 1})
    for first in range(0, 45_000, 5_000):
        assert three.ask(0, "PUT", "/collections/docs/points?wait=true", points(first, 5_000), seconds=30)[0] == 200

    def indexed(node: int) -> int:
        header = {"x-tamis-shard": "1/0"}
        answer = three.ask(node, "GET", "/collections/docs", headers=header)[1]
        return int(answer["result"]["indexed_vectors_count"])

    until(lambda: all(indexed(node) >= 20_000 for node in range(3)))
    files = three.folder.glob("store/collections/*/0/segments/*/points")
    builders = {path.parent.name.rpartition("-")[2] for path in files}
    assert len(builders) == 1, "one node built all of it"
    assert [count(three, node) for node in range(3)] == [45_000] * 3


def test_a_clone_a_snapshot_and_a_look_back_copy_nothing(three: Cluster) -> None:
    made(three, shard_number=2)
    assert three.ask(0, "PUT", "/collections/docs/points?wait=true", points(0, 100))[0] == 200
    time.sleep(1.1)
    then = datetime.now(UTC).isoformat()
    time.sleep(1.1)
    assert three.ask(1, "PUT", "/collections/docs/points?wait=true", points(100, 100))[0] == 200
    title = three.ask(2, "POST", "/collections/docs/snapshots")[1]["result"]["name"]
    assert three.ask(0, "POST", "/collections/docs/points/delete?wait=true", {"points": list(range(150))})[0] == 200
    assert three.ask(1, "POST", "/collections/docs/clone", {"to": "copy"})[0] == 200
    assert three.ask(1, "POST", "/collections/docs/clone", {"to": "before", "at": then})[0] == 200
    assert (count(three, 0), count(three, 1, "copy"), count(three, 2, "before")) == (50, 50, 100)
    assert three.ask(2, "PUT", "/collections/copy/points?wait=true", points(1_000, 5))[0] == 200
    assert (count(three, 0), count(three, 0, "copy")) == (50, 55), "they go their own ways"
    body = {"location": f"snapshot:{title}"}
    assert three.ask(2, "PUT", "/collections/docs/snapshots/recover", body)[0] == 200
    assert [count(three, node) for node in range(3)] == [200] * 3
    assert three.ask(0, "DELETE", "/collections/docs")[0] == 200
    assert count(three, 1, "copy") == 55, "what a clone needs stays when its origin is deleted"


def test_shard_keys_keep_tenants_apart(three: Cluster) -> None:
    made(three, sharding_method="custom")
    assert three.ask(0, "PUT", "/collections/docs/shards", {"shard_key": "nl"})[0] == 200
    index = {"field_name": "n", "field_schema": "integer"}
    assert three.ask(0, "PUT", "/collections/docs/index?wait=true", index)[0] == 200
    assert three.ask(0, "PUT", "/collections/docs/shards", {"shard_key": "be"})[0] == 200
    assert three.ask(1, "PUT", "/collections/docs/points?wait=true", {**points(0, 3), "shard_key": "nl"})[0] == 200
    assert three.ask(2, "PUT", "/collections/docs/points?wait=true", {**points(10, 4), "shard_key": "be"})[0] == 200
    found = three.ask(0, "POST", "/collections/docs/points/count", {"shard_key": "nl"})[1]["result"]["count"]
    assert (found, count(three, 1)) == (3, 7)
    told = [three.ask(node, "GET", "/collections/docs", headers={"x-tamis-shard": "1/1"}) for node in range(3)]
    schema = next(answer["result"]["payload_schema"] for status, answer, _ in told if status == 200)
    assert schema["n"]["data_type"] == "integer", "a later key has what was declared before"
    assert three.ask(0, "POST", "/collections/docs/points/count", {"shard_key": "de"})[0] == 404
    assert three.ask(0, "POST", "/collections/docs/shards/delete", {"shard_key": "nl"})[0] == 200
    assert count(three, 2) == 4


def test_a_node_waits_for_a_store_that_is_away(three: Cluster) -> None:
    made(three, replication_factor=3)
    assert three.stop(2) == 0
    three.start(2, faults={"refuse": 1.0})
    until(lambda: three.ask(2, "GET", "/livez")[0] == 200)
    time.sleep(1.5)
    assert three.ask(2, "GET", "/readyz")[0] == 503
    assert three.ask(2, "GET", "/collections")[0] == 503
    three.control(2, {"refuse": 0.0})
    three.wait_ready(2)
    assert count(three, 2) == 0


def test_the_command_line_shows_who_has_what(three: Cluster) -> None:
    made(three, shard_number=2, replication_factor=2)
    assert three.ask(0, "PUT", "/collections/docs/points?wait=true", points(0, 10))[0] == 200
    until(lambda: sum(len(node_of(three, f"n{n}")["shards"]) for n in range(3)) == 4)
    address = f"http://127.0.0.1:{three.ports[1]}"
    shown = CliRunner().invoke(app, ["cluster", "status", address], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert all(name in shown.output for name in ("n0", "n1", "n2", "live", "docs"))
    cloned = CliRunner().invoke(app, ["cluster", "clone", address, "docs", "copy"])
    assert (cloned.exit_code, cloned.output.strip()) == (0, "created copy")
    assert count(three, 2, "copy") == 10
    refused = CliRunner().invoke(app, ["cluster", "clone", address, "docs", "copy"])
    assert refused.exit_code == 1
    assert "already exists" in refused.output


def test_a_shard_goes_where_it_is_pinned_until_it_is_not(three: Cluster) -> None:
    made(three)
    assert three.ask(0, "PUT", "/collections/docs/points?wait=true", points(0, 5))[0] == 200
    peers = {node["id"]: node["peer_id"] for node in three.ask(0, "GET", "/cluster")[1]["result"]["nodes"]}
    natural = write_home((1, 0), [(id, Role.FULL) for id in peers])
    others = [id for id in peers if id != natural]

    def change(kind: str, **given: int) -> int:
        return three.ask(1, "POST", "/collections/docs/cluster", {kind: {"shard_id": 0, **given}})[0]

    def pins() -> list[Any]:
        found: list[Any] = three.ask(1, "GET", "/collections/docs/cluster")[1]["result"]["pins"]
        return found

    for node in others:
        assert change("move_shard", to_peer_id=peers[node]) == 200
        until(lambda node=node: "1/0" in node_of(three, node)["shards"])  # type: ignore[misc]
        assert count(three, 2) == 5
    assert pins() == [{"shard_id": 0, "nodes": others[::-1]}]
    for back in ({"move_shard": {"shard_id": 0, "to_peer_id": peers[natural]}}, {"unpin_shard": {"shard_id": 0}}):
        assert change("move_shard", to_peer_id=peers[others[0]]) == 200
        until(lambda: all(("1/0" in node_of(three, id)["shards"]) == (id == others[0]) for id in peers))
        assert three.ask(1, "POST", "/collections/docs/cluster", back)[0] == 200
        assert pins() == []
        until(lambda: all(("1/0" in node_of(three, id)["shards"]) == (id == natural) for id in peers))
    assert count(three, 2) == 5
    assert change("unpin_shard") == 200, "there is nothing left to do"
    assert three.ask(0, "POST", "/collections/docs/cluster", {"unpin_shard": {"shard_id": 7}})[0] == 404
    refused = three.ask(0, "POST", "/collections/docs/cluster", {"drop_replica": {}})
    assert refused[0] == 400
    assert "unpin_shard" in refused[1]["status"]["error"]


def test_a_torn_cache_is_fetched_again(three: Cluster) -> None:
    made(three)
    for first in range(0, 25_000, 5_000):
        assert three.ask(0, "PUT", "/collections/docs/points?wait=true", points(first, 5_000), seconds=30)[0] == 200
    cached: list[Path] = []

    def look() -> bool:
        cached[:] = [
            path for path in three.folder.glob("cache*/files/collections/*/*/segments/*/points") if path.is_file()
        ]
        return bool(cached)

    until(look)
    for node in range(3):
        assert three.stop(node) == 0
    for path in cached:
        os.truncate(path, path.stat().st_size // 2)
    for node in range(3):
        three.start(node)
    for node in range(3):
        three.wait_ready(node)
    assert [count(three, node) for node in range(3)] == [25_000] * 3
