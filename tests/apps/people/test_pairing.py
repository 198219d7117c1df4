"""A group in pairs: as many as can be, and no other pairing of so many is better."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from apps.people.learning import learn
from apps.people.people import People, build
from apps.people.profile import Profile
from tamis.qdrant import TamisClient
from tests.apps.people.oracle import accepts, likeness

SEED = 5


def pairings(ids: tuple[int, ...]) -> Iterator[list[tuple[int, int]]]:
    """Every way to pair some of them."""
    if not ids:
        yield []
        return
    first, rest = ids[0], ids[1:]
    yield from pairings(rest)
    for place, other in enumerate(rest):
        for more in pairings(rest[:place] + rest[place + 1 :]):
            yield [(first, other), *more]


def test_no_pairing_is_better(people: People, profiles: list[Profile]) -> None:
    chance = random.Random(SEED)
    encoding = learn(profiles)
    for size in (2, 5, 8, 8, 8, 8):
        group = chance.sample(profiles, size)
        ids = tuple(sorted(one.id for one in group))
        by_id = {one.id: one for one in group}
        scores = {
            (one, other): sum(likeness(encoding, [by_id[one]], [], by_id[other]).values()) / 2
            for one, other in itertools.combinations(ids, 2)
        }
        allowed = {(a, b) for a, b in scores if accepts(by_id[a], by_id[b]) and accepts(by_id[b], by_id[a])}
        best = max(
            (len(pairs), sum(scores[pair] for pair in pairs))
            for pairs in pairings(ids)
            if all(pair in allowed for pair in pairs)
        )
        found = people.introduce(ids)
        assert (len(found.pairs), sum(pair.score for pair in found.pairs)) == (
            best[0],
            pytest.approx(best[1], abs=1e-4),
        ), f"seed {SEED}, size {size}"
        everybody = [one.id for pair in found.pairs for one in (pair.one, pair.other)]
        assert sorted([*everybody, *(one.id for one in found.alone)]) == list(ids)


def test_an_assignment_would_go_in_circles_and_a_greedy_pairing_lose_people() -> None:
    """b suits everybody best; whoever takes b first leaves the others alone."""
    make = {"a": "chess", "b": "chess bees", "c": "bees rugby", "d": "rugby"}
    rows = [{"id": id, "name": name, "interests": likes.split()} for id, (name, likes) in enumerate(make.items(), 1)]
    with TamisClient(":memory:") as client:
        found = build(client, rows).introduce([1, 2, 3, 4])
    assert sorted((pair.one.name, pair.other.name) for pair in found.pairs) == [("a", "b"), ("c", "d")]


def test_who_met_is_not_paired_and_an_odd_one_is_named() -> None:
    rows = [{"id": id, "name": str(id), "interests": ["chess", "bees"]} for id in (1, 2, 3)]
    with TamisClient(":memory:") as client:
        people = build(client, [*rows, {"id": 9, "name": "9", "interests": ["rugby"]}])
        people.meet(1, 2)
        people.refuse(3, 2)
        found = people.introduce([1, 2, 3])
        assert [(pair.one.id, pair.other.id) for pair in found.pairs] == [(1, 3)]
        assert [one.id for one in found.alone] == [2]
        assert people.introduce([1, 1]).alone == [people.get(1)]
