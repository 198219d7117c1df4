"""The shipped encoder: a weighted bag of features, one hidden layer, in numpy.

    features ── ids ──► rows (int8 × scale) ──┐
        └── bucket ──► weight = exp(word + distance) ──► Σ weight · row / √Σ weight² ──► norm ──► + MLP ──► length one

A deep-averaging network (Iyyer et al. 2015) whose average is weighted by what a word and its distance from the name are
worth; learnt by `apps.mention.pipeline`. Rows are kept as bytes: 128 of them and a scale a feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.features import features
from apps.mention.model.layers import Perceptron, layer_norm, to_length_one

__all__ = ["BagEncoder"]

Arrays = Mapping[str, NDArray[Any]]


class BagEncoder:
    """Sentences with a masked name → vectors of length one; an `Encoder`.

    A sentence without any known feature gives the vector of an empty bag, which is near nobody in particular.
    """

    def __init__(self, name: str, arrays: Arrays) -> None:
        """From the arrays that `apps.mention.pipeline.packing` wrote, named `bag.*`."""
        self.name = name
        words = bytes(arrays["bag.words"]).decode().split("\n")
        self._ids = {word: place for place, word in enumerate(words)}
        self._rows = arrays["bag.rows"]
        self._scales = arrays["bag.scales"].astype(np.float32)
        self._worth = arrays["bag.worth"].astype(np.float32)
        self._reach = arrays["bag.reach"].astype(np.float32)
        self._norm = arrays["bag.norm"].astype(np.float32)
        self._layers = Perceptron(arrays, "bag")
        self.size = int(self._rows.shape[1])

    def encode(self, masked: Sequence[str]) -> NDArray[np.float32]:
        """(n, size) float32 rows of length one."""
        sums = np.zeros((len(masked), self.size), np.float32)
        for place, sentence in enumerate(masked):
            known = [(self._ids[f], bucket) for f, bucket in features(sentence) if f in self._ids]
            if known:
                ids, buckets = np.array(known).T
                weights = np.exp(self._worth[ids] + self._reach[buckets])
                rows = self._rows[ids].astype(np.float32)
                sums[place] = (weights * self._scales[ids]) @ rows / np.sqrt(weights @ weights + 1e-3)
        hidden = layer_norm(sums, self._norm)
        return to_length_one(hidden + self._layers(hidden))
