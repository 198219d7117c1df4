"""Array files give back what was written, or say which byte is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tamis.errors import Conflict, Corrupt, NotFound
from tamis.storage.aligned import ALIGNMENT
from tamis.storage.array import BLOCK, ArrayFile, find_damage, write_arrays
from tamis.storage.local import LocalStore
from tamis.storage.memory import MemoryStore

DTYPES = st.sampled_from(["<f4", ">f4", "<f8", "<f2", "|i1", "<u4", "<u8", "<i8", "|b1", "|S5", "<U3"])
ARRAYS = st.dictionaries(
    st.text(max_size=8), DTYPES.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0))), max_size=5
)


@given(arrays=ARRAYS, meta=st.binary(max_size=100))
def test_round_trip(arrays: dict[str, NDArray[Any]], meta: bytes) -> None:
    store = MemoryStore()
    write_arrays(store, "k", arrays, meta)
    file = ArrayFile.open(store, "k")
    assert file.meta == meta
    assert list(file.arrays) == list(arrays)
    for name, array in arrays.items():
        assert file.arrays[name].dtype == array.dtype
        assert file.arrays[name].shape == array.shape
        assert file.arrays[name].tobytes() == array.tobytes()
        assert file.sizes[name] == array.nbytes
    assert find_damage(store, "k") == []


def test_arrays_are_read_only_aligned_views_of_the_map(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    write_arrays(store, "k", {"a": np.arange(7, dtype=np.uint8), "b": np.arange(9, dtype=np.float32)})
    file = ArrayFile.open(store, "k")
    for array in file.arrays.values():
        assert array.ctypes.data % 64 == 0
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    store.delete("k")
    assert file.arrays["b"].tolist() == list(range(9))


def test_what_is_not_contiguous_is_written_in_order() -> None:
    store = MemoryStore()
    matrix = np.arange(12, dtype=np.int64).reshape(3, 4)
    write_arrays(store, "k", {"t": matrix.T, "s": matrix[:, ::2]})
    file = ArrayFile.open(store, "k")
    assert np.array_equal(file.arrays["t"], matrix.T)
    assert np.array_equal(file.arrays["s"], matrix[:, ::2])


def test_a_key_is_written_once() -> None:
    store = MemoryStore()
    write_arrays(store, "k", {})
    with pytest.raises(Conflict):
        write_arrays(store, "k", {})
    with pytest.raises(NotFound):
        ArrayFile.open(store, "other")


def small_file() -> bytes:
    store = MemoryStore()
    write_arrays(store, "k", {"x": np.arange(5, dtype=np.int16), "y": np.arange(3, dtype=np.float64)}, meta=b"meta")
    return store.get("k")


def opened(whole: bytes) -> ArrayFile:
    return ArrayFile.open(MemoryStore(objects={"k": whole}), "k")


def test_a_file_cut_anywhere_is_corrupt() -> None:
    whole = small_file()
    for length in range(len(whole)):
        with pytest.raises(Corrupt, match=r"^k: byte \d+: "):
            opened(whole[:length])


def test_a_file_with_more_at_its_end_is_corrupt() -> None:
    with pytest.raises(Corrupt, match="bytes long"):
        opened(small_file() + b"x")


def test_every_flipped_byte_is_found_or_harmless() -> None:
    whole = small_file()
    good = opened(whole)
    harmless = 0
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 0x40
        damage = find_damage(MemoryStore(objects={"k": bytes(flipped)}), "k")
        if damage:
            assert damage[0].key == "k"
            assert damage[0].offset <= place
            with pytest.raises(Corrupt):
                opened(bytes(flipped))
            continue
        harmless += 1  # zeros between arrays
        file = opened(bytes(flipped))
        assert file.meta == good.meta
        assert all(np.array_equal(file.arrays[name], good.arrays[name]) for name in good.arrays)
    assert harmless < 3 * ALIGNMENT


def test_damage_is_named_by_array_and_block() -> None:
    store = MemoryStore()
    write_arrays(store, "k", {"first": np.zeros(10, np.uint8), "large": np.zeros(2 * BLOCK + 10, np.uint8)})
    whole = bytearray(store.get("k"))
    start = len(whole) - (2 * BLOCK + 10)
    whole[start + BLOCK + 5] = 1
    whole[-1] = 1
    damaged = MemoryStore(objects={"k": bytes(whole)})
    found = find_damage(damaged, "k")
    assert [error.offset for error in found] == [start + BLOCK, start + 2 * BLOCK]
    assert "array 'large'" in str(found[0])
    with pytest.raises(Corrupt) as caught:
        ArrayFile.open(damaged, "k")
    assert caught.value.offset == start + BLOCK
    assert ArrayFile.open(damaged, "k", verify=False).arrays["large"][BLOCK + 5] == 1


def test_another_kind_of_file_and_a_later_version() -> None:
    with pytest.raises(Corrupt, match="not an array file"):
        opened(b"x" * 100)
    assert [str(error) for error in find_damage(MemoryStore(objects={"k": b"PNG" * 30}), "k")] == [
        "k: byte 0: is not an array file: the first bytes are wrong"
    ]
