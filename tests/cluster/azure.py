"""A real server of Azure's blob API on loopback: Azurite, Microsoft's own emulator, installed by npm into a folder.

    missing(program)                                 why there can be none, after installing it where that is possible
    with AzureServer(folder, program) as server:     server.environment, server.make_bucket("name")

Everything is kept in memory. A bucket is what Azure calls a container.
"""

from __future__ import annotations

import base64
import email.utils
import hmac
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

__all__ = ["AzureServer", "missing"]

PACKAGE = "azurite@3.35.0"
_INSTALL_SECONDS = 180
_READY_SECONDS = 60.0
_API = "2021-12-02"
_MAIN = "node_modules/azurite/dist/src/blob/main.js"


def missing(folder: Path) -> str | None:
    """Why there can be no server here, after installing it into a folder that is kept; None if there can."""
    absent = [name for name in ("node", "npm") if shutil.which(name) is None]
    if absent:
        return f"needs {' and '.join(absent)} for the package {PACKAGE}; install Node.js"
    if (folder / _MAIN).exists():
        return None
    draft = folder.with_name(f"{folder.name}-{secrets.token_hex(4)}")
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        done = subprocess.run(
            ["npm", "install", *quiet, "--prefix", str(draft), PACKAGE],
            capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            return f"npm cannot install {PACKAGE}: {done.stderr.strip()[-200:]}"
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except subprocess.TimeoutExpired:
        return f"npm did not install {PACKAGE} in {_INSTALL_SECONDS} seconds"
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return None


class AzureServer:
    """Runs while the block does. program: the folder that it is installed in."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder
        self._program = program
        self.port = _free_port()
        self._key = base64.b64encode(secrets.token_bytes(32)).decode()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs, as SDKs read it."""
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": "tests",
            "AZURE_STORAGE_ACCOUNT_KEY": self._key,
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{self.port}/tests",
        }

    def __enter__(self) -> AzureServer:
        command = ["node", str(self._program / _MAIN), "--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        flags = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--disableProductStyleUrl"]
        environment = {**os.environ, "AZURITE_ACCOUNTS": f"tests:{self._key}"}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "out").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *flags], env=environment, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def make_bucket(self, name: str) -> str:
        """Its address."""
        when = email.utils.formatdate(usegmt=True)
        resource = f"/tests/tests/{name}\nrestype:container"
        signed = "PUT" + "\n" * 12 + f"x-ms-date:{when}\nx-ms-version:{_API}\n{resource}"
        signature = base64.b64encode(hmac.digest(base64.b64decode(self._key), signed.encode(), "sha256")).decode()
        headers = {"x-ms-date": when, "x-ms-version": _API, "authorization": f"SharedKey tests:{signature}"}
        url = f"http://127.0.0.1:{self.port}/tests/{name}?restype=container"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers, method="PUT"), timeout=10) as reply:
            assert reply.status == 201
        return f"az://{name}"

    def _wait(self) -> None:
        end = time.monotonic() + _READY_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except OSError:
                assert self._process is not None
                assert self._process.poll() is None, (self.folder / "out").read_text()
                assert time.monotonic() < end, "it did not come up"
                time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port
