"""A real server of its own process for the tests of this folder: `served` is its address."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

READY_SECONDS = 120.0  # kernels are compiled on a new machine


class Served:
    """A `tamis serve` on loopback."""

    def __init__(self, directory: Path, *arguments: str, scheme: str = "http", **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.directory = directory
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.log = directory.with_name(directory.name + ".log")
        environment = {**os.environ, **{f"TAMIS__{name}": value for name, value in settings.items()}}
        command = [
            sys.executable,
            "-m",
            "tamis",
            "serve",
            "--path",
            str(directory),
            "--port",
            str(self.port),
            *arguments,
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def wait(self, path: str = "/readyz", verify: ssl.SSLContext | bool = True) -> None:
        """Return when it answers 200."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(self.url + path, verify=verify, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready after {READY_SECONDS} s: {self.log.read_text()}")

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def serving(directory: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """A server that is ready, stopped at the end."""
    server = Served(directory, *arguments, **settings)
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests that need no settings of their own; each uses collections of its own."""
    with serving(tmp_path_factory.mktemp("served") / "data") as running:
        yield running


@pytest.fixture
def served(server: Served) -> str:
    """Its address, with no collections in it."""
    # reading certificates, which are not needed, would take longer than all of this
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False, verify=False) as client:
        for alias in client.get("/aliases").json()["result"]["aliases"]:
            delete = {"actions": [{"delete_alias": {"alias_name": alias["alias_name"]}}]}
            client.post("/collections/aliases", json=delete)
        for found in client.get("/collections").json()["result"]["collections"]:
            client.delete(f"/collections/{found['name']}")
    return server.url
