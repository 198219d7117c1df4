"""The conditions and the likeness in plain Python: what the engine's answers are held against."""

from __future__ import annotations

import math

import numpy as np

from apps.people.encoding import Encoding
from apps.people.profile import Place, Profile

__all__ = ["accepts", "likeness", "metres"]


def metres(one: Place, other: Place) -> float:
    """By the law of cosines, with doubles."""
    lat, other_lat = math.radians(one.lat), math.radians(other.lat)
    cosine = math.sin(lat) * math.sin(other_lat) + math.cos(lat) * math.cos(other_lat) * math.cos(
        math.radians(other.lon - one.lon)
    )
    return 6_371_008.8 * math.acos(max(-1.0, min(1.0, cosine)))


def accepts(one: Profile, other: Profile) -> bool:
    """Whether the other is what the one wishes."""
    wish = one.wish
    if wish.within_km is not None and (
        one.place is None or other.place is None or metres(one.place, other.place) >= 1_000 * wish.within_km
    ):
        return False
    for asked, theirs in ((wish.languages, other.languages), (wish.schools, other.schools)):
        if asked and not set(asked) & set(theirs):
            return False
    if wish.interests and not set(wish.interests) & set(other.interests):
        return False
    if wish.born_from is not None and (other.born is None or other.born < wish.born_from):
        return False
    return wish.born_to is None or (other.born is not None and other.born <= wish.born_to)


def likeness(encoding: Encoding, positive: list[Profile], negative: list[Profile], other: Profile) -> dict[str, float]:
    """By vector: the cosine of the other and avg(positive) + avg(positive) − avg(negative)."""
    found = {}
    for name in ("interests", "words"):
        liked = [unit for profile in positive if (unit := _unit(encoding, profile, name)) is not None]
        passed = [unit for profile in negative if (unit := _unit(encoding, profile, name)) is not None]
        mine = _unit(encoding, other, name)
        if not liked or mine is None:
            continue
        target = np.mean(liked, axis=0)
        if passed:
            target = 2 * target - np.mean(passed, axis=0)
        found[name] = float(target @ mine / np.linalg.norm(target))
    return found


def _unit(encoding: Encoding, profile: Profile, name: str) -> np.ndarray | None:
    vector = encoding.vectors(profile.interests, profile.about).get(name)
    return None if vector is None else np.asarray(vector) / np.linalg.norm(vector)
