"""A node from start to stop: what it says while it opens, what it refuses to start with, and how it ends.

And what it does while nobody waits: snapshots with wait=false."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient

import tamis
from tamis.config import load
from tamis.errors import Rejected
from tamis.server.in_process import InProcess
from tests.server.conftest import Served, serving


def refused(*arguments: str, **environment: str) -> str:
    """Start a server that cannot start; what it says."""
    command = [sys.executable, "-m", "tamis", "serve", *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_it_is_alive_at_once_and_ready_when_open(tmp_path: Path) -> None:
    server = Served(tmp_path / "data")
    try:
        server.wait("/livez")
        early = httpx.get(server.url + "/readyz", trust_env=False).status_code
        assert early in (200, 503)
        server.wait("/readyz")
        assert httpx.get(server.url + "/collections", trust_env=False).json()["result"] == {"collections": []}
    finally:
        assert server.stop() == 0
    events = server.log.read_text()
    assert all(f'"event": "{event}"' in events for event in ("started", "ready", "stopped"))


def test_what_it_cannot_start_with_is_said_in_a_line(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "data"):
        assert "is in use by pid" in refused("--path", str(tmp_path / "data"), "--port", "0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}" in refused("--path", str(tmp_path / "data"), "--port", port)
    assert "cannot be read" in refused("--config", str(tmp_path / "none.yaml"))
    assert "did you mean service.http_port?" in refused(TAMIS__SERVICE__HTTP_PRT="1")


def test_what_was_accepted_is_finished_before_it_stops(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    with serving(tmp_path / "data") as server:
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            client.put("/collections/docs", json={"vectors": {"size": 2, "distance": "Dot"}}).raise_for_status()
        enough = threading.Event()

        def write(first: int) -> None:
            with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as own:
                for id in range(first, first + 100_000, 4):
                    points = [{"id": id, "vector": [0.5, 1]}]
                    try:
                        reply = own.put("/collections/docs/points?wait=true", json={"points": points})
                    except httpx.TransportError:
                        return
                    if reply.status_code == 200:
                        acknowledged.append(id)
                    if len(acknowledged) > 100:
                        enough.set()

        writers = [threading.Thread(target=write, args=(first,)) for first in range(4)]
        for writer in writers:
            writer.start()
        assert enough.wait(30)
        assert server.stop() == 0
        for writer in writers:
            writer.join()
    with tamis.open(tmp_path / "data") as db:
        kept = {record.id for record in db.get_collection("docs").scroll(limit=100_000, with_payload=False)[0]}
    assert set(acknowledged) == kept, "every write that was applied has been answered"


def test_a_killed_server_has_what_it_acknowledged(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            client.put("/collections/docs", json={"vectors": {"size": 2, "distance": "Dot"}}).raise_for_status()
            for id in range(50):
                points = {"points": [{"id": id, "vector": [id, 1]}]}
                assert client.put("/collections/docs/points", json=points).json()["result"]["status"] == "acknowledged"
        server.process.kill()
        server.process.wait()
    with tamis.open(tmp_path / "data") as db:
        assert len(db.get_collection("docs")) == 50


def test_the_later_source_of_a_setting_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tamis.yaml"
    file.write_text("service: {http_port: 1000, host: 0.0.0.0, api_key: file}\nlog: {level: DEBUG}\n")
    monkeypatch.setenv("TAMIS__SERVICE__HTTP_PORT", "2000")
    monkeypatch.setenv("TAMIS__SERVICE__API_KEY", "variable")
    config = load(file, {"service": {"http_port": 3000}})
    assert (config.service.http_port, config.service.host, config.log.level) == (3000, "0.0.0.0", "DEBUG")
    assert config.service.api_key.get_secret_value() == "variable"
    assert "variable" not in repr(config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("service: {http_port: 99999}", "service.http_port: Input should be less than or equal to 65535 (in "),
        ("service: {http_prt: 1}", "service.http_prt: unknown setting"),
        ("servce: {}", "did you mean service?"),
        ("service: 3", "service: must be a section with settings"),
        ("- a", "must hold sections"),
        ("service: {http_port", "is not YAML"),
        ("service: {enable_tls: true}", "service.enable_tls needs tls.cert and tls.key"),
        ("service: {enable_tls: true}\ntls: {cert: /none, key: /none}", "tls.cert: there is no file /none"),
        ("service: {api_key: clé}", "service.api_key holds what a header cannot"),
        ("log: {level: LOUD}", "log.level: Input should be 'DEBUG'"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "tamis.yaml"
    file.write_text(text)
    with pytest.raises(Rejected) as refusal:
        load(file)
    assert message in str(refusal.value)


BODY = {"vectors": {"size": 2, "distance": "Dot"}}


@pytest.fixture
def http(served: str) -> Any:
    with httpx.Client(base_url=served, timeout=30, trust_env=False) as client:
        client.put("/collections/docs", json=BODY).raise_for_status()
        yield client


def names(http: httpx.Client) -> list[str]:
    return [one["name"] for one in http.get("/collections/docs/snapshots").json()["result"]]


def until(true: Any) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def test_a_snapshot_that_nobody_waits_for_is_accepted_and_made(http: httpx.Client) -> None:
    before = len(names(http))
    reply = http.post("/collections/docs/snapshots", params={"wait": "false"})
    assert (reply.status_code, reply.json()["status"], set(reply.json())) == (202, "accepted", {"status", "time"})
    until(lambda: len(names(http)) == before + 1)
    [name] = names(http)[before:]
    location = {"location": f"{http.base_url}/collections/docs/snapshots/{name}"}
    reply = http.put("/collections/copy/snapshots/recover", params={"wait": "false"}, json=location)
    assert (reply.status_code, reply.json()["status"]) == (202, "accepted")
    until(lambda: http.get("/collections/copy/exists").json()["result"]["exists"])
    file = {"snapshot": http.get(f"/collections/docs/snapshots/{name}").content}
    reply = http.post("/collections/sent/snapshots/upload", params={"wait": "false"}, files=file)
    assert (reply.status_code, reply.json()["status"]) == (202, "accepted")
    assert http.get("/collections/sent/exists").json()["result"]["exists"], "an upload is done before it is answered"
    assert http.delete(f"/collections/docs/snapshots/{name}", params={"wait": "false"}).status_code == 202
    until(lambda: name not in names(http))
    assert http.post("/collections/docs/snapshots", params={"wait": "true"}).status_code == 200


def test_what_goes_wrong_with_one_is_in_the_log(http: httpx.Client, server: Served) -> None:
    assert http.delete("/collections/docs/snapshots/none.snapshot", params={"wait": "false"}).status_code == 202
    until(lambda: "none.snapshot" in server.log.read_text())
    assert http.delete("/collections/docs/snapshots/none.snapshot").status_code == 404
    assert http.post("/collections/docs/snapshots", params={"wait": "false", "wat": "1"}).status_code == 400


def test_the_official_client_need_not_wait_for_one(http: httpx.Client, served: str) -> None:
    client = QdrantClient(url=served, check_compatibility=False)
    try:
        assert client.create_snapshot("docs", wait=False) is None
        until(lambda: client.list_snapshots("docs"))
    finally:
        client.close()


def test_one_is_made_in_process_before_it_is_accepted(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "data") as database:
        api = InProcess(database)
        database.create_collection("docs", **BODY)
        reply = api.call("POST", "/collections/docs/snapshots?wait=false")
        assert (reply.status, reply.body.split(b",")[0]) == (202, b'{"status":"accepted"')
        assert len(database.snapshots("docs")) == 1
        assert api.call("POST", "/collections/none/snapshots?wait=false").status == 404
