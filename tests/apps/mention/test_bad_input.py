"""What cannot be kept is refused, with words that say why, and nothing is changed; what is only unusual is kept."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mention.memory import Memory, MemoryRejected, Mention, UnknownCategory, UnknownEntity
from apps.mention.sentence import SentenceRejected

GOOD: dict[str, Any] = {"entity": "Ann", "sentence": "Ann sang a song.", "span": (0, 3), "source": "s", "date": None}
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"entity": ""}, "entity: it is empty"),
    ({"entity": "  "}, "entity: it is empty"),
    ({"entity": "x" * 201}, "entity: 201 characters"),
    ({"entity": "a\0b"}, "entity: it contains a control"),
    ({"entity": "a\ud800"}, "entity: half a character"),
    ({"entity": 7}, "entity: is int"),
    ({"sentence": ""}, "sentence: it is empty"),
    ({"sentence": " \n"}, "sentence: it is empty"),
    ({"sentence": "Ann " * 250_000}, "sentence: 1,000,000 characters"),
    ({"sentence": "Ann \ud800"}, "sentence: half a character"),
    ({"sentence": b"Ann"}, "sentence: is bytes"),
    ({"span": (0, 17)}, "span: "),
    ({"span": (-1, 2)}, "span: "),
    ({"span": (3, 3)}, "span: "),
    ({"span": (3, 4)}, "span: "),
    ({"span": (0.0, 3)}, "span: "),
    ({"source": "x" * 501}, "source: 501 characters"),
    ({"source": None}, "source: is NoneType"),
    ({"date": "yesterday"}, "date: 'yesterday'"),
    ({"date": "2023-02-29"}, "date: '2023-02-29'"),
    ({"date": 2023}, "date: '2023'"),
)
UNUSUAL = (
    ("محمد علي", "كان محمد علي ملاكما.", "محمد علي"),
    ("毛泽东", "毛泽东在北京。", "毛泽东"),
    ("Анна Ахматова", "Стихи написала Анна Ахматова.", "Ахматова"),
    ("<script>alert('x')</script>", '<b>Ann</b> & "Bo" <img src=x onerror=alert(1)>', "Ann"),
    ('"; DROP', "Ann said: '}{][\\\" and 🙂.", "Ann"),
    ("occ:PHYSICIST", "Ann is a key.", "Ann"),
)


@pytest.mark.parametrize(("change", "message"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_refused_and_nothing_changed(memory: Memory, change: dict[str, Any], message: str) -> None:
    memory.remember(**GOOD)
    before = memory.size(), memory.describe("Ann"), memory.entities()
    with pytest.raises((MemoryRejected, SentenceRejected)) as refused:
        memory.remember(**{**GOOD, **change})
    assert str(refused.value).startswith(message)
    assert (memory.size(), memory.describe("Ann"), memory.entities()) == before


def test_of_many_all_are_refused_for_one(memory: Memory) -> None:
    def some() -> Any:
        yield Mention("Ann", "Ann sang.", 0, 3)
        yield Mention("Ann", "Ann sang.", 0, 30)

    with pytest.raises(SentenceRejected):
        memory.remember_many(some())
    assert memory.size().mentions == 0
    assert memory.remember_many([]) == []


@pytest.mark.parametrize(("entity", "text", "name"), UNUSUAL)
def test_any_letters_are_kept_as_they_are(memory: Memory, entity: str, text: str, name: str) -> None:
    start = text.index(name)
    id = memory.remember(entity, text, (start, start + len(name)), source="<i>")
    assert memory.mention(id) == Mention(entity, text, start, start + len(name), "<i>")
    assert memory.describe(entity).mentions == 1
    assert [one.entity for one in memory.link(text, (start, start + len(name)))] == [entity]
    assert [one.entity for one in memory.entities(name)] == [entity]
    assert memory.forget(entity=entity) == 1


def test_one_person_is_one_key_in_any_composition(memory: Memory) -> None:
    memory.remember("Zoe\u0308  Ann", "Zoë sang.", (0, 3))
    memory.remember(" Zo\u00eb Ann", "Zoë slept.", (0, 3))
    assert memory.describe("Zo\u00eb Ann ").mentions == 2


def test_dates_are_days() -> None:
    for date, kept in (
        ("2024-02-29", "2024-02-29"),
        ("20240229", "2024-02-29"),
        ("2024-02-29T10:00:00Z", "2024-02-29"),
    ):
        assert Mention("Ann", "Ann sang.", 0, 3, date=date).date == kept


def test_forgetting_needs_one_way_to_say_what(memory: Memory) -> None:
    id = memory.remember(**GOOD)
    for how in ({}, {"mention": id, "entity": "Ann"}, {"mention": id, "source": "s"}):
        with pytest.raises(MemoryRejected, match="forget: say which"):
            memory.forget(**how)  # type: ignore[arg-type]
    assert memory.size().mentions == 1


def test_lessons_that_cannot_be_learnt(memory: Memory) -> None:
    memory.remember(**GOOD)
    memory.remember("Bo", "Bo danced.", (0, 2))
    for category in ("", "a" * 81, 'a"b', "a[b]", "a\0"):
        with pytest.raises(MemoryRejected, match="category"):
            memory.teach(category, ["Ann"])
    with pytest.raises(MemoryRejected, match="one of the model's own"):
        memory.teach("occ:PHYSICIST", ["Ann"])
    with pytest.raises(MemoryRejected, match="examples: there are none"):
        memory.teach("singer", [])
    with pytest.raises(UnknownEntity, match="Nobody"):
        memory.teach("singer", ["Ann", "Nobody"])
    with pytest.raises(MemoryRejected, match="nobody else is known"):
        memory.teach("singer", ["Ann", "Bo"])
    for call in (memory.forget_category, memory.holders):
        with pytest.raises(UnknownCategory, match="'taught:singer' was not taught"):
            call("singer")
    assert memory.lessons() == []


@pytest.mark.parametrize("prefix", ["a/b", "a b", "x" * 101, "ä?"])
def test_a_prefix_is_part_of_a_name(client: Any, prefix: str) -> None:
    from tests.apps.mention.fakes import HashedWords, WordCategories

    with pytest.raises(MemoryRejected, match="prefix"):
        Memory(client, HashedWords(), WordCategories(), prefix)
