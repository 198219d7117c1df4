"""The vectors that the benchmarks measure on.

`clustered` is made here. MNIST and the sentences about people are read from the folder that TAMIS_BENCH_DATA names
(default: ../shared/data beside the checkout); they are skipped, saying so, where it is missing.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

FOLDER = Path(os.environ.get("TAMIS_BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
QUERIES = 1_000


@dataclass(frozen=True)
class DataSet:
    """Base vectors, queries that are not among them, the distance to use."""

    name: str
    base: F32
    queries: F32
    distance: str  # Euclid | Cosine (rows then have length one)


def clustered(rows: int = 100_000, size: int = 128, seed: int = 0) -> DataSet:
    """400 clusters of 24 inner dimensions in `size`, with a little noise."""
    random = np.random.default_rng(seed)
    inner = 24
    spread = random.standard_normal((inner, size)).astype(np.float32) / np.sqrt(inner)
    centres = random.standard_normal((400, inner)).astype(np.float32)

    def sample(count: int) -> F32:
        hidden = centres[random.integers(0, 400, count)] + 0.7 * random.standard_normal((count, inner))
        noise = 0.3 / np.sqrt(inner) * random.standard_normal((count, size))
        return (hidden.astype(np.float32) @ spread + noise).astype(np.float32)

    return DataSet(f"clustered {rows // 1000}k × {size}", sample(rows), sample(QUERIES), "Euclid")


def mnist() -> DataSet:
    """60,000 images of digits, 784 dimensions."""
    with np.load(FOLDER / "vectors" / "mnist.npz") as arrays:
        base = arrays["x_train"].reshape(-1, 784).astype(np.float32)
        queries = arrays["x_test"].reshape(-1, 784)[:QUERIES].astype(np.float32)
    return DataSet("MNIST 60k × 784", base, queries, "Euclid")


def sentences() -> DataSet:
    """Sentences that name a person: TF-IDF and truncated SVD to 256 dimensions, length one."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    with gzip.open(FOLDER / "people" / "mentions.jsonl.gz", "rt", encoding="utf-8") as lines:
        people = [json.loads(line) for line in lines]
    texts = list(dict.fromkeys(mention["text"] for person in people for mention in person["mentions"]))
    words = TfidfVectorizer(min_df=5, sublinear_tf=True, stop_words="english").fit_transform(texts)
    vectors = TruncatedSVD(256, random_state=0).fit_transform(words).astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    vectors = vectors[norms > 0] / norms[norms > 0, None]
    order = np.random.default_rng(0).permutation(len(vectors))
    base = np.ascontiguousarray(vectors[order[QUERIES:]])
    return DataSet(
        f"sentences {len(base) // 1000}k × 256", base, np.ascontiguousarray(vectors[order[:QUERIES]]), "Cosine"
    )


def available() -> Iterator[DataSet]:
    """Every data set this machine has."""
    yield clustered()
    for make, needed in ((mnist, "vectors/mnist.npz"), (sentences, "people/mentions.jsonl.gz")):
        if (FOLDER / needed).exists():
            yield make()
        else:
            print(f"skipped {make.__name__}: there is no {FOLDER / needed}")


def nearest(
    base: F32, queries: F32, distance: str, k: int, allowed: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """The exact k nearest by float32 products, in blocks: int64[q, k]."""
    rows = np.arange(len(base)) if allowed is None else np.flatnonzero(allowed)
    kept = base[rows]
    norms = np.einsum("ij,ij->i", kept, kept)
    found = []
    for first in range(0, len(queries), 100):
        measured = -(queries[first : first + 100] @ kept.T)
        if distance == "Euclid":
            measured = norms + 2 * measured
        found.append(rows[np.argpartition(measured, min(k, len(rows) - 1), axis=1)[:, :k]])
    return np.concatenate(found)


def recall(found: NDArray[np.integer], exact: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each query's exact answer that was found, float64[q]."""
    size = max(exact.shape[1], 1)
    return np.array([len(set(a) & set(b)) / size for a, b in zip(found.tolist(), exact.tolist(), strict=True)])
