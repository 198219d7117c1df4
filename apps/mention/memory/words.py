"""The words for categories: `facet:NAME` of the networks → what a person reads, and the names of the facets."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FACETS", "TAUGHT", "facet_of", "readable"]

TAUGHT: Final = "taught"
"""The facet of categories that users teach."""
FACETS: Final = {
    "occ": "occupation",
    "ind": "field",
    "dom": "domain",
    "nat_occ": "country and occupation",
    "country": "country of birth",
    "cont": "continent of birth",
    "era": "century of birth",
    "gender": "gender",
    TAUGHT: "taught",
}
"""Facet → what it is about, in the order in which they are read."""

_SPECIAL: Final = {
    "occ:CHESSMASTER": "chess master",
    "occ:COMPANION": "companion of somebody famous",
    "occ:MAFIOSO": "gangster",
    "occ:MILITARY PERSONNEL": "soldier",
    "occ:NOBLEMAN": "noble",
    "occ:RACECAR DRIVER": "racing driver",
    "ind:COMPANIONS": "company of the famous",
    "ind:EXPLORERS": "exploration",
    "ind:FILM AND THEATRE": "film and theatre",
    "ind:MATH": "mathematics",
    "ind:OUTLAWS": "crime",
    "gender:Female": "woman",
    "gender:Male": "man",
    "cont:Unknown": "continent unknown",
}
_ARTICLE: Final = ("United ", "Netherlands", "Czech Republic", "Philippines", "Dominican Republic")
_NATION: Final = re.compile(r"(?P<country>(?:[^\W\d_a-z]\S* )*)(?P<occupation>[a-z].*)")
_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}


def facet_of(category: str) -> str:
    """
    >>> facet_of("occ:PHYSICIST")
    'occ'
    """
    return category.partition(":")[0]


def readable(category: str) -> str:
    """A category in words.

    >>> [readable(one) for one in ("occ:FILM DIRECTOR", "era:3th century BC", "nat_occ:United States film director")]
    ['film director', '3rd century BC', 'film director of the United States']
    """
    if category in _SPECIAL:
        return _SPECIAL[category]
    facet, _, name = category.partition(":")
    if facet in ("occ", "ind", "dom"):
        return name.lower().replace("&", "and")
    if facet == "era":
        return re.sub(r"^(\d+)th\b", lambda found: _ordinal(int(found[1])), name)
    if facet == "nat_occ" and (parts := _NATION.fullmatch(name.strip())):
        country = parts["country"].strip()
        article = "the " if country.startswith(_ARTICLE) else ""
        return parts["occupation"] + (f" of {article}{country}" if country else "")
    return name or category


def _ordinal(number: int) -> str:
    teen = 10 < number % 100 < 20
    return f"{number}{'th' if teen else _ENDINGS.get(number % 10, 'th')}"
