"""What cannot be is refused in words, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from apps.people.people import People, build
from apps.people.profile import ABOUT_CHARACTERS_MAX, Profile, Refused, read_profile
from tamis.qdrant import TamisClient

ANN = {"id": 1, "name": "Ann", "interests": ["chess"]}


@pytest.mark.parametrize(("change", "words"), [
    ({"id": -1}, "id is -1"), ({"id": 2**53}, "id is 9007199254740992"), ({"id": "7"}, "id"), ({"id": True}, "id"),
    ({"name": ""}, "name: has 0"), ({"name": "x" * 201}, "name: has 201"), ({"name": None}, "name"),
    ({"about": "x" * 2**20}, "about has 1,048,576 characters; at most 10,000"),
    ({"place": {"lat": 91, "lon": 0}}, "lat is -90 to 90"), ({"place": {"lat": 0}}, "lon"),
    ({"place": {"lat": float("nan"), "lon": 0}}, "place is at nan"),
    ({"born": 30_000}, "born: is 30000"), ({"interests": "chess"}, "interests"),
    ({"interests": ["x"] * 65}, "interests: has 65"), ({"interests": [" "]}, "interests: has 0"),
    ({"wish": {"within_km": 30}}, "choose one of 5, 10"), ({"wish": {"near": 1}}, "near"), ({"hobby": 1}, "hobby"),
])  # fmt: skip
def test_profiles(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_profile(ANN | change)


def test_the_longest_description_is_taken() -> None:
    about = "word " * (ABOUT_CHARACTERS_MAX // 5)
    with TamisClient(":memory:") as client:
        people = build(client, [ANN | {"about": about}, ANN | {"id": 2, "about": about}])
        assert people.get(1).about == about
        assert people.suggest(1)[0].person.id == 2


@pytest.mark.parametrize(("given", "words"), [
    ({"person": 10**9}, "no person 1000000000"), ({"person": -4}, "-4 is no id"), ({"person": True}, "True is no id"),
    ({"limit": 0}, "limit: is 0"), ({"limit": 101}, "limit: is 101"), ({"within_km": 0}, "within_km: is 0"),
    ({"within_km": -3}, "within_km: is -3"), ({"within_km": float("nan")}, "within_km: is nan"),
    ({"within_km": float("inf")}, "within_km: is inf"), ({"balance": 1.5}, "balance: is 1.5"),
    ({"balance": float("nan")}, "balance: is nan"), ({"like": [10**9]}, "like: there is no person 1000000000"),
    ({"unlike": [10**9]}, "unlike: there is no person"), ({"like": [2], "unlike": [2]}, "2 is in unlike too"),
    ({"like": list(range(65))}, "like: has 65"), ({"interests": "chess"}, "interests: must be a list"),
    ({"school": " "}, "school: has 0"),
])  # fmt: skip
def test_questions(people: People, given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        people.suggest(given.pop("person", 1), given.pop("limit", 5), **given)


def test_groups(people: People) -> None:
    for group, words in (([], "has 0 people"), (range(1, 202), "no person|has 201"), ([1, 10**9], "no person")):
        with pytest.raises(Refused, match=words):
            people.introduce(group)


def test_remarks_about_nobody_or_oneself() -> None:
    with TamisClient(":memory:") as client:
        people = build(client, [ANN, ANN | {"id": 2}])
        for call in (people.meet, people.refuse):
            with pytest.raises(Refused, match="themself"):
                call(1, 1)
            with pytest.raises(Refused, match="no person 3"):
                call(1, 3)
        with pytest.raises(Refused, match="no person 3"):
            people.remove(3)
        assert [found.person.id for found in people.suggest(1)] == [2]


def test_a_distance_from_nowhere() -> None:
    with TamisClient(":memory:") as client:
        people = build(client, [ANN, ANN | {"id": 2, "place": {"lat": 1, "lon": 1}}])
        with pytest.raises(Refused, match="person 1 has no place"):
            people.suggest(1, within_km=5)
        found = people.suggest(1)[0]
        assert found.km is None
        assert not [reason for reason in found.reasons if reason.kind == "near"]


def test_nothing_to_compare() -> None:
    with TamisClient(":memory:") as client:
        people = build(client, [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo", "interests": ["chess"]}])
        with pytest.raises(Refused, match="nothing to compare"):
            people.suggest(1)
        assert people.suggest(2) == []
        assert people.introduce([1, 2]).alone == [people.get(1), people.get(2)]


def test_building_from_nothing_over_something_or_opening_nothing() -> None:
    with TamisClient(":memory:") as client:
        with pytest.raises(Refused, match="there are none"):
            build(client, [])
        with pytest.raises(Refused, match="no collection 'people'"):
            People(client)
        build(client, [ANN])
        with pytest.raises(Refused, match="already"):
            build(client, [ANN])
        assert len(build(client, [ANN, ANN | {"id": 2}], replace=True)) == 2
        client.set_payload("people-encoding", {"npz": "AAAA"}, points=[0], wait=True)
        with pytest.raises(Refused, match="cannot be read"):
            People(client)


def test_markup_in_a_name_is_a_name() -> None:
    name = "<img src=x onerror=alert(1)> & 'Bo' \"x\""
    assert read_profile(Profile(id=1, name=name)).name == name
