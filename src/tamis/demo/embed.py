"""Texts → 256 numbers, learned from the texts themselves: TF-IDF, then a truncated SVD.

    words   lowercase, cut at underscores and capitals, stemmed, common English left out
    weight  (1 + log count) · idf, length one;  vector = weights · components

Fitting needs scikit-learn (the `demo` extra); embedding later questions needs only what was saved: `embedding.npz`
(idf, components) and `vocabulary.txt` (one word a line). No pickle anywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from tamis.errors import Unavailable

__all__ = ["DIMENSIONS", "Embedding", "fit", "is_saved", "load", "words"]

DIMENSIONS = 256
_WORDS_MAX = 20_000
_WORDS, _NUMBERS = "vocabulary.txt", "embedding.npz"  # the second one is written last
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_COMMON = frozenset(
    re.findall(
        "[a-z]+",
        """a an and are as at be been but by can do does each for from has have if in into is it its may more no not of
        on one only or other return returns same see should such than that the their then there these this to use used
        using was we when where which while will with you your param parameter parameters none self default example""",
    )
)
_stemmer = snowballstemmer.stemmer("english")


@cache
def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem


def words(text: str) -> list[str]:
    """The stems of a text.

    >>> words("parse_args: ParsesArguments of the HTTPServer")
    ['pars', 'arg', 'pars', 'argument', 'http', 'server']
    """
    found = (word.lower() for word in _WORD.findall(text))
    return [_stem(word) for word in found if len(word) > 1 and word not in _COMMON]


@dataclass(frozen=True, slots=True)
class Embedding:
    """What fitting learned."""

    vocabulary: dict[str, int]
    idf: NDArray[np.float32]  # one weight per word
    components: NDArray[np.float32]  # DIMENSIONS × words

    def embed(self, text: str) -> NDArray[np.float32]:
        """The vector of one text; zero if it has no known word."""
        counts = Counter(self.vocabulary[word] for word in words(text) if word in self.vocabulary)
        if not counts:
            return np.zeros(len(self.components), np.float32)
        columns = np.fromiter(counts, np.intp)
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32))) * self.idf[columns]
        vector: NDArray[np.float32] = self.components[:, columns] @ (weights / np.linalg.norm(weights))
        return vector.astype(np.float32)

    def save(self, directory: Path) -> None:
        """Write it for `load`."""
        (directory / _WORDS).write_text("\n".join(self.vocabulary), encoding="utf-8")
        draft = directory / f".{_NUMBERS}"
        np.savez(draft, idf=self.idf, components=self.components)
        draft.rename(directory / _NUMBERS)


def is_saved(directory: Path) -> bool:
    """Whether `load` will find an embedding there."""
    return (directory / _NUMBERS).exists()


def load(directory: Path) -> Embedding:
    """Read what `save` wrote."""
    with np.load(directory / _NUMBERS, allow_pickle=False) as arrays:
        idf, components = arrays["idf"], arrays["components"]
    lines = (directory / _WORDS).read_text(encoding="utf-8").split("\n")
    return Embedding({word: row for row, word in enumerate(lines)}, idf, components)


def fit(texts: Sequence[str]) -> tuple[Embedding, NDArray[np.float32]]:
    """Learn an embedding from the texts; returns it and their vectors, texts × DIMENSIONS."""
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise Unavailable("the demo needs scikit-learn: pip install 'tamis[demo]'") from None
    weigh = TfidfVectorizer(analyzer=words, sublinear_tf=True, min_df=2, max_features=_WORDS_MAX, dtype=np.float32)
    weights = weigh.fit_transform(texts)
    size = min(DIMENSIONS, weights.shape[1] - 1)
    reduce = TruncatedSVD(size, n_iter=4, random_state=0)
    vectors = reduce.fit_transform(weights).astype(np.float32)
    vocabulary = {word: row for row, word in enumerate(weigh.get_feature_names_out().tolist())}
    return Embedding(vocabulary, weigh.idf_.astype(np.float32), reduce.components_.astype(np.float32)), vectors
