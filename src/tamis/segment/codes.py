"""int8 codes of one vector field: how vectors become what the graph is built and walked on.

    rows float32[n, d] ──▶ centre (not under inner product) ──▶ rotate ──▶ / scale ──▶ int8[n, d]

`train` learns centre and scale from a sample; `agrees` says whether ranking by these codes finds what ranking by
the full rows finds. Where it does not, the graph works on full rows instead. Everything follows from the data and a
fixed seed, so equal rows give equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.quantize import ROTATION_ROUNDS, encode_rows, rotate

__all__ = ["CODE_WIDTH_MAX", "Encoder", "agrees", "train"]

F32 = NDArray[np.float32]

CODE_WIDTH_MAX = 32_768  # beyond, the squared distance of two codes could pass int32
_SAMPLE = 4_096
_CLIPPED = 5e-4  # share of components that may fall outside the scale
_AGREEMENT = 0.98
_ZERO = np.float32(0)


@dataclass(frozen=True, slots=True)
class Encoder:
    """centre: float32[d], signs: float32[rounds, d]; product: rows are compared by inner product."""

    centre: F32
    signs: F32
    scale: np.float32
    product: bool

    def encode(self, rows: F32) -> NDArray[np.int8]:
        """Codes of stored rows."""
        return self._encode(rows, self.scale)

    def encode_queries(self, queries: F32) -> NDArray[np.int8]:
        """Codes of queries; under inner product each has a scale of its own, which changes no order."""
        return self._encode(queries, _ZERO if self.product else self.scale)

    def _encode(self, rows: F32, scale: np.float32) -> NDArray[np.int8]:
        codes = np.empty(rows.shape, np.int8)
        encode_rows(rows, self.centre, self.signs, scale, codes, 0, len(rows))
        return codes


def train(rows: F32, product: bool, seed: int) -> Encoder:
    """Learn an encoder from a sample of rows; product: they are compared by inner product."""
    random = np.random.default_rng(seed)
    sample = rows[np.sort(random.choice(len(rows), min(len(rows), _SAMPLE), replace=False))]
    centre = np.zeros(rows.shape[1], np.float32)
    if product:  # the longest rows win, so the scale is theirs
        sample = sample[np.argsort(_squared_norms(sample))[-max(len(sample) // 10, 1) :]]
    else:
        centre = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    signs = random.choice(np.array([-1, 1], np.float32), (ROTATION_ROUNDS, len(centre)))
    turned = sample - centre
    for row in turned:
        rotate(row, signs)
    scale = np.float32(np.quantile(np.abs(turned), 1 - _CLIPPED) / 127)
    return Encoder(centre, signs, scale if scale > 0 else np.float32(1), product)


def agrees(encoder: Encoder, rows: F32, seed: int) -> bool:
    """Whether the ten nearest of a sample are among the forty nearest by code, for 98 % of them."""
    random = np.random.default_rng(seed)
    sample = rows[random.choice(len(rows), min(len(rows), 2_048), replace=False)]
    wanted, pool = min(10, len(sample) - 1), min(40, len(sample) - 1)
    if wanted < 1:
        return True
    probes = min(64, len(sample))
    exact = _distances(sample[:probes], sample, encoder.product)
    codes = encoder.encode(sample).astype(np.float32)
    coded = _distances(encoder.encode_queries(sample[:probes]).astype(np.float32), codes, encoder.product)
    limit = np.partition(coded, pool - 1, axis=1)[:, pool - 1]
    nearest = np.argpartition(exact, wanted - 1, axis=1)[:, :wanted]
    found = np.take_along_axis(coded, nearest, axis=1) <= limit[:, None]
    return bool(found.mean() >= _AGREEMENT)


def _squared_norms(rows: F32) -> F32:
    norms: F32 = np.einsum("ij,ij->i", rows, rows)
    return norms


def _distances(probes: F32, points: F32, product: bool) -> F32:
    """From each probe to every point; probe i is point i, and infinitely far from itself."""
    distances: F32 = -(probes @ points.T)
    if not product:
        distances = _squared_norms(probes)[:, None] + _squared_norms(points)[None, :] + 2 * distances
    distances[np.arange(len(probes)), np.arange(len(probes))] = np.inf
    return distances
