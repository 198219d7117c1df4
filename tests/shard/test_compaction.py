"""The policy of rewriting: what it chooses, and that it ends."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from tamis.shard.compaction import JobKind, Limits, Piece, plan


def deserves(present: Mapping[str, int]) -> frozenset[str]:
    return frozenset(name for name, rows in present.items() if rows >= 1_000)


LIMITS = Limits(rows_max=20_000, deserves=deserves)


def piece(name: str, rows: int, *, alive: int | None = None, overlay: int = 0, graph: bool | None = None) -> Piece:
    living = rows if alive is None else alive
    has = rows >= 1_000 if graph is None else graph
    return Piece(name, rows, living, {"": living}, frozenset([""] if has else []), overlay)


def test_small_ones_wait_until_they_deserve_a_graph() -> None:
    assert plan([piece("a", 400), piece("b", 400)], LIMITS) is None
    job = plan([piece("a", 400), piece("b", 400), piece("c", 300)], LIMITS)
    assert job is not None
    assert sorted(job.names) == ["a", "b", "c"]


def test_a_graph_is_built_anew_only_with_as_many_new_rows() -> None:
    grown = [piece("g", 4_000), piece("a", 600), piece("b", 700)]
    job = plan(grown, LIMITS)
    assert job is not None
    assert sorted(job.names) == ["a", "b"]
    job = plan([piece("g", 1_300), piece("a", 700), piece("b", 700)], LIMITS)
    assert job is not None
    assert sorted(job.names) == ["a", "b", "g"]


def test_deleted_rows_and_overlays() -> None:
    job = plan([piece("a", 5_000, alive=3_900)], LIMITS)
    assert job is not None
    assert job.kind is JobKind.MERGE
    assert plan([piece("a", 5_000, alive=4_100)], LIMITS) is None
    assert plan([piece("a", 900, alive=100)], LIMITS) is None
    job = plan([piece("a", 5_000, overlay=1_001)], LIMITS)
    assert job is not None
    assert job.kind is JobKind.FOLD
    assert plan([piece("a", 5_000, overlay=1_000)], LIMITS) is None
    job = plan([piece("a", 5_000, overlay=1)], LIMITS, full=True)
    assert job is not None
    assert job.kind is JobKind.FOLD


def test_optimizing_leaves_what_is_ten_times_larger() -> None:
    assert plan([piece("a", 10_000), piece("b", 900)], LIMITS, full=True) is None
    job = plan([piece("a", 9_000), piece("b", 900), piece("c", 100)], LIMITS, full=True)
    assert job is not None
    assert len(job.names) == 3


sizes = st.lists(st.tuples(st.integers(1, 15_000), st.floats(0.1, 1), st.integers(0, 50)), max_size=30)


@given(sizes=sizes, full=st.booleans())
def test_it_ends_and_keeps_every_point(sizes: list[tuple[int, float, int]], full: bool) -> None:
    pieces = {
        f"p{i}": piece(f"p{i}", rows, alive=max(1, int(rows * share)), overlay=overlay, graph=False)
        for i, (rows, share, overlay) in enumerate(sizes)
    }
    total = sum(p.alive for p in pieces.values())
    for step in range(200):
        job = plan(list(pieces.values()), LIMITS, full=full)
        if job is None:
            break
        taken = [pieces.pop(name) for name in job.names]
        rows = sum(p.alive for p in taken)
        assert len(taken) == 1 or rows <= LIMITS.rows_max
        if job.kind is JobKind.FOLD:
            rows, alive = taken[0].rows, taken[0].alive
            pieces[f"m{step}"] = Piece(f"m{step}", rows, alive, taken[0].present, taken[0].graphs)
        else:
            pieces[f"m{step}"] = piece(f"m{step}", rows)
    else:
        raise AssertionError("it never ends")
    assert sum(p.alive for p in pieces.values()) == total
    for p in pieces.values():
        assert p.alive < 1_000 or p.graphs
        assert not full or not p.overlay_rows
    if full:
        assert len(pieces) <= total // (LIMITS.rows_max // 2) + 6
