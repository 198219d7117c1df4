"""What the encoder sees of a masked sentence: words, pairs of words, ends of names, and how far each is from the name.

    "In 1905 ▢ published" → in, in_#1900?, #1900, published, 1:published, ...   each with a bucket of its distance

Words are lower-cased; a year is read as its decade, a number by its digits; words next to the name are seen once more
with their place, since "the painter ▢" says more than a painter elsewhere; of capitalised words the first and the last
four letters are seen too, because names of people and places tell a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.mention.sentence import MASK

__all__ = ["BUCKETS", "features"]

BUCKETS: Final = 12
"""Kinds of distance: six lengths on either side of the name."""

TOKEN: Final = re.compile(rf"{MASK}|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
REACHES: Final = (1, 2, 4, 8, 16)
NEAR: Final = 2
"""Words up to so far from the name are seen with their place."""
END: Final = 4
"""Letters of the beginning and the end of a capitalised word, its borders included."""


def features(masked: str) -> Iterator[tuple[str, int]]:
    """Pairs of a feature and the bucket of its distance from the nearest mask, in the order of the text.

    >>> text = f"The painter {MASK} died in 1905."
    >>> [feature for feature, _ in features(text)][:5]
    ['the', '-2:the', 'the_painter', '~<the', '~the>']
    >>> [bucket for feature, bucket in features(text) if feature in ("painter", "#1900")]
    [0, 5]
    """
    tokens = [_read(match.group()) for match in TOKEN.finditer(masked)]
    places = [place for place, token in enumerate(tokens) if token == MASK] or [len(tokens) // 2]
    nearest = 0
    for place, token in enumerate(tokens):
        while nearest + 1 < len(places) and abs(places[nearest + 1] - place) <= abs(places[nearest] - place):
            nearest += 1
        if token == MASK:
            continue
        distance = place - places[nearest]
        bucket = _bucket(distance)
        word = token.lower()
        yield word, bucket
        if abs(distance) <= NEAR:
            yield f"{distance}:{word}", bucket
        if place + 1 < len(tokens):
            yield f"{word}_{tokens[place + 1].lower()}", bucket
        if token[0].isupper():
            bordered = f"<{word}>"
            yield f"~{bordered[:END]}", bucket
            yield f"~{bordered[-END:]}", bucket


def _read(token: str) -> str:
    """A word as it is; a year as its decade, another number as its length."""
    if not token[0].isdigit():
        return token
    if len(token) == 4 and token[0] in "12":
        return f"#{token[:3]}0"
    return f"#{token[0]}00" if len(token) == 3 else f"#{len(token)}"


def _bucket(distance: int) -> int:
    """Even before the name, odd behind it; the further, the higher."""
    reach = next((step for step, bound in enumerate(REACHES) if abs(distance) <= bound), len(REACHES))
    return 2 * reach + (distance > 0)
