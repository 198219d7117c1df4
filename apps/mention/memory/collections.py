"""The three collections of a memory, made when they are missing and checked when they are there.

    {prefix}mentions     one point per mention      vector: the encoder's                     filtered by names
    {prefix}entities     one point per entity       vector: the aggregator's                  filtered by best.*, names
    {prefix}categories   one point per taught one   vector: its linear head on an entity's vector

What encoder and which categories filled a memory stands in the metadata of its collections: another model is refused,
since two kinds of vector in one collection would find nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from apps.mention.memory.errors import MemoryRejected, OtherModel
from apps.mention.memory.words import FACETS
from apps.mention.model.aggregate import Aggregator, Encoder

__all__ = ["PAGE", "Places", "in_list", "is_value", "numbers", "opened"]

PAGE: Final = 4_096
"""Points of one page when many are read without their vectors."""
_DECIMALS: Final = 6
_KEYWORD: Final = models.PayloadSchemaType.KEYWORD
_INTEGER: Final = models.PayloadSchemaType.INTEGER
_BEGINNINGS: Final = models.TextIndexParams(
    type=models.TextIndexType.TEXT, tokenizer=models.TokenizerType.PREFIX, lowercase=True, min_token_len=1
)
_MENTION_INDEXES: Final[dict[str, Any]] = {
    "entity": _KEYWORD,
    "name": _KEYWORD,
    "names": _KEYWORD,
    "source": _KEYWORD,
    "rank": _INTEGER,
}
_ENTITY_INDEXES: Final[dict[str, Any]] = {
    "entity": _KEYWORD,
    "called": _BEGINNINGS,
    "name": _KEYWORD,
    "names": _KEYWORD,
    "mentions": _INTEGER,
    "heads": _KEYWORD,
    "revision": _KEYWORD,
    **{f"best.{facet}": _KEYWORD for facet in FACETS},
}


@dataclass(frozen=True, slots=True)
class Places:
    """The names of the three collections."""

    mentions: str
    entities: str
    categories: str


def opened(client: QdrantClient, prefix: str, encoder: Encoder, aggregator: Aggregator) -> Places:
    """The collections of a memory, made if they are missing. MemoryRejected, OtherModel."""
    if not all(letter.isalnum() or letter in "-_." for letter in prefix) or len(prefix) > 100:
        raise MemoryRejected(f"prefix: {prefix[:120]!r} is none; use at most 100 letters, digits, '-', '_' and '.'")
    told = {"encoder": encoder.name, "categories": _digest(*aggregator.categories)}
    names = [prefix + name for name in ("mentions", "entities", "categories")]
    cosine, dot = models.Distance.COSINE, models.Distance.DOT
    shapes = (encoder.size, cosine), (aggregator.size, cosine), (aggregator.size, dot)
    indexes: tuple[dict[str, Any], ...] = (_MENTION_INDEXES, _ENTITY_INDEXES, {})
    for name, (size, distance), indexed in zip(names, shapes, indexes, strict=True):
        if not client.collection_exists(name):
            _create(client, name, models.VectorParams(size=size, distance=distance), told)
        _check(client, name, size, told)
        for path in indexed.keys() - client.get_collection(name).payload_schema.keys():
            client.create_payload_index(name, path, indexed[path], wait=True)
    return Places(*names)


def numbers(vector: NDArray[np.float32]) -> list[float]:
    """A vector as JSON carries it: six decimals, which is half of its length and all of its meaning."""
    rounded: list[float] = np.round(vector.astype(np.float64), _DECIMALS).tolist()
    return rounded


def is_value(key: str, value: str) -> models.FieldCondition:
    """The field has this value, among others if it is a list."""
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def in_list(key: str, values: list[str]) -> models.FieldCondition:
    """The field has one of these values."""
    return models.FieldCondition(key=key, match=models.MatchAny(any=values))


def _create(client: QdrantClient, name: str, vectors: models.VectorParams, told: dict[str, str]) -> None:
    try:
        client.create_collection(name, vectors_config=vectors, metadata=told)
    except UnexpectedResponse as error:
        if error.status_code != 409:  # another process was faster
            raise


def _check(client: QdrantClient, name: str, size: int, told: dict[str, str]) -> None:
    config = client.get_collection(name).config
    vectors = config.params.vectors
    if not isinstance(vectors, models.VectorParams) or vectors.size != size:
        raise OtherModel(f"memory: the vectors of {name!r} are not of {size} numbers as this model's; fill another one")
    found = config.metadata or {}
    for what, mine in told.items():
        if found.get(what, mine) != mine:
            raise OtherModel(
                f"memory: {name!r} was filled by another model ({what}: {found[what]!r}, this one's: {mine!r});"
                " use that model, or another directory, server or prefix"
            )


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=8).hexdigest()
