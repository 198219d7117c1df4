"""Asking other nodes over HTTP: one pool of kept connections, and what is known when no answer comes.

    call        one request, its answer whatever its status; Unavailable: it did not begin; TimedOut: that is not known
    in_order    candidates, those last that failed a moment ago or owe somebody an answer
    first_good  the best candidate's answer; a slow or failing one is overtaken by the next (a hedged read)

A read is asked again elsewhere after twice the time that 95 of 100 reads took lately (Dean and Barroso, "The tail at
scale", 2013), or at once when it fails. A write is asked again elsewhere only if it certainly did not begin.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import urllib3

from tamis.cluster.membership import Lease
from tamis.errors import Retryable, TimedOut, Unavailable

__all__ = ["Answer", "Peers", "Recent", "first_good"]

_TRIED_LAST_SECONDS = 2.0  # after a failure
_OWED_SECONDS = 0.5  # an answer that takes longer makes a node the last choice until it is there
_RETRYABLE = (408, 429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node said."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        """Whether another node would say the same."""
        return self.status not in _RETRYABLE and self.status < 500


class Peers:
    """Connections to all other nodes. key: the api-key they expect; own: files of the certificate and key
    to show them. Any thread may call."""

    def __init__(
        self,
        key: str = "",
        connections: int = 32,
        certificates: str | None = None,
        own: tuple[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._headers = {"content-type": "application/json", **({"api-key": key} if key else {})}
        trust: dict[str, Any] = {"ca_certs": certificates} if certificates else {}
        if own is not None:
            trust["cert_file"], trust["key_file"] = own
        self._pool = urllib3.PoolManager(num_pools=64, maxsize=connections, retries=False, **trust)
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: dict[str, float] = {}
        self._owed: dict[str, list[float]] = {}  # by node: when the calls began that are under way

    def call(self, peer: Lease, method: str, target: str, body: bytes, more: tuple[Mapping[str, str], float]) -> Answer:
        """more: further headers, and the seconds that an answer may take."""
        headers, seconds = more
        begun = self._begin(peer.id)
        failed = True
        try:
            timeout = urllib3.Timeout(connect=min(seconds, 1.0), read=seconds)
            reply = self._pool.request(
                method, peer.url + target, body=body, headers={**self._headers, **headers}, timeout=timeout
            )
            failed = False
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise Unavailable(f"node {peer.id} at {peer.url} cannot be reached") from error
        except urllib3.exceptions.HTTPError as error:
            raise TimedOut(f"node {peer.id} at {peer.url} gave no answer; whether it did it is not known") from error
        finally:
            self._end(peer.id, begun, failed)
        return Answer(reply.status, reply.data, reply.headers)

    def in_order(self, candidates: Sequence[Lease]) -> list[Lease]:
        """The same, those last that cannot be relied on at the moment."""
        now = self._clock()
        with self._lock:
            return sorted(candidates, key=lambda one: self._is_doubtful(one.id, now))

    def _is_doubtful(self, id: str, now: float) -> bool:
        owed = self._owed.get(id)
        if owed and now - min(owed) > _OWED_SECONDS:
            return True
        return now - self._failed.get(id, float("-inf")) < _TRIED_LAST_SECONDS

    def _begin(self, id: str) -> float:
        now = self._clock()
        with self._lock:
            self._owed.setdefault(id, []).append(now)
        return now

    def _end(self, id: str, begun: float, failed: bool) -> None:
        with self._lock:
            self._owed[id].remove(begun)
            if failed:
                self._failed[id] = self._clock()
            else:
                self._failed.pop(id, None)

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()


class Recent:
    """How long reads took lately."""

    def __init__(self, least: float = 0.02, most: float = 1.0) -> None:
        self._least, self._most = least, most
        self._taken: deque[float] = deque(maxlen=200)
        self._lock = threading.Lock()

    def took(self, seconds: float) -> None:
        """One more."""
        with self._lock:
            self._taken.append(seconds)

    def patience(self) -> float:
        """Seconds after which the next node is asked, too."""
        with self._lock:
            taken = sorted(self._taken)
        if len(taken) < 20:
            return self._most / 4
        return min(max(2 * taken[int(0.95 * len(taken))], self._least), self._most)


def first_good(
    candidates: Sequence[Lease], ask: Callable[[Lease], Answer], pool: ThreadPoolExecutor, times: tuple[float, float]
) -> Answer:
    """The first good answer; times: patience with one node, and seconds for all of it.

    pool: of threads that nothing else waits in; who calls this from a thread of the same pool may wait for ever.

    If there is none: the last answer there was, or Unavailable. TimedOut when the time is over.
    """
    patience, seconds = times
    if len(candidates) == 1:
        return ask(candidates[0])
    end = time.monotonic() + seconds
    left = list(candidates)
    running: set[Future[Answer]] = set()
    bad: Answer | None = None
    trouble: Exception = Unavailable("no node has this shard now; try again in a moment")
    try:
        while left or running:
            if left:
                running.add(pool.submit(ask, left.pop(0)))
            remaining = end - time.monotonic()
            if remaining <= 0:
                raise TimedOut("the deadline passed before any node answered")
            done, running = wait(running, min(patience, remaining) if left else remaining, FIRST_COMPLETED)
            for one in done:
                try:
                    answer = one.result()
                except Retryable as error:
                    trouble = error
                    continue
                if answer.is_good:
                    return answer
                bad = answer
    finally:
        for one in running:
            one.cancel()  # those that wait for a thread
    if bad is not None:
        return bad
    raise trouble
