"""The official client, sync and async, against a real server: every route, every option, the words of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from tamis.server.routes import ROUTES, Router
from tests.server.client.asking import FLAVOURS, Asking, asking
from tests.server.client.collection_calls import COLLECTION_CALLS
from tests.server.client.options import BINARY, HNSW, INDEXES, OPTIMIZERS, SCALAR, STRICT, VECTORS, WAL
from tests.server.client.point_calls import POINT_CALLS
from tests.server.client.prepared import C, prepare
from tests.server.client.refusals import REFUSED
from tests.server.client.snapshot_calls import SNAPSHOT_CALLS
from tests.server.conftest import Served

ROUTER = Router()
CALLS = {**COLLECTION_CALLS, **POINT_CALLS, **SNAPSHOT_CALLS}
READING = [route.name for route in ROUTES if route.access in ("open", "read")]
DOT = models.VectorParams(size=2, distance=models.Distance.DOT)


@pytest.fixture(scope="module", params=FLAVOURS)
def flavour(request: pytest.FixtureRequest, server: Served) -> Iterator[Asking]:
    with asking(server.url, request.param) as asked:
        yield asked


@pytest.fixture
def asked(flavour: Asking, served: str) -> Asking:
    """A server that has what `prepared` says."""
    prepare(flavour)
    return flavour


def test_every_route_has_a_call() -> None:
    assert CALLS.keys() == {route.name for route in ROUTES}


def call(asked: Asking, name: str) -> None:
    asked.sent.clear()
    CALLS[name](asked)
    assert name in {ROUTER.find(method, path)[0].name for method, path in asked.sent}  # type: ignore[union-attr]


def test_routes_that_read(asked: Asking, subtests: pytest.Subtests) -> None:
    for name in READING:
        with subtests.test(name):
            call(asked, name)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in READING])
def test_routes_that_write(asked: Asking, name: str) -> None:
    call(asked, name)


def set_in(model: Any) -> Any:
    """The fields that the server sent."""
    return model.model_dump(mode="json", exclude_unset=True)


def test_every_option_is_given_back(asked: Asking) -> None:
    done = asked.client.create_collection(
        "full",
        vectors_config=VECTORS,
        shard_number=1,
        sharding_method=models.ShardingMethod.AUTO,
        replication_factor=1,
        write_consistency_factor=1,
        on_disk_payload=False,
        hnsw_config=models.HnswConfigDiff(**HNSW),
        optimizers_config=models.OptimizersConfigDiff(**OPTIMIZERS),
        wal_config=models.WalConfigDiff(**WAL),
        quantization_config=SCALAR,
        strict_mode_config=models.StrictModeConfig(enabled=True, **STRICT),
        metadata={"owner": {"name": "us"}, "since": 2020},
        timeout=10,
    )
    assert done is True
    told = asked.client.get_collection("full").config
    assert told.params.vectors == VECTORS
    assert set_in(told.params).keys() - {"vectors"} == {
        "shard_number",
        "sharding_method",
        "replication_factor",
        "write_consistency_factor",
        "on_disk_payload",
    }
    assert (told.params.sharding_method, told.params.on_disk_payload) == ("auto", False)
    assert set_in(told.hnsw_config) == {**HNSW, "memory": "pinned"}
    assert set_in(told.optimizer_config) == OPTIMIZERS
    assert set_in(told.wal_config) == WAL
    assert told.quantization_config == SCALAR
    assert set_in(told.strict_mode_config) == {"enabled": True, **STRICT}
    assert told.metadata == {"owner": {"name": "us"}, "since": 2020}


def test_what_was_not_set_is_not_there(asked: Asking) -> None:
    told = asked.client.get_collection(C).config
    assert set_in(told.params)["vectors"] == {"size": 2, "distance": "Dot"}
    assert set_in(told).keys() == {"params", "hnsw_config", "optimizer_config", "wal_config"}
    assert (told.quantization_config, told.strict_mode_config, told.metadata) == (None, None, None)


def test_settings_are_changed_one_by_one(asked: Asking) -> None:
    client = asked.client
    client.create_collection(
        "full", vectors_config={"a": DOT}, quantization_config=SCALAR, metadata={"keep": 1, "drop": 2}
    )
    change = models.VectorParamsDiff(hnsw_config=models.HnswConfigDiff(m=8), quantization_config=BINARY, on_disk=True)
    done = client.update_collection(
        "full",
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0, max_optimization_threads="auto"),
        collection_params=models.CollectionParamsDiff(on_disk_payload=False, replication_factor=1),
        vectors_config={"a": change},
        hnsw_config=models.HnswConfigDiff(ef_construct=64),
        quantization_config=models.Disabled.DISABLED,
        strict_mode_config=models.StrictModeConfig(enabled=True, max_query_limit=5),
        metadata={"drop": None, "new": [3]},
    )
    assert done is True
    told = client.get_collection("full").config
    a = told.params.vectors["a"]
    assert (a.hnsw_config.m, a.quantization_config, a.on_disk, a.size) == (8, BINARY, True, 2)
    assert (told.hnsw_config.ef_construct, told.hnsw_config.m) == (64, 16)
    assert (told.optimizer_config.indexing_threshold, told.params.on_disk_payload) == (0, False)
    assert (told.quantization_config, told.metadata) == (None, {"keep": 1, "new": [3]})
    assert set_in(told.strict_mode_config) == {"enabled": True, "max_query_limit": 5}


def test_every_kind_of_payload_index_is_described(asked: Asking) -> None:
    client = asked.client
    for kind, params in INDEXES.items():
        assert client.create_payload_index(C, kind, params, wait=False).status == models.UpdateStatus.ACKNOWLEDGED
        done = client.create_payload_index(C, f"{kind}_plain", models.PayloadSchemaType(kind))
        assert done.status == models.UpdateStatus.COMPLETED
    told = client.get_collection(C).payload_schema
    for kind, params in INDEXES.items():
        assert (told[kind].data_type, told[kind].params, told[kind].points) == (kind, params, 0)
        assert (told[f"{kind}_plain"].data_type, told[f"{kind}_plain"].params) == (kind, None)


def test_refusals_have_the_status_and_the_words_and_change_nothing(asked: Asking, subtests: pytest.Subtests) -> None:
    everything = asked.client.scroll(C, with_vectors=True)
    for case, (ask, status, words) in REFUSED.items():
        with subtests.test(case):
            with pytest.raises(UnexpectedResponse) as refused:
                ask(asked.client)
            body = refused.value.structured()
            assert refused.value.status_code == status, body
            assert words in body["status"]["error"]
            assert "result" not in body
            assert asked.client.scroll(C, with_vectors=True) == everything
            assert [one.name for one in asked.client.get_collections().collections] == [C]


def test_without_wait_nobody_is_told_of_missing_ids(asked: Asking) -> None:
    client = asked.client
    for done in (
        client.set_payload(C, {"a": 1}, [99], wait=False),
        client.update_vectors(C, [models.PointVectors(id=99, vector=[1, 0])], wait=False),
        client.clear_payload(C, [99], wait=False),
    ):
        assert done.status == models.UpdateStatus.ACKNOWLEDGED
    assert client.delete(C, [99]).status == models.UpdateStatus.COMPLETED


def test_json_that_is_none_is_said_to_be(asked: Asking) -> None:
    for content in (b"{", b'{"ids": "x"}', b"[]"):
        answer = asked.http.post(f"/collections/{C}/points", content=content)
        assert answer.status_code == 400
        assert answer.json()["status"]["error"].startswith("Format error in JSON body: "), answer.text


def test_a_snapshot_file_is_recovered_by_its_path(asked: Asking, server: Served) -> None:
    made = asked.client.create_snapshot(C)
    file = server.directory / "snapshots" / C / made.name
    assert asked.client.recover_snapshot("copy", file.as_uri(), checksum=made.checksum) is True
    assert asked.client.count("copy").count == 4


def test_a_file_with_another_checksum_changes_nothing(asked: Asking) -> None:
    made = asked.client.create_snapshot(C)
    asked.client.delete(C, [1])
    file = asked.get(f"/collections/{C}/snapshots/{made.name}").content
    snapshots = asked.client.http.snapshots_api
    for checksum, snapshot in (("0" * 64, file), (None, file[:-9])):
        with pytest.raises(UnexpectedResponse) as refused:
            snapshots.recover_from_uploaded_snapshot(C, checksum=checksum, snapshot=snapshot)
        assert refused.value.status_code == 400
        assert asked.client.count(C).count == 3
