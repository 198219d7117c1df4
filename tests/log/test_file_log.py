"""What a log has acknowledged it gives back, whatever happened to the process, the disk or the file."""

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import Corrupt, NotFound, Poisoned, Unavailable
from tamis.log.file_log import FileLog, find_log_damage


def records_of(directory: Path, after: int = 0) -> list[tuple[int, bytes]]:
    log = FileLog(directory)
    try:
        return list(log.read(after))
    finally:
        log.close()


def newest(directory: Path) -> Path:
    return max(directory.glob("*.log"))


def test_positions_are_consecutive_and_survive(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "deep" / "log")
    assert (log.end, list(log.read(0))) == (0, [])
    assert [log.append([b"a"]), log.append([b"b", b""]), log.append([b"d"])] == [1, 2, 4]
    assert log.end == 4
    expected = [(1, b"a"), (2, b"b"), (3, b""), (4, b"d")]
    for after in range(6):
        assert list(log.read(after)) == expected[after:]
    log.close()
    log = FileLog(tmp_path / "deep" / "log")
    assert log.end == 4
    assert log.append([b"e"]) == 5
    assert list(log.read(2)) == [*expected[2:], (5, b"e")]


def test_readers_see_the_log_as_it_was_when_they_began(tmp_path: Path) -> None:
    log = FileLog(tmp_path, segment_bytes=100)
    log.append([b"x" * 80])
    log.append([b"y" * 80])
    reader = log.read(0)
    log.append([b"z"])
    log.trim(3)
    assert list(reader) == [(1, b"x" * 80), (2, b"y" * 80)]


def test_files_are_numbered_and_trimmed(tmp_path: Path) -> None:
    log = FileLog(tmp_path, segment_bytes=200)
    for number in range(10):
        log.append([bytes([number]) * 100])
    files = sorted(path.name for path in tmp_path.glob("*.log"))
    assert files == [f"{first:020d}.log" for first in (1, 3, 5, 7, 9)]
    before = log.size
    assert before == sum(path.stat().st_size for path in tmp_path.glob("*.log"))
    log.trim(5)  # position 5 shares a file with 6, so only 1 to 4 can go
    assert log.size < before
    assert [position for position, _ in log.read(4)] == [5, 6, 7, 8, 9, 10]
    with pytest.raises(NotFound, match="positions up to 4 were trimmed"):
        log.read(3)
    log.close()
    assert [position for position, _ in records_of(tmp_path, after=4)] == [5, 6, 7, 8, 9, 10]


def test_trimming_everything_keeps_the_end(tmp_path: Path) -> None:
    log = FileLog(tmp_path)
    log.append([b"x" * 10_000] * 3)
    log.trim(3)
    log.trim(3)
    assert (log.end, list(log.read(3))) == (3, [])
    assert log.size < 100
    log.close()
    log = FileLog(tmp_path)
    assert log.end == 3
    assert log.append([b"next"]) == 4


def test_a_log_behind_its_reader_goes_on_after_it(tmp_path: Path) -> None:
    log = FileLog(tmp_path)
    log.append([b"1"])
    log.trim(9)
    assert log.end == 9
    log.close()
    log = FileLog(tmp_path)
    assert log.append([b"10"]) == 10
    assert list(log.read(9)) == [(10, b"10")]


def test_a_tail_cut_at_any_byte(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "log")
    log.append([b"first", b"second"])
    whole = log.size
    log.append([b"third" * 5, b"fourth"])
    log.close()
    path = newest(tmp_path / "log")
    data = path.read_bytes()
    for length in range(whole, len(data)):
        path.write_bytes(data[:length])
        assert find_log_damage(tmp_path / "log") == []
        log = FileLog(tmp_path / "log")
        assert list(log.read(0)) == [(1, b"first"), (2, b"second")]
        assert path.stat().st_size == whole
        assert log.append([b"again"]) == 3
        log.close()
        assert records_of(tmp_path / "log", after=2) == [(3, b"again")]


def test_a_flipped_byte_anywhere_before_the_tail(tmp_path: Path) -> None:
    log = FileLog(tmp_path)
    log.append([b"first", b"second"])
    whole = log.size
    log.append([b"third"])
    log.close()
    path = newest(tmp_path)
    data = path.read_bytes()
    for place in range(whole):
        flipped = bytearray(data)
        flipped[place] ^= 0x10
        path.write_bytes(flipped)
        with pytest.raises(Corrupt) as caught:
            FileLog(tmp_path)
        assert caught.value.key == str(path)
        assert caught.value.offset == (0 if place < 32 else 32)
        assert [str(error) for error in find_log_damage(tmp_path)] == [str(caught.value)]
    assert path.read_bytes()[whole:] == data[whole:]


def test_damage_in_an_older_file_is_found_when_it_is_read(tmp_path: Path) -> None:
    log = FileLog(tmp_path, segment_bytes=100)
    for number in range(3):
        log.append([bytes([65 + number]) * 100])
    log.close()
    oldest, middle, _ = sorted(tmp_path.glob("*.log"))
    data = bytearray(middle.read_bytes())
    data[-1] ^= 1
    middle.write_bytes(data)
    log = FileLog(tmp_path)
    reader = log.read(0)
    assert next(reader) == (1, b"A" * 100)
    with pytest.raises(Corrupt, match=middle.name):
        next(reader)
    assert list(log.read(2)) == [(3, b"C" * 100)]
    assert [error.key for error in find_log_damage(tmp_path)] == [str(middle)]
    middle.write_bytes(data[:-1])  # only the newest file may be torn
    with pytest.raises(Corrupt, match=middle.name):
        list(log.read(1))
    middle.unlink()
    assert "starts at position 3 where 2 is due" in str(find_log_damage(tmp_path)[0])
    log.close()
    with pytest.raises(Corrupt, match="starts at position 3 where 2 is due"):
        list(FileLog(tmp_path).read(0))
    assert oldest.exists()


def test_a_full_disk_refuses_and_the_log_goes_on(tmp_path: Path) -> None:
    log = FileLog(tmp_path)
    log.append([b"kept"])
    size = log.size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        for _ in range(2):
            with pytest.raises(Unavailable, match=r"01\.log: the disk is full.*nothing was changed.*free some space"):
                log.append([b"x" * 3_000, b"y" * 3_000])
        assert (log.end, log.size, newest(tmp_path).stat().st_size) == (1, size, size)
        assert list(log.read(0)) == [(1, b"kept")]
        assert log.append([b"small"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.append([b"x" * 6_000]) == 3
    log.close()
    assert records_of(tmp_path) == [(1, b"kept"), (2, b"small"), (3, b"x" * 6_000)]


def test_a_full_disk_when_a_file_is_begun(tmp_path: Path) -> None:
    log = FileLog(tmp_path, segment_bytes=50)
    log.append([b"x" * 100])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(Unavailable, match="the disk is full"):
            log.append([b"y"])
        log.trim(1)  # trims less, but does not fail
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == [f"{1:020d}.log"]
    assert log.append([b"y"]) == 2
    log.close()
    assert records_of(tmp_path) == [(1, b"x" * 100), (2, b"y")]


def failing_after(calls: int) -> Callable[[int], None]:
    """An fdatasync that works `calls` times, and never again."""
    left = [calls]

    def fdatasync(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(5, "Input/output error")
        os.fdatasync(descriptor)

    return fdatasync


def test_a_failed_sync_poisons(tmp_path: Path) -> None:
    log = FileLog(tmp_path, fdatasync=failing_after(1))
    log.append([b"kept"])
    with pytest.raises(Poisoned, match=r"01\.log: could not be synced at byte \d+ \(Input/output error\)"):
        log.append([b"unknown"])
    with pytest.raises(Poisoned, match="writes are refused until the data is opened again; check the disk"):
        log.append([b"refused"])
    assert (log.end, list(log.read(0))) == (1, [(1, b"kept")])
    log.trim(1)
    log.close()
    assert records_of(tmp_path) == [(1, b"kept"), (2, b"unknown")]


def test_a_failed_write_that_cannot_be_taken_back_poisons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = FileLog(tmp_path)
    log.append([b"kept"])

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tamis.log.file_log.write_all", fail)
    monkeypatch.setattr(os, "ftruncate", fail)
    with pytest.raises(Poisoned, match="a failed write could not be cut off"):
        log.append([b"lost"])
    monkeypatch.undo()
    with pytest.raises(Poisoned):
        log.append([b"refused"])
    assert list(log.read(0)) == [(1, b"kept")]


def test_an_append_is_one_sync_after_the_bytes(tmp_path: Path) -> None:
    seen: list[int] = []
    log = FileLog(tmp_path, fdatasync=lambda descriptor: seen.append(os.fstat(descriptor).st_size))
    log.append([b"a"] * 100)
    log.append([b"b"] * 100)
    assert len(seen) == 2
    assert seen[-1] == log.size
    quick = FileLog(tmp_path / "quick", sync=False, fdatasync=seen.append)
    quick.append([b"c"])
    assert len(seen) == 2


def test_a_file_is_durable_before_records_go_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, os.rename

    def seen_fsync(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        events.append(f"sync {path.relative_to(tmp_path)}")
        fsync(descriptor)

    def seen_rename(source: Path, target: Path) -> None:
        events.append(f"rename {Path(source).name} {Path(target).name}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "rename", seen_rename)
    log = FileLog(tmp_path / "log", segment_bytes=1, fdatasync=lambda _: events.append("data"))
    log.append([b"1"])
    log.append([b"2"])
    names = [f"{first:020d}.log" for first in (1, 2)]
    begin = [["sync log/draft", f"rename draft {name}", "sync log"] for name in names]
    assert events == ["sync .", *begin[0], "data", *begin[1], "data"]


def test_a_closed_log_refuses_writes(tmp_path: Path) -> None:
    log = FileLog(tmp_path)
    log.close()
    log.close()
    with pytest.raises(Poisoned, match="closed"):
        log.append([b"x"])


def test_a_draft_is_not_a_file_of_the_log(tmp_path: Path) -> None:
    FileLog(tmp_path).append([b"1"])
    (tmp_path / "draft").write_bytes(b"half a hea")
    assert records_of(tmp_path) == [(1, b"1")]
    assert not (tmp_path / "draft").exists()


def test_a_killed_process_loses_nothing_it_was_told(tmp_path: Path) -> None:
    program = f"""
import os
from pathlib import Path
from tamis.log.file_log import FileLog
log = FileLog(Path({str(tmp_path)!r}), segment_bytes=300)
for number in range(1, 21):
    log.append([b"%d" % number * 20, b"second"])
    os.write(1, b"%d\\n" % log.end)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    acknowledged = int(done.stdout.split()[-1])
    assert (done.returncode, acknowledged) == (-9, 40)
    found = records_of(tmp_path)
    assert [position for position, _ in found] == list(range(1, 41))
    assert found[38:] == [(39, b"20" * 20), (40, b"second")]


def test_one_writer_many_readers(tmp_path: Path) -> None:
    log = FileLog(tmp_path, sync=False, segment_bytes=2_000)
    wrong: list[list[int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            positions = [int(record) for _, record in log.read(0)]
            if positions != list(range(1, len(positions) + 1)):
                wrong.append(positions)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 401, 2):
        log.append([b"%d" % number, b"%d" % (number + 1)])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert log.end == 400


STEPS = st.lists(
    st.one_of(
        st.lists(st.binary(max_size=60), min_size=1, max_size=3),  # append
        st.integers(0, 30),  # trim
        st.just("reopen"),
        st.just("tear"),
    ),
    max_size=30,
)


@given(steps=STEPS)
def test_against_a_dict(tmp_path_factory: pytest.TempPathFactory, steps: list[object]) -> None:
    directory = tmp_path_factory.mktemp("log")
    log = FileLog(directory, sync=False, segment_bytes=150)
    model: dict[int, bytes] = {}
    end = forgotten = 0
    for step in steps:
        if isinstance(step, list):
            assert log.append(step) == end + 1
            model.update(enumerate(step, end + 1))
            end += len(step)
        elif isinstance(step, int):
            log.trim(step)
            forgotten = max(forgotten, step)
            end = max(end, step)
        else:
            log.close()
            if step == "tear":
                with newest(directory).open("ab") as file:
                    file.write(b"tGRP\x01\0\0\0\0")
            log = FileLog(directory, sync=False, segment_bytes=150)
        assert log.end == end
        assert dict(log.read(forgotten)) == {key: model[key] for key in model if key > forgotten}
    log.close()
    assert find_log_damage(directory) == []
