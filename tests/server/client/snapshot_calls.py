"""One call of every route about snapshots, by the route's name.

What a call says must be what the server then has.
"""

from __future__ import annotations

from tests.server.client.asking import Asking
from tests.server.client.prepared import C, Call, ids

__all__ = ["SNAPSHOT_CALLS"]


def _create_snapshot(a: Asking) -> None:
    made = a.client.create_snapshot(C)
    assert made.size > 0
    assert made.checksum
    assert made in a.client.list_snapshots(C)


def _download(a: Asking) -> None:
    made = a.client.create_snapshot(C)
    assert len(a.get(f"/collections/{C}/snapshots/{made.name}").content) == made.size


def _delete_snapshot(a: Asking) -> None:
    made = a.client.create_snapshot(C)
    assert a.client.delete_snapshot(C, made.name) is True
    assert made not in a.client.list_snapshots(C)


def _recover(a: Asking) -> None:
    made = a.client.create_snapshot(C)
    a.client.delete(C, [1, 2, 3])
    location = f"{a.url}/collections/{C}/snapshots/{made.name}"
    assert a.client.recover_snapshot(C, location, checksum=made.checksum, priority="snapshot") is True
    assert ids(a.client.scroll(C)[0]) == [1, 2, 3, 4]


def _upload(a: Asking) -> None:
    made = a.client.create_snapshot(C)
    file = a.get(f"/collections/{C}/snapshots/{made.name}").content
    done = a.client.http.snapshots_api.recover_from_uploaded_snapshot("copy", checksum=made.checksum, snapshot=file)
    assert done.result is True
    assert ids(a.client.scroll("copy")[0]) == [1, 2, 3, 4]


def _create_full(a: Asking) -> None:
    made = a.client.create_full_snapshot()
    assert made in a.client.list_full_snapshots()


def _download_full(a: Asking) -> None:
    made = a.client.create_full_snapshot()
    assert len(a.get(f"/snapshots/{made.name}").content) == made.size


def _recover_full(a: Asking) -> None:
    made = a.client.create_full_snapshot()
    a.client.delete_collection(C)
    body = {"location": f"{a.url}/snapshots/{made.name}"}
    assert a.http.put("/snapshots/recover", json=body).raise_for_status().json()["result"] is True
    assert a.client.count("shelf").count == 4


def _delete_full(a: Asking) -> None:
    made = a.client.create_full_snapshot()
    assert a.client.delete_full_snapshot(made.name) is True
    assert made not in a.client.list_full_snapshots()


SNAPSHOT_CALLS: dict[str, Call] = {
    "GET /collections/{name}/snapshots": _create_snapshot,
    "POST /collections/{name}/snapshots": _create_snapshot,
    "GET /collections/{name}/snapshots/{snapshot}": _download,
    "DELETE /collections/{name}/snapshots/{snapshot}": _delete_snapshot,
    "PUT /collections/{name}/snapshots/recover": _recover,
    "POST /collections/{name}/snapshots/upload": _upload,
    "GET /snapshots": _create_full,
    "POST /snapshots": _create_full,
    "PUT /snapshots/recover": _recover_full,
    "GET /snapshots/{snapshot}": _download_full,
    "DELETE /snapshots/{snapshot}": _delete_full,
}
