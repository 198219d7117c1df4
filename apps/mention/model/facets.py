"""Scores of categories → probabilities: one choice per facet, "another one" included.

    facet occ:   a softmax over its categories and one more score for all those that are too rare to be learnt
    facet with parents (an occupation of a country):  score + Σ mix · log p(parent)   before its softmax

Categories are named `facet:NAME`. A parent is a category of an earlier facet; where one is missing, `MISSING` stands
for its log probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.layers import log_softmax

__all__ = ["MISSING", "Facets"]

MISSING: Final = -4.0
"""The log probability of a parent that is no category itself."""


@dataclass(frozen=True, slots=True)
class Facets:
    """The categories in order, their facets in the order in which they are decided, and their parents.

    `facet` (c,) is the number of each category's facet; `parents` (c, p) are categories, -1 for none; `mix` (p,) is
    what a parent's log probability counts for.
    """

    categories: tuple[str, ...]
    names: tuple[str, ...]
    facet: NDArray[np.int64]
    parents: NDArray[np.int64]
    mix: NDArray[np.float32]

    def log_probabilities(self, scores: NDArray[np.float32], rest: NDArray[np.float32]) -> NDArray[np.float32]:
        """From (n, c) scores and (n, facets) scores of "another one": (n, c) log probabilities.

        >>> facets = Facets(("a:x", "a:y"), ("a",), np.array([0, 0]), np.full((2, 0), -1), np.zeros(0, np.float32))
        >>> np.exp(facets.log_probabilities(np.zeros((1, 2), np.float32), np.full((1, 1), -99, np.float32))).round(2)
        array([[0.5, 0.5]], dtype=float32)
        """
        found = np.zeros_like(scores)
        for number in range(len(self.names)):
            (members,) = np.nonzero(self.facet == number)
            own = scores[:, members]
            for mix, parents in zip(self.mix, self.parents[members].T, strict=True):
                if (parents >= 0).any():
                    own = own + mix * np.where(parents >= 0, found[:, parents], np.float32(MISSING))
            found[:, members] = log_softmax(np.concatenate([own, rest[:, number : number + 1]], 1))[:, :-1]
        return found
