"""Snapshots of one collection and of all of them: make, list, fetch, drop, recover."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tamis.errors import Rejected
from tamis.server.backend import Backend
from tamis.server.fetch_snapshot import fetched
from tamis.server.request import Reply, Request, Result
from tamis.wire.answers import write
from tamis.wire.bodies import RecoverBody, read_body

__all__ = [
    "create_full",
    "create_snapshot",
    "delete_full",
    "delete_snapshot",
    "download",
    "download_full",
    "list_full",
    "list_snapshots",
    "recover",
    "recover_full",
    "upload",
]

_PRIORITIES = ("no_sync", "snapshot", "replica")


def list_snapshots(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/snapshots: the snapshots of one collection."""
    return Result(write([asdict(info) for info in backend.db.snapshots(request.path["name"])]))


def create_snapshot(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/snapshots: copy a collection into a file."""
    return Result(write(asdict(backend.db.create_snapshot(request.path["name"]))))


def download(backend: Backend, request: Request) -> Reply:
    """GET /collections/{name}/snapshots/{snapshot}: the file."""
    return _file(backend.db.snapshot_path(request.path["name"], request.path["snapshot"]))


def delete_snapshot(backend: Backend, request: Request) -> Result:
    """DELETE /collections/{name}/snapshots/{snapshot}: remove the file."""
    backend.db.delete_snapshot(request.path["name"], request.path["snapshot"])
    return Result(b"true")


def recover(backend: Backend, request: Request) -> Result:
    """PUT /collections/{name}/snapshots/recover: from file:// (in the snapshots folder) or http(s)://."""
    body = read_body(request.body, RecoverBody)
    _check_priority(body.priority)
    with fetched(backend, body.location, body.api_key) as source:
        backend.db.recover_snapshot(request.path["name"], source, body.checksum)
    return Result(b"true")


def upload(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/snapshots/upload: a form with the file `snapshot`."""
    _check_priority(request.query.get("priority"))
    if request.upload is None:
        raise Rejected("snapshot", "is missing; send it as the file of a multipart form")
    backend.db.recover_snapshot(request.path["name"], request.upload, request.query.get("checksum"))
    return Result(b"true")


def list_full(backend: Backend, request: Request) -> Result:
    """GET /snapshots: the snapshots of all collections together."""
    return Result(write([asdict(info) for info in backend.db.full_snapshots()]))


def create_full(backend: Backend, request: Request) -> Result:
    """POST /snapshots: copy all collections into one file."""
    return Result(write(asdict(backend.db.create_full_snapshot())))


def download_full(backend: Backend, request: Request) -> Reply:
    """GET /snapshots/{snapshot}: the file."""
    return _file(backend.db.full_snapshot_path(request.path["snapshot"]))


def recover_full(backend: Backend, request: Request) -> Result:
    """PUT /snapshots/recover: every collection of a full snapshot, all of them or none."""
    body = read_body(request.body, RecoverBody)
    _check_priority(body.priority)
    with fetched(backend, body.location, body.api_key) as source:
        backend.db.recover_full_snapshot(source, body.checksum)
    return Result(b"true")


def delete_full(backend: Backend, request: Request) -> Result:
    """DELETE /snapshots/{snapshot}: remove the file."""
    backend.db.delete_full_snapshot(request.path["snapshot"])
    return Result(b"true")


def _file(path: Path) -> Reply:
    name = (("content-disposition", f'attachment; filename="{path.name}"'),)
    return Reply(content_type="application/octet-stream", headers=name, file=path)


def _check_priority(priority: Any) -> None:
    if priority is not None and priority not in _PRIORITIES:
        raise Rejected("priority", f"must be one of {', '.join(_PRIORITIES)}, got {priority!r}")
