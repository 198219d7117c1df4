"""Calls to other nodes: what is known when no answer comes, who is asked next, and when."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tamis.cluster.membership import Lease
from tamis.cluster.peers import Answer, Peers, Recent, first_good
from tamis.errors import TimedOut, Unavailable
from tamis.model.role import Role

LONG = 30.0


def lease(id: str, url: str = "") -> Lease:
    return Lease(id, url, Role.FULL, peer=1, started=1.0, version="1")


A, B, C = (lease(id) for id in "abc")
GOOD, BUSY = Answer(200, b"good", {}), Answer(503, b"busy", {})


class Echo(BaseHTTPRequestHandler):
    """Says what it was sent; /hang waits until the test is over, /drop ends the connection."""

    protocol_version = "HTTP/1.1"
    connections: set[int]
    entered: threading.Event
    over: threading.Event

    def answer(self) -> None:
        self.connections.add(self.client_address[1])
        self.entered.set()
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/hang":
            self.over.wait(LONG)
            self.over.set()
        if self.path in ("/hang", "/drop"):
            self.close_connection = True
            return
        key, shard = self.headers.get("api-key"), self.headers.get("x-tamis-shard")
        said = f"{self.command} {self.path} {key} {shard} ".encode() + body
        self.send_response(307 if self.path == "/away" else 503 if self.path == "/busy" else 200)
        self.send_header("content-length", str(len(said)))
        self.send_header("location", "/elsewhere")
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = answer

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def echo() -> type[Echo]:
    return type("OneEcho", (Echo,), {"connections": set(), "entered": threading.Event(), "over": threading.Event()})


@pytest.fixture
def node(echo: type[Echo]) -> Iterator[Lease]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield lease("a", f"http://127.0.0.1:{server.server_port}")
    echo.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def peers() -> Iterator[Peers]:
    peers = Peers("secret")
    yield peers
    peers.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def refused() -> Lease:
    """A node whose port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return lease("gone", f"http://127.0.0.1:{taken.getsockname()[1]}")


def test_a_call_arrives_whole_and_its_answer_comes_back_whatever_it_is(peers: Peers, node: Lease) -> None:
    answer = peers.call(node, "POST", "/points?wait=true", b"body", ({"x-tamis-shard": "1/0"}, LONG))
    assert (answer.status, answer.body) == (200, b"POST /points?wait=true secret 1/0 body")
    assert answer.headers["Content-Length"] == answer.headers["content-length"] == str(len(answer.body))
    assert peers.call(node, "GET", "/busy", b"", ({}, LONG)).status == 503
    assert peers.call(node, "GET", "/away", b"", ({}, LONG)).status == 307, "a peer does not send us elsewhere"


def test_connections_are_kept(peers: Peers, node: Lease, echo: type[Echo]) -> None:
    for _ in range(5):
        peers.call(node, "GET", "/", b"", ({}, LONG))
    assert len(echo.connections) == 1


def test_nobody_there_is_certain_and_no_answer_is_not(peers: Peers, node: Lease, echo: type[Echo]) -> None:
    with pytest.raises(Unavailable, match=r"node gone .* cannot be reached"):
        peers.call(refused(), "POST", "/", b"", ({}, LONG))
    with pytest.raises(TimedOut, match=r"node a .* not known"):
        peers.call(node, "POST", "/drop", b"", ({}, LONG))
    with pytest.raises(TimedOut, match=r"node a .* not known"):
        peers.call(node, "POST", "/hang", b"", ({}, 0.05))
    assert not echo.over.is_set(), "it gave up before the node did"


def test_who_failed_is_tried_last_for_a_while() -> None:
    clock = [100.0]
    peers = Peers(clock=lambda: clock[0])
    gone, fine = refused(), lease("fine")
    assert peers.in_order([gone, fine]) == [gone, fine]
    with pytest.raises(Unavailable):
        peers.call(gone, "GET", "/", b"", ({}, LONG))
    assert peers.in_order([gone, fine]) == [fine, gone]
    clock[0] += 3
    assert peers.in_order([gone, fine]) == [gone, fine]


def test_who_owes_an_answer_is_tried_last_until_it_is_there(
    node: Lease, echo: type[Echo], pool: ThreadPoolExecutor
) -> None:
    """A paused process accepts connections and says nothing: it must not take a thread for every read."""
    clock = [100.0]
    peers = Peers(clock=lambda: clock[0])
    hanging = pool.submit(peers.call, node, "GET", "/hang", b"", ({}, LONG))
    assert echo.entered.wait(LONG)
    assert peers.in_order([node, B]) == [node, B], "it may just be working"
    clock[0] += 1
    assert peers.in_order([node, B]) == [B, node]
    assert peers.call(node, "GET", "/", b"", ({}, LONG)).status == 200
    assert peers.in_order([node, B]) == [B, node], "one answer does not pay for another"
    echo.entered.clear()
    another = pool.submit(peers.call, node, "GET", "/hang", b"", ({}, LONG))
    assert echo.entered.wait(LONG)
    assert peers.in_order([node, B]) == [B, node], "the oldest debt counts"
    echo.over.set()
    for one in (hanging, another):
        with pytest.raises(TimedOut):
            one.result()
    clock[0] += 3
    assert peers.in_order([node, B]) == [node, B]
    peers.close()


class Asked:
    """Nodes that answer as told; who was asked, in order. `slow` ones wait until the test is over."""

    def __init__(self, **answers: Answer | Exception | Callable[[], Answer]) -> None:
        self.answers = answers
        self.order: list[str] = []
        self.over = threading.Event()

    def __call__(self, peer: Lease) -> Answer:
        self.order.append(peer.id)
        answer = self.answers[peer.id]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def slow(self) -> Answer:
        self.over.wait(LONG)
        return Answer(200, b"late", {})


def test_the_first_is_enough_when_it_is_good(pool: ThreadPoolExecutor) -> None:
    ask = Asked(a=GOOD, b=GOOD)
    assert first_good([A, B], ask, pool, (LONG, LONG)) is GOOD
    assert ask.order == ["a"]


@pytest.mark.parametrize("bad", [BUSY, Answer(500, b"", {}), Answer(429, b"", {}), Unavailable("x"), TimedOut("x")])
def test_the_next_is_asked_at_once_when_one_fails(pool: ThreadPoolExecutor, bad: Answer | Exception) -> None:
    ask = Asked(a=bad, b=bad, c=GOOD)
    assert first_good([A, B, C], ask, pool, (LONG, LONG)) is GOOD
    assert ask.order == ["a", "b", "c"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_what_every_node_would_say_is_an_answer(pool: ThreadPoolExecutor, status: int) -> None:
    ask = Asked(a=Answer(status, b"", {}), b=GOOD)
    assert first_good([A, B], ask, pool, (LONG, LONG)).status == status
    assert ask.order == ["a"]


def test_a_slow_one_is_overtaken(pool: ThreadPoolExecutor) -> None:
    ask = Asked(b=GOOD)
    ask.answers["a"] = ask.slow
    assert first_good([A, B], ask, pool, (0.01, LONG)) is GOOD
    assert ask.order == ["a", "b"]
    ask.over.set()


def test_a_slow_one_counts_when_those_asked_after_it_fail(pool: ThreadPoolExecutor) -> None:
    ask = Asked()

    def fails() -> Answer:
        ask.over.set()
        return BUSY

    ask.answers |= {"a": ask.slow, "b": fails}
    assert first_good([A, B], ask, pool, (0.01, LONG)).body == b"late"


def test_when_none_is_good_the_last_answer_is_told_or_else_the_trouble(pool: ThreadPoolExecutor) -> None:
    assert first_good([A, B], Asked(a=BUSY, b=Unavailable("gone")), pool, (LONG, LONG)) is BUSY
    with pytest.raises(Unavailable, match="gone"):
        first_good([A, B], Asked(a=TimedOut("late"), b=Unavailable("gone")), pool, (LONG, LONG))
    with pytest.raises(Unavailable, match="no node has this shard"):
        first_good([], Asked(), pool, (LONG, LONG))


def test_the_deadline_is_kept(pool: ThreadPoolExecutor) -> None:
    ask = Asked()
    ask.answers |= {"a": ask.slow, "b": ask.slow}
    with pytest.raises(TimedOut, match="deadline"):
        first_good([A, B], ask, pool, (0.01, 0.03))
    ask.over.set()


def test_who_waits_for_a_thread_when_the_answer_is_there_is_not_asked_any_more() -> None:
    ask = Asked(b=GOOD)
    busy = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        ask.answers["a"] = ask.slow
        with pytest.raises(TimedOut):
            first_good([A, B], ask, pool, (0.01, 0.03))
        ask.over.set()
        pool.submit(busy.set)
    assert ask.order == ["a"]


def test_patience_follows_what_reads_took() -> None:
    recent = Recent(least=0.02, most=1.0)
    assert recent.patience() == 0.25
    for _ in range(200):
        recent.took(0.001)
    assert recent.patience() == 0.02
    for _ in range(20):
        recent.took(0.1)
    assert recent.patience() == pytest.approx(0.2)
    for _ in range(200):
        recent.took(9.0)
    assert recent.patience() == 1.0
