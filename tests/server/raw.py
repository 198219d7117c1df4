"""HTTP by hand: bytes out, bytes in, over a socket of one's own."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any

SECONDS = 10.0  # no answer takes longer


@dataclass
class Answer:
    """The first reply on a connection; status 0 if there was none in HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The message of a refusal."""
        told: Any = json.loads(self.body)
        return str(told["status"]["error"])


def request(method: str, target: str, body: bytes = b"", *headers: str, version: str = "1.1") -> bytes:
    """A request that asks to close the connection; Content-Length unless the headers say how long the body is."""
    lines = [f"{method} {target} HTTP/{version}", "host: tamis", "connection: close", *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def ask(port: int, *data: bytes, last: bool = False) -> Answer:
    """Send, and read to the end. last: say that nothing more will be sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        received = b""
        try:
            for part in data:
                connection.sendall(part)
            if last:
                connection.shutdown(socket.SHUT_WR)
        except OSError:  # it was refused while we were sending; the reply may be here
            pass
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionResetError:
            pass
    return read(received)


def read(received: bytes) -> Answer:
    """The reply in these bytes."""
    while received.startswith(b"HTTP/1.1 100"):
        received = received.partition(b"\r\n\r\n")[2]
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/"):
        return Answer(0, {}, b"")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)
