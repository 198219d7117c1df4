"""The drop-in client beyond what the differential test asks: directories, closing, refusals, the async twin."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

import tamis
from tamis.errors import Conflict, Rejected
from tamis.qdrant import AsyncTamisClient, TamisClient

PARAMS = models.VectorParams(size=3, distance=models.Distance.EUCLID)


def test_a_directory_is_let_go_and_found_again(tmp_path: Path) -> None:
    with TamisClient(path=tmp_path / "data") as client:
        client.create_collection("docs", vectors_config=PARAMS)
        client.upload_collection("docs", vectors=np.eye(3), ids=[1, 2, 3], parallel=4)
        client.upload_points("docs", [models.PointStruct(id=9, vector=[9, 9, 9], payload={"a": 1})], parallel=2)
        with pytest.raises(Conflict):
            tamis.open(tmp_path / "data")
    with TamisClient(str(tmp_path / "data")) as client:
        assert client.count("docs").count == 4
        assert client.retrieve("docs", [9])[0].payload == {"a": 1}


def test_parallel_may_be_given_in_any_way() -> None:
    points = [models.PointStruct(id=id, vector=[id, 0, 0]) for id in range(5)]
    with TamisClient() as client:
        client.create_collection("docs", vectors_config=PARAMS)
        client.upload_points("docs", points, 2, 4, wait=True)
        client.upload_collection("docs", np.eye(3), None, [7, 8, 9], 1, 2)
        assert client.count("docs").count == 8

    async def run() -> int:
        async with AsyncTamisClient() as client:
            await client.create_collection("docs", vectors_config=PARAMS)
            client.upload_points("docs", points, parallel=2, wait=True)
            client.upload_collection("docs", np.eye(3), ids=[7, 8, 9], parallel=2, wait=True)
            return (await client.count("docs")).count

    assert asyncio.run(run()) == 8


def test_what_the_official_client_takes_is_taken() -> None:
    same = {"port": 6333, "grpc_port": 6334, "prefer_grpc": False, "url": None, "api_key": None}
    for arguments in ({"check_compatibility": True}, {"timeout": 5, "force_disable_check_same_thread": True}, same):
        TamisClient(":memory:", **arguments).close()


@pytest.mark.parametrize("client", [TamisClient, AsyncTamisClient])
def test_what_it_cannot_begin_with_leaves_the_directory_free(client: type, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="bogus") as held:  # the traceback keeps the client alive
        client(path=tmp_path / "data", bogus=1)
    tamis.open(tmp_path / "data").close()
    assert held.value


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tamis.qdrant")
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(ImportError, match=r"qdrant_client.*pip install 'tamis\[qdrant\]'"):
        importlib.import_module("tamis.qdrant")


def test_files_are_not_uploaded_in_process() -> None:
    with TamisClient() as client, pytest.raises(UnexpectedResponse, match="recover from a path") as refused:
        client.http.snapshots_api.recover_from_uploaded_snapshot("docs", snapshot=b"bytes")
    assert refused.value.status_code == 400


@pytest.mark.parametrize("arguments", [{"url": "http://x"}, {"host": "x"}, {"api_key": "k"}, {"prefer_grpc": True}])
def test_what_is_about_a_server_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(Rejected, match=next(iter(arguments))):
        TamisClient(**arguments)  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="location"):
        TamisClient("http://localhost:6333")
    with pytest.raises(Rejected, match="path"):
        TamisClient(":memory:", path="x")


def test_the_async_client_works_beside_others_on_one_loop() -> None:
    async def run() -> list[int]:
        async with AsyncTamisClient() as client:
            await client.create_collection("docs", vectors_config=PARAMS)
            points = [models.PointStruct(id=n, vector=[n, 0, 0]) for n in range(20)]
            await client.upsert("docs", points=points)
            answers = await asyncio.gather(*(client.query_points("docs", query=[n, 0, 0], limit=1) for n in range(20)))
            return [int(answer.points[0].id) for answer in answers]

    assert asyncio.run(run()) == list(range(20))


def test_snapshots_stay_in_process(tmp_path: Path) -> None:
    with TamisClient(path=tmp_path / "data") as client:
        client.create_collection("docs", vectors_config=PARAMS)
        made = client.create_snapshot("docs")
        assert made is not None
        file = tmp_path / "data" / "snapshots" / "docs" / made.name
        assert client.recover_snapshot("copy", file.as_uri())
        assert {c.name for c in client.get_collections().collections} == {"docs", "copy"}


def test_a_collection_that_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    with tamis.open(tmp_path / "data") as db:
        db.create_collection("docs", vectors={"size": 3, "distance": "Dot"})
    for manifest in (tmp_path / "data" / "collections").rglob("manifest/*"):
        manifest.write_bytes(b"nothing of the sort")
    with TamisClient(path=tmp_path / "data") as client:
        assert not client.collection_exists("other")
        with pytest.raises(UnexpectedResponse) as refusal:
            client.collection_exists("docs")
        assert refusal.value.status_code == 500
