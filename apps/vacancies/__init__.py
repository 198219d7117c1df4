"""Autocomplete for job titles and vacancy texts in English and Dutch: by prefix and by meaning, filtered, in one rank.

    sources/                        what can be completed, and where it is read from
    words, meaning/                 text → folded words → a vector in one space for both languages
    index                           the points in tamis
    clause, completion, ranking     what was typed → completions, best first
    place, serving, cli             where an index is; the page; the command line
    measuring, report               typing held-out titles: letters needed, letters saved, milliseconds

Begin with `vacancies serve`, or in Python:

    with completer_of(Path("vacancies-data")) as completer:
        completer.complete(Question("softw dev")).completions
"""

from apps.vacancies.completion import Answer, Completer, Completion, Question
from apps.vacancies.errors import BadInput, NotBuilt, VacanciesError
from apps.vacancies.place import client_of, completer_of

__all__ = [
    "Answer",
    "BadInput",
    "Completer",
    "Completion",
    "NotBuilt",
    "Question",
    "VacanciesError",
    "client_of",
    "completer_of",
]
