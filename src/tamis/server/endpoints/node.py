"""The node itself: version, health, metrics, telemetry, its place in a cluster, and its documentation."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

from tamis.server.backend import API_VERSION, TITLE, Backend
from tamis.server.metrics import CONTENT_TYPE_LATEST
from tamis.server.openapi.page import DOCS_PAGE
from tamis.server.request import Reply, Request, Result, plain_text
from tamis.wire.answers import write

__all__ = [
    "docs",
    "healthz",
    "livez",
    "metrics",
    "readyz",
    "root",
    "telemetry",
]

_POLICY = (  # what the page may do: its own script, its own server, in no frame
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = (("content-security-policy", _POLICY), ("x-content-type-options", "nosniff"))


def root(backend: Backend, request: Request) -> Reply:
    """GET /: title and version. No envelope."""
    return Reply(write({"title": TITLE, "version": API_VERSION, "tamis": backend.version}))


def healthz(backend: Backend, request: Request) -> Reply:
    """GET /healthz: the process answers."""
    return plain_text("healthz check passed")


def livez(backend: Backend, request: Request) -> Reply:
    """GET /livez: the process answers."""
    return plain_text("livez check passed")


def readyz(backend: Backend, request: Request) -> Reply:
    """GET /readyz: 503 until every collection is open and the kernels are compiled."""
    if backend.ready.is_set():
        return plain_text("all shards are ready")
    return plain_text(backend.trouble or "some shards are not ready", 503)


def metrics(backend: Backend, request: Request) -> Reply:
    """GET /metrics: Prometheus' text format."""
    return Reply(backend.metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def telemetry(backend: Backend, request: Request) -> Result:
    """GET /telemetry: what runs here, counts of collections and of requests."""
    held = [
        {"points": info.points_count, "segments": len(info.segments), "status": info.status}
        for info in (collection.info() for collection in backend.collections())
    ]
    answer: dict[str, Any] = {
        "id": backend.id,
        "app": {
            "name": "tamis",
            "version": backend.version,
            "startup": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(backend.started)),
            "system": _system(),
        },
        "collections": {"number_of_collections": len(held)},
        "cluster": {"enabled": backend.cluster is not None},
        "requests": {"rest": {"responses": _responses(backend)}, "grpc": {"responses": {}}},
        "points": sum(one["points"] for one in held),
    }
    return Result(write(answer))


def _responses(backend: Backend) -> dict[str, Any]:
    return {
        endpoint: {status: {"count": count} for status, count in counts.items()}
        for endpoint, counts in backend.metrics.requests().items()
    }


def _system() -> dict[str, Any]:
    runtime = _container()
    return {
        "distribution": platform.system(),
        "distribution_version": platform.release(),
        "is_docker": runtime == "docker",
        "container_runtime": runtime,
        "cores": os.cpu_count(),
        "cpu_flags": platform.machine(),
    }


def _container() -> str:
    """What this process is contained in, by the marks that runtimes leave."""
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "kubernetes"
    if Path("/.dockerenv").exists():
        return "docker"
    return "other" if Path("/run/.containerenv").exists() else "none"


def docs(backend: Backend, request: Request) -> Reply:
    """GET /docs: a page that shows the OpenAPI document and lets requests be tried."""
    return Reply(DOCS_PAGE, content_type="text/html; charset=utf-8", headers=_PAGE)
