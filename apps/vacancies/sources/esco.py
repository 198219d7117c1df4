"""Reading a folder of vacancy data: ESCO occupations in two languages, Dutch vacancies, English postings.

occupations_en.csv.gz, occupations_nl.csv.gz    needed; joined by conceptUri
vacatures_nl.csv.gz                             titles of vacancies; left out where it is absent
postings_en.csv.gz                              titles, sentences and common phrases; left out where it is absent
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from apps.vacancies.errors import BadInput
from apps.vacancies.groups import LANGUAGES, group_of
from apps.vacancies.sources.corpus import Corpus, Occupation, Phrase, sentences
from apps.vacancies.sources.mining import common_phrases
from apps.vacancies.words import folded_words

__all__ = ["read_folder"]

_FIELD_BYTES_MAX = 1 << 22
_TITLE_CHARS = range(3, 81)
_Row = Mapping[str, str]


def read_folder(folder: Path) -> Corpus:
    """The corpus in a folder, or in its subfolder `jobs`."""
    place = folder / "jobs" if (folder / "jobs").is_dir() else folder
    by_language = {language: _by_concept(place / f"occupations_{language}.csv.gz") for language in LANGUAGES}
    concepts = sorted(set.intersection(*(set(rows) for rows in by_language.values())))
    occupations = [_occupation({language: by_language[language][uri] for language in LANGUAGES}) for uri in concepts]
    return Corpus(occupations, [*_dutch(place / "vacatures_nl.csv.gz"), *_english(place / "postings_en.csv.gz")])


def _rows(path: Path) -> Iterator[_Row]:
    csv.field_size_limit(_FIELD_BYTES_MAX)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except FileNotFoundError:
        raise BadInput("data", f"{path} is not there; give a folder with ESCO's occupations, or none") from None
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput("data", f"{path} cannot be read: {error}") from None


def _by_concept(path: Path) -> dict[str, _Row]:
    found = {}
    for row in _rows(path):
        missing = {"conceptUri", "iscoGroup", "preferredLabel", "altLabels", "description"} - row.keys()
        if missing:
            raise BadInput("data", f"{path} has no column {', '.join(sorted(missing))}")
        if row["preferredLabel"].strip():
            found[row["conceptUri"]] = row
    return found


def _occupation(rows: Mapping[str, _Row]) -> Occupation:
    first = rows[LANGUAGES[0]]
    titles = {language: " ".join(row["preferredLabel"].split()) for language, row in rows.items()}
    others = {
        language: tuple(label for line in row["altLabels"].splitlines() if (label := " ".join(line.split())))
        for language, row in rows.items()
    }
    descriptions = {language: row["description"] for language, row in rows.items()}
    return Occupation(
        first["conceptUri"].rpartition("/")[2], group_of(first["iscoGroup"]), titles, others, descriptions
    )


def _dutch(path: Path) -> list[Phrase]:
    return _titles((row["title"] for row in _rows(path)), "nl") if path.exists() else []


def _english(path: Path) -> list[Phrase]:
    if not path.exists():
        return []
    rows = list(_rows(path))
    texts = [row["Job Description"] for row in rows]
    found = {folded_words(part): part for text in texts for part in sentences(text)}
    offered = [Phrase(part, "en", "sentence") for part in found.values()]
    return [*_titles((row["Job Title"] for row in rows), "en"), *common_phrases(texts, "en"), *offered]


def _titles(titles: Iterator[str], language: str) -> list[Phrase]:
    """Each title once; what employers append behind a bar or a dash (places, hours) is cut off."""
    counts: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for title in titles:
        for mark in ("|", " - ", " – ", "- ", " ("):
            title = title.partition(mark)[0]
        title = " ".join(title.split()).strip(" -,*")
        if len(title) in _TITLE_CHARS:
            key = folded_words(title)
            counts[key] += 1
            spelled.setdefault(key, title)
    return [Phrase(spelled[key], language, "vacancy", count=count) for key, count in counts.items()]
