"""Why somebody is suggested, in words: only what is true of the two, and first what says most.

What a reason says is measured in bits: log2(others / those others of whom the same holds). That nine of ten others
speak a language says next to nothing, that two of six hundred keep bees says eight bits. Below one bit it is no reason.

    interest, school, language   both have it
    near, age                    as near, and as close in years; counted are all who are no farther
    words                        both descriptions use them; less log2 of the words I use, since one of many will meet
    like                         among the most like somebody I liked, by interests or by words; counted are the ranks
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from qdrant_client import QdrantClient, models

from apps.people.crowd import Crowd, kilometres
from apps.people.encoding import Encoding
from apps.people.points import Known
from apps.people.profile import Profile
from apps.people.words import spelled

__all__ = ["REASONS_MAX", "Reason", "Resemblance", "reasons", "resemblances"]

REASONS_MAX = 6
_BITS_MIN = 1.0
_WORDS_MAX = 3
_RANKS = 32
_KINDS = {"interests": "shared interest:", "schools": "same school:", "languages": "both speak"}
_NAMES = {"interests": "interest", "schools": "school", "languages": "language"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. kind: interest, school, language, near, age, words or like."""

    kind: str
    text: str
    bits: float


@dataclass(frozen=True, slots=True)
class Resemblance:
    """That somebody is the rank-th most like a person by one vector."""

    liked: Profile
    vector: str
    rank: int


def reasons(
    crowd: Crowd, encoding: Encoding, other: Profile, resembled: Mapping[int, list[Resemblance]]
) -> list[Reason]:
    """The reasons for suggesting `other` to the person of the crowd; at most `REASONS_MAX`."""
    found = [
        *_shared(crowd, other),
        *_near(crowd, other),
        *_age(crowd, other),
        *_words(crowd.me, encoding, other),
        *_like(crowd, resembled.get(other.id, [])),
    ]
    says = [reason for reason in found if reason.bits >= _BITS_MIN]
    return sorted(says, key=lambda reason: (-reason.bits, reason.text))[:REASONS_MAX]


def resemblances(client: QdrantClient, name: str, liked: list[Known]) -> dict[int, list[Resemblance]]:
    """Who is among the most like each liked person, by each vector; exact."""
    asked = [(person.profile, vector) for person in liked for vector in person.compared]
    if not asked:
        return {}
    exact = models.SearchParams(exact=True)
    requests = [
        models.QueryRequest(query=profile.id, using=vector, limit=_RANKS, params=exact) for profile, vector in asked
    ]
    found: dict[int, list[Resemblance]] = {}
    for (profile, vector), answer in zip(asked, client.query_batch_points(name, requests), strict=True):
        for rank, hit in enumerate(answer.points, 1):
            if hit.score > 0:
                found.setdefault(int(hit.id), []).append(Resemblance(profile, vector, rank))
    return found


def _shared(crowd: Crowd, other: Profile) -> list[Reason]:
    found = []
    for key, words in _KINDS.items():
        theirs = set(getattr(other, key))
        for value in getattr(crowd.me, key):
            if value in theirs:
                count = crowd.with_value(key, value)
                text = f"{words} {value.title() if key == 'languages' else value} ({count} of {crowd.others} others)"
                found.append(Reason(_NAMES[key], text, crowd.bits(count)))
    return found


def _near(crowd: Crowd, other: Profile) -> list[Reason]:
    if crowd.me.place is None or other.place is None:
        return []
    km = kilometres(crowd.me.place, other.place)
    count = crowd.as_near(km)
    far = f"{km:.1f}" if km < 10 else f"{km:,.0f}"
    return [Reason("near", f"{far} km away ({count} of {crowd.others} others are as near)", crowd.bits(count))]


def _age(crowd: Crowd, other: Profile) -> list[Reason]:
    if crowd.me.born is None or other.born is None:
        return []
    apart = abs(crowd.me.born - other.born)
    count = crowd.as_old(apart)
    when = "in the same year" if apart == 0 else f"{apart} year{'s' if apart > 1 else ''} apart"
    return [Reason("age", f"born {when} ({count} of {crowd.others} others are as close)", crowd.bits(count))]


def _words(me: Profile, encoding: Encoding, other: Profile) -> list[Reason]:
    mine, theirs = spelled(me.about), spelled(other.about)
    chance = math.log2(max(1, len(mine)))
    shared = sorted((-encoding.bits(stem), stem) for stem in mine.keys() & theirs.keys())
    shown = [stem for bits, stem in shared[:_WORDS_MAX] if -bits - chance >= _BITS_MIN]
    if not shown:
        return []
    text = ", ".join(f"“{theirs[stem]}”" for stem in shown)
    return [Reason("words", f"in both descriptions: {text}", encoding.bits(shown[0]) - chance)]


def _like(crowd: Crowd, resembled: list[Resemblance]) -> list[Reason]:
    """The best one."""
    best = min(resembled, key=lambda one: (one.rank, one.vector, one.liked.id), default=None)
    if best is None:
        return []
    most = "most" if best.rank == 1 else f"{_ordinal(best.rank)} most"
    text = f"{most} like {best.liked.name}, whom you liked, of {crowd.others} others (by {best.vector})"
    return [Reason("like", text, crowd.bits(best.rank))]


def _ordinal(rank: int) -> str:
    """
    >>> [_ordinal(rank) for rank in (2, 3, 11, 21, 22, 30)]
    ['2nd', '3rd', '11th', '21st', '22nd', '30th']
    """
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{rank}{'th' if rank % 100 in (11, 12, 13) else ends.get(rank % 10, 'th')}"
