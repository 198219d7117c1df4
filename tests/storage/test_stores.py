"""All stores keep the same promises; the local one keeps them on a disk."""

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tamis.errors import Conflict, NotFound, Poisoned, Rejected, Unavailable
from tamis.storage.local import LocalStore
from tamis.storage.memory import MemoryStore
from tamis.storage.prefix import PrefixStore
from tamis.storage.store import Store


@pytest.fixture(params=["whole", "below a prefix"])
def store(request: pytest.FixtureRequest, shared_store: Store) -> Store:
    return shared_store if request.param == "whole" else PrefixStore(shared_store, "below/this")


def test_put_and_get(store: Store) -> None:
    store.put("a/b/one", [b"he", bytearray(b"ll"), memoryview(b"o")])
    assert store.get("a/b/one") == b"hello"
    assert store.get("a/b/one", start=1, length=3) == b"ell"
    assert store.get("a/b/one", start=4, length=10) == b"o"
    assert store.get("a/b/one", start=9) == b""
    assert store.get("a/b/one", start=5, length=3) == b""
    assert store.get("a/b/one", start=2, length=0) == b""
    assert store.size("a/b/one") == 5
    assert store.map("a/b/one") == b"hello"
    assert store.map("a/b/one").readonly


def test_empty_object(store: Store) -> None:
    store.put("empty", [])
    assert (store.get("empty"), store.size("empty"), bytes(store.map("empty"))) == (b"", 0, b"")


def test_put_replaces_and_if_absent_does_not(store: Store) -> None:
    store.put("k", [b"1"])
    store.put("k", [b"22"])
    with pytest.raises(Conflict):
        store.put("k", [b"3"], if_absent=True)
    assert store.get("k") == b"22"
    store.put("new", [b"4"], if_absent=True)
    assert store.get("new") == b"4"


def test_list_is_sorted_and_by_prefix(store: Store) -> None:
    for key in ("m/10", "m/2", "n/1", "m/sub/3", "m2"):
        store.put(key, [b"x"])
    assert store.list("") == ["m/10", "m/2", "m/sub/3", "m2", "n/1"]
    assert store.list("m/") == ["m/10", "m/2", "m/sub/3"]
    assert store.list("m") == ["m/10", "m/2", "m/sub/3", "m2"]
    assert store.list("m/1") == ["m/10"]
    assert store.list("nothing/") == []


def test_delete(store: Store) -> None:
    store.put("a/k", [b"bytes"])
    view = store.map("a/k")
    store.delete("a/k")
    store.delete("a/k")
    assert store.list("") == []
    assert view == b"bytes"


@pytest.mark.parametrize("call", ["get", "size", "map", "modified"])
def test_absent_keys(store: Store, call: str) -> None:
    store.put("folder/k", [b""])
    for key in ("nothing", "folder", "folder/k/more"):
        with pytest.raises(NotFound, match=key):
            getattr(store, call)(key)


@pytest.mark.parametrize(
    "key",
    ["", "/", "/a", "../a", "a/../b", "a//b", "a/", ".", ".tmp/x", "a/.hidden", "A", "a b", "a\n", "é", "x" * 600],
)
def test_keys_are_confined(store: Store, key: str) -> None:
    for call in (store.get, store.size, store.map, store.modified, store.delete, lambda k: store.put(k, [b"x"])):
        with pytest.raises(Rejected, match="key"):
            call(key)


@pytest.mark.parametrize("prefix", ["..", "../", "/", "/etc", ".tmp/", "a/../"])
def test_prefixes_are_confined(store: Store, prefix: str) -> None:
    with pytest.raises(Rejected, match="prefix"):
        store.list(prefix)


def test_modified_is_when_it_was_written(store: Store) -> None:
    begin = time.time()
    store.put("a/k", [b"x"])
    assert begin - 2 <= store.modified("a/k") <= time.time() + 2


def test_modified_is_by_the_clock_that_was_given() -> None:
    now = 100.0
    store = MemoryStore(clock=lambda: now)
    store.put("a", [b"x"])
    now = 200.0
    store.put("b", [b"x"])
    assert (store.modified("a"), store.modified("b"), store.restart().modified("a")) == (100.0, 200.0, 100.0)


def test_a_prefix_is_all_there_is() -> None:
    whole = MemoryStore()
    whole.put("below/thistle", [b"outside"])
    store = PrefixStore(whole, "below/this")
    store.put("k", [b"inside"])
    assert (store.list(""), store.get("k")) == (["k"], b"inside")
    with pytest.raises(Rejected):
        store.get("../thistle")
    with pytest.raises(NotFound):
        store.get("thistle")
    store.delete("k")
    assert whole.list("") == ["below/thistle"]


def test_one_of_many_creates_wins(store: Store) -> None:
    won: list[int] = []

    def create(number: int) -> None:
        try:
            store.put("race/1", [bytes([number]) * 1000], if_absent=True)
        except Conflict:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get("race/1") == bytes(won) * 1000


def test_objects_survive_reopening(tmp_path: Path) -> None:
    LocalStore(tmp_path).put("a/b", [b"kept"])
    assert LocalStore(tmp_path).get("a/b") == b"kept"


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("small", [b"before"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        for if_absent in (False, True):
            with pytest.raises(Unavailable, match=r"large: the disk is full.*free some space"):
                store.put("large", [b"x" * 6_000, b"y" * 6_000], if_absent=if_absent)
        with pytest.raises(Unavailable):
            store.put("small", [b"z" * 20_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.list("") == ["small"]
    assert store.get("small") == b"before"
    assert store.sweep() == 0
    store.put("large", [b"x" * 12_000])


def test_drafts_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    program = f"""
import os
from pathlib import Path
from tamis.storage.local import LocalStore
def parts():
    yield b"half"
    os.kill(os.getpid(), 9)
LocalStore(Path({str(tmp_path)!r})).put("a/key", parts())
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    store = LocalStore(tmp_path)
    assert store.list("") == []
    assert store.sweep() == 1
    assert store.sweep() == 0


def test_everything_is_synced_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that makes it safe: bytes, then the name, then the folder that holds the name."""
    events: list[str] = []
    fsync, link, replace = os.fsync, os.link, os.replace

    def seen_fsync(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        events.append("folder " + os.path.relpath(path, tmp_path) if os.path.isdir(path) else "file")
        fsync(descriptor)

    def seen_link(source: Path, target: Path) -> None:
        events.append("link")
        link(source, target)

    def seen_replace(source: Path, target: Path) -> None:
        events.append("replace")
        replace(source, target)

    store = LocalStore(tmp_path)
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "link", seen_link)
    monkeypatch.setattr(os, "replace", seen_replace)
    store.put("a/b/k", [b"x"], if_absent=True)
    assert events == ["file", "folder .", "folder a", "link", "folder a/b"]
    events.clear()
    store.put("a/b/k", [b"y"])
    assert events == ["file", "replace", "folder a/b"]


def test_a_folder_that_cannot_be_synced_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    monkeypatch.setattr("tamis.storage.local.sync_folder", _fail)
    with pytest.raises(Poisoned, match=r"k: written, but its folder could not be synced"):
        store.put("k", [b"x"])


def _fail(_: object) -> None:
    raise OSError(5, "Input/output error")
