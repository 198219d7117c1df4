"""One call of every route about points and searches, by the route's name.

What a call says must be what the server then has.
"""

from __future__ import annotations

from qdrant_client import models

from tests.server.client.asking import Asking
from tests.server.client.prepared import DONE, KIND_A, C, Call, ids, payload, vector

__all__ = ["POINT_CALLS"]

P = f"/collections/{C}/points"


def _point(a: Asking) -> None:
    told = a.client.http.points_api.get_point(C, 3).result
    assert (told.id, told.payload, told.vector) == (3, {"n": 3, "kind": "b"}, [3, 0])


def _retrieve(a: Asking) -> None:
    found = a.client.retrieve(C, [4, 99, 1], with_payload=["n"], with_vectors=True)
    assert [(one.id, one.payload, one.vector) for one in found] == [(4, {"n": 4}, [4, 0]), (1, {"n": 1}, [1, 0])]


def _scroll(a: Asking) -> None:
    page, next = a.client.scroll(C, limit=3)
    rest, end = a.client.scroll(C, limit=3, offset=next)
    assert (ids(page), next, ids(rest), end) == ([1, 2, 3], 4, [4], None)


def _count(a: Asking) -> None:
    assert [a.client.count(C, count_filter=given).count for given in (None, KIND_A)] == [4, 2]


def _facet(a: Asking) -> None:
    assert [(hit.value, hit.count) for hit in a.client.facet(C, "kind").hits] == [("a", 2), ("b", 2)]


def _upsert(a: Asking) -> None:
    first = a.client.upsert(C, [models.PointStruct(id=1, vector=[7, 7])])
    batch = models.Batch(ids=[8, 9], vectors=[[8, 0], [9, 0]], payloads=[{"n": 8}, {}])
    second = a.client.upsert(C, batch, wait=False)
    assert (first.status, second.status) == (DONE, models.UpdateStatus.ACKNOWLEDGED)
    assert second.operation_id > first.operation_id
    assert (payload(a, 1), vector(a, 1), payload(a, 8)) == ({}, [7, 7], {"n": 8})


def _delete(a: Asking) -> None:
    assert a.client.delete(C, [4]).status == a.client.delete(C, KIND_A).status == DONE
    assert ids(a.client.scroll(C)[0]) == [1, 3]


def _update_vectors(a: Asking) -> None:
    assert a.client.update_vectors(C, [models.PointVectors(id=2, vector=[5, 5])]).status == DONE
    assert (vector(a, 2), payload(a, 2)) == ([5, 5], {"n": 2, "kind": "a"})


def _delete_vectors(a: Asking) -> None:
    assert a.client.delete_vectors(C, [""], [2]).status == DONE
    assert (vector(a, 2), payload(a, 2)) == ({}, {"n": 2, "kind": "a"})


def _set_payload(a: Asking) -> None:
    assert a.client.set_payload(C, {"x": 1}, [1]).status == DONE
    assert a.client.set_payload(C, {"y": 2}, KIND_A, key="in").status == DONE
    assert payload(a, 1) == {"n": 1, "kind": "b", "x": 1}
    assert payload(a, 2) == {"n": 2, "kind": "a", "in": {"y": 2}}


def _overwrite_payload(a: Asking) -> None:
    assert a.client.overwrite_payload(C, {"x": 1}, [1]).status == DONE
    assert payload(a, 1) == {"x": 1}


def _delete_payload(a: Asking) -> None:
    assert a.client.delete_payload(C, ["n"], [1]).status == DONE
    assert payload(a, 1) == {"kind": "b"}


def _clear_payload(a: Asking) -> None:
    assert a.client.clear_payload(C, KIND_A).status == DONE
    assert [payload(a, id) for id in (1, 2)] == [{"n": 1, "kind": "b"}, {}]


def _batch(a: Asking) -> None:
    operations = [
        models.UpsertOperation(upsert=models.PointsList(points=[models.PointStruct(id=9, vector=[9, 0])])),
        models.SetPayloadOperation(set_payload=models.SetPayload(payload={"x": 1}, points=[9])),
        models.DeleteOperation(delete=models.PointIdsList(points=[1])),
    ]
    done = a.client.batch_update_points(C, operations)
    assert [one.status for one in done] == [DONE] * 3
    assert (ids(a.client.scroll(C)[0]), payload(a, 9)) == ([2, 3, 4, 9], {"x": 1})


def _query(a: Asking) -> None:
    found = a.client.query_points(C, [1, 0], query_filter=KIND_A, limit=1, with_vectors=True).points
    assert [(hit.id, hit.score, hit.payload, hit.vector) for hit in found] == [(4, 4, {"n": 4, "kind": "a"}, [4, 0])]
    assert found[0].version >= 1


def _query_batch(a: Asking) -> None:
    requests = [models.QueryRequest(query=query, limit=2) for query in ([1, 0], [-1, 0])]
    assert [ids(one.points) for one in a.client.query_batch_points(C, requests)] == [[4, 3], [1, 2]]


def _query_groups(a: Asking) -> None:
    groups = a.client.query_points_groups(C, "kind", [1, 0], group_size=1).groups
    assert [(group.id, ids(group.hits)) for group in groups] == [("a", [4]), ("b", [3])]


def _search(a: Asking) -> None:
    assert ids(a.post(f"{P}/search", {"vector": [1, 0], "limit": 2})) == [4, 3]


def _search_batch(a: Asking) -> None:
    assert ids(a.post(f"{P}/search/batch", {"searches": [{"vector": [1, 0], "limit": 1}]})[0]) == [4]


def _search_groups(a: Asking) -> None:
    body = {"vector": [1, 0], "limit": 2, "group_by": "kind", "group_size": 1}
    assert [group["id"] for group in a.post(f"{P}/search/groups", body)["groups"]] == ["a", "b"]


def _recommend(a: Asking) -> None:
    assert ids(a.post(f"{P}/recommend", {"positive": [4], "limit": 2})) == [3, 2]


def _recommend_batch(a: Asking) -> None:
    assert ids(a.post(f"{P}/recommend/batch", {"searches": [{"positive": [4], "limit": 1}]})[0]) == [3]


def _recommend_groups(a: Asking) -> None:
    body = {"positive": [4], "limit": 2, "group_by": "kind", "group_size": 1}
    assert [group["id"] for group in a.post(f"{P}/recommend/groups", body)["groups"]] == ["b", "a"]


POINT_CALLS: dict[str, Call] = {
    "GET /collections/{name}/points/{id}": _point,
    "POST /collections/{name}/points": _retrieve,
    "POST /collections/{name}/points/scroll": _scroll,
    "POST /collections/{name}/points/count": _count,
    "POST /collections/{name}/facet": _facet,
    "PUT /collections/{name}/points": _upsert,
    "POST /collections/{name}/points/delete": _delete,
    "PUT /collections/{name}/points/vectors": _update_vectors,
    "POST /collections/{name}/points/vectors/delete": _delete_vectors,
    "POST /collections/{name}/points/payload": _set_payload,
    "PUT /collections/{name}/points/payload": _overwrite_payload,
    "POST /collections/{name}/points/payload/delete": _delete_payload,
    "POST /collections/{name}/points/payload/clear": _clear_payload,
    "POST /collections/{name}/points/batch": _batch,
    "POST /collections/{name}/points/query": _query,
    "POST /collections/{name}/points/query/batch": _query_batch,
    "POST /collections/{name}/points/query/groups": _query_groups,
    "POST /collections/{name}/points/search": _search,
    "POST /collections/{name}/points/search/batch": _search_batch,
    "POST /collections/{name}/points/search/groups": _search_groups,
    "POST /collections/{name}/points/recommend": _recommend,
    "POST /collections/{name}/points/recommend/batch": _recommend_batch,
    "POST /collections/{name}/points/recommend/groups": _recommend_groups,
}
