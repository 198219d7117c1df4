"""Clients on loopback: a fixed number of keep-alive connections, each with one request under way at a time.

    ask_all    requests made beforehand → latencies, and the CPU that the generator itself used

One thread, epoll and bare sockets: of an answer only status line, content-length and the end are looked at, because
every microsecond spent here is one the server on the same cores does not get.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LENGTH = b"content-length: "
_RECEIVE = 1 << 18


@dataclass(frozen=True)
class Load:
    """What one run saw. latencies: seconds, of every answer; cpu: seconds the generator itself used."""

    answers: int
    seconds: float
    latencies: NDArray[np.float64]
    cpu: float

    def percentile(self, share: float) -> float:
        """Microseconds."""
        return float(np.percentile(self.latencies, share)) * 1e6


def request(method: str, path: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: "
    return head.encode() + b"%d\r\n\r\n%b" % (len(body), body)


class _Client:
    """One connection: what has come, when it was asked."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = 0.0
        self.come = b""

    def ask(self, request: bytes) -> None:
        """Send all of it; a large one waits until the server has read most."""
        self.asked = time.perf_counter()
        self.socket.sendall(request)


def ask_all(port: int, requests: Iterator[bytes], connections: int, seconds: float = 600.0) -> Load:
    """Send `requests` until there are no more or so much time has passed. Raises RuntimeError at any answer but 200."""
    clients = [_Client(port) for _ in range(connections)]
    waiting = {client.socket.fileno(): client for client in clients}
    poll = select.epoll()
    latencies: list[float] = []
    clock, busy = time.perf_counter, time.process_time()
    begin = clock()
    end = begin + seconds
    try:
        for number, client in waiting.items():
            poll.register(number, select.EPOLLIN)
            client.ask(next(requests))
        while waiting:
            for number, _ in poll.poll():
                client = waiting[number]
                if not _complete(client):
                    continue
                now = clock()
                latencies.append(now - client.asked)
                following = next(requests, None) if now < end else None
                if following is None:
                    poll.unregister(number)
                    del waiting[number]
                else:
                    client.ask(following)
    finally:
        for client in clients:
            client.socket.close()
        poll.close()
    return Load(len(latencies), clock() - begin, np.array(latencies), time.process_time() - busy)


def _complete(client: _Client) -> bool:
    """Take what has come; whether that is the whole answer."""
    come = client.come + client.socket.recv(_RECEIVE)
    head = come.find(b"\r\n\r\n")
    if head < 0:
        if not come:
            raise RuntimeError("the server closed a connection")
        client.come = come
        return False
    at = come.find(_LENGTH) + len(_LENGTH)
    length = int(come[at : come.index(b"\r", at)])
    if len(come) < head + 4 + length:
        client.come = come
        return False
    if not come.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"refused: {come[:800]!r}")
    client.come = b""
    return True
