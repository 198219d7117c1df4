"""A server of the API on loopback, in this process: `address`. Its key is "secret"."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import tamis
from tamis.server.in_process import InProcess


@pytest.fixture
def address() -> Iterator[str]:
    with tamis.open() as database:
        api = InProcess(database)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                keyed = self.headers.get("api-key") == "secret"
                reply = api.call(self.command, self.path, body)
                raw = reply.body if keyed else b"Invalid API key"
                self.send_response(reply.status if keyed else 401)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_PUT = do_POST = do_DELETE = do_any

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
