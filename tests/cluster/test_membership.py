"""Who is believed to be there, on a clock that the test moves."""

import sys
import threading

import msgspec
import pytest

from tamis.cluster.membership import Lease, Membership
from tamis.errors import Conflict, Unavailable
from tamis.model.role import Role
from tamis.storage.memory import MemoryStore

SECONDS = 6.0


class Clock:
    """Seconds that pass when told to."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Away(MemoryStore):
    """A store that can be unreachable. listed: what was asked for."""

    away = False

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[str] = []

    def list(self, prefix: str) -> list[str]:
        self.listed.append(prefix)
        if self.away:
            raise Unavailable("the store is away")
        return super().list(prefix)


def lease(id: str, role: Role = Role.FULL, started: float = 1.0) -> Lease:
    return Lease(id, f"http://{id}:6333", role, peer=hash(id) & 0xFFFF, started=started, version="1")


class Nodes:
    """Nodes over one store, each with a clock of its own."""

    def __init__(self, *ids: str) -> None:
        self.store = Away()
        self.clocks = {id: Clock(1_000.0 * (1 + number)) for number, id in enumerate(ids)}
        self.of = {id: Membership(self.store, lease(id), self.clocks[id], SECONDS) for id in ids}

    def round(self, *alive: str, seconds: float = SECONDS / 3) -> None:
        """Time passes, and these do their turn."""
        for clock in self.clocks.values():
            clock.now += seconds
        for id in alive:
            self.of[id].observe()
            self.of[id].renew({})


@pytest.fixture
def three() -> Nodes:
    nodes = Nodes("a", "b", "c")
    nodes.round("a", "b", "c")
    nodes.round("a", "b", "c")
    return nodes


def test_everybody_sees_everybody_for_as_long_as_they_renew(three: Nodes) -> None:
    for _ in range(50):
        three.round("a", "b", "c")
        assert [sorted(one.live()) for one in three.of.values()] == [["a", "b", "c"]] * 3
    assert len(three.store.list("nodes/")) == 6, "of every node the newest lease and the one before"


def test_a_node_that_stops_is_dead_after_the_leases_seconds(three: Nodes) -> None:
    for _ in range(3):
        three.round("a", "b")
        assert "c" in three.of["a"].live()
    for _ in range(2):
        three.round("a", "b")
    assert sorted(three.of["a"].live()) == ["a", "b"]
    assert list(three.of["a"].silent()) == ["c"]
    three.round("a", "b", "c")
    three.round("a", "b")
    assert sorted(three.of["a"].live()) == ["a", "b", "c"], "it came back"


def test_one_that_leaves_is_gone_at_once_and_not_missed(three: Nodes) -> None:
    three.of["c"].renew({}, leaving=True)
    three.round("a", seconds=0.1)
    assert sorted(three.of["a"].live()) == ["a", "b"]
    assert three.of["a"].silent() == {}


def test_what_a_lease_says_is_what_others_read(three: Nodes) -> None:
    three.of["b"].renew({7: {0: 17, 3: 20}})
    three.of["a"].observe()
    seen = three.of["a"].live()["b"]
    assert (seen.url, seen.role, seen.shards) == ("http://b:6333", Role.FULL, {7: {0: 17, 3: 20}})
    assert seen == three.of["b"].me


def test_a_store_that_was_away_makes_nobody_dead(three: Nodes) -> None:
    three.of["a"].observe()  # nothing new of b and c is left in the store
    three.store.away = True
    for _ in range(20):
        for clock in three.clocks.values():
            clock.now += SECONDS
        with pytest.raises(Unavailable):
            three.of["a"].observe()
        assert sorted(three.of["a"].live()) == ["a", "b", "c"]
    three.store.away = False
    for _ in range(4):
        three.round("a", "b", "c")
        assert sorted(three.of["a"].live()) == ["a", "b", "c"]


def test_a_node_that_slept_knows_the_others_when_it_wakes(three: Nodes) -> None:
    for _ in range(20):
        three.round("b", "c")
    assert sorted(three.of["b"].live()) == ["b", "c"]
    assert sorted(three.of["a"].live()) == ["a", "b", "c"]
    three.round("a", "b", "c")
    three.round("a", "b", "c")
    assert [sorted(one.live()) for one in three.of.values()] == [["a", "b", "c"]] * 3


def test_leases_of_the_long_dead_are_removed_and_a_sleeper_is_welcome_again(three: Nodes) -> None:
    for _ in range(320):
        three.round("a", "b")
    assert three.store.list("nodes/c/") == []
    assert three.of["a"].silent() == {}
    three.round("a", "b", "c")
    three.round("a", "b")
    assert "c" in three.of["a"].live()


def test_a_node_that_starts_again_goes_on_where_it_was(three: Nodes) -> None:
    again = Membership(three.store, lease("c", started=2.0), three.clocks["c"], SECONDS)
    again.renew({})
    three.of["a"].observe()
    assert three.of["a"].live()["c"].started == 2.0


def test_two_processes_of_one_id_are_noticed(three: Nodes) -> None:
    younger = Membership(three.store, lease("c", started=2.0), three.clocks["c"], SECONDS)
    younger.renew({})
    for _ in range(2):
        with pytest.raises(Conflict, match="another process at http://c:6333 runs as node 'c'"):
            three.of["c"].renew({})
        younger.renew({})


def test_a_renewal_without_an_answer_is_no_second_process() -> None:
    class Unanswered(MemoryStore):
        """Writes, and says that it does not know; reading does not help either."""

        silent = False

        def put(self, *args, **options) -> None:
            super().put(*args, **options)
            if self.silent:
                raise Unavailable("no answer")

        def get(self, *args, **options) -> bytes:
            if self.silent:
                raise Unavailable("no answer")
            return super().get(*args, **options)

    store = Unanswered()
    one = Membership(store, lease("a"), Clock(), SECONDS)
    one.renew({})
    store.silent = True
    with pytest.raises(Unavailable, match="not known"):
        one.renew({})
    store.silent = False
    one.observe()
    one.renew({0: {0: 1}})
    assert one.me.number == 3


def test_a_renewal_without_an_answer_that_was_not_looked_for() -> None:
    store = MemoryStore()
    one = Membership(store, lease("a"), Clock(), SECONDS)
    one.renew({})
    mine = msgspec.structs.replace(one.me, number=2, shards={0: {0: 7}})
    store.put("nodes/a/000000000002", [msgspec.msgpack.encode(mine)])
    one.renew({0: {0: 8}})
    assert one.me.number == 3


def test_a_turn_lists_once(three: Nodes) -> None:
    three.store.listed.clear()
    three.round("a")
    assert three.store.listed == ["nodes/"]


def test_a_lease_of_another_version_is_nobody(three: Nodes) -> None:
    three.store.put("nodes/d/000000000001", [msgspec.msgpack.encode({"what": "else"})])
    three.round("a")
    assert sorted(three.of["a"].live()) == ["a", "b", "c"]


def test_alone_and_before_the_first_look() -> None:
    one = Membership(MemoryStore(), lease("a", Role.READ), Clock(), SECONDS)
    assert one.nodes() == [("a", Role.READ)]


def test_asking_while_nodes_come_and_go() -> None:
    store, clock = MemoryStore(), Clock()
    one = Membership(store, lease("a"), clock, SECONDS)
    stop, failures = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            try:
                one.live()
            except RuntimeError as error:
                failures.append(error)
                return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    askers = [threading.Thread(target=ask) for _ in range(2)]
    try:
        for asker in askers:
            asker.start()
        for number in range(40):
            for id in range(10 * number, 10 * number + 10):
                store.put(f"nodes/n{id}/000000000001", [msgspec.msgpack.encode(lease(f"n{id}"))])
            one.observe()
    finally:
        stop.set()
        sys.setswitchinterval(interval)
        for asker in askers:
            asker.join()
    assert failures == []
    assert len(one.live()) == 401
