"""A memory with a few people of the sample, and the page over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from apps.mention.memory import Memory, Mention
from apps.mention.page.application import application
from apps.mention.sample import sample
from tamis.qdrant import TamisClient
from tests.apps.mention.fakes import WEIGHTS, GivenNames, HashedWords, WordCategories

__all__ = ["NAMES", "PEOPLE", "filled", "over"]

PEOPLE = (
    "Johann Sebastian Bach",
    "Carl Philipp Emanuel Bach",
    "Marie Curie",
    "Isaac Newton",
    "Serena Williams",
    "Venus Williams",
    "Tennessee Williams",
    "Jane Austen",
)
NAMES = (*PEOPLE, "Bach", "Curie", "Newton", "Williams", "Austen", "Lise Meitner", "Ludwig van Beethoven")


@contextmanager
def filled(people: tuple[str, ...] = PEOPLE) -> Iterator[Memory]:
    """A memory of these people of the sample."""
    with TamisClient(":memory:") as client:
        memory = Memory(client, HashedWords(), WordCategories())
        memory.linking.weights = WEIGHTS
        memory.remember_many(
            Mention(person.entity, one.text, one.start, one.end, one.source, one.date)
            for person in sample()
            if person.entity in people
            for one in person.mentions
        )
        yield memory


def over(memory: Memory) -> Starlette:
    """The page over a memory, with a finder of `NAMES`."""
    return application(memory, GivenNames(NAMES))
