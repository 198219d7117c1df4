"""Who is meant: the candidates for a name in a sentence, scored from arrays alone.

Every candidate gets log-odds against "nobody we know":

    votes        the mean cosine of its nearest mentions to the question, in standard deviations above a stranger's
    likeness     the cosine of its aggregate to that of the question alone
    fame         how often it is mentioned: who is often spoken of is meant more often

The constants are those that `mention measure link` found best; its table is in the model card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEAREST", "SURE", "Evidence", "Weights", "scores"]

NEAREST: Final = 64
"""Mentions that vote."""
SURE: Final = 0.8
"""Score from which on a reader may take a candidate for granted."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of evidence counts."""

    votes: float = 12.0
    likeness: float = 4.0
    fame: float = 0.4
    mentions: int = 3  # the nearest of a candidate whose cosines are averaged
    nobody: float = 6.0  # log-odds of a stranger


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
    """(n,) probabilities that add up to one together with nobody's: all below a half may mean that it is nobody.

    >>> two = Evidence(np.array([0.9, 0.2]), np.array([0, 1]), np.array([0.8, 0.1]), np.array([1.0, 1.0]))
    >>> scores(two, Weights()).round(3).tolist()
    [1.0, 0.0]
    """
    count = len(evidence.mentions)
    votes = np.array(
        [_top(evidence.similarities[evidence.voters == candidate], weights.mentions) for candidate in range(count)]
    )
    odds = weights.votes * votes + weights.likeness * evidence.likeness + weights.fame * np.log(evidence.mentions)
    odds = np.append(odds, weights.nobody)
    shares = np.exp(odds - odds.max())
    found: Floats = (shares / shares.sum())[:-1]
    return found


def _top(similarities: Floats, number: int) -> float:
    """The mean of the largest; none counts as no likeness at all."""
    return float(np.sort(similarities)[-number:].mean()) if len(similarities) else 0.0
