"""Text → a vector, in one space for English and Dutch. Needs numpy only.

    features   words and their character n-grams          weight   (1 + log count) · idf
    vector     weights · components, length one

The components are learned by `fitting` from occupations described in both languages at once, so that words of the two
languages for the same thing point the same way. Saved as one .npz file without pickle:

    components  float16, features × dimensions        idf  float32        vocabulary, about  uint8: UTF-8 text, JSON
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.vacancies.errors import NotBuilt
from apps.vacancies.words import features

__all__ = ["FILE", "Embedding", "load"]

FILE = "embedding.npz"


@dataclass(frozen=True, slots=True)
class Embedding:
    """What fitting learned. about: the collection that was built with it, and what is in it."""

    vocabulary: Mapping[str, int]
    idf: NDArray[np.float32]
    components: NDArray[np.float16]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return int(self.components.shape[1])

    def embed(self, folded: Sequence[str], complete: bool = True) -> NDArray[np.float32]:
        """The unit vector of some words; all zero if none of their features is known.

        complete: whether the last word is; while it is being typed, its end says nothing.
        """
        counts = Counter(self.vocabulary[name] for name in features(folded, complete) if name in self.vocabulary)
        if not counts:
            return np.zeros(self.dimensions, np.float32)
        rows = np.fromiter(counts, np.intp, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[rows]
        vector: NDArray[np.float32] = weights @ self.components[rows].astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length > 0 else vector

    def save(self, directory: Path) -> None:
        """Write it for `load`, whole or not at all."""
        directory.mkdir(parents=True, exist_ok=True)
        draft = directory / f".{FILE}"
        texts = {"vocabulary": "\n".join(self.vocabulary), "about": json.dumps(dict(self.about))}
        encoded = {name: np.frombuffer(text.encode(), np.uint8) for name, text in texts.items()}
        with draft.open("wb") as file:
            np.savez(file, idf=self.idf, components=self.components, allow_pickle=False, **encoded)
        draft.replace(directory / FILE)


def load(directory: Path) -> Embedding:
    """Read what `save` wrote; NotBuilt where nothing is, or what is there cannot be read."""
    place = directory / FILE
    if not place.exists():
        raise NotBuilt(f"{place} is not there; make it with: vacancies build --path {directory}")
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            idf, components = arrays["idf"], arrays["components"]
            lines = bytes(arrays["vocabulary"]).decode().split("\n")
            about = json.loads(bytes(arrays["about"]))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise NotBuilt(f"{place} cannot be read ({error}); make it anew with: vacancies build") from None
    return Embedding({name: row for row, name in enumerate(lines)}, idf, components, about)
