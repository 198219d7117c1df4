"""A real S3 server on loopback: Ceph's object gateway over one monitor and one storage daemon in memory.

    with S3Server(folder) as server: server.environment, server.make_bucket("name")

Everything is in `folder`; nothing needs systemd or root. The packages are Debian's: ceph-mon, ceph-osd, radosgw,
ceph-common. `missing()` says why it cannot run here, after installing them where that is possible (root, apt-get).
"""

from __future__ import annotations

import base64
import email.utils
import functools
import hmac
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

__all__ = ["S3Server", "missing"]

PACKAGES = ("ceph-mon", "ceph-osd", "radosgw", "ceph-common")
_PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
_SECONDS = 120.0


@functools.cache
def missing() -> str | None:
    """Why there can be no server here; None if there can."""
    if all(map(shutil.which, _PROGRAMS)):
        return None
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"needs the Debian packages {' '.join(PACKAGES)}; install them, or run as root where apt-get is"
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True, "text": True}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
    try:
        done = subprocess.run(install, timeout=300, check=False, **quiet)  # type: ignore[call-overload]
        if done.returncode:
            subprocess.run(["apt-get", "update"], timeout=120, check=False, **quiet)  # type: ignore[call-overload]
            done = subprocess.run(install, timeout=300, check=False, **quiet)  # type: ignore[call-overload]
    except subprocess.TimeoutExpired:
        return "apt-get did not come to an end in five minutes"
    return (
        None if done.returncode == 0 else f"apt-get cannot install {' '.join(PACKAGES)}: {done.stderr.strip()[-200:]}"
    )


class S3Server:
    """Runs while the block does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_ports()
        self._key, self._secret = secrets.token_hex(10).upper(), secrets.token_hex(20)
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs, as SDKs read it."""
        return {
            "AWS_ACCESS_KEY_ID": self._key,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "AWS_REGION": "us-east-1",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
        }

    def __enter__(self) -> S3Server:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def make_bucket(self, name: str) -> str:
        """Its address."""
        status = self._signed("PUT", f"/{name}")
        assert status in (200, 409), status
        return f"s3://{name}"

    def _start(self) -> None:
        for part in ("mon", "osd", "run", "crash", "log"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        cluster = str(uuid.uuid4())
        (self.folder / "ceph.conf").write_text(_configuration(self.folder, self.port, cluster))
        map_file, monitor = self.folder / "monmap", self.port + 1
        self._do("monmaptool", "--create", "--fsid", cluster, "--addv", "a", f"[v2:127.0.0.1:{monitor}]",
                 "--set-min-mon-release", "pacific", str(map_file))  # fmt: skip
        self._do("ceph-mon", *self._conf, "--mkfs", "-i", "a", "--monmap", str(map_file))
        self._spawn("ceph-mon", "-f", *self._conf, "-i", "a")
        self._until("the monitor", lambda: self._do("ceph", *self._conf, "mon", "stat"))
        disk = str(uuid.uuid4())
        self._do("ceph", *self._conf, "osd", "new", disk, "0")
        self._do("ceph-osd", *self._conf, "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._spawn("ceph-osd", "-f", *self._conf, "-i", "0")
        self._until(
            "the disk", lambda: b'"num_up_osds":1' in self._do("ceph", *self._conf, "osd", "stat", "-f", "json")
        )
        keys = f"--access-key={self._key}", f"--secret-key={self._secret}"
        user = "user", "create", "--uid=test", "--display-name=test"
        self._do("radosgw-admin", *self._conf, "-n", "client.rgw", *user, *keys)
        self._spawn("radosgw", "-f", *self._conf, "-n", "client.rgw")
        self._until("the gateway", lambda: self._signed("GET", "/") == 200)

    @property
    def _conf(self) -> tuple[str, str]:
        return "-c", str(self.folder / "ceph.conf")

    def _do(self, *command: str) -> bytes:
        return subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS).stdout

    def _spawn(self, *command: str) -> None:
        with (self.folder / "log" / f"{command[0]}.out").open("ab") as log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def _until(self, what: str, works: object) -> None:
        end = time.monotonic() + _SECONDS
        while True:
            try:
                if works() not in (False, None):  # type: ignore[operator]
                    return
            except (subprocess.SubprocessError, OSError):
                pass
            dead = [process.args for process in self._processes if process.poll() is not None]
            assert not dead, f"{dead} ended while {what} was waited for; see {self.folder / 'log'}"
            assert time.monotonic() < end, f"{what} did not come up in {_SECONDS:g} seconds"
            time.sleep(0.1)

    def _signed(self, method: str, path: str) -> int:
        """A request with the old signature, which needs nothing but HMAC; its status."""
        date = email.utils.formatdate(usegmt=True)
        kind = "application/octet-stream"
        text = f"{method}\n\n{kind}\n{date}\n{path}".encode()
        signature = base64.b64encode(hmac.new(self._secret.encode(), text, "sha1").digest()).decode()
        headers = {"Date": date, "Authorization": f"AWS {self._key}:{signature}", "Content-Type": kind}
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, b"" if method == "PUT" else None, headers, method=method)
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=10) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code


def _free_ports() -> int:
    """The first of three free ports in a row with room for the storage daemon's behind them."""
    for port in range(21_000, 60_000, 64):
        try:
            for offset in (0, 1, *range(10, 22)):
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        return port
    raise OSError("no free ports")


def _configuration(folder: Path, port: int, cluster: str) -> str:
    """Loopback only, one copy of everything, in memory; no keys between the daemons, since all of it is thrown away."""
    return f"""
[global]
fsid = {cluster}
mon host = v2:127.0.0.1:{port + 1}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = {port + 10}
ms bind port max = {port + 60}
ms mon client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
admin socket =
run dir = {folder}/run
crash dir = {folder}/crash
log file = {folder}/log/$name.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 2000
[mon]
mon data = {folder}/mon
paxos propose interval = 0.05
paxos min wait = 0.01
mon data avail warn = 1
mon data avail crit = 0
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = {4 * 2**30}
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw thread pool size = 64
rgw override bucket index max shards = 1
rgw dynamic resharding = false
rgw rados pool pg num min = 8
rgw num control oids = 1
rgw md log max shards = 1
rgw data log num shards = 1
rgw gc max objs = 1
rgw lc max objs = 1
rgw objexp hints num shards = 1
rgw run sync thread = false
"""
