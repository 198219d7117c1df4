"""Of many that create one number one succeeds, what is not known is said, and a trim misleads nobody who slept."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from tamis.errors import Conflict, NotFound, Unavailable
from tamis.storage.chain import Chain, begins_with, create
from tamis.storage.faults import Fault, FaultSchedule
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Part, Store


def chain(store: Store) -> Chain:
    return Chain(store, "catalog/", digits=6)


def test_numbers(shared_store: Store) -> None:
    versions = chain(shared_store)
    assert (versions.newest(), versions.numbers()) == (0, [])
    for number in (1, 2, 3):
        versions.create(number, [b"version ", b"%d" % number])
    assert (versions.newest(), versions.numbers(), versions.read(2)) == (3, [1, 2, 3], b"version 2")
    assert shared_store.list("") == ["catalog/000001", "catalog/000002", "catalog/000003"]
    assert versions.modified(1) <= versions.modified(3)
    with pytest.raises(NotFound, match="000004"):
        versions.read(4)


def test_a_number_that_is_taken(shared_store: Store) -> None:
    chain(shared_store).create(1, [b"one"])
    with pytest.raises(Conflict, match="000001 exists already"):
        chain(shared_store).create(1, [b"another"])
    chain(shared_store).create(1, [b"one"])  # the same bytes are the same create
    assert chain(shared_store).read(1) == b"one"


def test_trim_leaves_the_newest(shared_store: Store) -> None:
    versions = chain(shared_store)
    for number in range(1, 6):
        versions.create(number, [b"%d" % number])
    versions.trim(below=3)
    assert versions.numbers() == [3, 4, 5]
    versions.trim(below=100)
    assert versions.numbers() == [5]
    versions.create(6, [b"6"])


def test_trim_is_ascending() -> None:
    """A trim that is cut off at any step leaves no gap, so that a predecessor vouches for what comes after it."""
    for step in range(6, 11):
        store = MemoryStore(FaultSchedule({step: Fault.FULL}))
        versions = chain(store)
        for number in range(1, 6):
            versions.create(number, [b"%d" % number])
        with suppress(Unavailable):
            versions.trim(below=5)
        assert versions.numbers() == list(range(step - 5 if step < 10 else 5, 6))


def test_every_number_has_one_winner(shared_store: Store) -> None:
    won: list[tuple[int, bytes]] = []

    def count(thread: int) -> None:
        mine = chain(shared_store)
        for _ in range(6):
            while True:
                number = mine.newest() + 1
                body = b"%d of %d" % (number, thread)
                try:
                    mine.create(number, [body])
                except Conflict:
                    continue
                except Unavailable:  # the first one, if another was quick to follow: it may count or not
                    assert number == 1
                    continue
                won.append((number, body))
                break

    threads = [threading.Thread(target=count, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = chain(shared_store)
    assert len(won) == 36
    assert sorted(number for number, _ in won) == sorted({number for number, _ in won})
    assert versions.newest() in (36, 37)
    for number, body in won:
        assert versions.read(number) == body


@pytest.mark.parametrize("fault", [Fault.MUTE, Fault.FULL, Fault.DELAY], ids=str)
def test_an_outcome_that_is_not_known(fault: Fault) -> None:
    store = MemoryStore(FaultSchedule({2: fault}))
    versions = chain(store)
    versions.create(1, [b"one"])
    if fault is Fault.MUTE:  # it is there: reading it back tells
        versions.create(2, [b"two"])
    else:
        with pytest.raises(Unavailable, match=r"000002.*whether it was written is not known"):
            versions.create(2, [b"two"])
        versions.create(2, [b"two"])  # again, with the same bytes: late or not, it is ours
    assert versions.read(2) == b"two"


def test_a_late_one_of_somebody_else() -> None:
    store = MemoryStore(FaultSchedule({2: Fault.DELAY}))
    one, two = chain(store), chain(store)
    one.create(1, [b"one"])
    with pytest.raises(Unavailable):
        one.create(2, [b"of one"])
    with pytest.raises(Conflict):
        two.create(2, [b"of two"])  # arrives after the other
    assert two.read(2) == b"of one"


class Retrying(MemoryStore):
    """As a client library that had no answer to its first try, and is told by its second that the key is taken."""

    def put(self, key: str, parts: Iterable[Part], *, if_absent: bool = False) -> None:
        body = b"".join(bytes(part) for part in parts)
        super().put(key, [body], if_absent=if_absent)
        super().put(key, [body], if_absent=if_absent)


def test_a_create_that_is_refused_because_of_itself() -> None:
    store = Retrying()
    create(store, "k", [b"mine"])
    with pytest.raises(Conflict):
        create(store, "k", [b"yours"])
    assert store.get("k") == b"mine"


@pytest.mark.parametrize("known", [1, 2, 5])
def test_who_slept_through_a_trim_is_not_told_it_succeeded(shared_store: Store, known: int) -> None:
    awake, asleep = chain(shared_store), chain(shared_store)
    for number in range(1, known):
        awake.create(number, [b"%d" % number])
    if known > 1:
        asleep.read(known - 1)
    for number in range(known, known + 4):
        awake.create(number, [b"%d" % number])
    awake.trim(below=100)
    with pytest.raises(Unavailable, match="not known"):
        asleep.create(known, [b"late"])
    assert awake.newest() == known + 3


def test_a_predecessor_of_the_same_name_is_not_the_same(shared_store: Store) -> None:
    awake, asleep = chain(shared_store), chain(shared_store)
    for number in (1, 2):
        awake.create(number, [b"%d" % number])
    asleep.read(2)
    for number in (3, 4, 5):
        awake.create(number, [b"%d" % number])
    awake.trim(below=5)
    shared_store.put("catalog/000002", [b"of another one that slept"], if_absent=True)
    with pytest.raises(Unavailable, match="not known"):
        asleep.create(3, [b"late"])


def test_begins_with(shared_store: Store) -> None:
    shared_store.put("k", [b"0123456789"])
    found = [begins_with(shared_store, "k", start) for start in (b"", b"0123", b"0123456789", b"0124", b"0123456789a")]
    assert found == [True, True, True, False, False]
    assert not begins_with(shared_store, "absent", b"")


class Counted(MemoryStore):
    """Counts listings; `meanwhile` happens once, before the next get."""

    listings = 0
    meanwhile: Callable[[], object] | None = None

    def list(self, prefix: str) -> list[str]:
        self.listings += 1
        return super().list(prefix)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        then, self.meanwhile = self.meanwhile, None
        if then is not None:
            then()
        return super().get(key, start, length)


def test_the_latest_is_found_without_listing() -> None:
    store = Counted()
    writer, reader = chain(store), chain(store)
    assert reader.latest() == (0, b"")
    writer.create(1, [b"one"])
    assert reader.latest() == (1, b"one")
    store.listings = 0
    for number in range(2, 6):
        assert reader.latest()[0] == number - 1
        writer.create(number, [b"%d" % number])
    writer.create(6, [b"6"])
    assert (reader.latest(), writer.latest(), store.listings) == ((6, b"6"), (6, b"6"), 0)


def test_the_latest_after_sleeping_through_a_trim(shared_store: Store) -> None:
    awake, asleep = chain(shared_store), chain(shared_store)
    awake.create(1, [b"1"])
    assert asleep.latest() == (1, b"1")
    for number in range(2, 9):
        awake.create(number, [b"%d" % number])
    awake.trim(below=7)
    assert asleep.latest() == (8, b"8")
    shared_store.put("catalog/000001", [b"of another one that slept"])
    assert chain(shared_store).latest() == (8, b"8")


def test_the_latest_is_trimmed_while_it_is_read() -> None:
    """And its number is taken by somebody who slept."""
    store = Counted()
    writer = chain(store)
    for number in (1, 2):
        writer.create(number, [b"%d" % number])

    def meanwhile() -> None:
        writer.create(3, [b"3"])
        writer.trim(below=3)
        store.put("catalog/000002", [b"late"], if_absent=True)

    reader = chain(store)
    store.meanwhile = meanwhile
    assert reader.latest() == (3, b"3")
    reader.create(4, [b"4"])
    assert writer.latest() == (4, b"4")
