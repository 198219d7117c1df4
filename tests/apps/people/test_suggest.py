"""Who is suggested: exactly those that the conditions of both sides leave, in the order of likeness."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from apps.people.learning import learn
from apps.people.people import People
from apps.people.profile import Profile
from tests.apps.people.oracle import accepts, likeness, metres

ANN = {"id": 1, "name": "Ann", "place": {"lat": 52.0, "lon": 5.0}, "interests": ["chess", "bees"], "born": 1980}
BO = {"id": 2, "name": "Bo", "place": {"lat": 52.1, "lon": 5.0}, "interests": ["chess", "bees"], "born": 1981}
CY = {"id": 3, "name": "Cy", "place": {"lat": 53.0, "lon": 5.0}, "interests": ["chess", "rugby"], "born": 1950}
DI = {"id": 4, "name": "Di", "interests": ["bees", "rugby"], "about": "rain and rivers"}
SEED = 20

Make = Callable[[list[Any]], People]


def names(people: People, *args: Any, **given: Any) -> list[str]:
    return [found.person.name for found in people.suggest(*args, **given)]


def test_the_order_is_that_of_likeness_and_nobody_possible_is_missing(people: People, profiles: list[Profile]) -> None:
    encoding = learn(profiles)
    for me in profiles[:40]:
        left = [one for one in profiles if one.id != me.id and accepts(me, one) and accepts(one, me)]
        parts = {one.id: likeness(encoding, [me], [], one) for one in left}
        scores = {id: 0.5 * part.get("interests", 0) + 0.5 * part.get("words", 0) for id, part in parts.items()}
        found = people.suggest(me.id, 10)
        best = sorted(scores.values(), reverse=True)[:10]
        assert [one.score for one in found] == pytest.approx(best, abs=1e-4), me
        assert [one.score for one in found] == pytest.approx([scores[one.person.id] for one in found], abs=1e-4)


def test_liked_and_passed_ones_move_the_answer_and_are_left_out(people: People, profiles: list[Profile]) -> None:
    chance = random.Random(SEED)
    encoding = learn(profiles)
    for _ in range(20):
        me, *marked = chance.sample(profiles, 6)
        liked, passed = marked[:3], marked[3:]
        balance = chance.choice((0.0, 0.3, 1.0))
        found = people.suggest(
            me.id, 20, like=[one.id for one in liked], unlike=[one.id for one in passed], balance=balance, wishes=False
        )
        scores = {}
        for one in profiles:
            if one not in (me, *marked):
                parts = likeness(encoding, [me, *liked], passed, one)
                scores[one.id] = balance * parts.get("interests", 0) + (1 - balance) * parts.get("words", 0)
        best = sorted(scores.values(), reverse=True)[:20]
        assert [one.score for one in found] == pytest.approx(best, abs=1e-4), f"seed {SEED}"
        assert not {one.person.id for one in found} & {me.id, *(one.id for one in marked)}


@pytest.mark.parametrize("given", [
    {"within_km": 300.0}, {"school": "Harbour School, Amsterdam"}, {"interests": ["opera", "Chess", "maps"]},
    {"interests": ["opera", "ballet"], "every": True}, {"languages": ["dutch", "german"]},
    {"born_from": 1970, "born_to": 1985}, {"within_km": 800.0, "languages": ["english"], "born_from": 1980},
])  # fmt: skip
def test_conditions(people: People, profiles: list[Profile], given: dict[str, Any]) -> None:
    def passes(me: Profile, one: Profile) -> bool:
        asked = {interest.lower() for interest in given.get("interests", ())}
        held = asked & set(one.interests)
        return (
            one.id != me.id
            and ("within_km" not in given or metres(me.place, one.place) < 1_000 * given["within_km"])  # type: ignore[arg-type]
            and ("school" not in given or given["school"] in one.schools)
            and (not asked or (held == asked if given.get("every") else bool(held)))
            and ("languages" not in given or bool(set(given["languages"]) & set(one.languages)))
            and given.get("born_from", 0) <= (one.born or 0) <= given.get("born_to", 3_000)
        )

    found_any = 0
    free = [one for one in profiles if one.wish == type(one.wish)()]
    for me in free[:15]:
        expected = {one.id for one in profiles if passes(me, one) and accepts(one, me)}
        found = {one.person.id for one in people.suggest(me.id, 100, **given)}
        assert found <= expected
        assert len(found) == min(100, len(expected))
        found_any += len(found)
    assert found_any


def test_both_sides_wishes_count(made: Make) -> None:
    near = BO | {"wish": {"within_km": 10}}  # Ann is 11.1 km away
    people = made([ANN, near, CY, DI])
    assert names(people, 1) == ["Cy", "Di"]
    assert names(people, 1, wishes=False)[0] == "Bo"
    people.add(BO | {"wish": {"within_km": 25}})
    assert names(people, 1)[0] == "Bo"
    people.add(BO | {"wish": {"languages": ["Dutch"]}})
    assert "Bo" not in names(people, 1)
    people.add(ANN | {"languages": ["dutch"]})
    assert "Bo" in names(people, 1)
    people.add(BO | {"wish": {"born_from": 1979, "born_to": 1980, "interests": ["bees"]}})
    assert "Bo" in names(people, 1)
    people.add(BO | {"wish": {"born_from": 1981}})
    assert "Bo" not in names(people, 1)


def test_who_has_no_place_is_not_for_those_who_wish_somebody_near(made: Make) -> None:
    people = made([ANN | {"wish": {"within_km": 2500}}, BO, CY, DI])
    assert names(people, 1) == ["Bo", "Cy"]
    assert sorted(names(people, 4)) == ["Bo", "Cy"]  # not Ann


def test_own_wishes_hold_unless_something_else_is_asked(made: Make) -> None:
    people = made([ANN | {"wish": {"within_km": 25}}, BO, CY, DI])
    assert names(people, 1) == ["Bo"]
    assert names(people, 1, within_km=500) == ["Bo", "Cy"]


def test_who_met_is_not_suggested_again_to_either(made: Make) -> None:
    people = made([ANN, BO, CY, DI])
    people.meet(1, 2)
    assert "Bo" not in names(people, 1)
    assert "Ann" not in names(people, 2)
    people.add(BO | {"about": "new words"})  # a changed profile does not undo it
    assert "Ann" not in names(people, 2)
    assert "Bo" not in names(people, 1)


@pytest.mark.parametrize("forgetful", [1, 2])
def test_a_meeting_that_only_one_side_remembers_counts(made: Make, forgetful: int) -> None:
    people = made([ANN, BO, CY, DI])
    people.meet(1, 2)
    people._client.set_payload(people._name, {"met": []}, points=[forgetful], wait=True)
    assert "Bo" not in names(people, 1)
    assert "Ann" not in names(people, 2)


def test_who_refused_is_not_suggested_and_does_not_get_them(made: Make) -> None:
    people = made([ANN, BO, CY, DI])
    people.refuse(2, 1)
    assert "Bo" not in names(people, 1)
    assert "Ann" not in names(people, 2)
    people.add(BO | {"about": "new words"})  # a changed profile does not undo it
    assert "Bo" not in names(people, 1)


def test_who_is_removed_is_gone_and_another_with_that_id_is_a_stranger(made: Make) -> None:
    people = made([ANN, BO, CY, DI])
    people.meet(1, 2)
    people.refuse(3, 2)
    people.remove(2)
    assert len(people) == 3
    assert "Bo" not in names(people, 1)
    people.add({"id": 2, "name": "Ed", "interests": ["chess"]})
    assert names(people, 1)[0] != "Bo"
    assert "Ed" in names(people, 1)
    assert "Ed" in names(people, 3)


def test_people_are_found_by_the_beginnings_of_their_names(made: Make) -> None:
    people = made([ANN | {"name": "Ann Marlow"}, BO | {"name": "Bo Marrow"}, CY, DI])
    assert [one.name for one in people.find("mar")] == ["Ann Marlow", "Bo Marrow"]
    assert [one.name for one in people.find("BO ma")] == ["Bo Marrow"]
    assert people.find("zz") == []
    assert len(people.find()) == 4
    assert people.choices()["interests"] == {"bees": 3, "chess": 3, "rugby": 2}


def test_what_was_built_is_opened_by_anybody(made: Make) -> None:
    built = made([ANN, BO, CY, DI])
    again = People(built._client, built._name)
    assert names(again, 1) == names(built, 1)
    again.add({"id": 9, "name": "Flo", "interests": ["bees", "chess"]})
    assert "Flo" in names(built, 1)
