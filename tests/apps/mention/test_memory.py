"""Remembering and forgetting: what is known of somebody follows from the mentions that there are, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from qdrant_client import QdrantClient, models

from apps.mention.memory import (
    Memory,
    Mention,
    OtherModel,
    UnknownEntity,
    UnknownMention,
    is_best,
    is_known,
    is_likely,
)
from apps.mention.memory.mentions import LISTENED_MAX
from tamis.qdrant import TamisClient
from tests.apps.mention.fakes import HashedWords, WordCategories
from tests.apps.mention.oracle import assert_follows, assert_same, kept, sayings, stored

BACH = Mention("Johann Sebastian Bach", "J. S. Bach wrote cantata, counterpoint, in Leipzig.", 0, 10, "a", "1740-01-01")
BACH_TOO = Mention("Johann Sebastian Bach", "In Leipzig Bach wrote a cantata each week.", 11, 15, "b", "1741-01-01")
CURIE = Mention("Marie Curie", "Physics, radium, light, magnetism: Marie Curie knew.", 35, 46, "a")
WOOLF = Mention("Virginia Woolf", "Her novel made Woolf a novelist whom London read.", 15, 20, "b")
ALL = [BACH, BACH_TOO, CURIE, WOOLF]


def test_a_person_is_described_by_the_mentions(memory: Memory, client: QdrantClient, prefix: str) -> None:
    first = memory.remember(BACH.entity, BACH.text, (0, 10), "a", "1740-01-01")
    assert first == BACH.id
    described = memory.describe(BACH.entity)
    assert described.mentions == 1
    best = described.categories[0]
    assert (best.key, best.name, best.facet) == ("occ:COMPOSER", "composer", "occ")
    assert best.speakers[0][0] == BACH
    assert best.speakers[0][1] > 0
    memory.remember_many([BACH_TOO, CURIE, WOOLF])
    assert memory.describe(BACH.entity).mentions == 2
    assert memory.mentions(BACH.entity) == [BACH_TOO, BACH]
    assert memory.mention(first) == BACH
    assert_follows(client, prefix)


def test_remembering_again_changes_nothing(memory: Memory, client: QdrantClient, prefix: str) -> None:
    ids = memory.remember_many(ALL)
    before = memory.size(), stored(client, prefix)
    assert memory.remember_many(reversed(ALL)) == ids[::-1]
    assert memory.remember(CURIE.entity, CURIE.text, (35, 46), "a") == CURIE.id
    assert (memory.size(), stored(client, prefix)) == before


def test_many_at_once_are_as_one_after_the_other(client: QdrantClient, prefix: str, memory: Memory) -> None:
    mentions = [mention for number in range(5) for mention in sayings(f"Ann Of{'abcde'[number]}", 4, seed=number)]
    told: list[tuple[int, int]] = []
    ids = memory.remember_many(iter(mentions), lambda *progress: told.append(progress))
    assert ids == [one.id for one in mentions]
    assert told[-1] == (20, 20)
    other = Memory(client, HashedWords(), WordCategories(), prefix + "one-")
    for one in mentions:
        other.remember(one.entity, one.text, (one.start, one.end), one.source)
    assert_same(stored(client, prefix), stored(client, prefix + "one-"))
    assert_follows(client, prefix)


def test_forgetting(memory: Memory, client: QdrantClient, prefix: str) -> None:
    memory.remember_many(ALL)
    assert memory.forget(BACH.id) == 1
    assert memory.describe(BACH.entity).mentions == 1
    assert_follows(client, prefix)
    assert memory.forget(source="a") == 1  # Curie's only one
    with pytest.raises(UnknownEntity, match="Marie Curie"):
        memory.describe("Marie Curie")
    assert memory.forget(entity="Virginia Woolf", source="nowhere") == 0
    assert memory.forget(entity="Virginia Woolf") == 1
    assert memory.forget(source="nobody said it") == 0
    assert {one.entity for one in memory.entities()} == {BACH.entity}
    assert_follows(client, prefix)
    assert memory.forget(entity=BACH.entity) == 1
    assert (memory.size().mentions, memory.size().entities) == (0, 0)


def test_of_very_many_mentions_the_newest_are_listened_to(memory: Memory, client: QdrantClient, prefix: str) -> None:
    old = [Mention("Ann Old", f"Ann Old sang jazz song {n}.", 0, 7, date=f"1900-01-{n % 28 + 1:02}") for n in range(30)]
    new = [Mention("Ann Old", f"Ann Old does physics, part {n}.", 0, 7, date="2000-01-01") for n in range(LISTENED_MAX)]
    undated = sayings("Bo New", LISTENED_MAX + 6, seed=3)
    memory.remember_many([*old, *new, *undated])
    assert_follows(client, prefix)
    assert memory.describe("Ann Old").mentions == LISTENED_MAX + 30
    assert "occ:PHYSICIST" in {one.key for one in memory.describe("Ann Old", limit=2).categories}
    memory.forget(new[0].id)
    assert_follows(client, prefix)
    assert memory.describe("Ann Old").mentions == LISTENED_MAX + 29


def test_a_memory_survives_a_restart(tmp_path: Path) -> None:
    with TamisClient(path=tmp_path / "m") as client:
        memory = Memory(client, HashedWords(), WordCategories())
        memory.remember_many(ALL)
        memory.teach("organist", [BACH.entity])
        before = [memory.describe(one) for one in ("Johann Sebastian Bach", "Marie Curie")]
    with TamisClient(path=tmp_path / "m") as client:
        again = Memory(client, HashedWords(), WordCategories())
        assert [again.describe(one) for one in ("Johann Sebastian Bach", "Marie Curie")] == before
        assert again.lessons()[0].name == "organist"


def test_a_memory_of_another_model_is_refused(memory: Memory, client: QdrantClient, prefix: str) -> None:
    class Renamed(HashedWords):
        name = "other words"

    class Longer(HashedWords):
        size = 32

    class Fewer(WordCategories):
        categories = WordCategories.categories[1:]

    for encoder, aggregator in ((Renamed(), WordCategories()), (Longer(), WordCategories()), (HashedWords(), Fewer())):
        with pytest.raises(OtherModel, match=f"{prefix}mentions"):
            Memory(client, encoder, aggregator, prefix)
    assert Memory(client, HashedWords(), WordCategories(), prefix + "b").size().mentions == 0


def test_two_prefixes_are_two_memories(memory: Memory, client: QdrantClient, prefix: str) -> None:
    memory.remember_many(ALL)
    other = Memory(client, HashedWords(), WordCategories(), prefix + "other.")
    assert other.size().mentions == 0
    assert other.link(BACH.text, (0, 10)) == []


def test_who_is_like_whom(memory: Memory) -> None:
    memory.remember_many([*ALL, Mention("Clara Schumann", "In Leipzig music Clara Schumann composed.", 17, 31)])
    like = memory.like(BACH.entity, limit=2)
    assert like[0].entity == "Clara Schumann"
    assert like[0].score > like[1].score
    assert BACH.entity not in {one.entity for one in memory.like(BACH.entity)}
    found = memory.like(BACH.entity, models.Filter(must=[is_best("occ", "PHYSICIST")]))
    assert [one.entity for one in found] == ["Marie Curie"]
    physicists = memory.like(BACH.entity, models.Filter(must=[is_likely("occ:PHYSICIST", 0.3)]))
    assert [one.entity for one in physicists] == ["Marie Curie"]
    assert memory.like(BACH.entity, models.Filter(must=[is_known(2)])) == []


def test_finding_people_and_counting_them(memory: Memory) -> None:
    memory.remember_many([*ALL, Mention("Q42", "Ångström read novels.", 0, 8)])
    assert [one.entity for one in memory.entities("b")] == ["Johann Sebastian Bach"]
    assert [one.entity for one in memory.entities("JOH bac")] == ["Johann Sebastian Bach"]
    assert [one.entity for one in memory.entities("angs")] == ["Q42"]
    assert memory.entities("zz") == []
    assert memory.entities()[0].entity == "Johann Sebastian Bach"  # mentioned most often
    assert len(memory.entities(limit=2)) == 2
    everybody = memory.entities()
    assert len(everybody) == 4
    for facet, names in memory.facets().items():
        best = [next((one.key for one in person.categories if one.facet == facet), "") for person in everybody]
        assert {f"{facet}:{name}": count for name, count in names.items()} == Counter(filter(None, best))
    physicists = memory.facets(models.Filter(must=[is_best("occ", "PHYSICIST")]))
    assert physicists["occ"] == {"PHYSICIST": memory.facets()["occ"]["PHYSICIST"]}


def test_who_is_unknown(memory: Memory) -> None:
    memory.remember_many(ALL)
    for ask in (memory.describe, memory.mentions, memory.like, lambda name: memory.forget(entity=name)):
        with pytest.raises(UnknownEntity, match="'Nobody'"):
            ask("Nobody")
    for id in ("Nobody", "5f0f1f6c-6d2b-4b27-9a53-0f6b3d6f2c11", ""):
        for call in (memory.forget, memory.mention):
            with pytest.raises(UnknownMention):
                call(id)


def test_a_killed_writer_is_made_good(memory: Memory, client: QdrantClient, prefix: str) -> None:
    memory.remember_many(ALL)
    client.delete(f"{prefix}mentions", points_selector=[BACH.id, CURIE.id], wait=True)  # and died before aggregating
    memory.refresh([BACH.entity, CURIE.entity])
    assert_follows(client, prefix)
    assert len(kept(client, prefix)) == 2
