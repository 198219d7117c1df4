"""The answers to a browser's questions, each from one memory and one finder of names; `ms` is what the memory took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from qdrant_client import models

from apps.mention.memory import (
    Description,
    Finder,
    Found,
    Memory,
    MemoryRejected,
    UnknownCategory,
    UnknownEntity,
    is_best,
)
from apps.mention.names.sentences import sentences
from apps.mention.page import knowledge, questions
from apps.mention.sample import texts

__all__ = ["Answers"]

_PEOPLE: Final = 60
_HOLDERS: Final = 25
_CANDIDATES: Final = 4
_ALL: Final = 1_000
Json = dict[str, Any]


class _Watch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def ms(self) -> float:
        return round((time.perf_counter() - self._began) * 1_000, 2)


@dataclass(frozen=True, slots=True)
class _Name:
    """A span of a text that somebody marked, in its sentence, as a finder would give it."""

    text: str
    start: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Marked:
    """A finder that finds the one span that it was given."""

    start: int
    end: int

    def find(self, text: str) -> Sequence[Found]:
        around = [(start, end) for start, end in sentences(text) if start < self.end and self.start < end]
        if not around or self.start >= self.end:
            return []
        first, last = around[0][0], around[-1][1]
        return [_Name(text[first:last].rstrip(), self.start - first, self.end - first, first)]


class Answers:
    """One method per question."""

    def __init__(self, memory: Memory, finder: Finder) -> None:
        self._memory = memory
        self._finder = finder

    def overview(self, _: questions.Overview) -> Json:
        size = self._memory.size()
        taught = [lesson.name for lesson in self._memory.lessons()]
        return {"people": size.entities, "mentions": size.mentions, "taught": taught}

    def texts(self, _: questions.Texts) -> Json:
        return {"texts": [{"title": one.title, "text": one.text} for one in texts()]}

    def people(self, asked: questions.People) -> Json:
        found = self._memory.entities(asked.prefix, _PEOPLE + 1)
        return {"people": [knowledge.person(one) for one in found[:_PEOPLE]], "more": len(found) > _PEOPLE}

    def person(self, asked: questions.Person) -> Json:
        mentions = self._mentions(asked.entity)
        return {"mentions": mentions, "knowledge": self._known(asked.entity) if mentions else None}

    def read(self, asked: questions.Read) -> Json:
        watch = _Watch()
        found = self._memory.read(asked.text, self._finder, limit=_CANDIDATES)
        return {"ms": watch.ms, "names": [knowledge.reading(one) for one in found]}

    def link(self, asked: questions.Link) -> Json:
        watch = _Watch()
        found = self._memory.read(asked.text, _Marked(asked.start, asked.end), limit=_CANDIDATES)
        if not found:
            raise MemoryRejected(f"span: [{asked.start}, {asked.end}) holds no name; mark the letters of one")
        return {"ms": watch.ms, **knowledge.reading(found[0])}

    def remember(self, asked: questions.Remember) -> Json:
        watch = _Watch()
        id = self._memory.remember(asked.entity, asked.text, (asked.start, asked.end), asked.source, asked.date)
        entity = self._memory.mention(id).entity
        known = self._memory.describe(entity, _ALL, knowledge.EACH)
        return {"ms": watch.ms, "entity": entity, "mention": id, "knowledge": knowledge.knowledge(known)}

    def forget(self, asked: questions.Forget) -> Json:
        watch = _Watch()
        self._memory.forget(asked.mention)
        known = self._describe(asked.entity)
        return {"ms": watch.ms, "knowledge": None if known is None else knowledge.knowledge(known)}

    def heard(self, asked: questions.Heard) -> Json:
        watch = _Watch()
        known = self._memory.describe(asked.entity, _ALL, knowledge.EACH, frozenset(asked.mentions))
        return {"ms": watch.ms, "knowledge": knowledge.knowledge(known)}

    def near(self, asked: questions.Near) -> Json:
        wanted = {name: value for name in knowledge.FILTERS if (value := getattr(asked, name)) is not None}
        watch = _Watch()
        found = self._memory.like(asked.entity, _filter(wanted), asked.limit)
        ms = watch.ms
        facets = knowledge.choices(self._memory.facets(_filter(wanted)))
        for name in wanted:  # what else could be chosen in its place
            others = {other: value for other, value in wanted.items() if other != name}
            facets[name] = knowledge.choices(self._memory.facets(_filter(others)))[name]
        return {"ms": ms, "people": [knowledge.person(one) for one in found], "facets": facets}

    def teach(self, asked: questions.Teach) -> Json:
        if len(set(asked.examples)) < questions.EXAMPLES_MIN:
            raise MemoryRejected(f"examples: {len(set(asked.examples))} people; pick {questions.EXAMPLES_MIN} or more")
        watch = _Watch()
        lesson = self._memory.teach(_key(asked.name), asked.examples)
        return {"ms": watch.ms, "category": lesson.name}

    def withdraw(self, asked: questions.Withdraw) -> Json:
        watch = _Watch()
        self._memory.forget_category(_key(asked.name))
        return {"ms": watch.ms}

    def who_has(self, asked: questions.WhoHas) -> Json:
        lessons = {lesson.name: lesson for lesson in self._memory.lessons()}
        if asked.name not in lessons:
            raise UnknownCategory(f"category: {asked.name!r} is not taught; it may have been taken back")
        lesson = lessons[asked.name]
        found = self._memory.holders(lesson.category, _HOLDERS)
        return {"people": knowledge.chances(found, lesson.category, lesson.examples)}

    def _mentions(self, entity: str) -> list[Json]:
        """The newest mentions, the oldest of them first: as they were heard. Of somebody unknown there are none."""
        try:
            found = self._memory.mentions(entity, questions.LISTENED_MAX)
        except UnknownEntity:
            return []
        return [knowledge.mention(one) for one in reversed(found)]

    def _describe(self, entity: str) -> Description | None:
        try:
            return self._memory.describe(entity, _ALL, knowledge.EACH)
        except UnknownEntity:
            return None

    def _known(self, entity: str) -> Json | None:
        known = self._describe(entity)
        return None if known is None else knowledge.knowledge(known)


def _filter(wanted: dict[str, str]) -> models.Filter | None:
    if not wanted:
        return None
    return models.Filter(must=[is_best(knowledge.FILTERS[name], value) for name, value in wanted.items()])


def _key(name: str) -> str:
    return f"taught:{name}"
