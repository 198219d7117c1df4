"""Invented people: the sample of the demonstration, and as many as a measurement wants.

Names are put together from two lists; that somebody is called so is chance. Towns are real, schools are not. A person
has one or two fields of interest and takes most interests from them, so that there is something to be alike in. The
same count and seed give the same people, and the first of many are those of few.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from apps.people.profile import WITHIN_KM, Place, Profile, Wishes
from apps.people.sources.topics import Topic, rows, topics

__all__ = ["SAMPLE_PEOPLE", "invented"]

SAMPLE_PEOPLE = 600
_GIVEN = """Ada Abel Agnes Alma Anouk Arlo Basil Bette Bram Carys Casper Cleo Dagny Darius Edda Elio Esme Evert Fenna
Finn Flora Gijs Greta Hanne Hugo Ida Imre Ines Ivo Jarl Joris Juno Kaia Kasper Lena Levin Liv Luca Maeve Marek Mila
Nadia Nils Noor Odile Olek Oona Otis Pia Quinn Rasmus Rhea Rosa Rune Sanne Silas Sunniva Tamsin Teo Thea Tilo Una Vera
Viggo Wanda Willem Xenia Yara Ylva Zeno"""
_FAMILY = """Alder Amsel Appelgaard Barrow Bloemhof Bracken Brand Callow Dovetail Drift Eversand Falk Fenn Fjellgard
Garrow Glasbergen Hale Halloran Heron Hollander Iversand Juniper Kestrel Kroon Larch Lindqvale Lowe Marlow Meerdijk
Mistral Morrow Nachtegaal Nettle Oakes Ortolani Pell Pinecroft Quill Ravenel Reed Rookwood Sandpiper Sommer Sorrel
Starling Steen Tarn Teasel Thorne Umber Valk Vesper Waldmark Weir Winterbourne Wren Yarrow Zonneveld"""
_SCHOOLS = ("Harbour School", "Northgate College", "Institute of Useful Arts")
_LIVES = """I moved here for a job and stayed for the people|I work nights and have my mornings free|I have two children
and too many books|I grew up on a farm and miss the quiet|I am new in town and know nobody yet|I retired last spring
and want to begin again|I share a flat with three engineers|I repair trams for a living|I teach at a primary school|I
keep the archive of a small museum|I drive an ambulance|I write software for hospitals|I run a stall on the market|I am
a nurse and like long breakfasts|I study in the evenings|I tune instruments for a living"""
_ASIDES = """Ask me about it|I would gladly show you how|Beginners are welcome|Bring a friend|I talk too much about it|I
am better at listening|Rain does not stop me|I prefer small groups"""


def invented(count: int = SAMPLE_PEOPLE, seed: int = 7) -> Iterator[Profile]:
    """People with the ids 1 to count.

    >>> [person.name for person in invented(2)] == [person.name for person in invented(3)][:2]
    True
    """
    chance = random.Random(seed)
    for id in range(1, count + 1):
        yield _person(id, chance)


def _person(id: int, chance: random.Random) -> Profile:
    town = chance.choices(_towns(), weights=[1 / (1 + rank) ** 0.5 for rank in range(len(_towns()))])[0]
    spoken = [*town["languages"].split(", ")]
    languages = dict.fromkeys([spoken[0], *(language for language in spoken[1:] if chance.random() < 0.3)])
    if chance.random() < 0.6:
        languages["english"] = None
    if chance.random() < 0.15:
        languages[chance.choice(_towns())["languages"].split(", ")[0]] = None
    liked = _liked(chance)
    born = int(chance.triangular(1940, 2006, 1988))
    return Profile(
        id=id,
        name=f"{chance.choice(_GIVEN.split())} {chance.choice(_FAMILY.split())}",
        place=Place(
            round(float(town["lat"]) + chance.gauss(0, 0.06), 4),
            round(float(town["lon"]) + chance.gauss(0, 0.09), 4),
            town["city"],
        ),
        born=born,
        schools=tuple(f"{chance.choice(_SCHOOLS)}, {town['city']}" for _ in range(chance.random() < 0.7)),
        interests=tuple(topic.interest for topic in liked),
        languages=tuple(languages),
        about=_about(liked, chance),
        wish=_wish(born, tuple(languages), chance),
    )


@cache
def _towns() -> tuple[dict[str, str], ...]:
    return tuple(rows("places.tsv"))


@cache
def _by_field() -> dict[str, list[Topic]]:
    fields: dict[str, list[Topic]] = defaultdict(list)
    for topic in topics():
        fields[topic.field].append(topic)
    return fields


def _liked(chance: random.Random) -> list[Topic]:
    """Three to seven interests, four of five of them from one or two fields."""
    fields = chance.sample(sorted(_by_field()), chance.choice((1, 2)))
    liked: dict[str, Topic] = {}
    for _ in range(chance.randint(4, 9)):
        pool = _by_field()[chance.choice(fields)] if chance.random() < 0.8 else list(topics())
        topic = chance.choice(pool)
        liked[topic.interest] = topic
    return list(liked.values())[:7]


def _about(liked: list[Topic], chance: random.Random) -> str:
    said = [topic.said_as for topic in liked[: chance.randint(2, 3)]]
    parts = [_one_of(_LIVES, chance), *(clause[0].upper() + clause[1:] for clause in said), _one_of(_ASIDES, chance)]
    return ". ".join(parts) + "."


def _one_of(texts: str, chance: random.Random) -> str:
    return chance.choice(" ".join(texts.split()).split("|"))


def _wish(born: int, languages: tuple[str, ...], chance: random.Random) -> Wishes:
    """Four of ten want somebody near, a quarter somebody who speaks as they do, a fifth somebody of their age."""
    near = chance.choice(WITHIN_KM[2:]) if chance.random() < 0.4 else None
    spoken = languages[:1] if chance.random() < 0.25 else ()
    apart = chance.choice((10, 15, 20)) if chance.random() < 0.2 else None
    return Wishes(
        within_km=near,
        languages=spoken,
        born_from=None if apart is None else born - apart,
        born_to=None if apart is None else born + apart,
    )
