"""The shipped aggregator: a set of mention vectors → one vector and the categories, in numpy.

    (n, d) ──► score of every mention per head ──► softmax over mentions ──► each head pools its slice of the vector
           ──► norm · (1 + what log n says) ──► + MLP ──► norm ──► the person ──► scores ──► `Facets`

Attention pooling as in Deep Sets and the Set Transformer (Zaheer et al. 2017; Lee et al. 2019), with learnt queries
only and one hidden layer behind it; order cannot matter. What a mention says for a category is measured, not read off
the weights: everything is computed once more without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.aggregate import Aggregate
from apps.mention.model.facets import Facets
from apps.mention.model.layers import Perceptron, layer_norm, to_length_one

__all__ = ["AttentionAggregator"]

SCORE_MAX = 8.0
"""Attention scores lie within ± this, so that exp is harmless."""


class AttentionAggregator:
    """The mention vectors of one person → `Aggregate`; an `Aggregator`."""

    def __init__(self, facets: Facets, arrays: Mapping[str, NDArray[Any]]) -> None:
        """From the arrays that `apps.mention.pipeline.packing` wrote, named `set.*`."""

        def array(name: str) -> NDArray[np.float32]:
            return arrays[f"set.{name}"].astype(np.float32)

        self._facets = facets
        self.categories = facets.categories
        self._query, self._query_bias = array("query"), array("query_bias")
        self._count, self._count_bias = array("count"), array("count_bias")
        self._before, self._after = array("before"), array("after")
        self._layers = Perceptron(arrays, "set")
        self._head, self._head_bias = array("head"), array("head_bias")
        self._rest, self._rest_bias = array("rest"), array("rest_bias")
        self.size = int(self._query.shape[0])
        self._width = self.size // int(self._query.shape[1])

    def aggregate(self, mentions: NDArray[np.float32]) -> Aggregate:
        """From (n, size) rows of length one, n ≥ 1."""
        if mentions.ndim != 2 or len(mentions) < 1 or mentions.shape[1] != self.size:
            raise ValueError(f"mentions: shape {mentions.shape}; give (n, {self.size}) with n of at least 1")
        rows = np.asarray(mentions, np.float32) * np.float32(np.sqrt(self.size))
        attention = np.exp(np.clip(rows @ self._query + self._query_bias, -SCORE_MAX, SCORE_MAX))
        spread = np.repeat(attention, self._width, axis=1)
        # Row 0 is the whole set; row 1 + i is the set without mention i, which may be empty.
        weight = np.concatenate([np.zeros_like(spread[:1]), spread])
        value = np.concatenate([np.zeros_like(rows[:1]), spread * rows])
        pooled = (value.sum(0) - value) / np.maximum(weight.sum(0) - weight, 1e-6)
        counts = np.full(len(pooled), max(len(rows) - 1, 1), np.float32)
        counts[0] = len(rows)
        if len(rows) == 1:
            pooled[1] = 0
        people, logs = self._person(pooled.astype(np.float32), counts)
        odds = logs - np.log1p(-np.exp(np.minimum(logs, -1e-6)))
        return Aggregate(
            to_length_one(people[:1])[0],
            np.exp(logs[0]),
            np.asarray((attention / attention.sum(0)).mean(1), np.float32),
            np.asarray(odds[0] - odds[1:], np.float32),
        )

    def _person(
        self, pooled: NDArray[np.float32], counts: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(m, size) pooled sets and their sizes → (m, size) people and (m, categories) log probabilities."""
        hidden = layer_norm(pooled, self._before)
        hidden = hidden * (1 + np.log(counts)[:, None] * self._count + self._count_bias)
        people = layer_norm(hidden + self._layers(hidden), self._after)
        scores = people @ self._head + self._head_bias
        return people, self._facets.log_probabilities(scores, people @ self._rest + self._rest_bias)
