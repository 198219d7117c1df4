"""The cache spares fetches, never lies about bytes, stays within its limit, and can be torn without harm."""

import threading
from pathlib import Path

import numpy as np
import pytest

from tamis.errors import Conflict, NotFound, Rejected, Unavailable
from tamis.storage.array import ArrayFile, write_arrays
from tamis.storage.cache import CachedStore
from tamis.storage.memory import MemoryStore
from tamis.storage.store import Store

BIG = 100_000  # bytes; kept when they are put
ALL = 10**9


def body(letter: str, size: int = BIG) -> bytes:
    return letter.encode() * size


def counts(store: CachedStore) -> tuple[int, int]:
    return store.traffic.hits, store.traffic.misses


def test_what_was_built_here_is_not_fetched(shared_store: Store, tmp_path: Path) -> None:
    store = CachedStore(shared_store, tmp_path / "cache", ALL)
    write_arrays(store, "segments/a", {"x": np.arange(BIG, dtype=np.int32)})
    file = ArrayFile.open(store, "segments/a")
    assert file.arrays["x"].sum() == BIG * (BIG - 1) // 2
    assert (counts(store), store.traffic.down) == ((1, 0), 0)
    assert store.traffic.up == shared_store.size("segments/a") == store.cached_bytes - 16
    assert store.traffic.requests == {"get": 0, "put": 1, "list": 0, "delete": 0, "head": 0}


def test_what_others_built_is_fetched_once(shared_store: Store, tmp_path: Path) -> None:
    shared_store.put("segments/a", [body("a")])
    store = CachedStore(shared_store, tmp_path, ALL)
    first = store.map("segments/a")
    assert first == store.map("segments/a") == body("a")
    assert first.readonly
    assert (counts(store), store.traffic.down, store.traffic.requests["get"]) == ((1, 1), BIG, 1)
    del first
    store.close()
    again = CachedStore(shared_store, tmp_path, ALL)
    assert again.map("segments/a") == body("a")
    assert (counts(again), again.traffic.down, again.cached_bytes) == ((1, 0), 0, BIG + 16)


def test_the_rest_is_the_stores_own_answer(shared_store: Store, tmp_path: Path) -> None:
    store = CachedStore(shared_store, tmp_path, ALL)
    store.put("a/small", [b"he", b"llo"])
    shared_store.put("a/other", [b"x"])
    assert (store.list("a/"), store.size("a/small"), store.get("a/small", 1, 3)) == (["a/other", "a/small"], 5, b"ell")
    assert store.modified("a/small") == shared_store.modified("a/small")
    assert store.cached_bytes == 0
    store.delete("a/small")
    for call in (store.get, store.map, store.size, store.modified):
        with pytest.raises(NotFound, match="a/small"):
            call("a/small")
    assert bytes(store.map("a/other")) == b"x"
    store.put("a/empty", [])
    assert bytes(store.map("a/empty")) == bytes(store.map("a/empty")) == b""


def test_nothing_is_overwritten(shared_store: Store, tmp_path: Path) -> None:
    store = CachedStore(shared_store, tmp_path, ALL)
    store.put("k", [body("a")])
    for if_absent in (False, True):
        with pytest.raises(Conflict):
            store.put("k", [body("b")], if_absent=if_absent)
    assert store.get("k") == store.map("k") == body("a")


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "/etc/hostname", ".hidden", ""])
def test_keys_stay_inside(tmp_path: Path, key: str) -> None:
    (tmp_path / "outside").write_bytes(b"not an object")
    store = CachedStore(MemoryStore(), tmp_path, ALL)
    for call in (store.map, store.get, store.size, store.delete, lambda k: store.put(k, [body("x")])):
        with pytest.raises(Rejected):
            call(key)
    assert (tmp_path / "outside").read_bytes() == b"not an object"


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "longer", "trailer"])
def test_a_bad_file_is_fetched_again(tmp_path: Path, damage: str) -> None:
    remote = MemoryStore()
    store = CachedStore(remote, tmp_path, ALL)
    store.put("segments/a", [body("a")])
    store.close()
    path = tmp_path / "files" / "segments" / "a"
    good = path.read_bytes()
    bad = {
        "cut": good[:-100],
        "flip": b"b" + good[1:],
        "empty": b"",
        "longer": good + b"more",
        "trailer": good[:-1] + b"x",
    }
    path.write_bytes(bad[damage])
    again = CachedStore(remote, tmp_path, ALL)
    assert again.map("segments/a") == body("a")
    assert (again.traffic.misses, path.read_bytes()) == (1, good)
    assert again.cached_bytes == len(good)


def test_half_a_download_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "files" / "segments"
    folder.mkdir(parents=True)
    (folder / ".a.17").write_bytes(b"half")
    store = CachedStore(MemoryStore(), tmp_path, ALL)
    assert (list(folder.iterdir()), store.cached_bytes) == ([], 0)


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    remote = MemoryStore()
    store = CachedStore(remote, tmp_path, 3 * (BIG + 16))
    for name in "abc":
        store.put(name, [body(name)])
    assert store.map("a") == body("a")
    store.put("d", [body("d")])
    assert [path.name for path in sorted((tmp_path / "files").iterdir())] == ["a", "c", "d"]
    assert store.cached_bytes == 3 * (BIG + 16)
    assert store.map("b") == body("b")
    assert counts(store) == (1, 1)


def test_what_is_mapped_again_is_used_again(tmp_path: Path) -> None:
    store = CachedStore(MemoryStore(), tmp_path, 3 * (BIG + 16))
    for name in "abc":
        store.put(name, [body(name)])
    held = store.map("a")
    for name in "cba":
        assert store.map(name) == body(name)
    del held
    store.put("d", [body("d")])
    assert [path.name for path in sorted((tmp_path / "files").iterdir())] == ["a", "b", "d"]


def test_what_is_mapped_stays(tmp_path: Path) -> None:
    store = CachedStore(MemoryStore(), tmp_path, 2 * (BIG + 16))
    store.put("a", [body("a")])
    held = np.frombuffer(store.map("a"), np.uint8)[10:20]  # a view of a view keeps it
    for name in "bcd":
        store.put(name, [body(name)])
    assert [path.name for path in sorted((tmp_path / "files").iterdir())] == ["a", "d"]
    assert bytes(held) == b"a" * 10
    del held
    store.put("e", [body("e")])
    assert [path.name for path in sorted((tmp_path / "files").iterdir())] == ["d", "e"]


def test_a_view_outlives_its_file(tmp_path: Path) -> None:
    store = CachedStore(MemoryStore(), tmp_path, ALL)
    store.put("a", [body("a")])
    view = store.map("a")
    store.delete("a")
    assert not (tmp_path / "files" / "a").exists()
    assert view == body("a")


def test_a_limit_that_is_smaller_now_counts_at_once(tmp_path: Path) -> None:
    remote = MemoryStore()
    store = CachedStore(remote, tmp_path, ALL)
    for name in "abcd":
        store.put(name, [body(name)])
    store.close()
    assert CachedStore(remote, tmp_path, 2 * (BIG + 16)).cached_bytes == 2 * (BIG + 16)


class Slow(MemoryStore):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)
        self.answer = threading.Semaphore(0)
        self.fails = 0

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        self.asked.release()
        assert self.answer.acquire(timeout=10)
        if self.fails:
            self.fails -= 1
            raise Unavailable(f"{key}: 503")
        return super().get(key, start, length)


def test_threads_that_map_one_key_fetch_once(tmp_path: Path) -> None:
    remote = Slow()
    remote.put("a", [body("a")])
    remote.put("b", [body("b")])
    store = CachedStore(remote, tmp_path, ALL)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(bytes(store.map("a")))) for _ in range(4)]
    threads.append(threading.Thread(target=lambda: found.append(bytes(store.map("b")))))
    for thread in threads:
        thread.start()
    for _ in range(2):  # one of a, and b does not wait for it
        assert remote.asked.acquire(timeout=10)
    remote.answer.release(2)
    for thread in threads:
        thread.join(10)
    assert sorted(found) == [*[body("a")] * 4, body("b")]
    assert (store.traffic.requests["get"], store.traffic.misses, store.traffic.hits) == (2, 2, 3)


def test_a_fetch_that_fails_is_tried_by_the_next(tmp_path: Path) -> None:
    remote = Slow()
    remote.put("a", [body("a")])
    remote.fails = 1
    remote.answer.release(2)
    store = CachedStore(remote, tmp_path, ALL)
    with pytest.raises(Unavailable):
        store.map("a")
    assert store.map("a") == body("a")


def test_a_full_disk_costs_memory_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = MemoryStore()
    store = CachedStore(remote, tmp_path, ALL)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tamis.storage.cache.write_all", full)
        store.put("a", [body("a")])
        assert store.map("a") == body("a")
    assert (store.cached_bytes, list((tmp_path / "files").iterdir())) == (0, [])
    assert "No space left on device" in store.trouble
    assert "free some space there, or lower cluster.cache_mb" in store.trouble
    assert store.map("a") == body("a")
    assert (store.cached_bytes, store.trouble) == (BIG + 16, "")


def test_one_process_has_the_directory(tmp_path: Path) -> None:
    store = CachedStore(MemoryStore(), tmp_path, ALL)
    with pytest.raises(Conflict, match="is in use by pid"):
        CachedStore(MemoryStore(), tmp_path, ALL)
    store.close()
    CachedStore(MemoryStore(), tmp_path, ALL)
