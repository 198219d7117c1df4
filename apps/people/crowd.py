"""How many of the others share something with a person: what makes a reason rare. Every number is the engine's count.

Values (interests, schools, languages) and years come from one facet each; distances are counted circle by circle. The
person is not counted, so `others` is everybody but them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from qdrant_client import QdrantClient, models

from apps.people.conditions import circle
from apps.people.profile import Place, Profile

__all__ = ["Crowd", "kilometres"]

_EARTH_RADIUS_KM = 6_371.0088
_VALUES_MAX = 20_000
_EDGE_KM = 0.001  # the engine's circles leave out their edge


@dataclass
class Crowd:
    """Everybody but `me`."""

    client: QdrantClient
    name: str
    me: Profile

    @cached_property
    def others(self) -> int:
        """How many there are."""
        return self.client.count(self.name, exact=True).count - 1

    def with_value(self, key: str, value: str) -> int:
        """How many have an interest, a school or a language that I have."""
        return {"interests": self._interests, "schools": self._schools, "languages": self._languages}[key][value] - 1

    def as_near(self, km: float) -> int:
        """How many live at most so far from me; only if I have a place."""
        assert self.me.place is not None
        near = models.Filter(must=[circle(self.me.place, km + _EDGE_KM)])
        return self.client.count(self.name, near, exact=True).count - 1

    def as_old(self, years: int) -> int:
        """How many were born at most so many years before or after me; only if my year is known."""
        assert self.me.born is not None
        born = self.me.born
        return sum(count for year, count in self._years.items() if abs(int(year) - born) <= years) - 1

    def bits(self, count: int) -> float:
        """What it says that somebody is among so many of the others: 0 if all are."""
        return math.log2(self.others / count) if 0 < count <= self.others else 0.0

    @cached_property
    def _interests(self) -> dict[str, int]:
        return self._counts("interests", self.me.interests)

    @cached_property
    def _schools(self) -> dict[str, int]:
        return self._counts("schools", self.me.schools)

    @cached_property
    def _languages(self) -> dict[str, int]:
        return self._counts("languages", self.me.languages)

    @cached_property
    def _years(self) -> dict[str, int]:
        hits = self.client.facet(self.name, "born", limit=_VALUES_MAX, exact=True).hits
        return {str(hit.value): hit.count for hit in hits}

    def _counts(self, key: str, mine: tuple[str, ...]) -> dict[str, int]:
        some = models.Filter(must=[models.FieldCondition(key=key, match=models.MatchAny(any=list(mine)))])
        hits = self.client.facet(self.name, key, facet_filter=some, limit=_VALUES_MAX, exact=True).hits
        return {str(hit.value): hit.count for hit in hits}


def kilometres(one: Place, other: Place) -> float:
    """On a great circle.

    >>> round(kilometres(Place(52.37, 4.90), Place(51.92, 4.48)))
    58
    """
    lat, other_lat = math.radians(one.lat), math.radians(other.lat)
    half = (
        math.sin((other_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(other_lat) * math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))
