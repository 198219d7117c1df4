"""Who does not wait for a snapshot is told that it was accepted, and it is made all the same."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient

import tamis
from tamis.server.in_process import InProcess
from tests.server.conftest import Served

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


def test_it_is_accepted_and_done(http: httpx.Client) -> None:
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


def test_what_goes_wrong_is_in_the_log(http: httpx.Client, server: Served) -> None:
    assert http.delete("/collections/docs/snapshots/none.snapshot", params={"wait": "false"}).status_code == 202
    until(lambda: "none.snapshot" in server.log.read_text())
    assert http.delete("/collections/docs/snapshots/none.snapshot").status_code == 404
    assert http.post("/collections/docs/snapshots", params={"wait": "false", "wat": "1"}).status_code == 400


def test_the_official_client(http: httpx.Client, served: str) -> None:
    client = QdrantClient(url=served, check_compatibility=False)
    try:
        assert client.create_snapshot("docs", wait=False) is None
        until(lambda: client.list_snapshots("docs"))
    finally:
        client.close()


def test_in_process(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "data") as database:
        api = InProcess(database)
        database.create_collection("docs", **BODY)
        reply = api.call("POST", "/collections/docs/snapshots?wait=false")
        assert (reply.status, reply.body.split(b",")[0]) == (202, b'{"status":"accepted"')
        assert len(database.snapshots("docs")) == 1
        assert api.call("POST", "/collections/none/snapshots?wait=false").status == 404
