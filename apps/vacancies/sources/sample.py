"""The sample that ships with the package: common occupations and vacancy sentences in two languages, written for it.

sample/occupations.txt   group; title; other titles; description, English, then the last three in Dutch
sample/sentences.txt     language; a sentence, or a phrase without a full stop
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apps.vacancies.groups import LANGUAGES
from apps.vacancies.sources.corpus import Corpus, Occupation, Phrase

__all__ = ["read_sample"]

_FOLDER = Path(__file__).parent / "sample"


def read_sample() -> Corpus:
    """The corpus of the sample.

    >>> corpus = read_sample()
    >>> corpus.occupations[0].titles["nl"], len(corpus.occupations) > 100
    ('soldaat', True)
    """
    occupations = [_occupation(row, line) for row, line in enumerate(_lines("occupations.txt"))]
    others = [_phrase(*line.split("; ", 1)) for line in _lines("sentences.txt")]
    return Corpus(occupations, others)


def _lines(name: str) -> Iterator[str]:
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _occupation(row: int, line: str) -> Occupation:
    group, *texts = line.split("; ")
    titles, others, descriptions = (dict(zip(LANGUAGES, texts[part::3], strict=True)) for part in range(3))
    alternatives = {language: tuple(text.split(" | ")) for language, text in others.items()}
    return Occupation(f"sample-{row}", int(group), titles, alternatives, descriptions)


def _phrase(language: str, text: str) -> Phrase:
    return Phrase(text, language, "sentence" if text.endswith(".") else "phrase")
