"""Real nodes as processes over one store, each with its own port, cache and control file."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Cluster", "Reply", "count", "free_port", "made", "node_of", "points", "until"]

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0
Reply = tuple[int, Any, dict[str, str]]  # status, JSON, headers; status 0: no answer came


class Cluster:
    """Nodes n0, n1, … Ends its own processes when it is left."""

    def __init__(
        self,
        folder: Path,
        store: str,
        nodes: int,
        settings: Mapping[str, str] | None = None,
        faults: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        self.folder = folder
        self.store = store
        self.settings = dict(settings or {})
        self.faults = dict(faults or {})  # by node, with which it is started first
        self.ports = [free_port() for _ in range(nodes)]
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * nodes

    def __enter__(self) -> Cluster:
        try:
            for number in range(len(self.ports)):
                self.start(number, faults=self.faults.get(number))
            for number in range(len(self.ports)):
                self.wait_ready(number)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for number, process in enumerate(self.processes):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
            self.processes[number] = None

    def start(self, number: int, role: str = "full", faults: Mapping[str, Any] | None = None) -> None:
        """Start a node; `wait_ready` tells when it serves."""
        settings = {
            "NODE_ID": f"n{number}",
            "ROLE": role,
            "CACHE_PATH": str(self.folder / f"cache{number}"),
            "LEASE_SECS": "1.5",
            "POLL_SECS": "0.1",
            "REQUEST_SECS": "3",
            **self.settings,
        }
        environment = {f"TAMIS__CLUSTER__{name}": value for name, value in settings.items()}
        self.control(number, faults or {})
        with (self.folder / f"log{number}").open("ab") as log:
            self.processes[number] = subprocess.Popen(
                [
                    sys.executable, "-m", "tests.cluster.faulty_node", str(self._control(number)),
                    "serve", "--store", self.store, "--port", str(self.ports[number]),
                ],
                cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log,
            )  # fmt: skip

    def wait_ready(self, number: int) -> None:
        """Return when it serves."""
        end = time.monotonic() + READY_SECONDS
        while self.ask(number, "GET", "/readyz", seconds=1.0)[0] != 200:
            process = self.processes[number]
            assert process is not None
            assert process.poll() is None, self.log(number)
            assert time.monotonic() < end, self.log(number)
            time.sleep(0.05)

    def kill(self, number: int) -> None:
        """kill -9."""
        process = self.processes[number]
        assert process is not None
        process.kill()
        process.wait()

    def stop(self, number: int) -> int:
        """SIGTERM; its exit code."""
        process = self.processes[number]
        assert process is not None
        process.terminate()
        return process.wait(30)

    def signal(self, number: int, what: signal.Signals) -> None:
        """Send it."""
        process = self.processes[number]
        assert process is not None
        process.send_signal(what)

    def control(self, number: int, faults: Mapping[str, Any]) -> None:
        """What goes wrong at a node from now on."""
        draft = self._control(number).with_suffix(".draft")
        draft.write_text(json.dumps(faults))
        draft.replace(self._control(number))

    def ask(
        self,
        number: int,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = 30.0,
    ) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[number], timeout=seconds)
        try:
            raw = None if body is None else json.dumps(body)
            connection.request(method, path, raw, {"content-type": "application/json", **(headers or {})})
            reply = connection.getresponse()
            data = reply.read()
            found = json.loads(data) if data[:1] in (b"{", b"[") else data.decode(errors="replace")
            return reply.status, found, {name.lower(): value for name, value in reply.getheaders()}
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None, {}
        finally:
            connection.close()

    def log(self, number: int) -> str:
        """The end of what a node wrote."""
        return (self.folder / f"log{number}").read_text(errors="replace")[-3_000:]

    def _control(self, number: int) -> Path:
        return self.folder / f"control{number}.json"


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def points(first: int, count: int) -> dict[str, Any]:
    """A body that upserts points of consecutive ids."""
    return {"points": [{"id": n, "vector": [1.0, float(n)], "payload": {"n": n}} for n in range(first, first + count)]}


def made(cluster: Cluster, name: str = "docs", **options: Any) -> None:
    """Make a collection; its points have two dimensions."""
    body = {"vectors": {"size": 2, "distance": "Dot"}, **options}
    status, answer, _ = cluster.ask(0, "PUT", f"/collections/{name}", body)
    assert status == 200, answer


def count(cluster: Cluster, node: int, name: str = "docs") -> int:
    """Points of a collection by now, as a node tells."""
    status, answer, _ = cluster.ask(node, "POST", f"/collections/{name}/points/count?consistency=all", {"exact": True})
    assert status == 200, answer
    number: int = answer["result"]["count"]
    return number


def node_of(cluster: Cluster, id: str) -> dict[str, Any]:
    """What the first node says of a node, if it is there."""
    nodes = cluster.ask(0, "GET", "/cluster")[1]["result"]["nodes"]
    found: dict[str, Any] = next((node for node in nodes if node["id"] == id and node["live"]), {"shards": {}})
    return found


def until(true: Any, seconds: float = 60.0) -> None:
    """Return when it came true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)
