"""Profiles → `Encoding`. Needs scikit-learn; asking needs only what was learned.

The singular value decomposition (Deerwester et al. 1990) turns thousands of words into 96 numbers, so that two texts
can be near without the same words. Where there are no more words than that, each keeps its own number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from apps.people.encoding import Encoding, Floats
from apps.people.profile import Profile, Refused
from apps.people.words import words

__all__ = ["LEARNED_FROM_MAX", "learn"]

LEARNED_FROM_MAX = 20_000  # profiles; the first ones
_INTERESTS_MAX = 1_024
_WORDS_MAX = 10_000
_PEOPLE_PER_WORD_MIN = 2
_SIZE = 96
_SEED = 7


def learn(profiles: Sequence[Profile]) -> Encoding:
    """What the profiles have and say, and how rare that is. The same profiles give the same encoding. Refused."""
    known = profiles[:LEARNED_FROM_MAX]
    if not known:
        raise Refused("profiles: there are none; give at least one person to learn from")
    interests = _counted((profile.interests for profile in known), _INTERESTS_MAX, 1)
    vocabulary = _counted((set(words(profile.about)) for profile in known), _WORDS_MAX, _PEOPLE_PER_WORD_MIN)
    plain = Encoding(
        {name: row for row, name in enumerate(interests)},
        _bits(interests, len(known)),
        {name: row for row, name in enumerate(vocabulary)},
        _bits(vocabulary, len(known)),
        np.eye(len(vocabulary) if len(vocabulary) <= _SIZE else 0, dtype=np.float32),
    )
    if len(vocabulary) <= _SIZE:
        return plain
    components = _components(plain, [profile.about for profile in known])
    return Encoding(plain.interests, plain.interest_bits, plain.vocabulary, plain.word_bits, components)


def _counted(lists: Iterable[Iterable[str]], most: int, least: int) -> dict[str, int]:
    """The values in their order, with how many lists hold them; the most frequent ones."""
    counts: Counter[str] = Counter(value for values in lists for value in values)
    frequent = sorted((-count, value) for value, count in counts.items() if count >= least)[:most]
    return {value: -count for count, value in sorted(frequent, key=lambda pair: pair[1])}


def _bits(counts: dict[str, int], people: int) -> Floats:
    """One is added, so that what everybody has still counts a little."""
    return np.log2((people + 1) / np.fromiter(counts.values(), np.float32, len(counts))).astype(np.float32)


def _components(plain: Encoding, texts: Sequence[str]) -> Floats:
    try:
        from scipy.sparse import csr_array
        from sklearn.decomposition import TruncatedSVD
    except ImportError as error:  # pragma: no cover - depends on what is installed
        raise Refused(f"building needs {error.name}; install it with: pip install 'tamis[people]'") from error
    rows = [plain.weights(text) for text in texts]
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    weights = np.concatenate([weight for _, weight in rows])
    columns = np.concatenate([column for column, _ in rows])
    matrix = csr_array((weights, columns, starts), shape=(len(texts), len(plain.vocabulary)))
    reduced = TruncatedSVD(min(_SIZE, len(texts)), n_iter=4, random_state=_SEED).fit(matrix)
    # Half precision is what is stored: what a fresh build adds and what a reopened one adds are the same numbers.
    components: Floats = reduced.components_.astype(np.float16).astype(np.float32)
    return components
