"""The only wiring: from a configuration to a server that runs until it is told to stop.

    NodeConfig ─▶ Backend ─▶ Bridge ─▶ Application ─▶ Port, on this process's event loop
                    └ database, opened in a thread: /livez answers at once, /readyz when it is open and warm

With `cluster.store` the node is one of several: `cluster.open_node` in the place of a database, and a coordinator.

SIGTERM and SIGINT stop it: no new connections, what was accepted is finished, the database is closed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import ssl
import threading
import time
from typing import Any, cast

import uvloop

from tamis.cluster.database import Retention
from tamis.cluster.housekeeper import Rhythm
from tamis.cluster.node import NodeSettings, open_node
from tamis.cluster.peers import Peers
from tamis.collection.threads import build_pool
from tamis.config import NodeConfig
from tamis.embedded.database import Database, open_database
from tamis.embedded.warm_up import rehearse
from tamis.errors import Rejected, Retryable, TamisError, Unavailable
from tamis.model.role import Role
from tamis.model.schema import Distance
from tamis.server.backend import Backend
from tamis.server.bridge import Bridge
from tamis.server.http.application import Application
from tamis.server.http.auth import Keys
from tamis.server.http.limits import HttpLimits
from tamis.server.http.port import Port
from tamis.server.logs import Logs
from tamis.server.scatter.coordinator import Coordinator

__all__ = ["serve"]

_CONNECTIONS_MAX = 8_192
_SPARED_FILES = 256  # descriptors that are not for connections
_JOIN_PAUSE_SECONDS = 1.0


def serve(config: NodeConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises TamisError if the address or the keys cannot be used."""
    logs = Logs(config.log.level, config.log.format, config.service.slow_query_secs)
    uvloop.run(_serve(config, logs))


async def _serve(config: NodeConfig, logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: logs.trouble("in the event loop", **_told(context)))
    listening, tls = _listening(config.service.host, config.service.http_port), _tls(config)
    number: int = listening.getsockname()[1]
    backend = Backend(url_recovery=config.snapshots.enable_url_recovery, failed=logs.failed)
    backend.is_one_of_several = bool(config.cluster.store)
    bridge = Bridge(backend, os.cpu_count() or 1, config.service.max_queue, logs.slow)
    limits = _limits(config)
    port = Port(Application(backend, bridge, _keys(config), limits, logs.request), limits)
    stopped = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stopped.set)
    await port.open(listening, tls)
    opening = threading.Thread(target=_open, args=(config, backend, logs, number), name="tamis-open", daemon=True)
    opening.start()
    logs.event("started", host=config.service.host, port=number, tls=config.service.enable_tls)
    try:
        await stopped.wait()
        await port.stop()
    finally:
        await asyncio.to_thread(_close, backend, bridge, opening)
        logs.event("stopped")
    if backend.trouble is not None:
        raise Unavailable(backend.trouble)


def _open(config: NodeConfig, backend: Backend, logs: Logs, port: int) -> None:
    """Open the database and every collection in it, and run every kernel once."""
    begin = time.perf_counter()
    try:
        if backend.is_one_of_several:
            _join(config, backend, logs, port)
        else:
            backend.database = open_database(config.storage.storage_path, snapshots_path=config.storage.snapshots_path)
        distances = {Distance.COSINE}
        for collection in backend.collections():
            distances |= {params.distance for params in collection.schema.vectors.values()}
        for distance in sorted(distances):
            rehearse(distance, lambda what, share: None)
    except Exception as error:  # noqa: BLE001 - nobody else hears of this thread
        backend.trouble = str(error) if isinstance(error, TamisError) else f"{type(error).__name__}: {error}"
        logs.trouble("the database cannot be opened", error=backend.trouble)
        signal.raise_signal(signal.SIGTERM)
        return
    backend.ready.set()
    logs.event("ready", collections=len(backend.db.collections()), seconds=round(time.perf_counter() - begin, 3))


def _join(config: NodeConfig, backend: Backend, logs: Logs, port: int) -> None:
    """Become one of a cluster."""
    wanted = config.cluster
    scheme = "https" if config.service.enable_tls else "http"
    settings = NodeSettings(
        store=wanted.store,
        url=wanted.url.rstrip("/") or f"{scheme}://{config.service.host}:{port}",
        id=wanted.node_id,
        role=Role(wanted.role),
        cache=wanted.cache_path,
        cache_bytes=wanted.cache_mb * 2**20,
        version=backend.version,
        rhythm=Rhythm(wanted.lease_secs, wanted.poll_secs, wanted.collect_secs),
        retention=Retention(wanted.history_secs, wanted.grace_secs),
        seconds=wanted.request_secs,
    )
    pool = build_pool()
    while True:
        try:
            node = open_node(settings, pool, logs.round_failed)
            break
        except Retryable as error:  # the store is away: others serve, and this node comes when it can
            logs.round_failed("join", error)
            if backend.stopping.wait(_JOIN_PAUSE_SECONDS):
                raise
    certificates = None if config.tls.ca_cert is None else str(config.tls.ca_cert)
    tls = config.tls
    shown = (str(tls.cert), str(tls.key)) if config.service.enable_tls and tls.cert and tls.key else None
    peers = Peers(config.service.api_key.get_secret_value(), certificates=certificates, own=shown)
    backend.cluster, backend.node = node.db, node
    backend.database = cast(Database, node.db)  # endpoints find the same names there
    backend.coordinator = Coordinator(backend, node.db, peers)
    node.housekeeper.start()
    logs.event("joined", store=wanted.store, node=node.db.me.id, url=settings.url, role=wanted.role)


def _close(backend: Backend, bridge: Bridge, opening: threading.Thread) -> None:
    backend.stopping.set()
    bridge.close()
    opening.join()
    if isinstance(backend.coordinator, Coordinator):
        backend.coordinator.close()
    if backend.node is not None:
        backend.node.close()
    elif backend.database is not None:
        backend.database.close()


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 becomes one that is free. Unavailable if it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return listening


def _tls(config: NodeConfig) -> ssl.SSLContext | None:
    """What connections are encrypted with. Rejected for files that hold something else."""
    if not config.service.enable_tls:
        return None
    wanted, context = config.tls, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert wanted.cert is not None
    try:
        context.load_cert_chain(wanted.cert, wanted.key)
    except (OSError, ssl.SSLError) as error:
        raise Rejected("tls.cert", f"this certificate and tls.key cannot be used: {error}") from None
    if wanted.ca_cert is not None:
        try:
            context.load_verify_locations(wanted.ca_cert)
        except (OSError, ssl.SSLError) as error:
            raise Rejected("tls.ca_cert", f"cannot be used: {error}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _told(context: dict[str, Any]) -> dict[str, str]:
    """What the event loop says went wrong."""
    return {"message": str(context.get("message")), "error": repr(context.get("exception"))}


def _keys(config: NodeConfig) -> Keys:
    wanted = config.service
    full = (wanted.api_key.get_secret_value(), wanted.alt_api_key.get_secret_value())
    read_only = wanted.read_only_api_key.get_secret_value()
    return Keys(tuple(key for key in full if key), (read_only,) if read_only else ())


def _limits(config: NodeConfig) -> HttpLimits:
    wanted = config.service
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return HttpLimits(
        connections=max(1, min(_CONNECTIONS_MAX, files - _SPARED_FILES)),
        body_bytes=wanted.max_request_size_mb * 2**20,
        body_seconds=wanted.body_timeout_secs,
        request_seconds=wanted.request_timeout_secs,
        compressed_from=wanted.compression_min_bytes,
        cors=wanted.enable_cors,
    )
