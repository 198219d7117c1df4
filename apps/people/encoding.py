"""Profiles → vectors, by what was learned from all of them. Numpy only; `apps.people.learning` learns it.

    interests   one number per known interest: log2(people / people with it), 0 without it
    words       (1 + log2 count) · log2(people / people who use it), length one, times `components` (words → 96)

Both are compared by their angle. An interest or a word that nobody had when this was learned has no number until the
next build; filters and reasons see it nevertheless. Bytes are an .npz without pickle.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.people.words import words

__all__ = ["Encoding", "Floats"]

Floats = NDArray[np.float32]
_BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Encoding:
    """What was learned. Bits: log2 of how many people there are for each one that has it."""

    interests: dict[str, int]
    interest_bits: Floats
    vocabulary: dict[str, int]
    word_bits: Floats
    components: Floats  # sizes of a vector × words

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers of each vector."""
        return {"interests": max(1, len(self.interests)), "words": max(1, len(self.components))}

    def vectors(self, interests: Sequence[str], about: str) -> dict[str, list[float]]:
        """The vectors of a profile, by name; those it has something for."""
        made = {"interests": self._interests(interests), "words": self._words(about)}
        return {name: vector.tolist() for name, vector in made.items() if vector is not None}

    def bits(self, word: str) -> float:
        """What a stem says; 0 if it is not known."""
        row = self.vocabulary.get(word)
        return 0.0 if row is None else float(self.word_bits[row])

    def weights(self, text: str) -> tuple[NDArray[np.intp], Floats]:
        """The known words of a text: their rows, and weights of length one."""
        counts = Counter(row for word in words(text) if (row := self.vocabulary.get(word)) is not None)
        rows = np.fromiter(counts, np.intp, len(counts))
        weights = (1 + np.log2(np.fromiter(counts.values(), np.float32, len(counts)))) * self.word_bits[rows]
        length = float(np.linalg.norm(weights))
        return rows, (weights / length if length else weights).astype(np.float32)

    def to_bytes(self) -> bytes:
        """For `from_bytes`. Components are kept in half precision."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            interests=_joined(self.interests),
            interest_bits=self.interest_bits,
            vocabulary=_joined(self.vocabulary),
            word_bits=self.word_bits,
            components=self.components.astype(np.float16),
        )
        return file.getvalue()

    @staticmethod
    def from_bytes(stored: bytes) -> Encoding:
        """What `to_bytes` made. ValueError if it is something else."""
        try:
            with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
                return Encoding(
                    _split(arrays["interests"]),
                    arrays["interest_bits"],
                    _split(arrays["vocabulary"]),
                    arrays["word_bits"],
                    arrays["components"].astype(np.float32),
                )
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"this is no encoding: {error}") from None

    def _interests(self, interests: Sequence[str]) -> Floats | None:
        rows = [row for interest in interests if (row := self.interests.get(interest)) is not None]
        vector = np.zeros(max(1, len(self.interests)), np.float32)
        vector[rows] = self.interest_bits[rows]
        return vector if vector.any() else None

    def _words(self, about: str) -> Floats | None:
        rows, weights = self.weights(about)
        vector: Floats = self.components[:, rows] @ weights
        return vector if vector.any() else None


def _joined(names: dict[str, int]) -> NDArray[np.uint8]:
    return np.frombuffer(_BREAK.join(names).encode(), np.uint8)


def _split(stored: NDArray[np.uint8]) -> dict[str, int]:
    text = stored.tobytes().decode()
    return {name: row for row, name in enumerate(text.split(_BREAK))} if text else {}
