"""One remembered mention: whom it is about, the sentence with the name marked, where and when it was said.

Its id follows from its content, so that remembering it again changes nothing, whoever does it, wherever.
"""

from __future__ import annotations

import json
import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import date as calendar_date
from datetime import datetime
from typing import Final, NewType

from apps.mention.memory.errors import MemoryRejected, UnknownMention
from apps.mention.sentence import MarkedSentence

__all__ = ["ENTITY_CHARS_MAX", "SOURCE_CHARS_MAX", "Mention", "MentionId", "clean", "entity_key", "mention_id"]

MentionId = NewType("MentionId", str)
"""A UUID as text."""
ENTITY_CHARS_MAX: Final = 200
SOURCE_CHARS_MAX: Final = 500
_SPACE: Final = uuid.UUID("5f0f1f6c-6d2b-4b27-9a53-0f6b3d6f2c11")
_RANK_BITS: Final = 20


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence, the span `[start, end)` of a name in it, and the entity whom the name means.

    entity: any key, a name or an id; kept in Unicode's composed form with single spaces. source: where it was said.
    date: ISO, of the day it was said. MemoryRejected, SentenceRejected.

    >>> said = Mention("Alan Turing", "Turing broke the code.", 0, 6, date="1945-05-08T12:00")
    >>> said.date, said.id
    ('1945-05-08', 'e1273307-b1db-5238-b41e-bd354c2e6eef')
    """

    entity: str
    text: str
    start: int
    end: int
    source: str = ""
    date: str | None = None
    id: MentionId = field(init=False, repr=False, compare=False)
    """Follows from entity, text, span and source; the date is not part of it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "entity", entity_key(self.entity))
        object.__setattr__(self, "source", clean("source", self.source, SOURCE_CHARS_MAX))
        object.__setattr__(self, "date", _day(self.date))
        if not isinstance(self.text, str):
            raise MemoryRejected(f"sentence: is {type(self.text).__name__}; give text")
        if any(isinstance(end, bool) or not isinstance(end, int) for end in (self.start, self.end)):
            raise MemoryRejected(f"span: ({self.start!r}, {self.end!r}) are no two whole numbers")
        MarkedSentence(self.text, self.start, self.end)
        _encodable("sentence", self.text)
        content = json.dumps([self.entity, self.text, self.start, self.end, self.source])
        object.__setattr__(self, "id", MentionId(str(uuid.uuid5(_SPACE, content))))

    @property
    def sentence(self) -> MarkedSentence:
        """The sentence with the name marked."""
        return MarkedSentence(self.text, self.start, self.end)

    @property
    def rank(self) -> int:
        """A larger one is newer. Mentions of one day are in an order of chance that is always the same."""
        day = 0 if self.date is None else calendar_date.fromisoformat(self.date).toordinal()
        return day << _RANK_BITS | uuid.UUID(self.id).int & (1 << _RANK_BITS) - 1


def entity_key(entity: object) -> str:
    """The key as it is kept. MemoryRejected.

    >>> entity_key("  Alan   Turing")
    'Alan Turing'
    """
    key = clean("entity", entity, ENTITY_CHARS_MAX)
    if not key:
        raise MemoryRejected("entity: it is empty; give a name or an id")
    return key


def mention_id(id: object) -> MentionId:
    """The id in the one way it is written. UnknownMention if it cannot be one."""
    try:
        return MentionId(str(uuid.UUID(str(id))))
    except ValueError:
        raise UnknownMention(f"mention: there is none with the id {str(id)[:80]!r}") from None


def clean(where: str, text: object, chars_max: int) -> str:
    """Text in composed form with single spaces and without control characters. MemoryRejected."""
    if not isinstance(text, str):
        raise MemoryRejected(f"{where}: is {type(text).__name__}; give text")
    if len(text) > chars_max:
        raise MemoryRejected(f"{where}: {len(text):,} characters, more than {chars_max}")
    _encodable(where, text)
    cleaned = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(letter) == "Cc" for letter in cleaned):
        raise MemoryRejected(f"{where}: it contains a control character: {cleaned!r}")
    return cleaned


def _encodable(where: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MemoryRejected(f"{where}: half a character at {error.start}, which is no text") from None


def _day(date: object) -> str | None:
    if date is None:
        return None
    try:
        if not isinstance(date, str):
            raise ValueError
        return datetime.fromisoformat(date).date().isoformat()
    except ValueError:
        raise MemoryRejected(f"date: {str(date)[:40]!r} is none; write it as 2024-12-31") from None
