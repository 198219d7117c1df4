"""Anything in any order, in two memories of one place: every answer is what a dict of the mentions gives."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.mention.memory import Memory, Mention, UnknownCategory, UnknownEntity, UnknownMention
from tamis.qdrant import TamisClient
from tests.apps.mention.fakes import HashedWords, WordCategories
from tests.apps.mention.oracle import assert_same, due, sayings, stored

MENTIONS = [mention for letter in "abc" for mention in sayings(f"Ann Of{letter}", 5, seed=ord(letter))]
SOURCES = sorted({mention.source for mention in MENTIONS})
ENTITIES = sorted({mention.entity for mention in MENTIONS})
mentions = st.sampled_from(MENTIONS)
memories = st.integers(0, 1)


class AgainstADict(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.client = TamisClient(":memory:")
        self.memories = [Memory(self.client, HashedWords(), WordCategories()) for _ in range(2)]
        self.model: dict[str, Mention] = {}
        self.taught: set[str] = set()

    def teardown(self) -> None:
        self.client.close()

    @rule(one=mentions, who=memories)
    def remember(self, one: Mention, who: int) -> None:
        span = one.start, one.end
        assert self.memories[who].remember(one.entity, one.text, span, one.source, one.date) == one.id
        self.model[one.id] = one

    @rule(some=st.lists(mentions, max_size=8), who=memories)
    def remember_many(self, some: list[Mention], who: int) -> None:
        assert self.memories[who].remember_many(some) == [one.id for one in some]
        self.model |= {one.id: one for one in some}

    @rule(one=mentions, who=memories)
    def forget(self, one: Mention, who: int) -> None:
        if one.id in self.model:
            assert self.memories[who].forget(one.id) == 1
            del self.model[one.id]
        else:
            with pytest.raises(UnknownMention):
                self.memories[who].forget(one.id)

    @rule(entity=st.sampled_from([None, *ENTITIES]), source=st.sampled_from([None, *SOURCES]), who=memories)
    def forget_all(self, entity: str | None, source: str | None, who: int) -> None:
        if entity is None and source is None:
            return
        if entity is not None and entity not in due(self.model.values()):
            with pytest.raises(UnknownEntity):
                self.memories[who].forget(entity=entity, source=source)
            return
        gone = [id for id, one in self.model.items() if entity in (None, one.entity) and source in (None, one.source)]
        assert self.memories[who].forget(entity=entity, source=source) == len(gone)
        for id in gone:
            del self.model[id]

    @rule(name=st.sampled_from(["singer", "host"]), entity=st.sampled_from(ENTITIES), who=memories)
    def teach(self, name: str, entity: str, who: int) -> None:
        known = due(self.model.values())
        if entity in known and len(known) > 1:
            self.memories[who].teach(name, [entity])
            self.taught.add(name)

    @rule(name=st.sampled_from(["singer", "host"]), who=memories)
    def forget_category(self, name: str, who: int) -> None:
        if name in self.taught:
            self.memories[who].forget_category(name)
            self.taught.remove(name)
        else:
            with pytest.raises(UnknownCategory):
                self.memories[who].forget_category(name)

    @invariant()
    def follows(self) -> None:
        wanted = due(self.model.values())
        assert_same(stored(self.client, ""), wanted)
        for memory in self.memories:
            size = memory.size()
            assert (size.mentions, size.entities) == (len(self.model), len(wanted))
            assert {lesson.name for lesson in memory.lessons()} == self.taught
        page, _ = self.client.scroll("entities", limit=100, with_payload=True)
        heads = {told["heads"] for record in page if (told := record.payload)}
        assert len(heads) <= 1, "some were not asked a category"
        for told in [record.payload or {} for record in page]:
            own = {name for name in told["probabilities"] if name.startswith("taught:")}
            assert own <= {f"taught:{name}" for name in self.taught}

    @invariant()
    def described(self) -> None:
        for entity, (count, _, likely) in due(self.model.values()).items():
            found = self.memories[0].describe(entity, limit=100)
            assert found.mentions == count
            own = {one.key: one.probability for one in found.categories if one.facet != "taught"}
            assert own == pytest.approx(likely, abs=1e-3)


def test_every_answer_equals_the_dict() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        AgainstADict,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
