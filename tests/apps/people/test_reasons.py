"""Every reason is true: what it says is computed again from the profiles."""

from __future__ import annotations

import math
import re

from apps.people.learning import learn
from apps.people.people import People, Suggestion
from apps.people.profile import Profile
from apps.people.reasons import REASONS_MAX, Reason
from apps.people.words import words
from tests.apps.people.oracle import metres


def counted(me: Profile, one: Profile, reason: Reason, profiles: list[Profile]) -> int:
    """Of how many others the reason holds; it holds of this one."""
    others = [other for other in profiles if other.id != me.id]
    if reason.kind in ("interest", "school", "language"):
        value = re.match(r"(?:shared interest: |same school: |both speak )(.*) \(\d+ of", reason.text)[1]  # type: ignore[index]
        key = {"interest": "interests", "school": "schools", "language": "languages"}[reason.kind]
        value = value.lower() if key == "languages" else value
        assert value in getattr(me, key)
        assert value in getattr(one, key)
        return sum(value in getattr(other, key) for other in others)
    if reason.kind == "near":
        assert me.place is not None
        assert one.place is not None
        far = metres(me.place, one.place)
        said = float(reason.text.split(" km")[0].replace(",", ""))
        assert abs(said - far / 1_000) <= 0.5
        return sum(other.place is not None and metres(me.place, other.place) <= far + 0.5 for other in others)
    assert reason.kind == "age"
    apart = abs(me.born - one.born)  # type: ignore[operator]
    assert f"{apart} year" in reason.text or (apart == 0 and "same year" in reason.text)
    return sum(other.born is not None and abs(me.born - other.born) <= apart for other in others)  # type: ignore[operator]


def test_counts_are_what_they_say(people: People, profiles: list[Profile]) -> None:
    seen = set()
    for me in profiles[:50]:
        for found in people.suggest(me.id, 6):
            check_order(found)
            for reason in found.reasons:
                seen.add(reason.kind)
                if reason.kind == "words":
                    continue
                count = counted(me, found.person, reason, profiles)
                assert f"({count} of {len(profiles) - 1} others" in reason.text, (me, found)
                assert math.isclose(reason.bits, math.log2((len(profiles) - 1) / count))
    assert seen == {"interest", "school", "language", "near", "age", "words"}


def check_order(found: Suggestion) -> None:
    bits = [reason.bits for reason in found.reasons]
    assert bits == sorted(bits, reverse=True)
    assert len(bits) <= REASONS_MAX
    assert all(value >= 1 for value in bits)


def test_words_are_in_both_descriptions_and_rarer_ones_come_first(people: People, profiles: list[Profile]) -> None:
    encoding = learn(profiles)
    quoted = 0
    for me in profiles[:50]:
        for found in people.suggest(me.id, 6):
            for reason in found.reasons:
                if reason.kind == "words":
                    stems = [words(word)[0] for word in re.findall("“(.*?)”", reason.text)]
                    assert set(stems) <= set(words(me.about)) & set(words(found.person.about))
                    rarity = [encoding.bits(stem) for stem in stems]
                    assert rarity == sorted(rarity, reverse=True)
                    quoted += 1
    assert quoted


def test_who_resembles_a_liked_one_is_as_near_as_it_says(people: People, profiles: list[Profile]) -> None:
    ordinal = re.compile(r"(?:(\d+)(?:st|nd|rd|th) )?most like (.*), whom you liked, of (\d+) others \(by (\w+)\)")
    said = 0
    for me, liked in zip(profiles[:30], profiles[30:60], strict=True):
        for found in people.suggest(me.id, 8, like=[liked.id], wishes=False):
            for reason in (one for one in found.reasons if one.kind == "like"):
                rank, name, others, vector = ordinal.fullmatch(reason.text).groups()  # type: ignore[union-attr]
                assert name == liked.name
                assert int(others) == len(profiles) - 1
                balance = float(vector == "interests")
                near = people.suggest(liked.id, int(rank or 1), wishes=False, balance=balance)
                assert near[-1].score <= {one.person.id: one.score for one in near}[found.person.id] + 1e-6
                said += 1
    assert said
