"""The ladder, rung by rung."""

import pytest
from msgspec.structs import replace

from tamis.search.cost import Cost
from tamis.search.planner import Situation, beam_of, choose

COST = Cost(
    scan_base=1, scan_slope=0.1, code_base=1, code_slope=0.03, product_base=1, product_slope=0.02,
    tile_base=0.5, tile_slope=0.005,
    visit_base=20, visit_slope=0.05, list_ns=40,
)  # fmt: skip
NOW = Situation(rows=100_000, matches=20_000, limit=10, beam=64, size=128, degree=25)


@pytest.mark.parametrize(
    ("change", "strategy", "reason"),
    [
        ({"matches": 0}, "empty", "nothing matches"),
        ({"exact": True}, "scan", "exact was asked for"),
        ({"degree": None}, "scan", "has no graph"),
        ({"degree": None, "indexed_only": True}, "skipped", "indexed_only"),
        ({"beam": 3_000, "beam_max": 2_048}, "scan", "wider than a walk can be"),
        ({"beam": 3_000, "beam_max": 2_048, "indexed_only": True}, "scan", "wider than a walk can be"),
        ({"matches": 100_000}, "walk", "everything matches"),
        ({"matches": 64}, "scan", "max(beam, 4 · limit)"),
        ({"matches": 4_000, "limit": 1_000}, "scan", "max(beam, 4 · limit)"),
        ({"matches": 3_000}, "scan", "within two hops"),
        ({"matches": 3_000, "coded": True}, "scan_codes", "within two hops"),
        ({"matches": 3_300}, "scan", "scan predicted"),
        ({"matches": 8_000}, "scan", "scan predicted"),
        ({"matches": 12_000}, "walk_filtered", "walk predicted"),
        ({"matches": 8_000, "coded": True}, "scan_codes", "scan predicted"),
        ({"matches": 64, "coded": True}, "scan", "max(beam, 4 · limit)"),
        ({"matches": 20_000, "shared": 100}, "scan", "scan predicted"),
        ({"matches": 45_000, "shared": 100}, "walk_filtered", "walk predicted"),
        ({"matches": 45_000, "shared": 100, "coded": True}, "scan_codes", "scan predicted"),
        ({"matches": 90_000}, "walk_filtered", "walk predicted"),
        ({}, "walk_filtered", "walk predicted"),
    ],
)
def test_every_rung(change: dict[str, object], strategy: str, reason: str) -> None:
    choice = choose(replace(NOW, **change), COST)  # type: ignore[arg-type]
    assert choice.strategy == strategy
    assert reason in choice.reason


def test_the_budget_is_the_cost_of_the_scan() -> None:
    choice = choose(NOW, COST)
    assert choice.beam == 90  # 64, and half of that for the four fifths that do not match
    visits = 90 * 38  # of the 48 that an expansion may score
    walk_ns = 90 * 48 / 5 * COST.list_ns + visits * COST.visit_ns(128)
    assert choice.budget * walk_ns / visits == pytest.approx(20_000 * COST.scan_ns(128), rel=0.01)


def test_exact_wins_over_indexed_only_and_empty_over_all() -> None:
    assert choose(replace(NOW, degree=None, indexed_only=True, exact=True), COST).strategy == "scan"
    assert choose(replace(NOW, matches=0, exact=True), COST).strategy == "empty"


@pytest.mark.parametrize(
    ("asked", "calibrated", "limit", "beam"),
    [(None, 64, 10, 64), (None, 64, 100, 150), (12, 64, 10, 12), (5, 64, 10, 10)],
)
def test_beam(asked: int | None, calibrated: int, limit: int, beam: int) -> None:
    assert beam_of(asked, calibrated, limit) == beam


def test_an_asked_beam_is_not_widened() -> None:
    assert choose(replace(NOW, asked=True), COST).beam == 64
    assert choose(replace(NOW, beam=2_000, beam_max=2_048, matches=99_000, size=4_096), COST).beam == 2_010
    assert choose(replace(NOW, beam=2_048, beam_max=2_048, matches=99_000, size=4_096), COST).beam == 2_048
