"""How well held-out people are described: with 1, 3, 10, 30 mentions, per facet, beside two baselines.

    aggregated   the set network on all k mentions
    averaged     the mean of its predictions for each mention alone: what aggregation must beat
    neighbours   TF-IDF, LSA of 256 dimensions, 20 nearest train people: what the design page measured

The first k mentions count, of the people who have that many. Accuracy of a facet is over the people who have one of its
categories; average precision is the mean over categories (macro), so that frequent ones do not hide the rare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.facets import Facets
from apps.mention.pipeline.corpus import Person

__all__ = ["MENTIONS", "averaged", "figures_of", "judge", "neighbours", "truth_of"]

MENTIONS: Final = (1, 3, 10, 30)
LSA_SIZE: Final = 256
NEIGHBOURS: Final = 20

Predict = Callable[[Sequence[Sequence[str]]], NDArray[np.float32]]
"""Sets of masked sentences → (sets, categories) probabilities."""


def judge(
    people: Sequence[Person], facets: Facets, predict: Predict, mentions: Sequence[int] = MENTIONS
) -> dict[str, Any]:
    """For each number of mentions: people, categories, macro average precision, and both figures of every facet."""
    found = {}
    for k in mentions:
        chosen = [person for person in people if len(person.mentions) >= k]
        if not chosen:
            continue
        truth = truth_of(chosen, facets)
        chances = predict([[sentence.masked for sentence in person.mentions[:k]] for person in chosen])
        found[str(k)] = {"people": len(chosen), **figures_of(truth, chances, facets)}
    return found


def truth_of(people: Sequence[Person], facets: Facets) -> NDArray[np.bool_]:
    """(people, categories): who has what."""
    return np.array([[category in person.labels for category in facets.categories] for person in people])


def averaged(predict: Predict) -> Predict:
    """The mean of what is predicted from each mention alone."""

    def mean(sets: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        alone = predict([[text] for texts in sets for text in texts])
        starts = np.concatenate([[0], np.cumsum([len(texts) for texts in sets])[:-1]])
        return np.asarray(np.add.reduceat(alone, starts) / np.array([[len(texts)] for texts in sets]), np.float32)

    return mean


def neighbours(people: Sequence[Person], facets: Facets, seed: int) -> Predict:
    """The design page's baseline, learnt from these people's mentions."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    known = [person for person in people if person.mentions]
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english")
    counts = words.fit_transform([_joined(sentence.masked for sentence in person.mentions) for person in known])
    space = TruncatedSVD(min(LSA_SIZE, counts.shape[1]), random_state=seed)
    rows = normalize(space.fit_transform(counts))
    truth = truth_of(known, facets).astype(np.float32)

    def predict(sets: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        alike = normalize(space.transform(words.transform([_joined(texts) for texts in sets]))) @ rows.T
        nearest = np.argsort(-alike, axis=1)[:, :NEIGHBOURS]
        votes = np.maximum(np.take_along_axis(alike, nearest, 1), 0)
        counted = np.einsum("sn,snc->sc", votes, truth[nearest]) / (votes.sum(1, keepdims=True) + 1e-9)
        return np.asarray(counted, np.float32)

    return predict


def _joined(texts: Any) -> str:
    """Masked sentences as one document; the mask is no word."""
    return " ".join(texts)


def figures_of(truth: NDArray[np.bool_], chances: NDArray[np.float32], facets: Facets) -> dict[str, Any]:
    """Macro average precision over all categories that occur, and both figures per facet."""
    precision = {
        place: average_precision(truth[:, place], chances[:, place]) for place in np.flatnonzero(truth.any(axis=0))
    }
    per_facet = {}
    for number, name in enumerate(facets.names):
        members = np.flatnonzero(facets.facet == number)
        having = truth[:, members].any(axis=1)
        own = [precision[place] for place in members if place in precision]
        first = chances[:, members].argmax(axis=1)
        right = truth[:, members][np.arange(len(truth)), first][having]
        per_facet[name] = {
            "accuracy": float(right.mean()) if having.any() else None,
            "precision": float(np.mean(own)) if own else None,
            "categories": len(own),
        }
    return {
        "categories": len(precision),
        "precision": float(np.mean(list(precision.values()))),
        "facets": per_facet,
    }


def average_precision(truth: NDArray[np.bool_], chances: NDArray[np.float32]) -> float:
    """Of a ranking: the mean of the precision at every place that holds somebody who has the category.

    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7], np.float32))
    0.8333333333333333
    """
    ranked = truth[np.argsort(-chances, kind="stable")]
    hits = np.flatnonzero(ranked)
    return float(((np.arange(len(hits)) + 1) / (hits + 1)).mean())
