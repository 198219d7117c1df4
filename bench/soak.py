"""Does a server under mixed load give exact answers for as long as it runs, and does its memory stay flat?

    python bench/soak.py [--seconds 180]

Clients that each own a range of ids write, read and compare (`oracle.py`); readers ask all ranges at once, several of
them under one filter; one client copies the collection into a snapshot, recovers it under a second name, compares the
copy with what it held at that moment, and deletes both. Heads are small, so that in three minutes as many are sealed
and merged as in half an hour otherwise. At the end the server is stopped, started again, and every point is compared.

Every answer but 200 is an error, except 429 and 503, which say "later" and change nothing. Memory is the resident set
of the server: its mean in the last quarter of the run against its mean in the second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.node import HOST, Node, ask
from bench.oracle import GROUPS, LIMIT, SIZE, Owner, Wrong
from bench.report import publish

NAME, COPY = "soak", "copy"
GROWTH = 0.10
LATER = (429, 503)
SCHEMA = {
    "vectors": {"size": SIZE, "distance": "Euclid"},
    "optimizers_config": {"indexing_threshold": 100},  # KiB: a graph from 1,600 points on
}


class Refused(Exception):
    """The server says "later"."""


@dataclass(frozen=True)
class Shape:
    """How much of what. points: ids of each owner; head_points: size of heads."""

    seconds: float = 180.0
    owners: int = 4
    readers: int = 3
    points: int = 4_000
    head_points: int = 2_000
    seed: int = 0


@dataclass
class Outcome:
    """What happened. errors: how often, by kind, with one example each. memory: (seconds, bytes)."""

    requests: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    memory: list[tuple[float, int]] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    rows: int = 0
    indexed: int = 0  # most vectors in graphs at any time
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, what: str) -> None:
        """Count a request."""
        with self._lock:
            self.requests[what] += 1

    def failed(self, kind: str, example: str) -> None:
        """Count an error."""
        with self._lock:
            self.errors[kind] += 1
            self.examples.setdefault(kind, example[:1_000])

    def growth(self) -> float:
        """Mean memory of the last quarter ÷ that of the second, less one."""
        end = self.memory[-1][0]
        second = [held for at, held in self.memory if end / 4 <= at < end / 2]
        last = [held for at, held in self.memory if at >= end * 3 / 4]
        return sum(last) / len(last) / (sum(second) / len(second)) - 1


class Client:
    """One connection, kept as long as it works. `ask` raises Refused, or RuntimeError for any other error."""

    def __init__(self, node: Node, outcome: Outcome) -> None:
        self._connection = http.client.HTTPConnection(HOST, node.port, timeout=60)
        self._outcome = outcome

    def of(self, collection: str) -> Callable[[str, str, Any], Any]:
        """What asks below one collection."""
        return lambda method, path, body: self.ask(method, f"/collections/{collection}{path}", body)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request → its result."""
        status, answer = ask(self._connection, method, path, None if body is None else json.dumps(body).encode())
        what = path.partition("?")[0].split("/", 3)[3:]
        self._outcome.asked(f"{method} {'/'.join(part for part in what if '.snapshot' not in part) or 'collection'}")
        if status in LATER:
            raise Refused(answer.decode())
        if status != 200:
            raise RuntimeError(f"{status} {method} {path}: {answer.decode(errors='replace')[:500]}")
        return json.loads(answer)["result"]

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


def own(client: Client, owner: Owner) -> None:
    """One step of a client that owns a range."""
    step = owner.write if owner.random.random() < 0.5 else owner.read
    step(client.of(NAME))


def read(client: Client, turn: int) -> None:
    """One search in all ranges; readers ask the same filter at about the same time."""
    group = turn // 8 % GROUPS
    body = {
        "query": [(turn * 7 + d * 5) % 17 - 8 for d in range(SIZE)],
        "filter": {"must": [{"key": "group", "match": {"value": group}}]},
        "limit": LIMIT,
        "with_payload": ["group"],
    }
    hits = client.ask("POST", f"/collections/{NAME}/points/query", body)["points"]
    if any(hit["payload"] != {"group": group} for hit in hits):
        raise Wrong(f"a hit does not match group {group}: {hits}")
    scores = [hit["score"] for hit in hits]
    if scores != sorted(scores) or len({hit["id"] for hit in hits}) != len(hits):
        raise Wrong(f"hits are not in order, or not distinct: {hits}")


def copy(client: Client, owner: Owner, folder: Path) -> None:
    """One snapshot, recovered under another name and compared with what its maker held then."""
    for _ in range(20):
        owner.write(client.of(NAME))
    made = client.ask("POST", f"/collections/{NAME}/snapshots")
    held = owner.frozen()
    file = folder / "snapshots" / NAME / made["name"]
    try:
        location = {"location": f"file://{file}", "checksum": made["checksum"]}
        client.ask("PUT", f"/collections/{COPY}/snapshots/recover", location)
        held.check_all(client.of(COPY))
        for _ in range(5):
            held.read(client.of(COPY))
    finally:
        client.ask("DELETE", f"/collections/{NAME}/snapshots/{made['name']}")
    if owner.random.random() < 0.3 and client.ask("DELETE", f"/collections/{COPY}") is not True:
        raise Wrong("the copy was not there to be deleted")


def soak(folder: Path, shape: Shape) -> Outcome:
    """All of it; two servers, one after the other, over the same directory."""
    outcome = Outcome()
    owners = [Owner(number, shape.points, shape.seed) for number in range(shape.owners + 1)]
    with Node(folder, shape.head_points) as node:
        node.call("PUT", f"/collections/{NAME}", SCHEMA)
        threads = [_thread(node, outcome, shape, lambda c, n, o=owner: own(c, o)) for owner in owners[:-1]]
        threads += [_thread(node, outcome, shape, read) for _ in range(shape.readers)]
        threads.append(_thread(node, outcome, shape, lambda c, n: copy(c, owners[-1], folder)))
        _watch(node, outcome, threads)
        _compare(node, outcome, owners)
    with Node(folder, shape.head_points) as node:
        _compare(node, outcome, owners)
    outcome.rows = sum(owner.written for owner in owners)
    return outcome


def _thread(node: Node, outcome: Outcome, shape: Shape, step: Callable[[Client, int], None]) -> threading.Thread:
    """A client that takes steps until the time is over. Started."""

    def work() -> None:
        client, turn, end = Client(node, outcome), 0, time.monotonic() + shape.seconds
        while time.monotonic() < end:
            try:
                step(client, turn)
            except Refused:
                outcome.asked("told to come later")
            except Exception as error:  # noqa: BLE001 - counted, by kind
                _count(outcome, error)
                client.close()
            turn += 1
        client.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _watch(node: Node, outcome: Outcome, threads: list[threading.Thread]) -> None:
    """Sample memory and segments until every client is done."""
    begin = time.monotonic()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.25)
            outcome.memory.append((time.monotonic() - begin, node.memory()["VmRSS"]))
            info = node.call("GET", f"/collections/{NAME}")
            outcome.segments.append(info["segments_count"])
            outcome.indexed = max(outcome.indexed, info["indexed_vectors_count"])
            if info["status"] == "red" or info["optimizer_status"] != "ok":
                outcome.failed("background work", str(info["optimizer_status"]))


def _compare(node: Node, outcome: Outcome, owners: list[Owner]) -> None:
    client = Client(node, outcome)
    for owner in owners:
        try:
            owner.check_all(client.of(NAME))
        except Exception as error:  # noqa: BLE001 - counted, by kind
            _count(outcome, error)
    client.close()


def _count(outcome: Outcome, error: Exception) -> None:
    kind = "wrong answer" if isinstance(error, Wrong) else type(error).__name__
    text = str(error)
    outcome.failed(f"{kind}: {' '.join(text.split()[:3]).partition('?')[0]}", text)


def verdicts(outcome: Outcome) -> list[str]:
    """The bars, and every one that is missed."""
    lines = [f"bars: no error but 429 and 503, no wrong answer, memory at most {GROWTH:+.0%}"]
    lines += [f"MISSED {kind}: {count} times: {outcome.examples[kind]}" for kind, count in outcome.errors.items()]
    if outcome.growth() > GROWTH:
        lines.append(f"MISSED memory: {outcome.growth():+.1%}")
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=Shape.seconds)
    options.add_argument("--head-points", type=int, default=Shape.head_points)
    chosen = options.parse_args()
    shape = Shape(seconds=chosen.seconds, head_points=chosen.head_points)
    with tempfile.TemporaryDirectory(prefix="tamis-bench-") as parent:
        outcome = soak(Path(parent) / "node", shape)
    rows: list[list[Any]] = [[what, count] for what, count in sorted(outcome.requests.items())]
    rows += [
        ["rows written", outcome.rows],
        ["heads filled", outcome.rows // shape.head_points],
        ["segments, most at once", max(outcome.segments)],
        ["vectors in graphs, most at once", outcome.indexed],
        ["errors", sum(outcome.errors.values())],
        ["memory MiB, second quarter to last", f"{outcome.growth():+.1%}"],
        ["memory MiB, most", max(held for _, held in outcome.memory) / 2**20],
    ]
    lines = verdicts(outcome)
    memory = [(round(at, 1), held) for at, held in outcome.memory[:: max(1, len(outcome.memory) // 200)]]
    publish("soak", ["what", "count"], rows, ["httptools", "numba", "numpy"], verdicts=lines, memory=memory)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
