"""The people of a corpus as mentions that a memory can keep."""

from __future__ import annotations

from collections.abc import Iterable

from apps.mention.memory import Mention
from apps.mention.pipeline.corpus import Person

__all__ = ["as_mentions"]


def as_mentions(people: Iterable[Person]) -> list[Mention]:
    """All mentions, each under its person's name; two people of one name get their key behind it."""
    keys: dict[str, str] = {}
    mentions = []
    for person in people:
        known = keys.setdefault(person.name, person.entity)
        entity = person.name if known == person.entity else f"{person.name} ({person.entity})"
        for sentence, source in zip(person.mentions, person.sources, strict=True):
            mentions.append(Mention(entity, sentence.text, sentence.start, sentence.end, source, None))
    return mentions
