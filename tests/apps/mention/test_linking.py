"""Who is meant: by the name who it can be, by the sentence who it is, and nobody where it is a stranger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from qdrant_client import QdrantClient

from apps.mention.memory import Memory, MemoryRejected, Mention
from apps.mention.memory.linker import Evidence, Weights, scores
from apps.mention.memory.mentions import LISTENED_MAX
from apps.mention.sentence import SentenceRejected

BACHS = (
    Mention("Johann Sebastian Bach", "Johann Sebastian Bach played the organ in Leipzig.", 0, 21),
    Mention("Johann Sebastian Bach", "The cantor Bach taught counterpoint in Leipzig.", 11, 15),
    Mention("Johann Christian Bach", "Johann Christian Bach gave concerts in London.", 0, 21),
    Mention("P. D. Q. Bach", "P. D. Q. Bach is a joke about music.", 0, 13),
)
STRANGE = "Ann Nobody fixed my bicycle on Tuesday."


@dataclass(frozen=True)
class Named:
    text: str
    start: int
    end: int
    offset: int


class Capitals:
    """Finds the word Bach, wherever it stands, and says nonsense about the first word."""

    def find(self, text: str) -> list[Named]:
        found = [Named(text[:9], 3, 3, 0)]
        offset = 0
        for sentence in text.split("\n"):
            if "Bach" in sentence:
                start = sentence.index("Bach")
                found.append(Named(sentence, start, start + 4, offset))
            offset += len(sentence) + 1
        return found


def best(memory: Memory, text: str, name: str) -> str | None:
    start = text.index(name)
    found = memory.link(text, (start, start + len(name)))
    return found[0].entity if found else None


def named(memory: Memory, name: str) -> set[str]:
    """Everybody who can be called so, whatever the sentence."""
    return {one.entity for one in memory.link(f"{name} played the organ.", (0, len(name)), limit=1_000)}


def test_the_sentence_tells_two_of_one_name_apart(memory: Memory) -> None:
    memory.remember_many(BACHS)
    assert best(memory, "Bach played the organ and taught counterpoint in Leipzig.", "Bach") == "Johann Sebastian Bach"
    assert best(memory, "The concerts that Bach gave in London.", "Bach") == "Johann Christian Bach"
    found = memory.link("Bach played the organ in Leipzig.", (0, 4))
    assert found[0].mentions[0] == BACHS[0]
    assert all(one.mentions[0].entity == one.entity for one in found if one.mentions)
    assert sum(one.score for one in found) < 1
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert len(memory.link("Bach played the organ in Leipzig.", (0, 4), limit=1)) == 1


def test_the_name_tells_who_it_can_be(memory: Memory) -> None:
    memory.remember_many(BACHS)
    elder, younger, joke = "Johann Sebastian Bach", "Johann Christian Bach", "P. D. Q. Bach"
    assert named(memory, "Bach") == {elder, younger, joke}
    assert named(memory, "J. S. Bach") == {elder}
    assert named(memory, "Johann Bach") == {elder, younger}
    assert named(memory, "P. D. Q. Bach") == {joke, elder}  # whose mention calls him Bach and nothing else
    assert named(memory, "Anna Magdalena Bach") == {elder}
    assert named(memory, "Sebastian") == {elder}


def test_nobody(memory: Memory) -> None:
    assert memory.link(STRANGE, (0, 10)) == []
    memory.remember_many(BACHS)
    assert memory.link(STRANGE, (0, 10)) == []
    assert memory.link("Bach fixed bicycles on every Tuesday, cheap, fast, friendly.", (0, 4)) == []


def test_a_name_that_only_an_old_mention_has(memory: Memory) -> None:
    old = Mention("Q1", "Amandine sang in Lyon.", 0, 8, date="1830-01-01")
    new = [Mention("Q1", f"Sand sang song number {n}.", 0, 4, date="1840-01-01") for n in range(LISTENED_MAX)]
    memory.remember_many([old, *new])
    assert best(memory, "Amandine sang in Lyon.", "Amandine") == "Q1"


def test_a_text_is_read(memory: Memory, client: QdrantClient) -> None:
    memory.remember_many(BACHS)
    text = "Bach played the organ in Leipzig.\nNothing here.\nIn London Bach gave concerts."
    first, second = memory.read(text, Capitals())
    assert (first.candidates[0].entity, second.candidates[0].entity) == (
        "Johann Sebastian Bach",
        "Johann Christian Bach",
    )
    assert [text[slice(*one.span)] for one in (first, second)] == ["Bach", "Bach"]
    assert second.sentence.text == "In London Bach gave concerts."
    assert memory.size().mentions == len(BACHS)
    read = memory.read(text, Capitals(), remember=True, source="a book")
    sure = [one for one in read if one.candidates and one.candidates[0].score >= 0.8]
    assert memory.size().mentions == len(BACHS) + len(sure)
    assert memory.forget(source="a book") == len(sure) > 0
    assert memory.read("", Capitals()) == []


def test_a_long_sentence_is_cut_around_the_name(memory: Memory) -> None:
    memory.remember_many(BACHS)
    text = "word " * 3_000 + "Bach played the organ." + " word" * 3_000
    (found,) = memory.read(text, Capitals())
    assert found.sentence.surface == text[slice(*found.span)] == "Bach"
    assert found.sentence.text in text


def test_what_cannot_be_linked_is_refused(memory: Memory) -> None:
    for text, span in (("", (0, 1)), ("Bach", (0, 5)), ("Bach", (2, 2)), ("Bach", (-1, 2)), ("x" * 1_000_000, (0, 1))):
        with pytest.raises(SentenceRejected):
            memory.link(text, span)
    for limit in (0, -1, 1_001, True):
        with pytest.raises(MemoryRejected, match="limit"):
            memory.link("Bach sang.", (0, 4), limit)
    with pytest.raises(MemoryRejected, match="200,000"):
        memory.read("x" * 200_001, Capitals())


def test_each_sign_counts() -> None:
    def shares(similarities: list[float], likeness: list[float], mentions: list[float]) -> list[float]:
        voters = np.arange(len(similarities)) % 2
        evidence = Evidence(np.array(similarities), voters, np.array(likeness), np.array(mentions))
        return scores(evidence, Weights()).tolist()

    equal = shares([0.5, 0.5], [0.3, 0.3], [4, 4])
    assert equal[0] == equal[1]
    for better in (
        ([0.6, 0.5], [0.3, 0.3], [4, 4]),
        ([0.5, 0.5], [0.4, 0.3], [4, 4]),
        ([0.5, 0.5], [0.3, 0.3], [9, 4]),
    ):
        first, second = shares(*better)
        assert first > equal[0] > second
    assert sum(shares([0.5, 0.5], [-1.0, -1.0], [1, 1])) < 0.01
    assert shares([], [1.0, 0.1], [20, 1])[0] > 0.9


def test_only_the_nearest_mentions_of_each_vote() -> None:
    many = Evidence(np.array([0.9, 0.8, 0.7, *[0.0] * 50]), np.zeros(53, np.int64), np.array([0.5]), np.array([53.0]))
    few = Evidence(np.array([0.9, 0.8, 0.7]), np.zeros(3, np.int64), np.array([0.5]), np.array([53.0]))
    np.testing.assert_allclose(scores(many, Weights()), scores(few, Weights()))
