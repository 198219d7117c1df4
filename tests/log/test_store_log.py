"""A log that several nodes append to keeps the order that the store gave it, whatever is late, unknown or trimmed."""

import threading

import pytest

from tamis.errors import Corrupt, NotFound, Outrun, Poisoned, Unavailable
from tamis.log.store_log import StoreLog
from tamis.storage.faults import Fault, FaultSchedule
from tamis.storage.frame import pack_group
from tamis.storage.layered import LayeredStore
from tamis.storage.memory import MemoryStore
from tamis.storage.prefix import PrefixStore
from tamis.storage.store import Part, Store
from tests.log.shared_logs import filled, key, records


def test_append_and_read(shared_store: Store) -> None:
    log = StoreLog(shared_store)
    assert (log.end, list(log.read(0)), log.refresh()) == (0, [], 0)
    assert [log.append([b"a", b"bb"]), log.append([b""]), log.append([b"d"])] == [1, 3, 4]
    for reader in (log, StoreLog(shared_store)):
        assert reader.end == 4
        assert list(reader.read(0)) == [(1, b"a"), (2, b"bb"), (3, b""), (4, b"d")]
        assert list(reader.read(1)) == [(2, b"bb"), (3, b""), (4, b"d")]
        assert list(reader.read(3)) == [(4, b"d")]
        assert list(reader.read(4)) == list(reader.read(9)) == []
    assert shared_store.list("log/") == [key(1), key(3), key(4)]


def test_outrun_then_refreshed(shared_store: Store) -> None:
    one, two = StoreLog(shared_store), StoreLog(shared_store)
    one.append([b"a", b"b"])
    with pytest.raises(Outrun, match="from position 1 on; nothing of this was written"):
        two.append([b"c"])
    assert (two.end, two.refresh()) == (0, 2)
    with pytest.raises(Outrun, match="ends at position 2, not at 1"):
        two.append([b"c"], after=1)
    assert two.append([b"c"], after=2) == 3
    assert (one.end, one.refresh(), records(one, 1)) == (2, 3, [b"b", b"c"])


@pytest.mark.parametrize("groups", [1, 3, 4, 5, 12])
def test_refresh_finds_all(shared_store: Store, groups: int) -> None:
    reader = StoreLog(shared_store)
    writer = filled(shared_store, groups, of=2)
    assert reader.refresh() == writer.end == 2 * groups
    filled_again = [writer.append([b"more"]) for _ in range(groups)]
    assert reader.refresh() == filled_again[-1]
    assert records(reader) == records(StoreLog(shared_store))


def test_equal_records_are_different_groups(shared_store: Store) -> None:
    """So that whoever reads a key back knows whether it is its own."""
    one, two = StoreLog(shared_store), StoreLog(shared_store)
    one.append([b"same"])
    with pytest.raises(Outrun):
        two.append([b"same"])


def test_every_position_has_one_writer(shared_store: Store) -> None:
    """Threads that race, each with an object of its own: what was acknowledged is there, once, at its position."""
    filled(shared_store, 1)
    told: list[tuple[int, bytes]] = []

    def write(thread: int) -> None:
        log = StoreLog(shared_store)
        for number in range(8):
            group = [b"%d/%d/%d" % (thread, number, place) for place in range(1 + number % 3)]
            while True:
                try:
                    first = log.append(group)
                except Outrun:
                    log.refresh()
                    continue
                told.extend(enumerate(group, first))
                break

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(StoreLog(shared_store).read(1)) == sorted(told)


def test_trim_leaves_the_group_at_the_end(shared_store: Store) -> None:
    log = filled(shared_store, 4, of=2)
    other = StoreLog(shared_store)
    log.trim(1)
    assert shared_store.list("log/") == [key(1), key(3), key(5), key(7)]
    log.trim(4)
    assert shared_store.list("log/") == [key(3), key(5), key(7)]
    assert records(log, 3) == [b"4", b"5", b"6", b"7", b"8"]
    with pytest.raises(NotFound, match="up to 2 were trimmed; asked for 2"):
        log.read(1)
    with pytest.raises(NotFound):
        other.read(0)  # says so at once, not half-way
    log.trim(100)
    assert (shared_store.list("log/"), log.end) == ([key(7)], 8)
    assert log.append([b"9"]) == 9
    assert (other.refresh(), records(other, 7)) == (9, [b"8", b"9"])


@pytest.mark.parametrize("fault", [Fault.MUTE, Fault.FULL, Fault.DELAY], ids=str)
def test_an_append_without_an_answer(fault: Fault) -> None:
    store = MemoryStore(FaultSchedule({2: fault}))
    log = StoreLog(store)
    log.append([b"a"])
    if fault is Fault.MUTE:  # reading it back tells
        assert log.append([b"b"]) == 2
    else:
        with pytest.raises(Unavailable, match="whether it was written is not known"):
            log.append([b"b"])
        assert log.end == 1
        if fault is Fault.DELAY:
            with pytest.raises(Outrun):
                log.append([b"c"])  # by then it has arrived
            assert log.refresh() == 2
    log.append([b"c"])
    expected = [b"a", b"c"] if fault is Fault.FULL else [b"a", b"b", b"c"]
    assert records(log) == records(StoreLog(store)) == expected


def test_who_slept_through_a_trim_is_not_told_it_succeeded(shared_store: Store) -> None:
    awake = filled(shared_store, 2)
    asleep = StoreLog(shared_store)
    for number in range(3, 7):
        awake.append([b"%d" % number])
    awake.trim(5)
    with pytest.raises(Unavailable, match="not known"):
        asleep.append([b"late"])
    assert key(3) in shared_store.list("log/")  # it is there, and nobody may take it for a part of the log
    assert asleep.refresh() == 6
    with pytest.raises(NotFound, match="position 3 is trimmed"):
        asleep.read(2)
    assert asleep.append([b"7"]) == 7
    assert (awake.refresh(), records(awake, 4)) == (7, [b"5", b"6", b"7"])


def test_who_slept_at_the_beginning_is_not_told_it_succeeded(shared_store: Store) -> None:
    asleep = StoreLog(shared_store)
    filled(shared_store, 4).trim(4)
    with pytest.raises(Unavailable, match="others appended, too"):
        asleep.append([b"late"])
    assert asleep.refresh() == 4
    with pytest.raises(NotFound, match="position 1 is trimmed"):
        asleep.read(0)


@pytest.mark.parametrize("at", [1, 3, 4])
def test_a_late_group_is_never_read(shared_store: Store, at: int) -> None:
    """Also where it fits without a gap before those that were left."""
    writer = filled(shared_store, at - 1)
    asleep = StoreLog(shared_store)
    for number in range(at, 7):
        writer.append([b"%d" % number])
    knows = StoreLog(shared_store)
    knows.trim(at + 1)
    assert shared_store.list("log/")[0] == key(at + 1)
    with pytest.raises(Unavailable):
        asleep.append([b"late"])
    assert shared_store.list("log/")[0] == key(at)
    for log in (StoreLog(shared_store), knows):
        with pytest.raises(NotFound, match="trimmed"):
            log.read(at - 1)
        assert records(log, at) == [b"%d" % number for number in range(at + 1, 7)]
    asleep.refresh()
    assert records(asleep, at) == [b"%d" % number for number in range(at + 1, 7)]
    knows.trim(at + 1)
    assert shared_store.list("log/")[0] == key(at + 1)


def test_what_was_known_is_trimmed_but_nothing_is_missing(shared_store: Store) -> None:
    reader = filled(shared_store, 3)
    writer = StoreLog(shared_store)
    writer.append([b"4"])
    writer.append([b"5"])
    writer.trim(4)
    assert (reader.refresh(), records(reader, 3)) == (5, [b"4", b"5"])


def test_a_gap_is_told() -> None:
    store = MemoryStore()
    filled(store, 5)
    log = StoreLog(store)
    store.delete(key(3))
    found = []
    with pytest.raises(NotFound):
        found.extend(records(log))
    assert found == []


def test_a_group_that_follows_another_one_is_corrupt() -> None:
    store = MemoryStore()
    reader = filled(store, 2)
    store.put(key(3), pack_group(2, [b"t" * 32, b"forged"]))
    with pytest.raises(Corrupt, match=r"3: byte 0: does not follow the group at position 2"):
        reader.refresh()
    assert reader.end == 2


@pytest.mark.parametrize(
    "body",
    [
        pack_group(2, [b"t" * 32]),
        pack_group(2, [b"t" * 31, b"a"]),
        pack_group(3, [b"t" * 32, b"a"]),
        [*pack_group(2, [b"t" * 32, b"a"]), b"tail"],
        [*pack_group(2, [b"t" * 32, b"a"]), *pack_group(4, [b"t" * 32, b"a"])],
        [b"".join(bytes(part) for part in pack_group(2, [b"t" * 32, b"a"]))[:-1]],
    ],
    ids=["no record", "short token", "other position", "more behind", "two", "cut off"],
)
def test_an_object_that_is_no_group_is_corrupt(body: list[Part]) -> None:
    store = MemoryStore()
    reader = filled(store, 2)
    store.put(key(3), body)
    with pytest.raises(Corrupt, match=key(3)):
        reader.refresh()
    with pytest.raises(Corrupt, match=key(3)):
        StoreLog(store)


def test_position_at() -> None:
    now = 10.0
    store = MemoryStore(clock=lambda: now)
    log = StoreLog(store)
    for moment in (10.0, 20.0, 30.0, 40.0):
        now = moment
        log.append([b"x", b"y"])
    moments = (9.0, 10.0, 19.9, 20.0, 35.0, 40.0, 99.0)
    assert [log.position_at(moment) for moment in moments] == [0, 2, 2, 4, 6, 8, 8]
    log.trim(4)
    assert log.position_at(20.0) == 4
    with pytest.raises(NotFound, match=r"19\.900 was trimmed"):
        log.position_at(19.9)
    assert StoreLog(MemoryStore()).position_at(5.0) == 0


def test_a_clone_goes_its_own_way(shared_store: Store) -> None:
    origin = filled(PrefixStore(shared_store, "origin"), 3, of=2)
    own = PrefixStore(shared_store, "clone")
    clone = StoreLog(LayeredStore(own, PrefixStore(shared_store, "origin"), lambda shown: shown <= key(4)))
    origin.append([b"only in the origin"])
    assert (clone.end, clone.append([b"only in the clone"])) == (4, 5)
    again = StoreLog(LayeredStore(own, PrefixStore(shared_store, "origin"), lambda shown: shown <= key(4)))
    for log in (clone, again):
        assert records(log) == [b"1", b"2", b"3", b"4", b"only in the clone"]
    assert records(origin, 6) == [b"only in the origin"]


def test_closed() -> None:
    log = filled(MemoryStore(), 2)
    log.close()
    with pytest.raises(Poisoned, match="closed"):
        log.append([b"x"])
    assert (log.size, records(log)) == (0, [b"1", b"2"])
