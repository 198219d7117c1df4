"""Texts → the words they are compared by: lower case, stemmed, common English left out."""

from __future__ import annotations

import re
from functools import lru_cache

import snowballstemmer

__all__ = ["spelled", "words"]

_WORD = re.compile(r"[^\W\d_]{3,30}")
_COMMON_TEXT = """
about above after again against all also always among and another any are around back became because been before being
below best between both but came can could did does doing done down during each early ever every few first for from
further gave get give given goes going had has have having her here hers him his how however into its itself just know
known last late later least less like little long made make many may might more most much must near never new next not
nothing now off often old once one only onto other others our out over own part quite rather same saw say see seen
several shall she should since some something soon still such take taken than that the their them then there these
they thing things this those though through thus time times too took two under until upon use used very want was way
well went were what when where whether which while who whom whose why will with within without would year years yet
you your yours
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_stemmer = snowballstemmer.stemmer("english")


@lru_cache(200_000)
def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem


def spelled(text: str) -> dict[str, str]:
    """Each stem of a text, with the word that the text says for it first.

    >>> spelled("She maps tides. Mapping is what she does.")
    {'map': 'maps', 'tide': 'tides'}
    """
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        if (lower := word.lower()) not in _COMMON:
            found.setdefault(_stem(lower), lower)
    return found


def words(text: str) -> list[str]:
    """The stems of a text, in its order, as often as they come.

    >>> words("She maps tides. Mapping is what she does.")
    ['map', 'tide', 'map']
    """
    return [_stem(lower) for word in _WORD.findall(text) if (lower := word.lower()) not in _COMMON]
