"""The two networks as their users see them: an encoder of one mention, an aggregator of all mentions of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Aggregate", "Aggregator", "Encoder"]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What all mentions of one person say together.

    `vector` (size,) float32 of length one; `probabilities` (categories,) float32 in 0..1; `weights` (mentions,) float32
    that add up to one: how much each mention was listened to; `support` (mentions, categories) float32: by how much
    the log-odds of a category fall when that mention is left out (positive: the mention speaks for it).
    """

    vector: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    weights: NDArray[np.float32]
    support: NDArray[np.float32]


class Encoder(Protocol):
    """Sentences with a masked name → vectors."""

    name: str
    size: int

    def encode(self, masked: Sequence[str]) -> NDArray[np.float32]:
        """(n, size) float32 rows of length one, for n masked sentences (`MarkedSentence.masked`)."""
        ...


class Aggregator(Protocol):
    """The mention vectors of one person → one vector and the categories."""

    size: int
    categories: tuple[str, ...]

    def aggregate(self, mentions: NDArray[np.float32]) -> Aggregate:
        """From (n, encoder size) rows, n ≥ 1, in any order: the same for every order up to rounding."""
        ...
