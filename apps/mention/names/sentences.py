"""Plain text → its sentences, in one pass.

    He met J. S. Bach in Köthen.  Mr. Bach bowed.   →   [He met J. S. Bach in Köthen.  ][Mr. Bach bowed.]

The spans tile the text: what stands between two sentences (spaces, line breaks) belongs to the one before. A sentence
ends after . ! ? … and what closes behind them, unless the stop belongs to an abbreviation or an initial; at an empty
line; before an item of a list; and after a short line without a stop (a heading, a row of a list). No sentence is
longer than `SENTENCE_CHARS_MAX`: a longer one is cut at a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apps.mention.names.vocabulary import ABBREVIATIONS, BEGINNERS, SOMETIMES_LAST

__all__ = ["SENTENCE_CHARS_MAX", "sentences"]

SENTENCE_CHARS_MAX: Final = 2_000
_LINE_CHARS_WRAPPED: Final = 50
"""A line shorter than this was not broken because it was full: it is a heading or a row of its own."""

_STOP: Final = re.compile(
    r"""(?P<stop>[.!?…]+)(?P<closing>["'”’»)\]]*)(?=\s)      # a full stop, and what it closes
    |(?P<wide>[。！？]+["”’」』）]*)                             # these need no space behind them
    |(?P<empty>\n[^\S\n]*(?:\n[^\S\n]*)+)                     # an empty line
    |(?P<line>\n)(?=[^\S\n]*(?P<item>[-*•–·‣>#+|][ \t]|\(?\d{1,3}[.)][ \t])?)""",
    re.VERBOSE,
)
_BEFORE: Final = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*\Z")
_NUMBER: Final = re.compile(r"(?:\A|\n)[^\S\n]*\d{1,3}\Z")
_BEHIND: Final = re.compile(r"""\s*(["'“”‘’«(\[¿¡—–-]*\s?)([^\W_]+|\S|\Z)""")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The spans `[start, end)` of the sentences of a text, in order, without gaps; none for an empty text.

    >>> text = "He met J. S. Bach there. Mr. Bach bowed."
    >>> [text[start:end] for start, end in sentences(text)]
    ['He met J. S. Bach there. ', 'Mr. Bach bowed.']
    """
    start = 0
    for end in _ends(text):
        if not text[start:end].strip():
            continue  # nothing but spaces: they go to the next sentence
        yield from _bounded(text, start, end)
        start = end
    if start < len(text):
        yield from _bounded(text, start, len(text))


def _ends(text: str) -> Iterator[int]:
    """Where a sentence ends, with the spaces behind it."""
    line = 0
    for match in _STOP.finditer(text):
        if match["stop"]:
            if _is_last(text, match):
                yield _after_spaces(text, match.end())
        elif match["line"]:
            length = len(text[line : match.start()].strip())
            behind = _BEHIND.match(text, match.end())
            begins = behind is not None and behind[2][:1].isupper()
            if match["item"] is not None or (0 < length < _LINE_CHARS_WRAPPED and begins):
                yield match.end()
        else:
            yield match.end()
        if match["line"] or match["empty"]:
            line = match.end()


def _is_last(text: str, match: re.Match[str]) -> bool:
    """Does this stop end a sentence?"""
    behind = _BEHIND.match(text, match.end(), match.end() + 60)
    following = behind[2] if behind else ""
    if following[:1].islower():
        return False
    if match["stop"] != "." or match["closing"]:
        return True
    before = _BEFORE.search(text, max(0, match.start() - 24), match.start())
    word = before[0] if before else ""
    if not word and _NUMBER.search(text, max(0, match.start() - 8), match.start()):
        return False  # "1. First", the number of an item
    begins = following in BEGINNERS
    if len(word) == 1:  # an initial, or "vitamin C."
        return not word.isupper() or (begins and following not in "AI") or not following[:1].isalpha()
    if "." in word:  # U.S., e.g., a.m.
        return begins
    if word.lower() in ABBREVIATIONS:
        return begins and word.lower() in SOMETIMES_LAST
    return True


def _after_spaces(text: str, place: int) -> int:
    """The first place that is not a space; a line break is passed once."""
    while place < len(text) and text[place].isspace():
        place += 1
        if text[place - 1] == "\n":
            break
    return place


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span, cut at spaces where it is longer than allowed."""
    while end - start > SENTENCE_CHARS_MAX:
        cut = text.rfind(" ", start + SENTENCE_CHARS_MAX // 2, start + SENTENCE_CHARS_MAX) + 1
        cut = cut or start + SENTENCE_CHARS_MAX
        yield start, cut
        start = cut
    yield start, end
