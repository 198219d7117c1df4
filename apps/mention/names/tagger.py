"""The model: a linear chain over the words of a run, in plain Python, read from one small file.

    score of tags = Σ weight(trait of a word, its tag) + Σ weight(tag, next tag)      the best tags: Viterbi

The file is JSON, compressed with xz: {"format", "weights": {trait: [B, I, O]}, "transitions": {"BI": ...}, "lexicon"}.
Weights are integers, hundredths. Nothing in it is code; a file of another format is refused.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from apps.mention.names.traits import Lexicon, traits

__all__ = ["FORMAT", "ModelUnreadable", "Tagger"]

FORMAT: Final = 1
_TAGS: Final = "BIO"
_NEVER: Final = -1_000_000
_COMMON_STEP: Final = 5  # a word written small so often is no name when a sentence begins with it


class ModelUnreadable(ValueError):
    """The file is no model of this format; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Tagger:
    """Weights, and the lexicon they were trained with."""

    weights: dict[str, list[int]]
    transitions: dict[str, int]
    lexicon: Lexicon

    def tags(self, words: list[str], run: tuple[int, int]) -> str:
        """One letter for each word of the run `words[first:last]`: B begins a name, I goes on, O is none of it."""
        first, last = run
        if first == 0 and last == 1 and self._is_common(words[0]):
            return "O"
        best: list[tuple[int, str]] = []
        for place, found in enumerate(traits(words, run, self.lexicon)):
            own = [0, 0, 0]
            for trait in found:
                if (weights := self.weights.get(trait)) is not None:
                    for tag in range(3):
                        own[tag] += weights[tag]
            if place == 0:
                best = [(own[0], "B"), (_NEVER, "I"), (own[2], "O")]
                continue
            best = [
                max((score + self._step(path[-1], tag) + own[i], path + tag) for score, path in best)
                for i, tag in enumerate(_TAGS)
            ]
        return max(best)[1]

    def _is_common(self, word: str) -> bool:
        """Would this word begin a sentence without being a name?"""
        lexicon = self.lexicon
        named = word in lexicon.given or word in lexicon.last
        return not named and lexicon.small.get(word.lower(), 0) >= _COMMON_STEP

    def _step(self, before: str, tag: str) -> int:
        return _NEVER if before + tag == "OI" else self.transitions.get(before + tag, 0)

    def write(self, path: Path) -> None:
        """The file of this model; the same model gives the same bytes."""
        content = {"format": FORMAT, "weights": self.weights, "transitions": self.transitions}
        text = json.dumps(content | {"lexicon": asdict(self.lexicon)}, ensure_ascii=False, separators=(",", ":"))
        path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))

    @classmethod
    def read(cls, path: Path) -> Tagger:
        """The model of a file. Raises FileNotFoundError, or ModelUnreadable if it is none."""
        try:
            content: dict[str, Any] = json.loads(lzma.decompress(path.read_bytes()))
            if content["format"] != FORMAT:
                raise ModelUnreadable(
                    f"{path}: format {content['format']}, this version reads {FORMAT}; train it again"
                )
            return cls(content["weights"], content["transitions"], Lexicon(**content["lexicon"]))
        except (lzma.LZMAError, EOFError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, ModelUnreadable):
                raise
            raise ModelUnreadable(f"{path}: no model of a name finder ({error}); train it again") from error
