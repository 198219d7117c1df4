"""The only wiring: from a configuration to a server that runs until it is told to stop.

    NodeConfig ─▶ Backend ─▶ Bridge ─▶ Application ─▶ granian, on this process's event loop
                    └ database, opened in a thread: /livez answers at once, /readyz when it is open and warm

SIGTERM and SIGINT stop it: no new connections, what was accepted is finished, the database is closed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from tamis.config import NodeConfig
from tamis.embedded.database import open_database
from tamis.embedded.warm_up import rehearse
from tamis.errors import TamisError, Unavailable
from tamis.model.schema import Distance
from tamis.server.backend import Backend
from tamis.server.bridge import Bridge
from tamis.server.http.application import Application, HttpLimits
from tamis.server.http.auth import Keys
from tamis.server.logs import Logs

__all__ = ["serve"]

_BACKLOG = 1_024


def serve(config: NodeConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises TamisError if the address or the keys cannot be used."""
    logs = Logs(config.log.level, config.log.format, config.service.slow_query_secs)
    uvloop.run(_serve(config, logs))


async def _serve(config: NodeConfig, logs: Logs) -> None:
    port = _free_port(config.service.host, config.service.http_port)
    backend = Backend(url_recovery=config.snapshots.enable_url_recovery, failed=logs.failed)
    bridge = Bridge(backend, os.cpu_count() or 1, config.service.max_queue, logs.slow)
    application = Application(backend, bridge, _keys(config), _limits(config), logs.request)
    server = _server(config, port, application)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    opening = threading.Thread(target=_open, args=(config, backend, logs), name="tamis-open", daemon=True)
    opening.start()
    logs.event("started", host=config.service.host, port=port, tls=config.service.enable_tls)
    try:
        await server.serve()
    finally:
        await asyncio.to_thread(_close, backend, bridge, opening)
        logs.event("stopped")
    if backend.trouble is not None:
        raise Unavailable(backend.trouble)


def _open(config: NodeConfig, backend: Backend, logs: Logs) -> None:
    """Open the database and every collection in it, and run every kernel once."""
    begin = time.perf_counter()
    try:
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
    logs.event("ready", collections=len(backend.database.collections()), seconds=round(time.perf_counter() - begin, 3))


def _close(backend: Backend, bridge: Bridge, opening: threading.Thread) -> None:
    bridge.close()
    opening.join()
    if backend.database is not None:
        backend.database.close()


def _free_port(host: str, port: int) -> int:
    """The port to listen on; 0 becomes one that is free. Unavailable, in words, where the server below would panic."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
            chosen: int = tried.getsockname()[1]
            return chosen
    except OSError as error:
        raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def _keys(config: NodeConfig) -> Keys:
    wanted = config.service
    full = (wanted.api_key.get_secret_value(), wanted.alt_api_key.get_secret_value())
    read_only = wanted.read_only_api_key.get_secret_value()
    return Keys(tuple(key for key in full if key), (read_only,) if read_only else ())


def _limits(config: NodeConfig) -> HttpLimits:
    wanted = config.service
    return HttpLimits(
        body_bytes=wanted.max_request_size_mb * 2**20,
        body_seconds=wanted.body_timeout_secs,
        request_seconds=wanted.request_timeout_secs,
        compressed_from=wanted.compression_min_bytes,
        cors=wanted.enable_cors,
    )


def _server(config: NodeConfig, port: int, application: Application) -> Server:
    wanted, tls = config.service, config.tls
    return Server(
        application,
        address=wanted.host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.auto,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=2 * wanted.max_queue,
        log_enabled=False,
        ssl_cert=tls.cert if wanted.enable_tls else None,
        ssl_key=tls.key if wanted.enable_tls else None,
        ssl_ca=tls.ca_cert if wanted.enable_tls else None,
        ssl_client_verify=wanted.enable_tls and tls.ca_cert is not None,
    )
