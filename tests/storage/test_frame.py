"""Groups are read back whole, cut off when torn, and refused when damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import Corrupt
from tamis.storage.frame import pack_group, scan

GROUPS = st.lists(st.lists(st.binary(max_size=200), min_size=1, max_size=4), max_size=5)


def packed(groups: list[list[bytes]], position: int = 1) -> tuple[bytes, list[int]]:
    """The bytes of the groups and the end of each."""
    data, ends = b"", []
    for records in groups:
        data += b"".join(pack_group(position, records))
        ends.append(len(data))
        position += len(records)
    return data, ends


def read(data: bytes, position: int = 1, torn_tail: bool = True) -> list[bytes]:
    groups = scan(memoryview(data), 0, position, "log", torn_tail)
    return [record for group in groups for _, record in group.records()]


@given(groups=GROUPS, position=st.integers(1, 2**40))
def test_round_trip(groups: list[list[bytes]], position: int) -> None:
    data, ends = packed(groups, position)
    found = list(scan(memoryview(data), 0, position, "log", torn_tail=False))
    assert [group.end for group in found] == ends
    pairs = [pair for group in found for pair in group.records()]
    assert pairs == list(enumerate([record for records in groups for record in records], position))


def test_a_cut_anywhere_leaves_the_whole_groups() -> None:
    groups = [[b"one"], [b"two", b""], [b"\0" * 30, b"four"]]
    data, ends = packed(groups)
    for length in range(len(data) + 1):
        whole = sum(end <= length for end in ends)
        assert read(data[:length]) == [record for records in groups[:whole] for record in records]
        if length not in (0, *ends):
            with pytest.raises(Corrupt):
                read(data[:length], torn_tail=False)


def test_a_flipped_byte_before_the_last_group_is_corrupt() -> None:
    data, ends = packed([[b"one"], [b"\0" * 600], [b"three"]])
    for place in range(ends[1]):
        flipped = bytearray(data)
        flipped[place] ^= 1
        start = 0 if place < ends[0] else ends[0]
        with pytest.raises(Corrupt) as caught:
            read(bytes(flipped))
        assert (caught.value.key, caught.value.offset) == ("log", start)


def test_a_flipped_byte_in_the_last_group_is_corrupt_not_torn() -> None:
    data, ends = packed([[b"one"], [bytes(range(1, 256)) * 5]])
    for place in (ends[0] + 1, ends[0] + 9, ends[0] + 25, ends[0] + 300, len(data) - 1):
        flipped = bytearray(data)
        flipped[place] ^= 0x80
        with pytest.raises(Corrupt) as caught:
            read(bytes(flipped))
        assert caught.value.offset == ends[0]


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_a_sector_that_was_never_written_is_a_torn_tail(lost: int) -> None:
    """After a power cut the file may have its full length, and some sectors of the last write only."""
    data, ends = packed([[b"one"], [b"x" * 1700]])
    torn = bytearray(data)
    start = max(ends[0], lost * 512)
    end = min(len(data), (lost + 1) * 512)
    torn[start:end] = bytes(end - start)
    assert read(bytes(torn)) == [b"one"]


def test_zeros_after_the_last_group_are_a_torn_tail() -> None:
    data, _ = packed([[b"one"]])
    for length in (1, 31, 32, 5000):
        assert read(data + bytes(length)) == [b"one"]


def test_a_wrong_position_is_corrupt() -> None:
    data, ends = packed([[b"one"], [b"two"]])
    with pytest.raises(Corrupt, match="holds position 1 where 2 is due"):
        read(data, position=2)
    with pytest.raises(Corrupt, match="holds position 2 where 1 is due"):
        read(data[ends[0] :])


def test_large_groups_are_not_copied() -> None:
    record = bytes(2 * 2**20)
    parts = pack_group(1, [b"small", record])
    assert any(part is record for part in parts)
    assert read(b"".join(parts)) == [b"small", record]
