"""What a memory must hold, from nothing but a list of its mentions; and what it holds, read past it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from qdrant_client import QdrantClient

from apps.mention.memory.entities import LIKELY
from apps.mention.memory.mention import Mention
from apps.mention.memory.mentions import LISTENED_MAX
from tests.apps.mention.fakes import HashedWords, WordCategories

__all__ = ["Known", "assert_follows", "assert_same", "due", "kept", "sayings", "stored"]

Known = dict[str, tuple[int, list[float], dict[str, float]]]
"""Entity → number of mentions, vector, probabilities of the model's own likely categories."""
_ABOUT = (
    "organ",
    "physics",
    "novel",
    "tennis",
    "music",
    "london",
    "radium",
    "leipzig",
    "she",
    "he",
    "cantata",
    "queen",
)


def due(mentions: Iterable[Mention]) -> Known:
    """The entities that these mentions make."""
    of: dict[str, dict[str, Mention]] = defaultdict(dict)
    for mention in mentions:
        of[mention.entity][mention.id] = mention
    encoder, aggregator = HashedWords(), WordCategories()
    found: Known = {}
    for entity, some in of.items():
        newest = sorted(some.values(), key=lambda one: -one.rank)[:LISTENED_MAX]
        aggregate = aggregator.aggregate(encoder.encode([one.sentence.masked for one in newest]))
        named = zip(aggregator.categories, aggregate.probabilities.tolist(), strict=True)
        likely = {name: p for name, p in named if p >= LIKELY}
        found[entity] = len(some), aggregate.vector.tolist(), likely
    return found


def stored(client: QdrantClient, prefix: str) -> Known:
    """The entities that are stored."""
    page, _ = client.scroll(f"{prefix}entities", limit=10_000, with_payload=True, with_vectors=True)
    found: Known = {}
    for record in page:
        told = record.payload or {}
        own = {name: p for name, p in told["probabilities"].items() if name in WordCategories.categories}
        found[told["entity"]] = told["mentions"], record.vector, own  # type: ignore[assignment]
    return found


def kept(client: QdrantClient, prefix: str) -> list[Mention]:
    """The mentions that are stored."""
    page, _ = client.scroll(f"{prefix}mentions", limit=100_000, with_payload=True)
    keys = ("entity", "text", "start", "end", "source", "date")
    return [Mention(**{key: told[key] for key in keys if key in told}) for record in page if (told := record.payload)]


def assert_follows(client: QdrantClient, prefix: str) -> None:
    """Every entity that is stored is what the stored mentions make it, and there is no other."""
    assert_same(stored(client, prefix), due(kept(client, prefix)))


def assert_same(found: Known, wanted: Known) -> None:
    """Equal, up to what is rounded away."""
    assert found.keys() == wanted.keys()
    for entity, (count, vector, likely) in wanted.items():
        mentions, stored_vector, stored_likely = found[entity]
        assert mentions == count, entity
        np.testing.assert_allclose(stored_vector, vector, atol=1e-4, err_msg=entity)
        assert stored_likely.keys() == likely.keys(), entity
        np.testing.assert_allclose(
            [stored_likely[key] for key in likely], list(likely.values()), atol=1e-3, err_msg=entity
        )


def sayings(entity: str, count: int, seed: int) -> list[Mention]:
    """Different sentences about somebody."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(count):
        text = f"{entity} is said to like {' '.join(chance.choice(_ABOUT, 4))} in part {number} of {seed}."
        made.append(Mention(entity, text, 0, len(entity), f"source {number % 3}"))
    return made
