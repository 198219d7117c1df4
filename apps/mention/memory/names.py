"""What somebody is called: a name in one spelling, and the shorter names that the same person goes by.

    "J. S. Bach"              full  j s bach               forms  j s bach, j bach, s bach, bach
    "Vincent van Gogh"        full  vincent gogh           forms  vincent gogh, v gogh, gogh, vincent
    "Martin Luther King Jr."  full  martin luther king jr  forms  martin luther king, m l king, king jr, king, ...

Case, accents, particles (van, de, ...), titles (Dr., Queen) and dots are let go. Two names can mean the same person if
one is among the forms of the other: `Christian Bach` is not `J. S. Bach`, `Bach` can be either.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from apps.mention.sentence import PARTICLES

__all__ = ["NameForms", "folded", "forms"]

_GIVEN_MAX: Final = 3  # of more given names, these are shortened: 3 ** 3 forms
_PARTS_MAX: Final = 12
_SUFFIXES: Final = frozenset(("jr", "jnr", "junior", "sr", "snr", "senior", "i", "ii", "iii", "iv", "v", "vi", "vii",
    "viii", "ix", "xi", "xii", "xiii", "xiv", "xv", "xvi"))  # fmt: skip
_ONE_SUFFIX: Final = {"jnr": "jr", "junior": "jr", "snr": "sr", "senior": "sr"}
_TITLES: Final = frozenset((
    "admiral", "archbishop", "archduke", "baron", "baroness", "bishop", "capt", "captain", "cardinal",
    "chancellor", "col", "colonel", "count", "countess", "dame", "doctor", "dr", "duchess", "duke", "emperor",
    "empress", "father", "frau", "fr", "general", "gen", "herr", "judge", "justice", "king", "lady", "lord", "lt",
    "madame", "maestro", "major", "marshal", "miss", "mr", "mrs", "ms", "monsieur", "mother", "pope", "president",
    "prince", "princess", "prof", "professor", "queen", "rabbi", "rev", "reverend", "saint", "sen", "senator",
    "sergeant", "sheikh", "sir", "sister", "st", "sultan", "tsar",
))  # fmt: skip
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ʻ": "", "ـ": ""}
)
_QUOTES: Final = re.compile(r"['’ʼ`]s?(?=\s|$)|(?<=\w)['’ʼ`](?=\w)")  # a genitive; the apostrophe of O'Brien
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class NameForms:
    """A name as written, in one spelling, and everything its bearer can be called by those who know it."""

    full: str
    forms: tuple[str, ...]


def folded(text: str) -> str:
    """Small letters without accents.

    >>> folded("Łukasz Żółw Ångström-Straße")
    'lukasz zolw angstrom-strasse'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in bare if unicodedata.category(letter) != "Mn")
    return unicodedata.normalize("NFC", kept).translate(_LETTERS)


@functools.lru_cache(maxsize=16_384)
def forms(name: str) -> NameForms:
    """The forms of a name as it stands in a text; longest first.

    >>> forms("J.S. Bach").forms
    ('j s bach', 'j bach', 's bach', 'bach')
    >>> forms("Bach, Johann") == forms("Johann Bach")
    True
    """
    parts, suffix = _parts(name)
    *given, last = parts
    full = " ".join([*parts, *suffix])
    found = {full, " ".join(parts), last}
    if suffix:
        found.add(" ".join([last, *suffix]))
    shortened = given if len(given) <= _GIVEN_MAX else [*given[: _GIVEN_MAX - 1], given[-1]]
    for chosen in itertools.product(*((part, part[0], "") for part in shortened)):
        short = " ".join(part for part in (*chosen, last) if part)
        found.update((short, " ".join([short, *suffix])))
    found.update(part for part in given if len(part) > 1)
    if any(len(part) > 1 for part in given):
        found.add(" ".join(given))
    told = {form for form in found if len(form) > 1} or {full}
    return NameForms(full, tuple(sorted(told, key=lambda form: (-len(form), form))))


def _parts(name: str) -> tuple[list[str], list[str]]:
    """The parts that name somebody, and the generation. There is always a part."""
    text = folded(name)
    pieces = [piece for piece in text.split(",") if piece.strip()]
    if len(pieces) > 1 and not set(_words(pieces[1])) <= _SUFFIXES:
        text = " ".join([pieces[1], pieces[0], *pieces[2:]])
    words = _words(text)[:_PARTS_MAX] or [text]
    suffix: list[str] = []
    while len(words) > 1 and words[-1] in _SUFFIXES:
        suffix.insert(0, _ONE_SUFFIX.get(words[-1], words[-1]))
        words = words[:-1]
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    telling = [word for word in words if word not in PARTICLES]
    return telling or words, suffix


def _words(text: str) -> list[str]:
    return _WORD.findall(_QUOTES.sub("", text))
