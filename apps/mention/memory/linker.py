"""Who is meant: the candidates for a name in a sentence, scored from arrays alone.

Every candidate gets log-odds, and so does "nobody we know":

    votes      the mean cosine of its nearest mentions to the question
    likeness   the cosine of its aggregate to that of the question alone
    fame       how often it is mentioned: who is often spoken of is meant more often

The weights rank best on every second question of `apps.mention.measure.linking`. Nobody's is low on purpose: known
people are hardly ever answered by nobody, and nine in ten strangers of a known surname are taken for somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEAREST", "SURE", "Evidence", "Weights", "scores", "traits"]

NEAREST: Final = 64
"""Mentions that vote."""
SURE: Final = 0.8
"""Score from which on a reader may take a candidate for granted."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of evidence counts."""

    votes: float = 9.7
    likeness: float = 6.2
    fame: float = 1.29
    nobody: float = 4.0  # log-odds of a stranger
    mentions: int = 3  # the nearest of a candidate whose cosines are averaged


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n candidates for one question.

    similarities (k,) and voters (k,): cosine of a mention to the question, and whose it is (0..n-1); likeness (n,):
    cosine of the entity to the question; mentions (n,): how many each has.
    """

    similarities: Floats
    voters: NDArray[np.int64]
    likeness: Floats
    mentions: Floats


def scores(evidence: Evidence, weights: Weights) -> Floats:
    """(n,) probabilities that add up to one together with nobody's.

    >>> two = Evidence(np.array([0.6, 0.5]), np.array([0, 1]), np.array([0.5, 0.4]), np.array([1.0, 1.0]))
    >>> scores(two, Weights()).round(2).tolist()
    [0.83, 0.17]
    """
    signs = traits(evidence, weights.mentions)
    odds = signs @ np.array([weights.votes, weights.likeness, weights.fame])
    odds = np.append(odds, weights.nobody)
    shares = np.exp(odds - odds.max())
    found: Floats = (shares / shares.sum())[:-1]
    return found


def traits(evidence: Evidence, mentions: int) -> Floats:
    """(n, 3): votes, likeness and fame of the candidates."""
    every = range(len(evidence.mentions))
    votes = [_top(evidence.similarities[evidence.voters == candidate], mentions) for candidate in every]
    return np.stack([np.array(votes), evidence.likeness, np.log(evidence.mentions)], axis=1)


def _top(similarities: Floats, number: int) -> float:
    """The mean of the largest; none counts as no likeness at all."""
    return float(np.sort(similarities)[-number:].mean()) if len(similarities) else 0.0
