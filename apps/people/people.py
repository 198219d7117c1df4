"""Who should meet whom: profiles in, suggestions with their reasons out.

    build(client, profiles)    learn how rare each interest and word is, and store everybody
    People(client).suggest     positive examples: oneself and who was liked; negative: who was passed; under a filter
    People(client).introduce   a whole group in pairs

`client` is a `tamis.qdrant.TamisClient`, or a `qdrant_client.QdrantClient` of a server: nothing else is needed to open
what was built. Two processes that write about the same person at the same moment may lose one of the two remarks; that
two have met is therefore kept with both.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qdrant_client import QdrantClient, models

from apps.people.conditions import Asked, asked_for, possible
from apps.people.crowd import Crowd, kilometres
from apps.people.encoding import Encoding
from apps.people.learning import learn
from apps.people.pairing import Introduction, paired
from apps.people.points import VECTORS, Known, create, drop, known, learned, payload
from apps.people.profile import ID_MAX, Profile, Refused, cleaned, read_profile
from apps.people.ranking import Examples, ranked
from apps.people.reasons import Reason, reasons, resemblances

__all__ = ["EXAMPLES_MAX", "LIMIT_MAX", "People", "Suggestion", "build"]

LIMIT_MAX = 100
EXAMPLES_MAX = 64  # liked, and passed, in one call
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody to meet. score: at most 1; parts: by vector; km: None if a place is missing; reasons: best first."""

    person: Profile
    score: float
    parts: dict[str, float]
    km: float | None
    reasons: list[Reason]


def build(client: QdrantClient, profiles: Iterable[Any], name: str = "people", replace: bool = False) -> People:
    """Learn from the profiles and store them; each a `Profile` or a JSON object. Refused.

    >>> from tamis.qdrant import TamisClient
    >>> ann = {"id": 1, "name": "Ann", "interests": ["chess", "bees"], "place": {"lat": 52.4, "lon": 4.9}}
    >>> bo = {"id": 2, "name": "Bo", "interests": ["bees"], "place": {"lat": 52.1, "lon": 5.1}}
    >>> cy = {"id": 3, "name": "Cy", "interests": ["chess", "rugby"], "place": {"lat": 48.9, "lon": 2.4}}
    >>> di = {"id": 4, "name": "Di", "interests": ["rugby"]}
    >>> people = build(TamisClient(":memory:"), [ann, bo, cy, di])
    >>> [(found.person.name, [reason.text for reason in found.reasons]) for found in people.suggest(1, within_km=50)]
    [('Bo', ['36 km away (1 of 3 others are as near)', 'shared interest: bees (1 of 3 others)'])]
    """
    checked = [read_profile(profile) for profile in profiles]
    encoding = learn(checked)
    if client.collection_exists(name):
        if not replace:
            raise Refused(f"people: there is a collection {name!r} already; replace it, or use another name")
        drop(client, name)
    create(client, name, encoding)
    for start in range(0, len(checked), _BATCH):
        some = checked[start : start + _BATCH]
        client.upsert(name, [_point(encoding, Known(profile)) for profile in some], wait=True)
    return People(client, name)


class People:
    """What `build` stored, under one name. Refused if there is nothing."""

    def __init__(self, client: QdrantClient, name: str = "people") -> None:
        self._client = client
        self._name = name
        self._encoding = learned(client, name)
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return self._client.count(self._name, exact=True).count

    def add(self, profile: Any) -> Profile:
        """Store a new person, or a changed profile; whom they met and refused stays. The profile as it is kept."""
        checked = read_profile(profile)
        with self._writing:
            before = self._known([checked.id]).get(checked.id, Known(checked))
            self._client.upsert(self._name, [_point(self._encoding, replace(before, profile=checked))], wait=True)
        return checked

    def remove(self, id: int) -> None:
        """Forget a person, and that others met or refused them."""
        with self._writing:
            self._get(id)
            keys = ("met", "refused")
            some: list[models.Condition] = [
                models.FieldCondition(key=key, match=models.MatchValue(value=id)) for key in keys
            ]
            self._client.delete(self._name, [id], wait=True)
            for record in self._records(models.Filter(should=some)):
                other = known(int(record.id), record.payload or {})
                self._remember(replace(other, met=other.met - {id}, refused=other.refused - {id}))

    def get(self, id: int) -> Profile:
        """A person's profile. Refused if there is no such person."""
        return self._get(id).profile

    def meet(self, one: int, other: int) -> None:
        """They have met: neither is suggested to the other again."""
        with self._writing:
            first, second = self._two(one, other)
            self._remember(replace(first, met=first.met | {other}))
            self._remember(replace(second, met=second.met | {one}))

    def refuse(self, one: int, other: int) -> None:
        """One does not want to meet the other: neither is suggested to the other."""
        with self._writing:
            first, _ = self._two(one, other)
            self._remember(replace(first, refused=first.refused | {other}))

    def suggest(
        self,
        person: int,
        limit: int = 10,
        *,
        within_km: float | None = None,
        school: str | None = None,
        interests: Sequence[str] = (),
        every: bool = False,
        languages: Sequence[str] = (),
        born_from: int | None = None,
        born_to: int | None = None,
        like: Sequence[int] = (),
        unlike: Sequence[int] = (),
        balance: float = 0.5,
        wishes: bool = True,
    ) -> list[Suggestion]:
        """Whom the person should meet, best first; never themself, nor whom they met, liked, passed, or who refuses.

        within_km, school, interests (one of them, or `every`), languages (one of them), born_from and born_to (years):
        conditions; what is not given is as the person wishes. Everybody suggested accepts the person by their own
        wishes. wishes=False looks at nobody's. like, unlike: ids; suggestions become more like the first and less like
        the second. balance: 1 compares interests only, 0 words only. Refused.
        """
        _check(limit, balance)
        liked, passed = self._examples("like", like), self._examples("unlike", unlike)
        if both := set(liked) & set(passed):
            raise Refused(f"like: {min(both)} is in unlike too; leave one out")
        me = self._get(person)
        given: dict[str, Any] = {
            "within_km": within_km,
            "schools": () if school is None else cleaned([school], "school", lower=False),
            "interests": cleaned(interests, "interests"),
            "languages": cleaned(languages, "languages"),
            "born_from": born_from,
            "born_to": born_to,
        }
        wished = asked_for(me.profile.wish) if wishes else Asked()
        asked = replace(wished, every=every, **{key: value for key, value in given.items() if value not in (None, ())})
        filter = possible(me, asked, [*liked, *passed], mutual=wishes)
        examples = _examples([me, *liked.values()], list(passed.values()), balance)
        found = ranked(self._client, self._name, examples, filter, limit)
        if not found:
            return []
        profiles = self._known([hit.id for hit in found])
        crowd = Crowd(self._client, self._name, me.profile)
        resembled = resemblances(self._client, self._name, list(liked.values()))
        return [
            Suggestion(
                other := profiles[hit.id].profile,
                hit.score,
                hit.parts,
                _apart(me.profile, other),
                reasons(crowd, self._encoding, other, resembled),
            )
            for hit in found
            if hit.id in profiles
        ]

    def introduce(self, group: Sequence[int], balance: float = 0.5) -> Introduction:
        """The best pairs of a group in which everybody meets one; by everybody's wishes. Refused."""
        _check(1, balance)
        found = self._known(group)
        for id in group:
            if id not in found:
                raise _unknown(id)
        return paired(self._client, self._name, list(found.values()), balance)

    def find(self, text: str = "", limit: int = 20) -> list[Profile]:
        """People by the beginnings of their names; without a text the first ones."""
        named = [models.FieldCondition(key="name", match=models.MatchText(text=text))] if text.strip() else []
        page, _ = self._client.scroll(self._name, models.Filter(must=[*named]), limit=limit, with_payload=True)
        return [known(int(record.id), record.payload or {}).profile for record in page]

    def choices(self, limit: int = 200) -> dict[str, dict[str, int]]:
        """The interests, schools and languages there are, with how many people have each; most frequent first."""
        return {
            key: {str(hit.value): hit.count for hit in self._client.facet(self._name, key, limit=limit).hits}
            for key in ("interests", "schools", "languages")
        }

    def _get(self, id: int) -> Known:
        found = self._known([id]).get(id)
        if found is None:
            raise _unknown(id)
        return found

    def _known(self, ids: Sequence[int]) -> dict[int, Known]:
        """Those of the ids that are there, each once, in their order."""
        asked = list(dict.fromkeys(ids))
        for id in asked:
            _check_id(id)
        records = self._client.retrieve(self._name, asked, with_payload=True) if asked else []
        found = {int(record.id): known(int(record.id), record.payload or {}) for record in records}
        return {id: found[id] for id in asked if id in found}

    def _two(self, one: int, other: int) -> tuple[Known, Known]:
        if one == other:
            raise Refused(f"person {one}: cannot meet or refuse themself; name two people")
        return self._get(one), self._get(other)

    def _examples(self, where: str, ids: Sequence[int]) -> dict[int, Known]:
        if len(ids) > EXAMPLES_MAX:
            raise Refused(f"{where}: has {len(ids)} people; at most {EXAMPLES_MAX} are compared")
        found = self._known(ids)
        for id in ids:
            if id not in found:
                raise Refused(f"{where}: there is no person {id}")
        return found

    def _remember(self, person: Known) -> None:
        lists = {"met": sorted(person.met), "refused": sorted(person.refused)}
        self._client.set_payload(self._name, lists, points=[person.profile.id], wait=True)

    def _records(self, filter: models.Filter) -> list[models.Record]:
        found: list[models.Record] = []
        offset = None
        while True:
            page, offset = self._client.scroll(self._name, filter, limit=_BATCH, offset=offset, with_payload=True)
            found += page
            if offset is None:
                return found


def _point(encoding: Encoding, person: Known) -> models.PointStruct:
    vectors = encoding.vectors(person.profile.interests, person.profile.about)
    stored = replace(person, compared=tuple(vectors))
    return models.PointStruct(id=person.profile.id, vector={**vectors}, payload=payload(stored))


def _examples(positive: list[Known], negative: list[Known], balance: float) -> Examples:
    def by_vector(people: list[Known]) -> dict[str, list[int]]:
        return {vector: [one.profile.id for one in people if vector in one.compared] for vector in VECTORS}

    weights = dict(zip(VECTORS, (balance, 1 - balance), strict=True))
    return Examples(by_vector(positive), by_vector(negative), weights)


def _apart(one: Profile, other: Profile) -> float | None:
    return None if one.place is None or other.place is None else kilometres(one.place, other.place)


def _check(limit: int, balance: float) -> None:
    if not 0 < limit <= LIMIT_MAX:
        raise Refused(f"limit: is {limit}; 1 to {LIMIT_MAX} can be suggested at once")
    if not 0 <= balance <= 1:
        raise Refused(f"balance: is {balance:g}; it is from 0 (words only) to 1 (interests only)")


def _check_id(id: object) -> None:
    if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id <= ID_MAX:
        raise Refused(f"person: {id!r} is no id; ids are numbers from 0 to {ID_MAX}")


def _unknown(id: int) -> Refused:
    return Refused(f"person: there is no person {id}")
