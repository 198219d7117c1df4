"""The store that fails on purpose fails as it says."""

import pytest

from tamis.errors import Conflict, NotFound, TimedOut, Unavailable
from tamis.storage.faults import Crashed, Fault, FaultSchedule
from tamis.storage.memory import MemoryStore


def store_with(fault: Fault) -> MemoryStore:
    """A store that holds a = 1 and whose second write fails."""
    store = MemoryStore(FaultSchedule({2: fault}))
    store.put("a", [b"1111"])
    return store


@pytest.mark.parametrize(("fault", "left"), [(Fault.CUT, b"1111"), (Fault.TEAR, b"22"), (Fault.DONE, b"2222")], ids=str)
def test_deaths(fault: Fault, left: bytes) -> None:
    store = store_with(fault)
    with pytest.raises(Crashed):
        store.put("a", [b"2222"])
    for call in (lambda: store.get("a"), lambda: store.list(""), lambda: store.put("b", [b""])):
        with pytest.raises(Crashed):
            call()
    assert store.restart().get("a") == left


def test_a_lost_write_is_there_until_the_crash() -> None:
    store = store_with(Fault.LOSE)
    store.put("b", [b"2"])
    assert store.get("b") == b"2"
    assert store.restart().list("") == ["a"]


def test_a_lost_delete_comes_back() -> None:
    store = store_with(Fault.LOSE)
    store.delete("a")
    assert store.list("") == []
    assert store.restart().get("a") == b"1111"


def test_a_delayed_write_arrives_late_or_never() -> None:
    store = store_with(Fault.DELAY)
    with pytest.raises(TimedOut):
        store.put("b", [b"2"], if_absent=True)
    with pytest.raises(NotFound):
        store.get("b")
    assert store.restart().list("") == ["a"]
    with pytest.raises(Conflict):
        store.put("b", [b"3"], if_absent=True)
    assert store.get("b") == b"2"


def test_a_mute_write_is_there() -> None:
    store = store_with(Fault.MUTE)
    with pytest.raises(TimedOut):
        store.put("b", [b"2"], if_absent=True)
    assert store.get("b") == b"2"
    assert store.restart().list("") == ["a", "b"]


def test_a_full_disk_refuses_once() -> None:
    store = store_with(Fault.FULL)
    with pytest.raises(Unavailable, match="full"):
        store.put("b", [b"2"])
    assert store.list("") == ["a"]
    store.put("b", [b"2"])
