"""The words of a full name, and the one that stands for it alone."""

from __future__ import annotations

import re
from typing import Final

from apps.mention.names.runs import read
from apps.mention.names.vocabulary import FORMS_OF_ADDRESS

__all__ = ["NUMERAL", "name_words", "surname"]

NUMERAL: Final = re.compile(r"[IVXL]+\Z")


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name as they stand in a run; what stands behind a comma or in brackets is left out.

    >>> name_words("Christina, Queen of Sweden")
    ('Christina',)
    """
    return tuple(read(name.partition(",")[0].partition("(")[0].strip() + " ,").words[:-1])


def surname(words: tuple[str, ...]) -> str | None:
    """The word of a full name that stands for it alone; none for "Edward III" or "Clement of Alexandria".

    >>> surname(("Vincent", "van", "Gogh"))
    'Gogh'
    """
    words = tuple(word for word in words if word not in (",", "Jr.", "Jr", "Sr.", "Sr"))
    if len(words) < 2 or "of" in words or "the" in words:
        return None
    last = words[-1]
    plain = last[0].isupper() and len(last) > 2 and last not in FORMS_OF_ADDRESS and not NUMERAL.match(last)
    return last if plain else None
