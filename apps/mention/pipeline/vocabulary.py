"""The features that are learnt, and the texts of a corpus as numbers of them.

Most of the room goes to single words, down to rare ones: another encoder knows what they mean (`beginnings`). Pairs,
words beside the name and ends of names must be frequent to be learnt from labels alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.features import features

__all__ = ["Texts", "Vocabulary", "is_word", "read_texts"]

WORDS_SHARE: Final = 0.85
"""Of the vocabulary, for single words; pairs, places and ends share the rest alike."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Features from frequent to rare, and in how many of the texts that were counted each occurs."""

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    texts: int

    @classmethod
    def of(cls, texts: Sequence[str], least: int, most: int) -> Vocabulary:
        """At most `most` features that occur in `least` of these masked texts, the most frequent of each kind."""
        counted: Counter[str] = Counter()
        for text in texts:
            counted.update({feature for feature, _ in features(text)})
        kinds: dict[str, list[str]] = {"word": [], "pair": [], "near": [], "end": []}
        for feature in sorted(
            (feature for feature, n in counted.items() if n >= least), key=lambda f: (-counted[f], f)
        ):
            kinds[_kind(feature)].append(feature)
        rest = round(most * (1 - WORDS_SHARE) / (len(kinds) - 1))
        chosen = [one for kind, of in kinds.items() for one in of[: most - 3 * rest if kind == "word" else rest]]
        kept = sorted(chosen, key=lambda feature: (-counted[feature], feature))
        return cls(tuple(kept), np.array([counted[feature] for feature in kept], np.int64), len(texts))

    @property
    def rarity(self) -> NDArray[np.float64]:
        """The inverse document frequency of every feature."""
        return np.log(self.texts / (self.counts + 1.0))


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as features: those of text t are `ids[starts[t] : starts[t + 1]]`, with the buckets of their distances."""

    ids: NDArray[np.int64]
    buckets: NDArray[np.int64]
    starts: NDArray[np.int64]

    def of(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For these texts: where their features stand in `ids`, and to which of the chosen each belongs."""
        lengths = self.starts[chosen + 1] - self.starts[chosen]
        before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        places = np.repeat(self.starts[chosen] - before, lengths) + np.arange(lengths.sum())
        return places, np.repeat(np.arange(len(chosen)), lengths)


def is_word(feature: str) -> bool:
    """Is it a word or a pair of words, not a place or an end of one?"""
    return _kind(feature) in ("word", "pair")


def _kind(feature: str) -> str:
    """Of which kind a feature of `apps.mention.model.features` is."""
    if feature.startswith("~"):
        return "end"
    if ":" in feature:
        return "near"
    return "pair" if "_" in feature else "word"


def read_texts(texts: Sequence[str], vocabulary: Vocabulary) -> Texts:
    """The known features of every masked text."""
    known = {feature: place for place, feature in enumerate(vocabulary.words)}
    ids: list[int] = []
    buckets: list[int] = []
    starts = [0]
    for text in texts:
        for feature, bucket in features(text):
            if feature in known:
                ids.append(known[feature])
                buckets.append(bucket)
        starts.append(len(ids))
    return Texts(np.array(ids, np.int64), np.array(buckets, np.int64), np.array(starts, np.int64))
