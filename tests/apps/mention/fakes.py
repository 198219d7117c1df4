"""Networks small enough to be understood: they hear words, and know what a few speak for; a finder of given names.

encode      the sum of one random direction per word (seeded by the word), of length one
aggregate   the mean of the mentions; a category is as likely as its words are in it
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.memory.linker import Weights
from apps.mention.model.aggregate import Aggregate
from apps.mention.names.sentences import sentences

__all__ = ["CATEGORIES", "WEIGHTS", "GivenNames", "HashedWords", "WordCategories"]

WEIGHTS: Final = Weights(votes=1.3, likeness=9.2, fame=0.44, nobody=2.2)
"""Those that suit random directions, whose cosines are smaller than a trained encoder's."""

CATEGORIES: Final = {
    "occ:COMPOSER": "organ cantata concertos counterpoint sonatas keyboard symphonies composed",
    "occ:PHYSICIST": "physics radium quantum gravity light magnetism radioactivity",
    "occ:WRITER": "novel novels wrote published novelist poet playwright",
    "occ:TENNIS PLAYER": "tennis wimbledon singles slam open",
    "ind:MUSIC": "music organ cantata singer sang trumpet jazz song",
    "ind:NATURAL SCIENCES": "physics chemistry species laboratory element",
    "country:Germany": "leipzig berlin göttingen eisenach lübeck hamburg",
    "country:United Kingdom": "london cambridge oxford english",
    "era:17th century": "cantor margrave buxtehude principia",
    "era:19th century": "sorbonne radium beagle victorian",
    "gender:Female": "she her woman queen mother first",
    "gender:Male": "he his him man king father",
}
"""Category → the words that speak for it."""
_STEEPNESS: Final = 14.0
_THRESHOLD: Final = 0.18


class HashedWords:
    """An encoder of words, without their order."""

    name = "hashed words"
    size = 64

    def encode(self, masked: Sequence[str]) -> NDArray[np.float32]:
        rows = np.stack([sum(map(self._word, _words(text)), np.zeros(self.size)) + 1e-6 for text in masked])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _word(self, word: str) -> NDArray[np.float64]:
        return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.size)


class WordCategories:
    """An aggregator that takes the mean and looks for the words of each category in it."""

    size = HashedWords.size
    categories = tuple(CATEGORIES)

    def __init__(self) -> None:
        self._directions = HashedWords().encode(list(CATEGORIES.values()))

    def aggregate(self, mentions: NDArray[np.float32]) -> Aggregate:
        count = len(mentions)
        logits = self._logits(mentions.mean(axis=0))
        without = [np.delete(mentions, at, axis=0) for at in range(count)]
        bare = self._logits(np.zeros(self.size, np.float32))
        support = [logits - (self._logits(rest.mean(axis=0)) if len(rest) else bare) for rest in without]
        mean = mentions.mean(axis=0)
        return Aggregate(
            vector=(mean / np.linalg.norm(mean)).astype(np.float32),
            probabilities=(1 / (1 + np.exp(-logits))).astype(np.float32),
            weights=np.full(count, 1 / count, np.float32),
            support=np.stack(support).astype(np.float32),
        )

    def _logits(self, mean: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = _STEEPNESS * (self._directions @ mean - _THRESHOLD)
        return logits


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    start: int
    end: int
    offset: int


class GivenNames:
    """A finder of the names that it was given, the longest at each place."""

    def __init__(self, names: Iterable[str]) -> None:
        longest = sorted(names, key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")

    def find(self, text: str) -> list[_Name]:
        return [
            _Name(text[start:end].rstrip(), name.start(), name.end(), start)
            for start, end in sentences(text)
            for name in self._names.finditer(text[start:end])
        ]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
