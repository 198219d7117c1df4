"""Categories that users teach: found in people never named, kept with everybody, taken back without a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from apps.mention.memory import Memory, Mention, is_best, is_likely
from apps.mention.memory.teaching.head import fit
from apps.mention.sentence import MarkedSentence
from tests.apps.mention.fakes import HashedWords, WordCategories
from tests.apps.mention.oracle import assert_follows

COOKS = [Mention(f"Cook Of{c}", f"Cook Of{c} baked bread, cake and soup in a kitchen {c}.", 0, 8) for c in "abcdef"]
SAILORS = [Mention(f"Mate Of{c}", f"Mate Of{c} sailed a ship over sea and storm {c}.", 0, 8) for c in "abcdef"]
EVERYBODY = [*COOKS, *SAILORS]
COOKING = "taught:cook"


@pytest.fixture
def crowd(memory: Memory) -> Memory:
    memory.remember_many(EVERYBODY)
    return memory


def chances(memory: Memory, category: str = COOKING) -> dict[str, float]:
    """What is stored of everybody."""
    return {
        person.entity: {one.key: one.probability for one in person.categories}.get(category, 0.0)
        for person in memory.entities(limit=100)
    }


def test_a_few_examples_are_enough(crowd: Memory, client: QdrantClient, prefix: str) -> None:
    lesson = crowd.teach("cook", [one.entity for one in COOKS[:2]])
    assert (lesson.category, lesson.name, lesson.examples) == (COOKING, "cook", ("Cook Ofa", "Cook Ofb"))
    found = chances(crowd)
    assert min(found[one.entity] for one in COOKS) > 0.5 > max(found[one.entity] for one in SAILORS)
    assert {one.entity for one in crowd.holders("cook", 6)} == {one.entity for one in COOKS}
    described = {one.key: one for one in crowd.describe("Cook Off").categories}[COOKING]
    assert (described.name, described.facet) == ("cook", "taught")
    assert described.probability == pytest.approx(found["Cook Off"], abs=1e-3)
    assert described.speakers[0][1] > 0
    wanted = models.Filter(must=[is_best("taught", "cook"), is_likely(COOKING, 0.5)])
    assert {one.entity for one in crowd.like("Mate Ofa", wanted)} == {one.entity for one in COOKS}
    assert crowd.facets(models.Filter(must=[is_likely(COOKING)]))["taught"] == {"cook": 6}
    assert_follows(client, prefix)


def test_who_comes_later_is_asked_too(crowd: Memory) -> None:
    crowd.teach("cook", [COOKS[0].entity])
    crowd.remember("Bo", "Bo baked bread, cake and soup in a kitchen.", (0, 2))
    assert chances(crowd)["Bo"] > 0.5
    first, second = "Bo sailed the sea in a storm, and a ship.", "The ship of Bo sailed in a storm at sea."
    crowd.remember("Bo", first, (0, 2))
    crowd.remember("Bo", second, (12, 14))
    assert chances(crowd)["Bo"] < 0.5
    speakers = {one.key: one for one in crowd.describe("Bo").categories}[COOKING].speakers
    assert speakers[0][0].text.startswith("Bo baked")
    assert speakers[-1][1] < 0 < speakers[0][1]


def test_sentences_and_counter_examples(crowd: Memory) -> None:
    said = MarkedSentence("Zed baked a cake.", 0, 3)
    lesson = crowd.teach("cook", [said, COOKS[0].entity], [SAILORS[0].entity, MarkedSentence("Zed sailed.", 0, 3)])
    assert lesson.examples == ("Zed baked a cake.", "Cook Ofa")
    assert lesson.counter_examples == ("Mate Ofa", "Zed sailed.")
    found = chances(crowd)
    assert min(found[one.entity] for one in COOKS) > max(found[one.entity] for one in SAILORS)


def test_taught_anew_and_taken_back(crowd: Memory, client: QdrantClient, prefix: str) -> None:
    before = crowd.entities(limit=100), crowd.facets()
    crowd.teach("cook", [SAILORS[0].entity])
    crowd.teach(" cook ", [COOKS[0].entity])
    crowd.teach("occ:SAILOR", [SAILORS[0].entity])
    assert chances(crowd)["Cook Ofc"] > 0.5 > chances(crowd)["Mate Ofc"]
    assert chances(crowd, "occ:SAILOR")["Mate Ofc"] > 0.5
    assert [one.category for one in crowd.lessons()] == ["occ:SAILOR", COOKING]
    assert crowd.size().categories == 2
    crowd.forget_category("occ:SAILOR")
    assert [one.category for one in crowd.lessons()] == [COOKING]
    crowd.forget_category("cook")
    assert (crowd.entities(limit=100), crowd.facets()) == before
    assert COOKING not in {one.key for one in crowd.describe("Cook Ofa", 1_000).categories}
    assert_follows(client, prefix)


def test_another_process_hears_of_it(crowd: Memory, client: QdrantClient, prefix: str) -> None:
    other = Memory(client, HashedWords(), WordCategories(), prefix)
    assert other.size().categories == 0
    crowd.teach("cook", [COOKS[0].entity])
    assert COOKING in {one.key for one in other.describe("Cook Ofb").categories}
    other.remember("Bo", "Bo baked bread, cake and soup in a kitchen.", (0, 2))
    assert chances(crowd)["Bo"] > 0.5


def test_a_head_is_the_minimum_of_its_loss() -> None:
    chance = np.random.default_rng(3)
    rows = chance.standard_normal((60, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    groups = rows[:5], rows[5:12], rows[12:]
    head = fit(*groups)

    def loss(weights: Any, bias: float) -> float:
        total = 0.0
        for group, sign, share in zip(groups, (1, -1, -1), (0.5, 0.25, 0.25), strict=True):
            odds = sign * (group.astype(float) @ weights + bias)
            total += 40.0 * share * float(np.log1p(np.exp(-odds)).mean())
        return total + 0.5 * float(weights @ weights) + 0.5e-3 * bias * bias

    least = loss(head.weights.astype(float), head.bias)
    for _ in range(40):
        step = chance.standard_normal(9) * 0.05
        assert loss(head.weights + step[:8], head.bias + step[8]) > least


def test_one_example_and_one_other_are_enough() -> None:
    rows = np.eye(3, dtype=np.float32)
    none = np.zeros((0, 3), np.float32)
    for head in (fit(rows[:1], rows[1:], none), fit(rows[:1], none, rows[1:])):
        odds = rows @ head.weights + head.bias
        assert odds[0] > 0 > odds[1:].max()
