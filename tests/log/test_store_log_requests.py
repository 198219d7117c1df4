"""What a shared log asks of its store: no more than it must, and right whatever happens between two requests."""

from __future__ import annotations

import threading

import pytest

from tamis.errors import NotFound, Unavailable
from tamis.log import store_log
from tamis.log.store_log import StoreLog
from tamis.storage.store import Store
from tests.log.shared_logs import Counting, filled, key, records


def test_what_it_costs() -> None:
    store = Counting()
    log = filled(store, 3)
    store.requests()
    log.append([b"x"])
    assert store.requests() == {"put": 1, "get": 1}
    log.refresh()
    assert store.requests() == {"get": 2}
    assert len(records(log)) == 4
    assert store.requests() == {}  # what it wrote it need not read
    reader = StoreLog(store)
    assert store.requests() == {"list": 2, "get": 1}
    assert len(records(reader)) == len(records(reader)) == 4
    assert store.requests() == {"get": 3}


def test_an_empty_log_is_followed_without_listing_it() -> None:
    store = Counting()
    reader, writer = StoreLog(store), StoreLog(store)
    store.requests()
    assert reader.refresh() == 0
    assert store.requests() == {"get": 2}
    writer.append([b"1"])
    writer.append([b"2"])
    store.requests()
    assert (reader.refresh(), records(reader)) == (2, [b"1", b"2"])
    assert store.requests() == {"get": 4}


def test_who_knew_an_empty_log_and_slept_through_a_trim(shared_store: Store) -> None:
    asleep, writer = StoreLog(shared_store), StoreLog(shared_store)
    for number in range(1, 6):
        writer.append([b"%d" % number])
    writer.trim(4)
    assert (asleep.refresh(), records(asleep, 3)) == (5, [b"4", b"5"])
    with pytest.raises(NotFound, match="trimmed"):
        asleep.read(0)


def test_a_log_that_is_trimmed_while_it_is_opened() -> None:
    """Its last group goes after it was listed, and before it is read a late one has the key."""
    store = Counting()
    asleep, writer = filled(store, 2), StoreLog(store)
    writer.append([b"3", b"4"])

    def meanwhile() -> None:
        store.waits = lambda: None
        writer.append([b"5"])
        writer.trim(5)
        with pytest.raises(Unavailable):
            asleep.append([b"late"])
        assert store.list("log/") == [key(3), key(5)]

    store.waits = meanwhile
    log = StoreLog(store)
    assert (log.end, records(log, 4)) == (5, [b"5"])
    assert log.append([b"6"]) == 6
    assert (writer.refresh(), records(writer, 5)) == (6, [b"6"])


def test_a_busy_log_is_opened() -> None:
    """It goes on between every two requests."""
    store = Counting()
    writer = filled(store, 3)
    more = store.waits

    def meanwhile() -> None:
        store.waits = more
        writer.append([b"x"])
        store.waits = meanwhile

    store.waits = meanwhile
    log = StoreLog(store)
    store.waits = more
    assert log.refresh() == writer.end


def test_recent_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_log, "_RECENT_BYTES", 100)
    store = Counting()
    log = StoreLog(store)
    for _ in range(10):
        log.append([b"x" * 30])
    assert log.size == 90
    log.append([b"y" * 500])
    assert log.size == 500
    assert [len(record) for record in records(log)] == [*[30] * 10, 500]
    assert log.size <= 530


@pytest.mark.parametrize("ahead", [1, 3, 8])
def test_a_long_log_is_read_some_at_once(shared_store: Store, ahead: int) -> None:
    filled(shared_store, 25, of=2)
    log = StoreLog(shared_store, ahead=ahead)
    assert [int(record) for record in records(log)] == list(range(1, 51))
    assert [int(record) for record in records(log, 33)] == list(range(34, 51))


def test_groups_are_fetched_at_once() -> None:
    """As many as it says: each fetch waits for the others."""
    store = Counting()
    filled(store, 17)
    log = StoreLog(store, ahead=4)
    together = threading.Barrier(4)
    store.waits = lambda: together.wait(10)
    assert len(list(zip(log.read(0), range(16), strict=False))) == 16


def test_groups_that_others_trimmed_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_log, "_KNOWN", 4)
    store = Counting()
    writer = StoreLog(store)
    reader = StoreLog(store)
    for number in range(1, 40):
        writer.append([b"%d" % number])
        writer.trim(number - 1)
        reader.refresh()
    assert reader.size < 20
    assert records(reader, 38) == [b"39"]


def test_a_reader_that_fails_on_its_way_keeps_what_it_found() -> None:
    store = Counting()
    reader = StoreLog(store)
    writer = filled(store, 2)
    reader.refresh()
    for number in range(3, 9):
        writer.append([b"%d" % number])
    store.refused = {key(7)}
    with pytest.raises(Unavailable, match="503"):
        reader.refresh()
    assert reader.end == 6
    store.refused = set()
    assert (reader.refresh(), len(records(reader))) == (8, 8)


def test_a_store_that_is_away_changes_nothing() -> None:
    store = Counting()
    log = filled(store, 3)
    store.refused = {key(3), key(4)}
    with pytest.raises(Unavailable):
        log.refresh()
    assert (log.end, records(log)) == (3, [b"1", b"2", b"3"])
