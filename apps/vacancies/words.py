"""Text → words, folded alike when it is stored and when it is asked for.

    "Café-manager C++"  →  cafe · manager · cplusplus        (lower case, no accents, runs of letters and digits)

A `Word` remembers where it stood in the text, so that what matched can be shown and replaced. Features of a text
for the embedding: its words, and their character n-grams with the word's edges marked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase

__all__ = ["WORD_CHARS_MAX", "Word", "features", "fold", "folded_words", "placed", "words"]

_WORD = re.compile(r"[^\W_]+(?:\+\+|#)?|\.net\b", re.IGNORECASE)
_GRAMS = (3, 4, 5)
WORD_CHARS_MAX = 40


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is matched, and the characters [start, stop) of the text that it was."""

    folded: str
    start: int
    stop: int


@lru_cache(1 << 16)
def fold(text: str) -> str:
    """Letters as they are compared: no case, no accents, `c++` and `c#` as words.

    >>> fold("Coördinator"), fold("C#"), fold("ﬁscalist")
    ('coordinator', 'csharp', 'fiscalist')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return kept.replace("+", "plus").replace("#", "sharp").replace(".", "dot")


def words(text: str) -> list[Word]:
    """The words of a text, in order.

    >>> [(word.folded, word.start, word.stop) for word in words("Één .NET-dev")]
    [('een', 0, 3), ('dotnet', 4, 8), ('dev', 9, 12)]
    """
    found = ((fold(match.group()), match.start(), match.end()) for match in _WORD.finditer(text))
    return [Word(folded[:WORD_CHARS_MAX], start, stop) for folded, start, stop in found if folded]


def folded_words(text: str) -> str:
    """The words of a text joined by spaces: what two spellings of one phrase have in common.

    >>> folded_words("  Front-end developer ") == folded_words("front end DEVELOPER")
    True
    """
    return " ".join(word.folded for word in words(text))


def placed(folded: Sequence[str]) -> str:
    """The first words with their places in front, so that an index of words can tell where a phrase begins.

    >>> placed(["software", "dev"])
    'a0software b0dev'
    """
    return " ".join(f"{letter}0{word}" for letter, word in zip(ascii_lowercase, folded, strict=False))


def features(folded: Sequence[str], complete: bool = True) -> list[str]:
    """Words and character n-grams. complete: whether the last word is; the end of an incomplete one is not marked.

    >>> features(["it"])
    ['it', '<it', 'it>', '<it>']
    >>> features(["nurs"], complete=False)
    ['nurs', '<nu', 'nur', 'urs', '<nur', 'nurs', '<nurs']
    """
    found: list[str] = []
    for place, word in enumerate(folded):
        found.append(word)
        found += _grams(word, complete or place + 1 < len(folded))
    return found


@lru_cache(1 << 16)
def _grams(word: str, complete: bool) -> tuple[str, ...]:
    marked = f"<{word}>" if complete else f"<{word}"
    return tuple(marked[first : first + length] for length in _GRAMS for first in range(len(marked) - length + 1))
