"""One call of every route about the node, collections, indexes and aliases, by the route's name.

What a call says must be what the server then has.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

from qdrant_client import models
from qdrant_client.common.version_check import is_compatible
from qdrant_client.http.models import TelemetryData

from tamis.server.backend import API_VERSION, TITLE
from tests.server.client.asking import Asking
from tests.server.client.prepared import DONE, C, Call

__all__ = ["COLLECTION_CALLS"]


def _says(path: str, words: str) -> Call:
    def call(a: Asking) -> None:
        assert words in a.get(path).text

    return call


def _version(a: Asking) -> None:
    told = a.client.info()
    assert (told.title, told.version) == (TITLE, API_VERSION)
    assert is_compatible(importlib.metadata.version("qdrant-client"), told.version)


def _telemetry(a: Asking) -> None:
    told = a.client.http.service_api.telemetry().result
    assert isinstance(told, TelemetryData)
    assert told.requests.rest.responses["PUT /collections/{name}"]["200"].count >= 1
    assert told.collections.number_of_collections == 1


def _cluster(a: Asking) -> None:
    assert a.client.cluster_status().status == "disabled"


def _list(a: Asking) -> None:
    assert [one.name for one in a.client.get_collections().collections] == [C]


def _cluster_of(a: Asking) -> None:
    told = a.client.collection_cluster_info(C)
    assert (told.shard_count, told.local_shards[0].points_count, told.remote_shards) == (1, 4, [])


def _info(a: Asking) -> None:
    told = a.client.get_collection(C)
    assert (told.status, told.optimizer_status, told.points_count) == ("green", "ok", 4)
    assert told.config.params.vectors == models.VectorParams(size=2, distance=models.Distance.DOT)
    assert told.payload_schema["kind"].points == 4


def _exists(a: Asking) -> None:
    assert [a.client.collection_exists(name) for name in (C, "shelf", "none")] == [True, True, False]


def _create(a: Asking) -> None:
    assert a.client.create_collection("new") is True
    assert sorted(one.name for one in a.client.get_collections().collections) == [C, "new"]


def _update(a: Asking) -> None:
    assert a.client.update_collection(C, hnsw_config=models.HnswConfigDiff(m=24)) is True
    assert a.client.get_collection(C).config.hnsw_config.m == 24


def _delete_collection(a: Asking) -> None:
    assert [a.client.delete_collection(C) for _ in range(2)] == [True, False]
    assert not a.client.collection_exists(C)


def _create_index(a: Asking) -> None:
    done = a.client.create_payload_index(C, "n", models.IntegerIndexParams(type="integer", range=False))
    told = a.client.get_collection(C).payload_schema["n"]
    assert (done.status, told.data_type, told.points, told.params.range) == (DONE, "integer", 4, False)


def _delete_index(a: Asking) -> None:
    assert a.client.delete_payload_index(C, "kind").status == DONE
    assert a.client.get_collection(C).payload_schema == {}


def _new_vector(a: Asking) -> None:
    dense = models.DenseVectorConfig(size=3, distance=models.Distance.COSINE)
    assert a.client.create_vector_name(C, "image", models.DenseVectorNameConfig(dense=dense)).status == DONE
    told = a.client.get_collection(C).config.params.vectors
    assert told["image"] == models.VectorParams(size=3, distance=models.Distance.COSINE)


def _drop_vector(a: Asking) -> None:
    params = models.VectorParams(size=2, distance=models.Distance.DOT)
    a.client.create_collection("named", vectors_config={"image": params, "text": params})
    assert a.client.delete_vector_name("named", "image").status == DONE
    assert a.client.get_collection("named").config.params.vectors == {"text": params}


def _change_aliases(a: Asking) -> None:
    rename = models.RenameAlias(old_alias_name="shelf", new_alias_name="case")
    create = models.CreateAlias(collection_name=C, alias_name="box")
    changes = [models.RenameAliasOperation(rename_alias=rename), models.CreateAliasOperation(create_alias=create)]
    assert a.client.update_collection_aliases(changes) is True
    drop = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name="box"))
    assert a.client.update_collection_aliases([drop]) is True
    assert [one.alias_name for one in a.client.get_aliases().aliases] == ["case"]


def _aliases(a: Asking) -> None:
    want = [models.AliasDescription(alias_name="shelf", collection_name=C)]
    assert a.client.get_aliases().aliases == a.client.get_collection_aliases(C).aliases == want


def _shard_keys(a: Asking) -> None:
    assert a.get(f"/collections/{C}/shards").json()["result"] == {"shard_keys": []}


def _only_in_a_cluster(method: str, path: str, body: Any = None) -> Call:
    """Refused with 405, as the reference does in standalone mode."""

    def call(a: Asking) -> None:
        reply = a.http.request(method, path, json=body)
        assert reply.status_code == 405
        assert "standalone mode" in reply.json()["status"]["error"]

    return call


COLLECTION_CALLS: dict[str, Call] = {
    "GET /": _version,
    "GET /healthz": _says("/healthz", "passed"),
    "GET /livez": _says("/livez", "passed"),
    "GET /readyz": _says("/readyz", "ready"),
    "GET /metrics": _says("/metrics", "# TYPE "),
    "GET /openapi.json": _says("/openapi.json", '"openapi":"3.1'),
    "GET /docs": _says("/docs", "<html"),
    "GET /telemetry": _telemetry,
    "GET /cluster": _cluster,
    "POST /cluster/recover": _only_in_a_cluster("POST", "/cluster/recover"),
    "DELETE /cluster/peer/{peer}": _only_in_a_cluster("DELETE", "/cluster/peer/1"),
    "POST /collections/{name}/cluster": _only_in_a_cluster("POST", f"/collections/{C}/cluster", {"move_shard": {}}),
    "GET /collections/{name}/shards": _shard_keys,
    "PUT /collections/{name}/shards": _only_in_a_cluster("PUT", f"/collections/{C}/shards", {"shard_key": "a"}),
    "POST /collections/{name}/shards/delete": _only_in_a_cluster(
        "POST", f"/collections/{C}/shards/delete", {"shard_key": "a"}
    ),
    "POST /collections/{name}/clone": _only_in_a_cluster("POST", f"/collections/{C}/clone", {"to": "b"}),
    "GET /collections": _list,
    "GET /collections/{name}": _info,
    "GET /collections/{name}/exists": _exists,
    "PUT /collections/{name}": _create,
    "PATCH /collections/{name}": _update,
    "DELETE /collections/{name}": _delete_collection,
    "GET /collections/{name}/memory": _says(f"/collections/{C}/memory", '"resident_total":'),
    "GET /collections/{name}/cluster": _cluster_of,
    "PUT /collections/{name}/index": _create_index,
    "DELETE /collections/{name}/index/{field}": _delete_index,
    "PUT /collections/{name}/vectors/{vector}": _new_vector,
    "DELETE /collections/{name}/vectors/{vector}": _drop_vector,
    "POST /collections/aliases": _change_aliases,
    "GET /aliases": _aliases,
    "GET /collections/{name}/aliases": _aliases,
}
