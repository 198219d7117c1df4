"""The in-memory log keeps the contract of the one on disk, and fails as its schedule says."""

import pytest

from tamis.errors import NotFound, Outrun, Poisoned, Unavailable
from tamis.log.memory_log import MemoryLog
from tamis.storage.faults import Crashed, Fault, FaultSchedule


def log_with(fault: Fault) -> MemoryLog:
    """A log that holds one record and whose second append fails."""
    log = MemoryLog(FaultSchedule({2: fault}))
    log.append([b"one"])
    return log


def test_append_read_trim() -> None:
    log = MemoryLog()
    assert (log.end, log.size) == (0, 0)
    assert [log.append([b"a", b"bb"]), log.append([b"ccc"])] == [1, 3]
    assert (log.end, log.size) == (3, 6)
    assert list(log.read(1)) == [(2, b"bb"), (3, b"ccc")]
    log.trim(2)
    assert (log.end, log.size) == (3, 3)
    assert list(log.read(2)) == [(3, b"ccc")]
    with pytest.raises(NotFound, match="up to 2 were trimmed"):
        log.read(1)
    log.trim(8)
    assert (log.end, log.size, list(log.read(8)), log.append([b"d"])) == (8, 0, [], 9)


def test_an_append_after_what_is_not_the_end() -> None:
    log = MemoryLog()
    assert (log.append([b"a"], after=0), log.append([b"b"], after=1), log.refresh()) == (1, 2, 2)
    for after in (1, 3):
        with pytest.raises(Outrun, match=f"ends at position 2, not at {after}; nothing was written"):
            log.append([b"c"], after=after)
    assert (log.end, log.refresh()) == (2, 2)


@pytest.mark.parametrize(("fault", "left"), [(Fault.CUT, 1), (Fault.TEAR, 1), (Fault.DONE, 3)], ids=str)
def test_deaths(fault: Fault, left: int) -> None:
    log = log_with(fault)
    with pytest.raises(Crashed):
        log.append([b"two", b"three"])
    with pytest.raises(Crashed):
        log.read(0)
    assert [position for position, _ in log.restart().read(0)] == list(range(1, left + 1))


def test_what_is_lost_takes_all_after_it_along() -> None:
    log = log_with(Fault.LOSE)
    log.append([b"two", b"three"])
    log.append([b"four"])
    assert log.end == 4
    assert list(log.restart().read(0)) == [(1, b"one")]


@pytest.mark.parametrize("fault", [Fault.DELAY, Fault.MUTE], ids=str)
def test_an_unconfirmed_append_poisons(fault: Fault) -> None:
    log = log_with(fault)
    for _ in range(2):
        with pytest.raises(Poisoned):
            log.append([b"two"])
    assert log.restart().append([b"three"]) == 3


def test_a_full_disk_refuses_once() -> None:
    log = log_with(Fault.FULL)
    with pytest.raises(Unavailable, match="full"):
        log.append([b"two"])
    assert (log.end, log.append([b"two"])) == (1, 2)
