"""A few schedules of the simulation; `python -m tests.cluster.simulation --schedules 2000` plays many."""

from __future__ import annotations

import pytest

from tests.cluster.simulation import Faults, play

TROUBLED = (3, 5, 8, 15, 58, 69, 101, 198, 239, 301, 489, 1955)  # seeds that found something once


@pytest.mark.parametrize("seed", TROUBLED)
def test_what_was_acknowledged_is_there_once_and_all_replicas_agree(seed: int) -> None:
    play(seed)


@pytest.mark.parametrize("seed", range(10_000, 10_006))
def test_many_nodes_and_a_store_that_often_fails(seed: int) -> None:
    play(seed, nodes=5, actions=12, faults=Faults(refused=0.04, unanswered=0.04, late=0.04, kill=0.01, sleep=0.03))
