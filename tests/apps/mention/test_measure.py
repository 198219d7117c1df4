"""The tables of figures: made of the questions they say, by memories small enough to know the answers."""

from __future__ import annotations

import numpy as np
import pytest

from apps.mention.measure import linking, teaching, times
from apps.mention.measure.linking import _Asked, fitted
from apps.mention.memory import Memory, Mention
from tamis.qdrant import TamisClient
from tests.apps.mention.fakes import HashedWords, WordCategories

TRADES = {"Cook": "baked bread, cake and soup", "Mate": "sailed a ship over the sea", "Bard": "sang a song of old"}


def said(given: str, number: int) -> Mention:
    name = f"{given} Smith"
    return Mention(name, f"{name} {TRADES[given]}, part {number}.", 0, len(name), f"book {number}")


def cells(table: object, column: int) -> list[str]:
    return list(table.columns[column].cells)  # type: ignore[attr-defined]


def test_linking_finds_who_is_told_apart_by_the_words() -> None:
    with TamisClient(":memory:") as client:
        memory = Memory(client, HashedWords(), WordCategories())
        table = linking(memory, [said(given, number) for given in TRADES for number in range(10)])
        assert cells(table, 0) == ["as shipped", "fitted to these"]
        asked = int(cells(table, 1)[0]) + int(cells(table, 5)[0])
        assert asked == 6
        assert cells(table, 2)[1] == cells(table, 3)[1] == "100.0"
        assert memory.size().entities == int(cells(table, 1)[0]) // 2


def test_times_are_of_the_calls_named() -> None:
    with TamisClient(":memory:") as client:
        table = times(client, 200, 6)
        assert cells(table, 0)[0] == "remember"
        assert all(float(cell.removesuffix(" s")) >= 0 for cell in cells(table, 1))
        assert client.count("measure-mentions").count > 200


def test_teaching_is_perfect_where_words_tell_all() -> None:
    people = [
        Mention(f"{given} {number}", f"{given} {TRADES[given]}, part {number}.", 0, 4)
        for given in TRADES
        for number in range(5)
    ]
    labels = {one.entity: [f"trade:{one.entity.split()[0]}"] for one in people}
    with TamisClient(":memory:") as client:
        memory = Memory(client, HashedWords(), WordCategories())
        memory.remember_many(people)
        table = teaching(memory, labels, ["trade:Cook", "trade:Bard"], repeats=2)
        assert cells(table, 1) == ["5", "5"]
        assert cells(table, 2) == ["33.3", "33.3"]
        assert cells(table, 4) == ["100.0", "100.0"]  # three examples
        assert cells(table, 6) == ["", ""]  # there are no ten
        assert memory.lessons() == []


def test_weights_are_fitted_to_what_tells() -> None:
    chance = np.random.default_rng(2)
    rows = []
    for _ in range(300):
        traits = chance.standard_normal((4, 3))
        odds = np.append(traits @ np.array([2.0, 0.0, -1.0]), 0.5)
        shares = np.exp(odds) / np.exp(odds).sum()
        rows.append(_Asked(traits, int(chance.choice(5, p=shares)), False))
    found = fitted(rows, 3)
    assert (found.votes, found.likeness, found.fame, found.nobody) == pytest.approx((2.0, 0.0, -1.0, 0.5), abs=0.4)
