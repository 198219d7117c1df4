"""What the tagger sees of one word of a run: the word, its shape, its neighbours, and what is known of them.

Everything is a short string; the model has one weight per string and tag. `Lexicon` holds what the training text says
about words: how often a word begins or ends the names of different people, how often it is written small, which words
name places, and which stand behind "the", "a" or "in" more often than a name does. Counts are kept as steps (1, 2, 4,
8, ...), since that is all the tagger asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from apps.mention.names.vocabulary import PARTICLES

__all__ = ["Lexicon", "traits"]

_EDGE: Final = "|"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words and how often each was seen, in steps: `given` and `last` names, `small` writing, `places`, `things`."""

    given: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    small: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    things: dict[str, int] = field(default_factory=dict)

    def classes(self, word: str) -> str:
        """The steps of a word as one string: what it is like, without saying which word it is.

        >>> Lexicon(given={"Ada": 3}, last={"Bell": 1}, small={"bell": 2}).classes("Bell")
        'g0l1s2p0t0'
        """
        small = self.small.get(word.lower(), 0)
        place, thing = self.places.get(word, 0), self.things.get(word, 0)
        return f"g{self.given.get(word, 0)}l{self.last.get(word, 0)}s{small}p{place}t{thing}"


def traits(words: list[str], run: tuple[int, int], lexicon: Lexicon) -> list[list[str]]:
    """The traits of each word of the run `words[first:last]`, each a list of strings."""
    first, last = run
    shared = _surroundings(words, first, last, lexicon)
    classes = [lexicon.classes(word) for word in words[first:last]]
    found = []
    for place in range(first, last):
        inside = place - first
        own = classes[inside]
        ahead = classes[inside + 1] if place + 1 < last else _EDGE
        behind = classes[inside - 1] if inside else _EDGE
        word = words[place]
        position = f"{min(inside, 3)}{min(last - 1 - place, 3)}"
        mine = _spelling(word)
        mine += [f"c{own}", f"c-{behind}", f"c+{ahead}", f"c0+{own}{ahead}", f"c-0{behind}{own}", f"@{position}"]
        mine += [f"@c{position}{own}", f"w-{words[place - 1] if inside else _EDGE}"]
        mine += [f"w+{words[place + 1] if place + 1 < last else _EDGE}"]
        mine += [f"{trait}@{position}" if trait[0] in "<>" else trait for trait in shared]
        found.append(mine)
    return found


def _spelling(word: str) -> list[str]:
    if word in PARTICLES:
        return [f"w{word}", "particle"]
    return [f"w{word}", f"a{word[:3]}", f"z{word[-2:]}", f"z{word[-3:]}", f"z{word[-4:]}", f"x{_shape(word)}"]


def _shape(word: str) -> str:
    """Xx for a capitalised word; runs of one kind are written once, so JFK is X and McCoy XxXx."""
    kinds = ["X" if c.isupper() else "x" if c.islower() else c for c in word]
    shape = "".join(kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before)
    return f"{shape}1" if len(word) <= 2 else shape[:5]


def _surroundings(words: list[str], first: int, last: int, lexicon: Lexicon) -> list[str]:
    """What all words of a run share: the words around it, and its own first and last word."""
    before = words[first - 1].lower() if first else "^"
    earlier = words[first - 2].lower() if first > 1 else "^"
    after = words[last].lower() if last < len(words) else "$"
    later = words[last + 1].lower() if last + 1 < len(words) else "$"
    beyond = words[last + 2].lower() if last + 2 < len(words) else "$"
    after, later, beyond = (_number(word) for word in (after, later, beyond))
    length = min(last - first, 5)
    head = words[last - 1]
    found = [f"<{before}", f"<<{earlier}", f"<2{earlier} {before}", f">{after}", f">>{later}", f">2{after} {later}"]
    found += [f"n{length}", f"h{head}", f"hc{lexicon.classes(head)}", f"b{words[first]}", f"n<{length}{before}"]
    found += [f"n>{length}{after}", f"<>{before} {after}", f">3{after} {later} {beyond}"]
    if _quoted(words, first, last):
        found.append(f"quoted{length}")
    return found


def _number(word: str) -> str:
    return ("9999" if len(word) == 4 else "9") if word[0].isdigit() else word


def _quoted(words: list[str], first: int, last: int) -> bool:
    """Does the run stand alone between quotation marks, as titles do?"""
    return first > 0 and last < len(words) and words[first - 1] in "\"“«'‘" and words[last] in "\"”»'’,"
