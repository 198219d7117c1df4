"""Learning the embedding: latent semantic analysis of occupations, each one document in both languages at once.

    document  titles, other titles and descriptions of one occupation, English and Dutch
    TF-IDF    of words and character n-grams; those of one document only are left out
    SVD       truncated; directions are scaled by 1/σ, so that the many rare trades count as much as the large ones

Returns the embedding and the vector of every occupation. Needs scikit-learn; asking later does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.vacancies.errors import BadInput, NotBuilt
from apps.vacancies.meaning.embedding import Embedding
from apps.vacancies.sources.corpus import Occupation
from apps.vacancies.words import features, words

__all__ = ["DIMENSIONS_MAX", "fit"]

DIMENSIONS_MAX = 256
_FEATURES_MAX = 50_000
_OCCUPATIONS_MIN = 8


def fit(occupations: Sequence[Occupation]) -> tuple[Embedding, NDArray[np.float32]]:
    """Learn from the occupations; the second result has their unit vectors, one row each."""
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise NotBuilt("building needs scikit-learn; install it with: pip install 'tamis[vacancies]'") from None
    if len(occupations) < _OCCUPATIONS_MIN:
        raise BadInput(
            "data", f"has {len(occupations)} occupations; at least {_OCCUPATIONS_MIN} are needed to learn from"
        )
    weigh = TfidfVectorizer(
        analyzer=lambda text: features([word.folded for word in words(text)]),
        sublinear_tf=True,
        min_df=2,
        max_features=_FEATURES_MAX,
        dtype=np.float32,
    )
    weights = weigh.fit_transform([_document(one) for one in occupations])
    size = max(2, min(DIMENSIONS_MAX, len(occupations) // 2, weights.shape[1] - 1))
    reduce = TruncatedSVD(size, n_iter=4, random_state=0).fit(weights)
    scaled = (reduce.components_ / reduce.singular_values_[:, None]).T.astype(np.float32)
    scaled /= np.abs(scaled).max()  # within the range of float16
    vectors = (weights @ scaled).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    vocabulary = {name: row for row, name in enumerate(weigh.get_feature_names_out().tolist())}
    return Embedding(vocabulary, weigh.idf_.astype(np.float32), scaled.astype(np.float16)), vectors


def _document(one: Occupation) -> str:
    parts: list[str] = []
    for language, title in one.titles.items():
        parts += [title, title, *one.alternatives.get(language, ()), one.descriptions.get(language, "")]
    return "\n".join(parts)
