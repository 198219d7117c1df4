"""Maximal marginal relevance: hits that are near the query and unlike each other.

    next = argmax  (1 − diversity) · similarity(query, hit) − diversity · max over chosen of similarity(chosen, hit)

Carbonell and Goldstein 1998. Similarity is what the metric ranks by: the dot product, or the negated distance (squared
for Euclid).
One product of all candidates with the hit chosen last per step: candidates × hits in all, no matrix of candidates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.distance import DOT, L2
from tamis.search.ranked import Places

__all__ = ["chosen", "diverse"]


def diverse(places: Places, using: str, metric: int, diversity: float, count: int) -> Places:
    """At most `count` of the candidates in `places`, in the order they were chosen."""
    if not len(places):
        return places
    rows = [view.body.vectors[using].rows[offset] for view, offset in zip(places.views, places.offsets, strict=True)]
    scores = np.asarray(places.scores, np.float32)
    return places.take(chosen(np.stack(rows), scores, metric, diversity, count))


def chosen(
    vectors: NDArray[np.float32], scores: NDArray[np.float32], metric: int, diversity: float, count: int
) -> list[int]:
    """At most `count` rows of the candidates, in the order they are chosen."""
    relevance = scores if metric == DOT else -(scores**2) if metric == L2 else -scores
    nearest = np.full(len(vectors), -np.inf, np.float32)  # to what was chosen
    left = np.ones(len(vectors), np.bool_)
    found: list[int] = []
    while len(found) < min(count, len(vectors)):
        worth = relevance if not found else (1 - diversity) * relevance - diversity * nearest
        best = int(np.where(left, worth, -np.inf).argmax())
        found.append(best)
        left[best] = False
        nearest = np.maximum(nearest, _similarities(vectors, best, metric))
    return found


def _similarities(vectors: NDArray[np.float32], to: int, metric: int) -> NDArray[np.float32]:
    if metric == DOT:
        products: NDArray[np.float32] = vectors @ vectors[to]
        return products
    apart = vectors - vectors[to]
    found: NDArray[np.float32] = -(np.square(apart) if metric == L2 else np.abs(apart)).sum(axis=1)
    return found
