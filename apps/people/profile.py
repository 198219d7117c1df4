"""What is known of a person, and the bounds of it. Everything that comes from outside passes `read_profile`.

    Profile   id, name, place, year of birth, schools, interests, languages, a few words about oneself
    Wishes    what a person asks of those who may be suggested to them, and to whom they may be suggested

Interests and languages are compared in lower case, schools as they are written; white space is one space.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "ABOUT_CHARACTERS_MAX",
    "ID_MAX",
    "TEXT_CHARACTERS_MAX",
    "VALUES_MAX",
    "WITHIN_KM",
    "Place",
    "Profile",
    "Refused",
    "Wishes",
    "cleaned",
    "read_profile",
]

ID_MAX = 2**53 - 1  # what a page can hold in a number
ABOUT_CHARACTERS_MAX = 10_000
TEXT_CHARACTERS_MAX = 200  # of a name, a city, a school, an interest, a language
VALUES_MAX = 64  # of one list
YEAR_MIN, YEAR_MAX = -10_000, 3_000
WITHIN_KM = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500)  # a wish is one of these: a filter asks for each in turn


class Refused(ValueError):
    """What was asked or given cannot be; the message says what, where, and what to do."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a person lives, or was born: degrees, and the name of the town."""

    lat: float
    lon: float
    city: str = ""


class Wishes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom a person wants to meet. Lists ask for one of their values. What is left out asks for nothing."""

    within_km: int | None = None
    languages: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    born_from: int | None = None
    born_to: int | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person. All but id and name may be missing."""

    id: int
    name: str
    place: Place | None = None
    born: int | None = None
    schools: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    about: str = ""
    wish: Wishes = Wishes()


def read_profile(given: Any) -> Profile:
    """A profile from a JSON object, or from a `Profile`: checked, and spelled one way. Refused.

    >>> read_profile({"id": 7, "name": "Ada  Fenn", "interests": ["Chess", "chess", " tide  tables"]}).interests
    ('chess', 'tide tables')
    >>> read_profile({"id": 7, "name": "Ada Fenn", "wish": {"within_km": 30}})
    Traceback (most recent call last):
    apps.people.profile.Refused: person 7: wish.within_km is 30; choose one of 5, 10, 25, 50, 100, 250, 500, 1000, 2500
    """
    try:
        profile = msgspec.convert(msgspec.to_builtins(given), Profile)
    except (msgspec.ValidationError, TypeError) as error:
        raise Refused(f"profile: {error}") from None
    where = f"person {profile.id}"
    if not 0 <= profile.id <= ID_MAX:
        raise Refused(f"profile: id is {profile.id}; it must be from 0 to {ID_MAX}")
    if len(profile.about) > ABOUT_CHARACTERS_MAX:
        raise Refused(
            f"{where}: about has {len(profile.about):,} characters; at most {ABOUT_CHARACTERS_MAX:,} are kept"
        )
    _check_year(profile.born, f"{where}: born")
    return msgspec.structs.replace(
        profile,
        name=_text(profile.name, f"{where}: name"),
        place=_place(profile.place, where),
        schools=cleaned(profile.schools, f"{where}: schools", lower=False),
        interests=cleaned(profile.interests, f"{where}: interests"),
        languages=cleaned(profile.languages, f"{where}: languages"),
        wish=_wishes(profile.wish, where),
    )


def cleaned(values: Any, where: str, lower: bool = True) -> tuple[str, ...]:
    """The values of a list, spelled one way, each once. Refused where there are too many or one is too long."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise Refused(f"{where}: must be a list of texts")
    if len(values) > VALUES_MAX:
        raise Refused(f"{where}: has {len(values)} values; at most {VALUES_MAX} are kept")
    return tuple(dict.fromkeys(_text(value.lower() if lower else value, where) for value in values))


def _text(value: str, where: str) -> str:
    text = " ".join(value.split())
    if not 0 < len(text) <= TEXT_CHARACTERS_MAX:
        raise Refused(f"{where}: has {len(text):,} characters; 1 to {TEXT_CHARACTERS_MAX} are needed")
    return text


def _place(place: Place | None, where: str) -> Place | None:
    if place is None:
        return None
    if not (-90 <= place.lat <= 90 and -180 <= place.lon <= 180):
        raise Refused(f"{where}: place is at {place.lat}, {place.lon}; lat is -90 to 90, lon is -180 to 180 degrees")
    return Place(place.lat, place.lon, _text(place.city, f"{where}: city") if place.city.strip() else "")


def _wishes(wish: Wishes, where: str) -> Wishes:
    if wish.within_km is not None and wish.within_km not in WITHIN_KM:
        steps = ", ".join(map(str, WITHIN_KM))
        raise Refused(f"{where}: wish.within_km is {wish.within_km}; choose one of {steps}")
    _check_year(wish.born_from, f"{where}: wish.born_from")
    _check_year(wish.born_to, f"{where}: wish.born_to")
    return msgspec.structs.replace(
        wish,
        languages=cleaned(wish.languages, f"{where}: wish.languages"),
        schools=cleaned(wish.schools, f"{where}: wish.schools", lower=False),
        interests=cleaned(wish.interests, f"{where}: wish.interests"),
    )


def _check_year(year: int | None, where: str) -> None:
    if year is not None and not YEAR_MIN <= year <= YEAR_MAX:
        raise Refused(f"{where}: is {year}; years are {YEAR_MIN} to {YEAR_MAX}")
