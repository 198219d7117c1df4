"""A category from a handful of examples: logistic regression on entity vectors, with few numbers to get wrong.

The examples and the counter-examples weigh one half each, however many there are of either; people of whom nothing was
said stand in as counter-examples, together with as much weight as those that were given. Newton's method on numpy: a
few milliseconds for a thousand people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Head", "fit", "probability"]

_STRENGTH: Final = 40.0  # how far the examples may push against the penalty, see `measure`
_STEPS: Final = 25
_SETTLED: Final = 1e-6
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """weights (size,) and bias: log-odds of a category are `weights · vector + bias`."""

    weights: NDArray[np.float32]
    bias: float


def fit(examples: Rows, counter_examples: Rows, others: Rows) -> Head:
    """The head that tells the examples (≥ 1 row) from the rest (≥ 1 row in either); rows of length one.

    >>> people = np.eye(4, dtype=np.float32)
    >>> head = fit(people[:1], people[1:2], people[2:])
    >>> [round(float(odds), 1) for odds in people @ head.weights + head.bias]
    [1.8, -2.0, -1.7, -1.7]
    """
    groups = [group for group in (counter_examples, others) if len(group)]
    rows = np.concatenate([examples, *groups]).astype(np.float64)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    wanted = np.zeros(len(rows))
    wanted[: len(examples)] = 1.0
    shares = [np.full(len(examples), 0.5 / len(examples))]
    shares += [np.full(len(group), 0.5 / len(groups) / len(group)) for group in groups]
    found = _newton(rows, wanted, _STRENGTH * np.concatenate(shares))
    return Head(found[:-1].astype(np.float32), float(found[-1]))


def probability(weights: Rows, biases: NDArray[np.float32], vectors: Rows) -> NDArray[np.float32]:
    """(n, heads) from (heads, size) weights, (heads,) biases and (n, size) vectors."""
    odds = np.clip(vectors @ weights.T + biases, -30.0, 30.0)
    chances: NDArray[np.float32] = (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)
    return chances


def _newton(rows: NDArray[np.float64], wanted: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The minimum of the weighted log-loss plus half the squared weights; the bias is nearly free."""
    penalty = np.ones(rows.shape[1])
    penalty[-1] = 1e-3
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chances = 1.0 / (1.0 + np.exp(-np.clip(rows @ found, -30.0, 30.0)))
        slope = rows.T @ (shares * (chances - wanted)) + penalty * found
        curve = (rows * (shares * chances * (1.0 - chances))[:, None]).T @ rows
        step = np.linalg.solve(curve + np.diag(penalty), slope)
        found -= step
        if np.abs(step).max() < _SETTLED:
            break
    return found
