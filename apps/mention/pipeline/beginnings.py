"""The vectors that features begin with, before anything is learnt from labels.

    company     which features stand in the same sentences: TF-IDF of all texts, truncated SVD
    meaning     what another encoder says of the words themselves, when one is given (--words)
    together    both side by side, turned onto their `size` strongest directions

A few thousand people cannot teach what ten thousand rare words mean; whom the words stand with, and what a network that
has read more says of them, can. The other encoder is needed for training only: it is distilled into the rows
(Tulkens & van Dongen 2024 do so for whole vocabularies), and the shipped model runs without it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.aggregate import Encoder
from apps.mention.model.layers import to_length_one
from apps.mention.pipeline.vocabulary import Texts, Vocabulary, is_word

__all__ = ["beginnings"]

COMPANY_SHARE: Final = 0.3
"""Weight of the company of a word whose meaning is known too."""
BATCH: Final = 1024

Rows = NDArray[np.float32]


def beginnings(texts: Texts, vocabulary: Vocabulary, size: int, seed: int, words: Encoder | None = None) -> Rows:
    """(features, size) rows of length one."""
    company = _company(texts, vocabulary, size, seed)
    if words is None:
        return company
    meaning, real = _meaning(vocabulary, size, words)
    both = np.concatenate([meaning, company * np.where(real, COMPANY_SHARE, 1.0)[:, None]], axis=1)
    return _turned(both - both.mean(axis=0), size)


def _company(texts: Texts, vocabulary: Vocabulary, size: int, seed: int) -> Rows:
    """Rows by which features occur with which."""
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    shape = (len(texts.starts) - 1, len(vocabulary.words))
    counts = sparse.csr_matrix((np.ones(len(texts.ids), np.float32), texts.ids, texts.starts), shape=shape)
    counts.sum_duplicates()
    counts.data = (1 + np.log(counts.data)).astype(np.float32)
    weighted = counts @ sparse.diags(vocabulary.rarity.astype(np.float32))
    lengths = np.asarray(np.sqrt(weighted.multiply(weighted).sum(1))).ravel()
    _, strengths, ways = randomized_svd(sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weighted, size, random_state=seed)
    return to_length_one((ways.T * np.sqrt(strengths)).astype(np.float32))


def _meaning(vocabulary: Vocabulary, size: int, words: Encoder) -> tuple[Rows, NDArray[np.bool_]]:
    """Rows by what the encoder says of words and pairs of words, zero for the rest; and which are no rest."""
    real = np.array([is_word(feature) for feature in vocabulary.words])
    texts = [word.replace("_", " ") for word, spoken in zip(vocabulary.words, real, strict=True) if spoken]
    said = np.concatenate([words.encode(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])
    said -= said.mean(axis=0)
    rows = np.zeros((len(real), min(size, said.shape[1])), np.float32)
    rows[real] = _turned(said, rows.shape[1], even=0.5)
    return rows, real


def _turned(rows: Rows, size: int, even: float = 0.0) -> Rows:
    """Rows on their `size` strongest directions, of length one; `even` takes so much of the differences in strength."""
    _, strengths, ways = np.linalg.svd(rows, full_matrices=False)
    scales = (strengths[:size] / np.sqrt(len(rows))) ** -even
    return to_length_one((rows @ ways[:size].T * scales).astype(np.float32))
