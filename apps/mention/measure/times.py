"""Milliseconds per call over synthetic mentions. Vectors are drawn by chance around their entity's; no encoder runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient
from rich.table import Table

from apps.mention.memory.memory import Memory
from apps.mention.memory.mention import Mention
from apps.mention.model.aggregate import Aggregate

__all__ = ["times"]

_SEED: Final = 11
_SIZE: Final = 128
_CATEGORIES: Final = 250
_SURNAMES: Final = 2_000
_GIVEN: Final = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ida", "Jo")


class _Drawn:
    """An encoder that reads a number at the end of the sentence: vectors of one number are near one another."""

    name = "drawn by chance"
    size = _SIZE

    def encode(self, masked: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._one(text) for text in masked])

    def _one(self, text: str) -> NDArray[np.float32]:
        person, turn = text.rsplit(" ", 2)[1:]
        centre = np.random.default_rng([_SEED, int(person)]).standard_normal(self.size)
        drawn = centre + np.random.default_rng([_SEED, int(person), int(turn)]).standard_normal(self.size)
        return (drawn / np.linalg.norm(drawn)).astype(np.float32)


class _Mean:
    """An aggregator that costs what a small one does: the mean, and one linear head."""

    size = _SIZE
    categories = tuple(f"occ:NUMBER {number}" for number in range(_CATEGORIES))

    def __init__(self) -> None:
        self._heads = np.random.default_rng(_SEED).standard_normal((_SIZE, _CATEGORIES)).astype(np.float32) * 2

    def aggregate(self, mentions: NDArray[np.float32]) -> Aggregate:
        vector = mentions.mean(axis=0)
        vector /= np.linalg.norm(vector)
        odds = vector @ self._heads - 4
        support = (mentions @ self._heads / len(mentions)).astype(np.float32)
        weights = np.full(len(mentions), 1 / len(mentions), np.float32)
        return Aggregate(vector, (1 / (1 + np.exp(-odds))).astype(np.float32), weights, support)


def times(client: QdrantClient, count: int, questions: int) -> Table:
    """Milliseconds per call over `count` mentions in the empty place behind `client`, and seconds to get them there."""
    memory = Memory(client, _Drawn(), _Mean(), prefix="measure-")
    mentions = [_mention(number, count) for number in range(count)]
    began = time.perf_counter()
    vectors = _Drawn().encode([mention.sentence.masked for mention in mentions])
    encoding = time.perf_counter() - began
    began = time.perf_counter()
    memory.remember_many(mentions)
    taken = time.perf_counter() - began - encoding
    size = memory.size()
    title = f"{size.mentions:,} mentions of {size.entities:,} entities, vectors of {vectors.shape[1]}, one thread"
    table = Table("call", "p50 ms", "p99 ms", title=title)
    fresh = [_mention(count + number, count) for number in range(questions)]
    calls: dict[str, Callable[[Mention], object]] = {
        "remember": lambda one: memory.remember(one.entity, one.text, (one.start, one.end), "again"),
        "describe": lambda one: memory.describe(one.entity),
        "remember, describe": lambda one: (
            memory.remember(one.entity, one.text, (one.start, one.end), "once more"),
            memory.describe(one.entity),
        ),
        "link a full name": lambda one: memory.link(one.text, (one.start, one.end)),
        "link a surname": lambda one: memory.link(one.text, (one.text.index(" ") + 1, one.end)),
        "like": lambda one: memory.like(one.entity),
        "forget": lambda one: memory.forget(
            memory.mentions(one.entity, 1)[0].id,
        ),
    }
    for name, call in calls.items():
        middle, slow = np.percentile([_timed(call, one) for one in fresh][5:], (50, 99))
        table.add_row(name, f"{middle:.1f}", f"{slow:.1f}")
    table.add_section()
    table.add_row(f"remember all {count:,} at once, encoding excluded", f"{taken:.1f} s", "")
    return table


def _timed(call: Callable[[Mention], object], mention: Mention) -> float:
    began = time.perf_counter()
    call(mention)
    return (time.perf_counter() - began) * 1_000


def _mention(number: int, count: int) -> Mention:
    """Mention `number` of `count`: entities have from one to hundreds of them, as people do."""
    chance = np.random.default_rng([_SEED, number])
    person = int(count / 8 * chance.random() ** 3)
    name = f"{_GIVEN[person % len(_GIVEN)]} Of{_letters(person % _SURNAMES)}"
    entity = f"{name} {person}"
    return Mention(entity, f"{name} was here {person} {number}", 0, len(name), "measure")


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
