"""Who may be suggested to whom, as one filter: my conditions on others, and the others' wishes about me.

    must      what is asked: place, schools, interests, languages, years
    must      for each kind of wish: the other has none, or I satisfy it
    must not  oneself, who met or refused whom, and whoever was liked or passed already

A wish "within 50 km" is a circle around the other, which no filter can draw for everybody at once; around me it is the
same circle for all who wish 50. So wishes are one of `WITHIN_KM`, and the filter has one circle for each.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qdrant_client import models

from apps.people.points import Known
from apps.people.profile import WITHIN_KM, Place, Profile, Refused, Wishes

__all__ = ["Asked", "asked_for", "circle", "possible"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Conditions on whoever is suggested. Lists ask for one of their values; `every` for all of the interests."""

    within_km: float | None = None
    schools: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    born_from: int | None = None
    born_to: int | None = None
    every: bool = False


def asked_for(wish: Wishes) -> Asked:
    """A person's own wishes as what they ask."""
    return Asked(wish.within_km, wish.schools, wish.interests, wish.languages, wish.born_from, wish.born_to)


def possible(me: Known, asked: Asked, seen: Collection[int] = (), mutual: bool = True) -> models.Filter:
    """Everybody who may be suggested to me. seen: ids left out. Refused if a distance is asked and I have no place."""
    hidden = sorted({me.profile.id, *me.met, *me.refused, *seen})
    must = _mine(me.profile, asked)
    if mutual:
        must += _theirs(me.profile)
    not_again = [_equals("met", me.profile.id), _equals("refused", me.profile.id)]
    return models.Filter(must=must, must_not=[models.HasIdCondition(has_id=[*hidden]), *not_again])


def circle(place: Place, km: float) -> models.FieldCondition:
    """Everybody nearer than so many kilometres."""
    center = models.GeoPoint(lat=place.lat, lon=place.lon)
    return models.FieldCondition(key="place", geo_radius=models.GeoRadius(center=center, radius=km * 1_000))


def _mine(me: Profile, asked: Asked) -> list[models.Condition]:
    found: list[models.Condition] = []
    if asked.within_km is not None:
        if not 0 < asked.within_km <= 20_100 or math.isnan(asked.within_km):
            raise Refused(f"within_km: is {asked.within_km:g}; it must be above 0 and at most 20100 kilometres")
        if me.place is None:
            raise Refused(f"within_km: person {me.id} has no place; give them one, or ask without a distance")
        found.append(circle(me.place, asked.within_km))
    for key, values in (("schools", asked.schools), ("languages", asked.languages)):
        if values:
            found.append(_one_of(key, values))
    if asked.interests:
        found += (
            [_equals("interests", interest) for interest in asked.interests]
            if asked.every
            else [_one_of("interests", asked.interests)]
        )
    if asked.born_from is not None or asked.born_to is not None:
        found.append(models.FieldCondition(key="born", range=models.Range(gte=asked.born_from, lte=asked.born_to)))
    return found


def _theirs(me: Profile) -> list[models.Condition]:
    circles: list[models.Condition] = []
    if me.place is not None:
        circles = [models.Filter(must=[_equals("wish.within_km", step), circle(me.place, step)]) for step in WITHIN_KM]
    found: list[models.Condition] = [_none_or("wish.within_km", circles)]
    for kind, values in (("languages", me.languages), ("schools", me.schools), ("interests", me.interests)):
        found.append(_none_or(f"wish.{kind}", [_one_of(f"wish.{kind}", values)] if values else []))
    for key, bound in (
        ("wish.born_from", models.Range(lte=me.born)),
        ("wish.born_to", models.Range(gte=me.born)),
    ):
        satisfied = [] if me.born is None else [models.FieldCondition(key=key, range=bound)]
        found.append(_none_or(key, satisfied))
    return found


def _none_or(key: str, satisfied: Sequence[models.Condition]) -> models.Filter:
    return models.Filter(should=[models.IsEmptyCondition(is_empty=models.PayloadField(key=key)), *satisfied])


def _equals(key: str, value: int | str) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def _one_of(key: str, values: Sequence[str]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))
