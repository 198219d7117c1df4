"""The few layers that both networks are made of, in numpy: what PyTorch's of the same names compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Perceptron", "gelu", "layer_norm", "log_softmax", "to_length_one"]

Rows = NDArray[np.float32]


class Perceptron:
    """Linear, GELU, linear: arrays `<name>.in`, `.in_bias`, `.out`, `.out_bias`; weights are (inputs, outputs)."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], name: str) -> None:
        parts = (arrays[f"{name}.{part}"] for part in ("in", "in_bias", "out", "out_bias"))
        self._into, self._into_bias, self._out, self._out_bias = (part.astype(np.float32) for part in parts)

    def __call__(self, rows: Rows) -> Rows:
        """(n, inputs) → (n, outputs)."""
        return gelu(rows @ self._into + self._into_bias) @ self._out + self._out_bias


def layer_norm(rows: Rows, scale_and_shift: Rows) -> Rows:
    """Rows of mean zero and variance one, then scaled and shifted: (n, d), (2, d) → (n, d)."""
    centred = rows - rows.mean(1, keepdims=True)
    normal = centred / np.sqrt((centred * centred).mean(1, keepdims=True) + 1e-5)
    return np.asarray(normal * scale_and_shift[0] + scale_and_shift[1], np.float32)


def gelu(rows: Rows) -> Rows:
    """x · Φ(x), Φ by the usual tanh approximation (Hendrycks & Gimpel 2016)."""
    inner = np.float32(0.7978845608) * (rows + np.float32(0.044715) * rows * rows * rows)
    return np.asarray(np.float32(0.5) * rows * (1 + np.tanh(inner)), np.float32)


def log_softmax(rows: Rows) -> Rows:
    """Rows of log probabilities."""
    shifted = rows - rows.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)), np.float32)


def to_length_one(rows: Rows) -> Rows:
    """Rows of Euclidean length one; a row of zeros stays one."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
