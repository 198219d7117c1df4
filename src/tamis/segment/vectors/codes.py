"""Codes of one vector field: how vectors become what the graph is built and walked on.

    rows float32[n, d] ──▶ centre (not under inner product) ──▶ rotate ──┬▶ / scale ──▶ bytes
                                                                        └▶ > 0     ──▶ bits, where they were asked for

`train` learns centre and scale from a sample; `rank_depth` says how deep into a ranking by codes the nearest by full
rows lie. Where that is too deep, bytes or full rows are walked instead. Everything follows from the data and a fixed
seed, so equal rows give equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import field
from numpy.typing import NDArray

from tamis.kernels.product import CODE_UNIT
from tamis.kernels.quantize import ROTATION_ROUNDS, ask_bits, encode_bits, encode_rows, rotate
from tamis.storage.aligned import aligned_empty

__all__ = ["CODE_WIDTH_MAX", "Codes", "Encoder", "rank_depth", "train"]

F32 = NDArray[np.float32]

CODE_WIDTH_MAX = 32_768  # beyond, the squared distance of two codes could pass int32
_SAMPLE = 4_096  # rows that centre and scale are learned from
_PROBED = 8_192  # rows that the ranking is tried on
_DEPTHS = ((2, 0.995), (3, 0.995), (4, 0.98))  # of a ranking by bytes, and the share of the nearest it has to hold
_BIT_DEPTHS = ((16, 0.999), (32, 0.998))  # and of one by bits
_ZERO = np.float32(0)
_STORED, _ASKED = np.int32(128), np.int32(0)  # added to a code
_NO_NUMBERS = np.empty(0, np.int32)


class Codes(msgspec.Struct, frozen=True):
    """Rows as they are measured: bytes, bits, or the full rows themselves.

    values: uint8[n, w] stored, int8[q, w] to ask with, w a multiple of CODE_UNIT; bits: uint8[n, w / 8] stored; or
    float32[n, d]. norms: int32[n], what is needed of a row that is found; turned: int32[n], of one that asks; for
    bits both float32[n, 2] (see `kernels.quantize`).
    """

    values: NDArray[Any]
    norms: NDArray[Any] = field(default_factory=lambda: _NO_NUMBERS)
    turned: NDArray[Any] = field(default_factory=lambda: _NO_NUMBERS)

    @classmethod
    def empty(cls, count: int, size: int) -> Codes:
        """Room for the stored codes of `count` vectors of `size` dimensions."""
        return cls(aligned_empty((count, _width(size)), np.uint8), np.empty(count, np.int32), np.empty(count, np.int32))

    @classmethod
    def empty_bits(cls, count: int, size: int) -> Codes:
        """Room for the bits of `count` vectors."""
        return cls(aligned_empty((count, _width(size) // 8), np.uint8), np.empty((count, 2), np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes of what is stored."""
        return self.values.nbytes + self.norms.nbytes


@dataclass(frozen=True, slots=True)
class Encoder:
    """How rows and queries are encoded.

    centre: float32[d], signs: float32[rounds, d]; product: rows are compared by inner product; depth: for k hits
    measure depth · k of a ranking on full rows; bits: what is stored, and so what queries ask, is bits.
    """

    centre: F32
    signs: F32
    scale: np.float32
    product: bool
    depth: float = 1
    bits: bool = False

    def encode(self, rows: F32, into: Codes, first: int, last: int) -> None:
        """Store the codes of rows[first:last]."""
        encode_rows(
            rows, self.centre, self.signs, self.scale, self.product, _STORED, into.values, into.norms, into.turned,
            first, last,
        )  # fmt: skip

    def encode_queries(self, queries: F32) -> Codes:
        """Codes to ask with; under inner product each has a scale of its own, which changes no order."""
        if self.bits:
            return self.ask_bits(queries)
        values, turned = np.empty((len(queries), _width(queries.shape[1])), np.int8), np.empty(len(queries), np.int32)
        encode_rows(
            queries, self.centre, self.signs, _ZERO if self.product else self.scale, self.product, _ASKED, values,
            turned, turned, 0, len(queries),
        )  # fmt: skip
        return Codes(values, turned=turned)

    def encode_bits(self, rows: F32, into: Codes, first: int, last: int) -> None:
        """Store the bits of rows[first:last]."""
        encode_bits(rows, self.centre, self.signs, self.product, into.values, into.norms, first, last)

    def ask_bits(self, queries: F32) -> Codes:
        """Codes to ask bits with."""
        values, turned = (
            np.empty((len(queries), _width(queries.shape[1])), np.int8),
            np.empty((len(queries), 2), np.float32),
        )
        ask_bits(queries, self.centre, self.signs, values, turned)
        return Codes(values, turned=turned)


def _width(size: int) -> int:
    return -(-size // CODE_UNIT) * CODE_UNIT


def train(rows: F32, product: bool, quantile: float, seed: int) -> Encoder:
    """Learn an encoder from a sample of rows.

    product: they are compared by inner product. quantile: share of components that the scale covers, the rest is cut.
    """
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
    scale = np.float32(np.quantile(np.abs(turned), quantile) / 127)
    return Encoder(centre, signs, scale if scale > 0 else np.float32(1), product)


def rank_depth(encoder: Encoder, rows: F32, seed: int) -> int:
    """The smallest depth at which the ten nearest of sampled rows are among the depth · 10 nearest by code.

    0 where even the deepest misses too many: such codes do not suit the data.
    """
    random = np.random.default_rng(seed)
    sample = rows[random.choice(len(rows), min(len(rows), _PROBED), replace=False)]
    if len(sample) <= 10:
        return 0 if encoder.bits else _DEPTHS[0][0]
    probes = sample[: min(64, len(sample))]
    nearest = np.argpartition(_distances(probes, sample, encoder.product), 9, axis=1)[:, :10]
    asked = encoder.encode_queries(probes)
    if encoder.bits:
        bits = Codes.empty_bits(*sample.shape)
        encoder.encode_bits(sample, bits, 0, len(sample))
        return _depth(_bit_distances(bits, asked), nearest, _BIT_DEPTHS)
    stored = Codes.empty(*sample.shape)
    encoder.encode(sample, stored, 0, len(sample))
    plain = stored.values.astype(np.float32) - np.float32(_STORED)
    return _depth(_distances(asked.values.astype(np.float32), plain, encoder.product), nearest, _DEPTHS)


def _depth(measured: F32, nearest: NDArray[np.int64], depths: tuple[tuple[int, float], ...]) -> int:
    ordered = np.sort(measured, axis=1)
    for depth, agreement in depths:
        limit = ordered[:, min(10 * depth, measured.shape[1] - 1) - 1]
        found = np.take_along_axis(measured, nearest, axis=1) <= limit[:, None]
        if found.mean() >= agreement:
            return depth
    return 0


def _bit_distances(bits: Codes, asked: Codes) -> F32:
    """As the kernels estimate them; probe i is point i, and infinitely far from itself."""
    ones = np.unpackbits(bits.values, axis=1, bitorder="little").astype(np.float32)
    product = asked.turned[:, :1] * (asked.values.astype(np.float32) @ ones.T) - asked.turned[:, 1:]
    distances: F32 = bits.norms[:, 0] - bits.norms[:, 1] * product
    distances[np.arange(len(distances)), np.arange(len(distances))] = np.inf
    return distances


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
