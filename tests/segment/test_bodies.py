"""Ids, payload rows, masks, heads and overlays: small parts against plain Python."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tamis.model.ids import IdArray, PointId, id_order
from tamis.model.operation import VectorBlock
from tamis.model.schema import CollectionSchema, Distance, VectorParams
from tamis.segment.alive import (
    all_rows,
    clear_rows,
    count_rows,
    has_rows,
    no_rows,
    pack_rows,
    set_rows,
    unpack_rows,
    widened,
)
from tamis.segment.head import Head
from tamis.segment.id_map import build_id_map, open_id_map
from tamis.segment.overlay import Overlay, read_overlay, write_overlay
from tamis.segment.payload import PayloadBlocks, build_payload_rows, open_payload_rows
from tamis.segment.points import Points
from tamis.storage.memory import MemoryStore

numbers = st.one_of(st.integers(0, 20), st.integers(2**64 - 5, 2**64 - 1))
uuids = st.one_of(st.integers(0, 20), st.integers(0, 2**128 - 1), st.integers(1, 3).map(lambda high: high << 64)).map(
    lambda value: UUID(int=value)
)
point_ids = st.one_of(numbers, uuids)
distinct_ids = st.one_of(
    st.lists(numbers, unique=True, max_size=40),
    st.lists(point_ids, unique=True, max_size=40),
    st.lists(numbers, unique=True, max_size=40).map(sorted),
)


@given(ids=distinct_ids, wanted=st.lists(point_ids, max_size=40))
def test_id_map_finds_what_a_dict_finds(ids: list[PointId], wanted: list[PointId]) -> None:
    id_map = open_id_map(build_id_map(IdArray.of(ids)))
    asked = [*wanted, *ids]
    expected = {point_id: row for row, point_id in enumerate(ids)}
    assert id_map.find(IdArray.of(asked)).tolist() == [expected.get(point_id, -1) for point_id in asked]
    assert [ids[row] for row in id_map.order] == sorted(ids, key=id_order)
    assert id_map.ids(slice(None)).tolist() == ids


def test_ids_in_order_are_stored_once() -> None:
    assert list(build_id_map(IdArray.of([1, 2, 9]))) == ["low"]
    assert "order" in build_id_map(IdArray.of([2, 1]))


@given(raws=st.lists(st.binary(max_size=9), max_size=30), seed=st.integers(0, 99))
def test_payload_rows_by_row_and_in_blocks(raws: list[bytes], seed: int) -> None:
    lengths = np.array([len(raw) for raw in raws], np.uint64)
    cut = seed % (len(raws) + 1)
    parts = [PayloadBlocks(raws[:cut], lengths[:cut]), PayloadBlocks(raws[cut:], lengths[cut:])]
    rows = open_payload_rows(build_payload_rows(parts))
    assert [rows[row] for row in range(len(rows))] == raws
    chosen = np.flatnonzero(np.random.default_rng(seed).random(len(raws)) < 0.6)
    taken = rows.take(chosen)
    assert b"".join(taken.blocks) == b"".join(raws[row] for row in chosen)
    assert taken.lengths.tolist() == lengths[chosen].tolist()


@given(count=st.integers(0, 200), rows=st.lists(st.integers(0, 199), max_size=60))
def test_masks_are_sets(count: int, rows: list[int]) -> None:
    chosen = np.array([row for row in rows if row < count], np.int64)
    expected = set(chosen.tolist())
    words = no_rows(count)
    set_rows(words, chosen)
    assert set(unpack_rows(words).tolist()) == expected
    assert count_rows(words) == len(expected)
    assert words.tolist() == pack_rows(chosen, count).tolist()
    every = all_rows(count)
    assert unpack_rows(every).tolist() == list(range(count))
    clear_rows(every, chosen)
    assert set(unpack_rows(every).tolist()) == set(range(count)) - expected
    if count:
        asked = np.arange(count)
        assert np.flatnonzero(has_rows(words, asked)).tolist() == sorted(expected)
    assert set(unpack_rows(widened(words, count + 100)).tolist()) == expected


SCHEMA = CollectionSchema({"": VectorParams(2, Distance.DOT), "b": VectorParams(1, Distance.DOT)})


def _points(ids: list[PointId], value: float, lacking: tuple[int, ...] = ()) -> Points:
    has = [place for place in range(len(ids)) if place not in lacking]
    block = VectorBlock(np.full((len(has), 2), value, np.float32), np.array(has, np.uint32) if lacking else None)
    return Points(IdArray.of(ids), {"": block}, [b'{"v":%d}' % value] * len(ids))


def test_an_older_view_of_a_head_stays_as_it_was() -> None:
    """Also through growth of every array, newer rows of the same ids, and the first UUID."""
    head = Head("h", SCHEMA)
    head.append(_points([5, 6, 7], 1, lacking=(1,)), position=1)
    old = head.view()
    head.append(_points([6, 7, UUID(int=6)], 2), position=2)
    middle = head.view()
    for round_ in range(40):
        head.append(_points([7, *range(100 + 10 * round_, 110 + 10 * round_)], 3), position=3 + round_)

    asked = IdArray.of([5, 6, 7, UUID(int=6), 100])
    assert old.find(asked).tolist() == [0, 1, 2, -1, -1]
    assert middle.find(asked).tolist() == [0, 3, 4, 5, -1]
    assert head.view().find(IdArray.of([7])).tolist() == [head.count - 11]
    assert old.count == 3
    assert old.ids(np.arange(3)).tolist() == [5, 6, 7]
    assert middle.ids(np.arange(6)).tolist() == [5, 6, 7, 6, 7, UUID(int=6)]
    assert old.vectors[""].rows.tolist() == [[1, 1], [0, 0], [1, 1]]
    present = old.vectors[""].present
    assert present is not None
    assert unpack_rows(present).tolist() == [0, 2]
    lacking = old.vectors["b"].present
    assert lacking is not None
    assert not lacking.any()
    assert old.versions.tolist() == [1, 1, 1]
    assert middle.payload(4) == b'{"v":2}'
    assert old.id_order().tolist() == [0, 1, 2]


def _rows(*rows: int) -> np.ndarray:
    return np.array(rows, np.int64)


def test_overlay_views_and_what_is_stored_of_them() -> None:
    overlay = Overlay(100, {})
    overlay.append(_rows(7, 70), [b'{"a":1}', b'{"a":2}'], np.array([4, 4], np.uint64))
    old = overlay.view()
    overlay.append(_rows(70, 3), [b'{"a":3}', b"{}"], np.array([5, 5], np.uint64))
    overlay.kill(_rows(3, 50))
    new = overlay.view()

    assert [old.row(row) for row in (7, 70, 3)] == [0, 1, -1]
    assert [new.row(row) for row in (7, 70)] == [0, 2]
    assert unpack_rows(old.alive).tolist() == [0, 1]
    assert unpack_rows(new.alive).tolist() == [0, 2]
    assert unpack_rows(new.stale).tolist() == [3, 7, 70]
    assert new.alive_count == 2
    assert overlay.view() is new

    store = MemoryStore()
    write_overlay(store, "o", new)
    again = read_overlay(store, "o", 100, {}).view()
    assert again.targets.tolist() == [7, 70]
    assert again.versions.tolist() == [4, 5]
    assert [again.payloads[again.row(row)] for row in (7, 70)] == [b'{"a":1}', b'{"a":3}']
