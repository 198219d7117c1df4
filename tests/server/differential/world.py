"""What the random part is drawn from: the collections of one example, ids, vectors, payloads, filters.

    World   the shape of the collection under test and of a second one that lookups go to, from a seed
    Draw    one step's own source of randomness in a world; the same seed draws the same whatever came before

Numbers of a world lie on a grid (many equal scores, thresholds that are met exactly) or between its points (none).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from qdrant_client import models

from tests.filter.strategies import Sampler, comparable, on_the_globe, with_dates

COLLECTION, OTHER, ALIAS = "docs", "other", "shelf"
IDS = (*range(10), 2**53 + 1, 2**64 - 1, *(str(UUID(int=n)) for n in range(4)))
SIZES = {"": 4, "image": 3, "text": 4}
DISTANCES = tuple(models.Distance)
TEXT_INDEX = models.TextIndexParams(type=models.TextIndexType.TEXT, tokenizer=models.TokenizerType.WORD, lowercase=True)
INDEXES: tuple[tuple[str, Any], ...] = (
    ("city", models.PayloadSchemaType.KEYWORD),
    ("n", models.PayloadSchemaType.INTEGER),
    ("n", models.PayloadSchemaType.FLOAT),
    ("tags", models.PayloadSchemaType.KEYWORD),
    ("tags", models.PayloadSchemaType.BOOL),
    ("tags[]", models.PayloadSchemaType.UUID),
    ("when", models.PayloadSchemaType.DATETIME),
    ("place", models.PayloadSchemaType.GEO),
    ("parts[].size", models.PayloadSchemaType.INTEGER),
    ("parts[].name", models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)),
    ("text", TEXT_INDEX),
)

Json = Any


@dataclass(frozen=True)
class World:
    """Names and distances of the vectors, and whether their numbers lie on a grid."""

    vectors: dict[str, models.Distance]
    other: dict[str, models.Distance]
    grid: bool

    @classmethod
    def of(cls, seed: int) -> World:
        random = Random(seed)
        names = random.choice([("",), ("image", "text")])
        vectors = {name: random.choice(DISTANCES) for name in names}
        other = {name: random.choice(DISTANCES) for name in ("image", "text")}
        return cls(vectors, other, random.random() < 0.5)

    @staticmethod
    def config(vectors: dict[str, models.Distance]) -> Any:
        """As create_collection takes it."""
        params = {name: models.VectorParams(size=SIZES[name], distance=metric) for name, metric in vectors.items()}
        return params.get("", params)


class Draw:
    """Values for one step."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.sampler = Sampler(seed)
        self.random = self.sampler.random
        self.one_of, self.chance = self.sampler.one_of, self.sampler.chance

    def some(self, draw: Callable[[], Any], least: int, most: int) -> list[Any]:
        return [draw() for _ in range(self.random.randint(least, most))]

    def id(self) -> Any:
        return self.one_of(IDS)

    def ids(self, most: int = 4) -> list[Any]:
        return self.random.sample(IDS, self.random.randint(1, most))

    def name(self) -> str:
        """Of a vector that the collection has."""
        return self.one_of(list(self.world.vectors))

    def row(self, name: str) -> list[float]:
        """Never all zeros: what such a vector's cosine is, the reference leaves open."""
        while True:
            row = [self.number() for _ in range(SIZES[name])]
            if any(row):
                return row

    def number(self) -> float:
        return float(self.random.randint(-2, 2)) if self.world.grid else round(self.random.uniform(-2, 2), 6)

    def vector(self) -> Any:
        """Of a point: some of the named ones, or the unnamed one."""
        if "" in self.world.vectors:
            return {} if self.chance(0.1) else self.row("")
        return {name: self.row(name) for name in self.world.vectors if self.chance(0.75)}

    def payload(self) -> dict[str, Json]:
        while not on_the_globe(payload := self.sampler.payload()):
            pass
        return {key: payload[key] for key in payload if self.chance(0.7)}

    def filter(self) -> models.Filter:
        while not comparable(given := self.sampler.filter(alone=True)):
            pass
        return models.Filter(**with_dates(given))

    def maybe_filter(self, share: float = 0.4) -> models.Filter | None:
        return self.filter() if self.chance(share) else None
