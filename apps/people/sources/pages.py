"""Articles about historical people → profiles: the meeting of those who could have met.

A line of `pages.jsonl.gz` is an object: curid, name, text (the beginning of the article), birthyear, and when known
lat, lon, birthcity, occupation, industry, domain. Each person asks for contemporaries: born at most 60 years apart.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from apps.people.profile import ABOUT_CHARACTERS_MAX, VALUES_MAX, Place, Profile, Refused, Wishes, read_profile
from apps.people.sources.topics import found_topics

__all__ = ["PAGES", "historical", "read_pages"]

PAGES = "pages.jsonl.gz"
_TOPICS_MAX = 12
_APART_YEARS_MAX = 60
_SCHOOL = re.compile(
    r"\b(?:University of (?:the )?[A-Z]\w+"
    r"|(?:[A-Z][\w'’]+ ){1,3}(?:University|College|Academy|Grammar School|High School|Institute of Technology))\b"
)
_NO_SCHOOL = re.compile(r"^(?:The|At|In|His|Her|From|After|While|When|National|Royal|French|American) ")


def read_pages(directory: Path) -> list[dict[str, Any]]:
    """The lines of the file in a directory. Refused if there is none, or it is not what it should be."""
    file = directory / PAGES
    if not file.exists():
        raise Refused(f"data: {directory} has no {PAGES}; give the directory that has it")
    try:
        with gzip.open(file, "rb") as lines:
            return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise Refused(f"data: {file} cannot be read: {error}") from None


def historical(pages: list[dict[str, Any]], occupations: bool = True) -> Iterator[Profile]:
    """Their profiles. occupations: whether the labels occupation, industry and domain are interests too."""
    hidden = None if occupations else _occupation_words(pages)
    for page in pages:
        try:
            yield _profile(page, hidden)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Refused(f"data: page {page.get('curid')!r} is not as expected: {error!r}") from None


def _profile(page: dict[str, Any], hidden: re.Pattern[str] | None) -> Profile:
    text = page["text"]
    labels: tuple[str, ...] = ()
    if hidden is not None:
        text = hidden.sub(" ", text)
    else:
        labels = tuple(page[kind].lower() for kind in ("occupation", "industry", "domain") if page.get(kind))
    born = None if page.get("birthyear") is None else int(page["birthyear"])
    found = {"id": int(page["curid"]), "name": page["name"], "about": text[:ABOUT_CHARACTERS_MAX]}
    return read_profile(
        Profile(
            **found,
            place=_place(page),
            born=born,
            schools=_schools(page["text"]),
            interests=labels + found_topics(text)[:_TOPICS_MAX],
            wish=Wishes()
            if born is None
            else Wishes(born_from=born - _APART_YEARS_MAX, born_to=born + _APART_YEARS_MAX),
        )
    )


def _place(page: dict[str, Any]) -> Place | None:
    if page.get("lat") is None or page.get("lon") is None:
        return None
    return Place(page["lat"], page["lon"], page.get("birthcity") or "")


def _schools(text: str) -> tuple[str, ...]:
    """What the text calls a university, college or academy.

    >>> _schools("She left Trinity College for the University of Vienna. The University was closed.")
    ('Trinity College', 'University of Vienna')
    """
    found = (match for match in _SCHOOL.findall(text) if not _NO_SCHOOL.match(match))
    return tuple(dict.fromkeys(found))[:VALUES_MAX]


def _occupation_words(pages: list[dict[str, Any]]) -> re.Pattern[str]:
    """Every word of every label, and its plural: what gives an occupation away by name."""
    labels = " ".join(str(page.get(kind) or "") for page in pages for kind in ("occupation", "industry", "domain"))
    names = sorted(set(re.findall(r"[a-z]{3,}", labels.lower())) - {"and", "public"})
    return re.compile(rf"\b(?:{'|'.join(names)})(?:s|es)?\b", re.IGNORECASE)
