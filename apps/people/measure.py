"""How good suggestions are, and how long they take: the figures of README.md.

quality   historical people, with the labels of their occupation withheld and its words struck from their articles: how
          often a suggested one shares it, beside what chance gives under the same conditions and the nearest of all
times     invented people, in memory: five suggestions with their reasons, from the call to the answer
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from apps.people.crowd import kilometres
from apps.people.people import People, build
from apps.people.profile import Profile
from apps.people.sources.pages import historical
from apps.people.sources.sample import invented
from tamis.qdrant import TamisClient

__all__ = ["quality", "times"]

_SEED = 7
_LIMIT = 5
_NEAR_KM = 500.0
_HIDDEN = ("occupation", "industry", "domain")
_BALANCES = {"interests and words": 0.5, "interests": 1.0, "words": 0.0}
_CONDITIONS: dict[str, dict[str, Any]] = {
    "everybody": {"wishes": False},
    "contemporaries": {},
    f"contemporaries within {_NEAR_KM:.0f} km": {"within_km": _NEAR_KM},
}
_QUESTIONS: dict[str, dict[str, Any]] = {
    "nothing asked, nobody's wishes": {"wishes": False},
    "everybody's wishes": {},
    "wishes, within 100 km": {"within_km": 100.0},
    "wishes, one of two interests": {"interests": ("chess", "opera", "walking", "poetry")},
    "wishes, 3 liked, 2 passed": {"like": 3, "unlike": 2},
}


def quality(pages: list[dict[str, Any]], asking: int = 600) -> Table:
    """How many in a hundred suggestions share the withheld labels, asked for so many people."""
    labels = {int(page["curid"]): [page.get(kind) for kind in _HIDDEN] for page in pages}
    profiles = list(historical(pages, occupations=False))
    some = random.Random(_SEED).sample(profiles, min(asking, len(profiles)))
    title = f"{len(some)} of {len(profiles):,} historical people, {_LIMIT} suggestions each, occupation withheld"
    table = Table("among", "compared by", "answered", *(f"{kind} %" for kind in _HIDDEN), title=title, box=box.MARKDOWN)
    with _built(profiles) as people:
        for among, given in _CONDITIONS.items():
            chances = [_labels(labels, _possible(me, profiles, given)) for me in some]
            table.add_row(among, "chance", *_shares([labels[me.id] for me in some], chances))
            for compared, balance in _BALANCES.items():
                found = [_suggested(people, me, given | {"balance": balance}) for me in some]
                answers = [_labels(labels, those) for those in found]
                table.add_row(among, compared, *_shares([labels[me.id] for me in some], answers))
    return table


def times(counts: Sequence[int], questions: int) -> Table:
    """Milliseconds of a suggestion: the middle one, the one slower than 99 of 100, and what it keeps cores busy."""
    title = f"milliseconds per call of {_LIMIT} suggestions with reasons, {questions} calls, one thread"
    table = Table("people", "question", "p50", "p99", "CPU, mean", "answers, mean", title=title, box=box.MARKDOWN)
    for count in counts:
        with _built(invented(count)) as people:
            for question, given in _QUESTIONS.items():
                timing = _timed(people, count, questions, given)
                row = f"{timing.middle:.1f}", f"{timing.slow:.1f}", f"{timing.computing:.1f}", f"{timing.answers:.1f}"
                table.add_row(f"{count:,}", question, *row)
    return table


@dataclass(frozen=True, slots=True)
class _Timing:
    middle: float
    slow: float
    computing: float
    answers: float


def _labels(labels: dict[int, list[Any]], people: Iterable[Profile]) -> list[list[Any]]:
    """The withheld labels of people."""
    return [labels[person.id] for person in people]


def _timed(people: People, count: int, questions: int, given: dict[str, Any]) -> _Timing:
    chance = random.Random(_SEED)
    taken: list[float] = []
    computed, answers = 0.0, 0
    for turn in range(questions + 20):  # the first twenty compile and warm
        me, *rest = chance.sample(range(1, count + 1), 1 + given.get("like", 0) + given.get("unlike", 0))
        asked = given
        if "like" in given:
            asked = {"like": rest[: given["like"]], "unlike": rest[given["like"] :]}
        elif "interests" in given:
            asked = {"interests": chance.sample(given["interests"], 2)}
        began, busy = time.perf_counter(), time.process_time()
        found = people.suggest(me, _LIMIT, **asked)
        if turn >= 20:
            taken.append((time.perf_counter() - began) * 1_000)
            computed += (time.process_time() - busy) * 1_000
            answers += len(found)
    middle, slow = np.percentile(taken, (50, 99))
    return _Timing(float(middle), float(slow), computed / questions, answers / questions)


def _suggested(people: People, me: Profile, given: dict[str, Any]) -> list[Profile]:
    """Nobody for a person without a place where a distance is asked, or without interests."""
    has_place = me.place is not None or "within_km" not in given
    if not (me.interests and me.about and has_place):
        return []
    return [one.person for one in people.suggest(me.id, _LIMIT, **given)]


def _possible(me: Profile, profiles: list[Profile], given: dict[str, Any]) -> list[Profile]:
    """Whom the conditions leave, counted without the engine."""
    return [other for other in profiles if other.id != me.id and _suits(me, other, given)]


def _suits(me: Profile, other: Profile, given: dict[str, Any]) -> bool:
    if "within_km" in given and (
        me.place is None or other.place is None or kilometres(me.place, other.place) >= given["within_km"]
    ):
        return False
    return not given.get("wishes", True) or (_wants(me, other) and _wants(other, me))


def _wants(one: Profile, other: Profile) -> bool:
    low, high = one.wish.born_from, one.wish.born_to
    return low is None or high is None or (other.born is not None and low <= other.born <= high)


def _shares(mine: list[list[Any]], theirs: list[list[list[Any]]]) -> list[str]:
    """How many have an answer; then for each label the share of equal ones, averaged over the people."""
    rows: list[NDArray[np.float64]] = [
        np.mean([[one == other for one, other in zip(labels, found, strict=True)] for found in some], axis=0)
        for labels, some in zip(mine, theirs, strict=True)
        if some
    ]
    shares = np.mean(rows, axis=0) * 100 if rows else np.zeros(len(_HIDDEN))
    return [str(len(rows)), *(f"{share:.1f}" for share in shares)]


@contextmanager
def _built(profiles: Iterable[Profile]) -> Iterator[People]:
    with TamisClient(":memory:") as client:
        yield build(client, profiles)
