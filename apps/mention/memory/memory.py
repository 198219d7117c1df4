"""People known by what is said of them: remember and forget mentions, ask who is meant and what they are.

    memory = Memory(client, encoder, aggregator)
    memory.remember("Alan Turing", "Turing broke the code.", (0, 6))
    memory.describe("Alan Turing")      memory.link("Turing slept.", (0, 6))      memory.like("Alan Turing")

`client` is a `tamis.qdrant.TamisClient` or a `qdrant_client.QdrantClient` of a server. Any number of threads and of
processes over one server may use a memory at once: each entity ends as the aggregate of its mentions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from apps.mention.memory.aggregation import Aggregation
from apps.mention.memory.collections import opened
from apps.mention.memory.description import Description, Similar, described, likely
from apps.mention.memory.entities import Entities, Stored
from apps.mention.memory.errors import MemoryRejected, UnknownEntity, UnknownMention
from apps.mention.memory.linker import SURE
from apps.mention.memory.linking import Candidate, Linking
from apps.mention.memory.mention import Mention, MentionId, clean, entity_key, mention_id
from apps.mention.memory.mentions import LISTENED_MAX, Mentions
from apps.mention.memory.reading import Finder, Reading, found_sentences
from apps.mention.memory.teaching.head import fit
from apps.mention.memory.teaching.taught import Lesson, Taught, category_key
from apps.mention.memory.words import FACETS
from apps.mention.model.aggregate import Aggregator, Encoder
from apps.mention.sentence import MarkedSentence

__all__ = ["LIMIT_MAX", "Memory", "Size"]

LIMIT_MAX: Final = 1_000
"""The most that is answered at once."""
_WRITTEN: Final = 2_000  # mentions encoded and aggregated together
_ENCODED: Final = 256
_OTHERS: Final = 1_000  # people that stand in as counter-examples
Example = str | MarkedSentence


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in a memory."""

    mentions: int
    entities: int
    categories: int


class Memory:
    """Mentions of people, and the people that follow from them.

    encoder, aggregator: the networks (`apps.mention.model`); a memory filled with others is refused (OtherModel).
    prefix: before the names of the three collections, so that several memories lie in one place. `linking.weights` says
    how much each sign of who is meant counts.
    """

    def __init__(self, client: QdrantClient, encoder: Encoder, aggregator: Aggregator, prefix: str = "") -> None:
        places = opened(client, prefix, encoder, aggregator)
        self._encoder = encoder
        self._aggregator = aggregator
        self._mentions = Mentions(client, places.mentions)
        self._entities = Entities(client, places.entities)
        self._taught = Taught(client, places.categories)
        self._aggregation = Aggregation(self._mentions, self._entities, self._taught, aggregator)
        self.linking = Linking(self._mentions, self._entities, encoder, aggregator)

    def remember(
        self, entity: str, sentence: str, span: tuple[int, int], source: str = "", date: str | None = None
    ) -> MentionId:
        """Keep a mention of an entity, which is then described anew; remembering it again changes nothing.

        span: (start, end) of the name, in characters. date: ISO. MemoryRejected, SentenceRejected.
        """
        start, end = span
        return self.remember_many([Mention(entity, sentence, start, end, source, date)])[0]

    def remember_many(
        self, mentions: Iterable[Mention], progress: Callable[[int, int], None] | None = None
    ) -> list[MentionId]:
        """Keep many, each touched entity described anew once; their ids. progress: called with (done, all)."""
        given = list(mentions)
        ordered = sorted(given, key=lambda mention: mention.entity)
        done = 0
        while done < len(ordered):
            end = _boundary(ordered, done + _WRITTEN)
            some = ordered[done:end]
            vectors = self._encoded([mention.sentence.masked for mention in some])
            self._mentions.write(some, vectors)
            known = {mention.id: row for mention, row in zip(some, vectors, strict=True)}
            self._aggregation.refresh({mention.entity for mention in some}, known)
            done = end
            if progress is not None:
                progress(done, len(ordered))
        return [mention.id for mention in given]

    def forget(self, mention: str | None = None, *, entity: str | None = None, source: str | None = None) -> int:
        """Remove one mention by its id, or all of an entity, of a source, of both; how many there were.

        Whoever has no mentions left is forgotten too. MemoryRejected, UnknownEntity, UnknownMention.
        """
        chosen: dict[str, str] = {}
        if entity is not None:
            chosen["entity"] = entity_key(entity)
        if source is not None:
            chosen["source"] = clean("source", source, 500)
        if (mention is None) == (not chosen):
            raise MemoryRejected("forget: say which: a mention's id, or an entity, a source, or both of these")
        if mention is not None:
            id = mention_id(mention)
            return self._forget({id: self.mention(id).entity})
        if entity is not None and not self._mentions.count(chosen["entity"]):
            raise _unknown(chosen["entity"])
        return sum(self._forget(page) for page in self._mentions.pages(chosen))

    def link(self, sentence: str, span: tuple[int, int], limit: int = 5) -> list[Candidate]:
        """Who is meant by the name at the span, most probable first; [] if it is nobody known. SentenceRejected."""
        _check_limit(limit)
        return self.linking.link([MarkedSentence(sentence, *span)], limit)[0]

    def read(
        self, text: str, finder: Finder, remember: bool = False, source: str = "", limit: int = 5
    ) -> list[Reading]:
        """The names in a text, each with its sentence and candidates. MemoryRejected.

        remember: keep those that are sure (a score of `SURE` or more) as mentions, said by `source`.
        """
        _check_limit(limit)
        source = clean("source", source, 500)
        found = found_sentences(text, finder)
        candidates = self.linking.link([sentence for sentence, _ in found], limit)
        readings = [Reading(sentence, span, some) for (sentence, span), some in zip(found, candidates, strict=True)]
        if remember:
            self.remember_many(
                Mention(reading.candidates[0].entity, sentence.text, sentence.start, sentence.end, source)
                for reading in readings
                for sentence in [reading.sentence]
                if reading.candidates and reading.candidates[0].score >= SURE
            )
        return readings

    def describe(
        self, entity: str, limit: int = 20, each: int | None = None, among: Collection[str] | None = None
    ) -> Description:
        """What an entity is by its mentions (of more than 64, the newest), and which of them say so. UnknownEntity.

        each: of every facet so many, even unlikely ones. among: ids; what it would be if only these were remembered.
        """
        _check_limit(limit)
        key = entity_key(entity)
        listened = self._mentions.listened(key)
        if not listened:
            raise _unknown(key)
        if among is None:
            mentions = len(listened) if len(listened) < LISTENED_MAX else self._mentions.count(key)
        else:
            listened = [heard for heard in listened if heard[0].id in among]
            mentions = len(listened)
        if not listened:
            raise UnknownMention(f"mentions: none of these {len(among or ())} is remembered of {key!r}")
        categories = described(listened, self._aggregator, self._taught.current(), each)[:limit]
        return Description(key, mentions, categories)

    def like(self, entity: str, filter: models.Filter | None = None, limit: int = 10) -> list[Similar]:
        """Who resembles an entity most, of those that match the filter (see `conditions`). UnknownEntity."""
        _check_limit(limit)
        key = entity_key(entity)
        vector = self._vectors([key])[key]
        others = models.Filter(must=[] if filter is None else [filter], must_not=[_named(key)])
        return [_similar(stored) for stored in self._entities.near(vector, others, limit)]

    def teach(self, category: str, examples: Sequence[Example], counter_examples: Sequence[Example] = ()) -> Lesson:
        """A new category from a handful of examples, known entities or sentences; everybody is asked it from now on.

        category: words, or "facet:NAME". Teaching it again replaces it. MemoryRejected, UnknownEntity.
        """
        key = category_key(category)
        if key in self._aggregator.categories:
            raise MemoryRejected(f"category: {key!r} is one of the model's own; choose another name")
        if not examples:
            raise MemoryRejected("examples: there are none; give at least one person or sentence")
        named = [entity_key(one) for one in (*examples, *counter_examples) if isinstance(one, str)]
        others = self._entities.others(named, _OTHERS)
        if not counter_examples and not len(others):
            raise MemoryRejected("counter_examples: there are none, and nobody else is known; give at least one")
        head = fit(self._examples(examples), self._examples(counter_examples), others)
        lesson = Lesson(key, _told(examples), _told(counter_examples))
        self._taught.write(lesson, head)
        self._aggregation.reclassify()
        return lesson

    def forget_category(self, category: str) -> None:
        """Take a taught category back. UnknownCategory."""
        self._taught.remove(category_key(category))
        self._aggregation.reclassify()

    def holders(self, category: str, limit: int = 10) -> list[Similar]:
        """Who has a taught category most probably, most first; score: cosine to its head. UnknownCategory."""
        _check_limit(limit)
        weights = self._taught.weights(category_key(category))
        return [_similar(stored) for stored in self._entities.near(weights, None, limit)]

    def lessons(self) -> list[Lesson]:
        """The categories that were taught, by name."""
        return self._taught.lessons()

    def mention(self, id: str) -> Mention:
        """One mention. UnknownMention."""
        key = mention_id(id)
        found = self._mentions.get([key])
        if key not in found:
            raise UnknownMention(f"mention: there is none with the id {key}")
        return found[key]

    def mentions(self, entity: str, limit: int = 100) -> list[Mention]:
        """The mentions of an entity, newest first. UnknownEntity."""
        _check_limit(limit)
        key = entity_key(entity)
        found = self._mentions.newest(key, limit)
        if not found:
            raise _unknown(key)
        return found

    def entities(self, beginning: str = "", limit: int = 20, filter: models.Filter | None = None) -> list[Similar]:
        """Who is known, the most mentioned first; beginning: of words of their names, in any spelling."""
        _check_limit(limit)
        return [_similar(stored) for stored in self._entities.find(clean("name", beginning, 200), filter, limit)]

    def facets(self, filter: models.Filter | None = None, limit: int = 100) -> dict[str, dict[str, int]]:
        """Facet → NAME → how many entities have it as their best one, of those that match; most frequent first."""
        _check_limit(limit)
        found = {facet: self._entities.facet(facet, filter, limit) for facet in FACETS}
        return {facet: names for facet, names in found.items() if names}

    def size(self) -> Size:
        """How much is remembered."""
        return Size(self._mentions.count(), self._entities.count(), len(self._taught.current().categories))

    def refresh(self, entities: Iterable[str]) -> None:
        """Describe entities anew from their mentions, as after a writer that was killed between the two."""
        self._aggregation.refresh(entity_key(entity) for entity in entities)

    def _forget(self, mentions: dict[MentionId, str]) -> int:
        self._mentions.remove(list(mentions))
        self._aggregation.refresh(mentions.values())
        return len(mentions)

    def _encoded(self, masked: list[str]) -> NDArray[np.float32]:
        parts = [self._encoder.encode(masked[start : start + _ENCODED]) for start in range(0, len(masked), _ENCODED)]
        return np.concatenate(parts)

    def _vectors(self, entities: list[str]) -> dict[str, NDArray[np.float32]]:
        found = self._entities.vectors(entities)
        for entity in entities:
            if entity not in found:
                raise _unknown(entity)
        return found

    def _examples(self, examples: Sequence[Example]) -> NDArray[np.float32]:
        keys = [entity_key(example) for example in examples if isinstance(example, str)]
        known = self._vectors(keys) if keys else {}
        rows = [known[key] for key in keys]
        masked = [example.masked for example in examples if isinstance(example, MarkedSentence)]
        if masked:
            rows += [self._aggregator.aggregate(row[None]).vector for row in self._encoded(masked)]
        return np.stack(rows) if rows else np.zeros((0, self._aggregator.size), np.float32)


def _boundary(ordered: list[Mention], end: int) -> int:
    """The first place from `end` on where another entity begins."""
    while 0 < end < len(ordered) and ordered[end].entity == ordered[end - 1].entity:
        end += 1
    return min(end, len(ordered))


def _told(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple(entity_key(one) if isinstance(one, str) else one.text for one in examples)


def _similar(stored: Stored) -> Similar:
    return Similar(stored.entity, stored.score, stored.mentions, likely(stored.probabilities))


def _named(entity: str) -> models.FieldCondition:
    return models.FieldCondition(key="entity", match=models.MatchValue(value=entity))


def _check_limit(limit: object) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= LIMIT_MAX:
        raise MemoryRejected(f"limit: is {limit!r}; 1 to {LIMIT_MAX} can be asked for")


def _unknown(entity: str) -> UnknownEntity:
    return UnknownEntity(f"entity: nobody called {entity!r} is remembered")
