"""Snapshots in a cluster: moments that are kept in the catalog. They take milliseconds and copy nothing.

A snapshot is recovered in the place of a collection by its name: location "snapshot:<name>". Files are not made and not
read here; the store itself is what is backed up.
"""

from __future__ import annotations

from collections.abc import Callable

from tamis.cluster import moments
from tamis.cluster.database import ClusterDatabase
from tamis.errors import Rejected
from tamis.server.backend import Backend
from tamis.server.endpoints.cluster import describe_snapshot
from tamis.server.request import Reply, Request, Result
from tamis.wire.answers import write
from tamis.wire.bodies import RecoverBody, read_body

__all__ = ["INSTEAD"]

_LOCATION = "snapshot:"
_C = "/collections/{name}/snapshots"


def _list_snapshots(backend: Backend, request: Request) -> Result:
    """Those of one collection."""
    found = moments.snapshots(_db(backend), request.path["name"])
    return Result(write([describe_snapshot(title, one) for title, one in found.items()]))


def _create_snapshot(backend: Backend, request: Request) -> Result:
    """Keep this moment."""
    return Result(write(describe_snapshot(*moments.create_snapshot(_db(backend), request.path["name"]))))


def _delete_snapshot(backend: Backend, request: Request) -> Result:
    """Keep it no longer."""
    moments.delete_snapshot(_db(backend), request.path["name"], request.path["snapshot"])
    return Result(b"true")


def _recover(backend: Backend, request: Request) -> Result:
    """Put a snapshot in the collection's place."""
    body = read_body(request.body, RecoverBody)
    if not body.location.startswith(_LOCATION):
        raise Rejected("location", f"must be {_LOCATION}<name of a snapshot of this cluster>; files are not read here")
    if body.checksum is not None:
        raise Rejected("checksum", "has no meaning: a snapshot of a cluster is no file")
    moments.restore(_db(backend), request.path["name"], body.location.removeprefix(_LOCATION))
    return Result(b"true")


def _no_file(backend: Backend, request: Request) -> Result:
    """Refused: there are no files."""
    raise Rejected("snapshot", "a snapshot of a cluster is no file; clone the collection, or back the store up")


def _db(backend: Backend) -> ClusterDatabase:
    assert backend.cluster is not None
    return backend.cluster


INSTEAD: dict[str, Callable[[Backend, Request], Result | Reply]] = {
    f"GET {_C}": _list_snapshots,
    f"POST {_C}": _create_snapshot,
    f"DELETE {_C}/{{snapshot}}": _delete_snapshot,
    f"PUT {_C}/recover": _recover,
    f"GET {_C}/{{snapshot}}": _no_file,
    f"POST {_C}/upload": _no_file,
    "GET /snapshots": lambda backend, request: Result(b"[]"),
    "POST /snapshots": _no_file,
    "PUT /snapshots/recover": _no_file,
    "GET /snapshots/{snapshot}": _no_file,
    "DELETE /snapshots/{snapshot}": _no_file,
}
