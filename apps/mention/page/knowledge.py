"""What the memory says, as JSON: people, their mentions and their categories, in the words that the page shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from apps.mention.memory import Category, Description, Mention, Reading, Similar
from apps.mention.memory.words import FACETS, readable

__all__ = ["EACH", "FILTERS", "chances", "choices", "knowledge", "mention", "person", "reading", "words"]

FILTERS: Final = {"era": "era", "country": "country", "field": "ind"}
"""Filter of the page → facet of the memory."""
_SHOWN: Final = {"occ": 4, "ind": 3, "country": 4, "era": 3, "nat_occ": 3, "dom": 2, "cont": 2, "gender": 2}
"""Facet → how many of its categories are shown: always as many, so that nothing jumps. Of other facets, `EACH`."""
EACH: Final = 6
"""Categories of each facet that the memory is asked for; of those that were taught, all of these are shown."""
_TOLD: Final = ("occ", "country", "era")
_LIKELY: Final = 0.2
_DECIMALS: Final = 4
Json = dict[str, Any]


def words(categories: Iterable[Category]) -> list[str]:
    """What somebody most probably is, in a few words: occupation, country, era, as far as something is likely.

    >>> words([Category("occ:POET", "poet", "occ", 0.9), Category("era:1st century", "1st century", "era", 0.1)])
    ['poet']
    """
    best: dict[str, Category] = {}
    for category in categories:
        best.setdefault(category.facet, category)
    return [best[facet].name for facet in _TOLD if facet in best and best[facet].probability >= _LIKELY]


def person(similar: Similar) -> Json:
    """Somebody in a list."""
    return {
        "entity": similar.entity,
        "mentions": similar.mentions,
        "score": round(similar.score, _DECIMALS),
        "words": words(similar.categories),
    }


def mention(of: Mention) -> Json:
    """A sentence with its span, its source and its date."""
    return {"id": of.id, "text": of.text, "start": of.start, "end": of.end, "source": of.source, "date": of.date}


def reading(of: Reading) -> Json:
    """A name in a text: its span there, its sentence, its candidates."""
    return {
        "start": of.span[0],
        "end": of.span[1],
        "surface": of.sentence.surface,
        "sentence": of.sentence.text,
        "span": [of.sentence.start, of.sentence.end],
        "candidates": [
            {
                "entity": candidate.entity,
                "score": round(candidate.score, _DECIMALS),
                "mentions": [mention(voice) for voice in candidate.mentions[:1]],
            }
            for candidate in of.candidates
        ],
    }


def knowledge(description: Description) -> Json:
    """The categories by facet, in the order of `FACETS`, most probable first, each with how the mentions speak."""
    facets = []
    for facet, title in FACETS.items():
        some = [category for category in description.categories if category.facet == facet]
        if some:
            shown = [_category(category) for category in some[: _SHOWN.get(facet)]]
            facets.append({"facet": facet, "title": title, "categories": shown})
    return {"mentions": description.mentions, "words": words(description.categories), "facets": facets}


def choices(counts: dict[str, dict[str, int]]) -> Json:
    """Filter → what can be chosen, with how many people each choice leaves."""
    return {
        name: [
            {"value": value, "name": readable(f"{facet}:{value}"), "count": count}
            for value, count in counts.get(facet, {}).items()
        ]
        for name, facet in FILTERS.items()
    }


def chances(people: Sequence[Similar], key: str, examples: Sequence[str]) -> list[Json]:
    """People with the probability that they have a category; null if it is too small to be kept."""
    found = []
    for one in people:
        own = {category.key: round(category.probability, _DECIMALS) for category in one.categories}
        found.append(person(one) | {"probability": own.get(key), "example": one.entity in examples})
    return found


def _category(category: Category) -> Json:
    return {
        "category": category.key,
        "name": category.name,
        "probability": round(category.probability, _DECIMALS),
        "speakers": [{"mention": of.id, "support": round(support, _DECIMALS)} for of, support in category.speakers],
    }
