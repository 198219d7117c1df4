"""A server in a process of its own on loopback, and what the system says it costs.

    with Node(folder) as node:
        node.call("PUT", "/collections/docs", {"vectors": {"size": 4, "distance": "Dot"}})
        node.cpu_seconds()

It is configured by environment variables alone, so whatever settings the caller has in its own are left out.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

HOST = "127.0.0.1"
_TICK = os.sysconf("SC_CLK_TCK")
_START = """
import sys
from functools import partial
import tamis.embedded.database as database
from tamis.config import load
from tamis.node import serve
if int(sys.argv[1]):  # small heads: seals and merges that otherwise need millions of points
    database.Runtime = partial(database.Runtime, head_points=int(sys.argv[1]))
serve(load(None, {}))
"""


class Node:
    """Runs from entering to leaving. head_points: size of heads, 0 for the library's own. Raises RuntimeError if it
    does not come up; what it wrote to stderr is in `<folder>.log`."""

    def __init__(self, folder: str | Path, head_points: int = 0) -> None:
        self.folder = Path(folder)
        self._head_points = head_points
        self.port = _free_port()
        self.errors = Path(f"{folder}.log")

    def __enter__(self) -> Node:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TAMIS__")}
        settings = {
            "TAMIS__SERVICE__HOST": HOST,
            "TAMIS__SERVICE__HTTP_PORT": str(self.port),
            "TAMIS__STORAGE__STORAGE_PATH": str(self.folder),
            "TAMIS__LOG__LEVEL": "WARNING",
        }
        with self.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(self._head_points)], env=kept | settings, stderr=errors
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"the server did not stop within a minute: {self._said()}") from error

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request on a connection of its own → its `result`. RuntimeError for any status but 200."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        try:
            status, answer = ask(connection, method, path, None if body is None else json.dumps(body).encode())
        finally:
            connection.close()
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {answer[:500]!r}")
        return json.loads(answer)["result"]

    def wait_until_green(self, collection: str, seconds: float = 300.0) -> float:
        """Until no background work is left, twice in a row; returns how long that took."""
        begin, seen = time.perf_counter(), 0
        while seen < 2:
            seen = seen + 1 if self.call("GET", f"/collections/{collection}")["status"] == "green" else 0
            if time.perf_counter() - begin > seconds:
                raise RuntimeError(f"{collection} is not green after {seconds:g} s")
            time.sleep(0.1)
        return time.perf_counter() - begin

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, its threads included, in steps of the kernel's tick."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory(self) -> dict[str, int]:
        """Bytes resident now: all of it (VmRSS), private (RssAnon), pages of files (RssFile)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return {name: int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon", "RssFile")}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
                status, _ = ask(connection, "GET", "/readyz")
                connection.close()
                if status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the server did not become ready: {self._said()}")

    def _said(self) -> str:
        return self.errors.read_text(errors="replace")[-2_000:] or "it said nothing"


def busy_seconds() -> float:
    """CPU time of everything on this machine so far."""
    user, nice, system, _, _, interrupts, soft = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    return sum(map(int, (user, nice, system, interrupts, soft))) / _TICK


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """One request on a connection that is kept → status, body."""
    connection.request(method, path, body, {} if body is None else {"content-type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        port: int = listening.getsockname()[1]
    return port
