"""Writers at the same moment: whatever comes between a look and a write, each entity ends as its mentions make it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qdrant_client import QdrantClient

from apps.mention.memory import Memory, Mention, UnknownEntity, Unsettled, aggregation
from apps.mention.model.aggregate import Aggregate
from tests.apps.mention.fakes import HashedWords, WordCategories
from tests.apps.mention.oracle import assert_follows, kept, sayings, stored
from tests.server.conftest import Served

ANN = "Ann Organ"
FIRST, SECOND, THIRD = sayings(ANN, 3, seed=1)
OTHER = sayings("Bo Novel", 2, seed=2)


class Interrupted(WordCategories):
    """Somebody else does something while this aggregates: after the look, before the write."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def aggregate(self, mentions: NDArray[np.float32]) -> Aggregate:
        found = super().aggregate(mentions)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return found


@pytest.fixture
def other(memory: Memory, client: QdrantClient, prefix: str) -> Memory:
    """Another process with the same memory, as far as locks go."""
    return Memory(client, HashedWords(), WordCategories(), prefix)


@pytest.fixture
def interrupted() -> Interrupted:
    return Interrupted()


@pytest.fixture
def slow(memory: Memory, client: QdrantClient, prefix: str, interrupted: Interrupted) -> Memory:
    """The same memory, held by somebody who is interrupted."""
    return Memory(client, HashedWords(), interrupted, prefix)


def test_a_mention_that_comes_between(
    slow: Memory, other: Memory, interrupted: Interrupted, client: QdrantClient, prefix: str
) -> None:
    interrupted.meanwhile = [lambda: other.remember_many([SECOND])]
    slow.remember_many([FIRST])
    assert other.describe(ANN).mentions == 2
    assert_follows(client, prefix)


def test_mentions_that_keep_coming_between(
    slow: Memory, other: Memory, interrupted: Interrupted, client: QdrantClient, prefix: str
) -> None:
    interrupted.meanwhile = [lambda one=one: other.remember_many([one]) for one in sayings(ANN, 7, seed=5)]
    slow.remember_many([FIRST, *OTHER])
    assert other.describe(ANN).mentions == 8
    assert_follows(client, prefix)


def test_a_mention_that_goes_between(
    slow: Memory, other: Memory, interrupted: Interrupted, client: QdrantClient, prefix: str
) -> None:
    other.remember_many([FIRST, SECOND])
    interrupted.meanwhile = [lambda: other.forget(FIRST.id)]
    slow.remember_many([THIRD])
    assert_follows(client, prefix)
    interrupted.meanwhile = [lambda: other.forget(entity=ANN)]
    slow.remember_many([FIRST])
    assert_follows(client, prefix)
    with pytest.raises(UnknownEntity):
        other.describe(ANN)


def test_what_comes_and_goes_between_leaves_the_same_mentions_and_another_entity(
    slow: Memory, other: Memory, interrupted: Interrupted, client: QdrantClient, prefix: str
) -> None:
    """The stored revision is the same before and after: who only compares it would write what is no longer true."""
    other.remember_many([FIRST])
    interrupted.meanwhile = [lambda: other.forget(SECOND.id)]
    slow.remember_many([SECOND])
    assert {one.id for one in kept(client, prefix)} == {FIRST.id}
    assert_follows(client, prefix)


def test_an_entity_that_comes_back_while_it_is_removed(
    memory: Memory, other: Memory, client: QdrantClient, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.remember_many([FIRST])
    removing = client.delete
    meanwhile = [lambda: other.remember_many([SECOND])]

    def interrupted(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == f"{prefix}entities" and meanwhile:
            meanwhile.pop()()
        return removing(name, *args, **kwargs)

    monkeypatch.setattr(client, "delete", interrupted)
    memory.forget(FIRST.id)
    assert other.entities()[0].mentions == 1
    assert_follows(client, prefix)


def test_a_category_that_is_taught_between(
    slow: Memory, other: Memory, interrupted: Interrupted, client: QdrantClient, prefix: str
) -> None:
    other.remember_many([*OTHER, FIRST])
    interrupted.meanwhile = [lambda: other.teach("organist", [ANN])]
    slow.remember_many([SECOND])
    asked = {person.entity: {one.name for one in person.categories} for person in other.entities()}
    assert "organist" in asked[ANN]
    interrupted.meanwhile = [lambda: other.forget_category("organist")]
    slow.remember_many([THIRD])
    assert all("organist" not in {one.name for one in person.categories} for person in other.entities())
    assert_follows(client, prefix)


def test_a_mention_that_comes_while_everybody_is_asked_a_category(
    memory: Memory, other: Memory, client: QdrantClient, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.remember_many([FIRST, *OTHER])
    changing = client.upsert
    meanwhile = [lambda: other.remember_many([SECOND]), lambda: other.forget(entity=OTHER[0].entity)]

    def interrupted(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == f"{prefix}entities":
            while meanwhile:
                meanwhile.pop()()
        return changing(name, *args, **kwargs)

    monkeypatch.setattr(client, "upsert", interrupted)
    memory.teach("organist", [ANN])
    assert not meanwhile
    assert_follows(client, prefix)
    assert "organist" in {one.name for one in memory.holders("organist", 1)[0].categories}


def test_somebody_who_never_stops_is_told_of(
    slow: Memory, other: Memory, interrupted: Interrupted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregation, "_ROUNDS_MAX", 4)
    interrupted.meanwhile = [lambda one=one: other.remember_many([one]) for one in sayings(ANN, 5, seed=7)]
    with pytest.raises(Unsettled, match="'Ann Organ'"):
        slow.remember_many([FIRST])
    interrupted.meanwhile = []
    slow.refresh([ANN])
    assert other.describe(ANN).mentions == other.entities()[0].mentions


def test_threads(memory: Memory, other: Memory, client: QdrantClient, prefix: str) -> None:
    people = [sayings(f"Ann Of{letter}", 12, seed=ord(letter)) for letter in "abc"]

    def work(number: int) -> None:
        mine = (memory, other)[number % 2]
        for person in people:
            mine.remember_many(person[number * 3 : number * 3 + 3])
            mine.forget(person[number * 3].id)
            mine.describe(person[0].entity)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(kept(client, prefix)) == 3 * 8
    assert_follows(client, prefix)


WRITER = """
import sys
from qdrant_client import QdrantClient
from apps.mention.memory import Memory
from tests.apps.mention.fakes import HashedWords, WordCategories
from tests.apps.mention.oracle import sayings
url, prefix, number = sys.argv[1:]
memory = Memory(QdrantClient(url=url, trust_env=False), HashedWords(), WordCategories(), prefix)
print("ready", flush=True)
sys.stdin.readline()
for round in range(4):
    for letter in "ab":
        mine = sayings(f"Ann Of{letter}", 6, seed=round * 10 + int(number))
        memory.remember_many(mine[:4])
        memory.remember(mine[4].entity, mine[4].text, (mine[4].start, mine[4].end), mine[4].source)
        memory.forget(mine[round % 4].id)
"""


def test_processes_over_one_server(running: Served, prefix: str) -> None:
    command = [sys.executable, "-c", WRITER, running.url, prefix]
    writers = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        for writer in writers:
            writer.communicate(timeout=120)
            assert writer.returncode == 0
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    client = QdrantClient(url=running.url, trust_env=False)
    assert len(kept(client, prefix)) == 2 * 2 * 4 * 4
    assert {entity: told[0] for entity, told in stored(client, prefix).items()} == {"Ann Ofa": 32, "Ann Ofb": 32}
    assert_follows(client, prefix)
    client.close()


def test_processes_that_begin_at_once_make_one_memory(client: QdrantClient, prefix: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: Memory(client, HashedWords(), WordCategories(), prefix), range(4)))
    made[0].remember_many([Mention("Ann", "Ann sang.", 0, 3)])
    assert made[3].describe("Ann").mentions == 1
