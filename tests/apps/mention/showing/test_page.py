"""The API under the page: every question, every bound, and that what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client.http.exceptions import ResponseHandlingException
from starlette.routing import Route
from starlette.testclient import TestClient

from apps.mention.memory import Memory, is_best
from apps.mention.page import application as module
from apps.mention.page.questions import EXAMPLES_MAX, LISTENED_MAX, TEXT_CHARS_MAX
from apps.mention.sample import sample, texts
from tests.apps.mention.showing.page import PEOPLE, filled, over

BACH = "Johann Sebastian Bach"
SENTENCE = "Bach composed a cantata for the organ in Leipzig."
STATIC = Path(module.__file__).parent / "static"


@pytest.fixture
def memory() -> Iterator[Memory]:
    with filled() as made:
        yield made


@pytest.fixture
def client(memory: Memory) -> Iterator[TestClient]:
    with TestClient(over(memory), base_url="http://page") as opened:
        yield opened


def ask(client: TestClient, path: str, body: object = None, **query: str) -> dict[str, Any]:
    reply = client.get(f"/api/{path}", params=query) if body is None else client.post(f"/api/{path}", json=body)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def shares(knowledge: dict[str, Any]) -> dict[str, float]:
    return {one["category"]: one["probability"] for facet in knowledge["facets"] for one in facet["categories"]}


def test_every_route_is_documented(memory: Memory) -> None:
    paths = [f"{path.split('?')[0]}" for path in (module.__doc__ or "").split() if path.startswith("/api/")]
    routes = [route.path for route in over(memory).routes if isinstance(route, Route)]
    assert sorted(paths) == sorted(routes)


def test_the_beginning(client: TestClient) -> None:
    assert "Who is it?" in client.get("/").text
    known = {person.entity: len(person.mentions) for person in sample() if person.entity in PEOPLE}
    assert ask(client, "overview") == {"people": len(PEOPLE), "mentions": sum(known.values()), "taught": []}
    assert [one["title"] for one in ask(client, "texts")["texts"]] == [one.title for one in texts()]
    assert {one["entity"]: one["mentions"] for one in ask(client, "people")["people"]} == known
    assert {one["entity"] for one in ask(client, "people", prefix="wil")["people"]} == {
        "Serena Williams", "Venus Williams", "Tennessee Williams",
    }  # fmt: skip


def test_names_are_found_where_they_stand_and_linked(client: TestClient) -> None:
    text = f"🎻 Odd. {SENTENCE} Lise Meitner did not hear it."
    answer = ask(client, "read", {"text": text})
    assert [text[name["start"] : name["end"]] for name in answer["names"]] == ["Bach", "Lise Meitner"]
    bach, meitner = answer["names"]
    assert bach["sentence"] == SENTENCE
    assert bach["candidates"][0]["entity"] == BACH
    assert bach["candidates"][0]["mentions"][0]["text"] in {one.text for one in sample()[0].mentions}
    assert meitner["candidates"] == []
    assert answer["ms"] > 0


def test_a_span_that_was_marked_by_hand(client: TestClient) -> None:
    text = f"Before. {SENTENCE} After."
    start = text.index("Bach")
    found = ask(client, "link", {"text": text, "start": start, "end": start + 4})
    assert (found["sentence"], found["span"], found["surface"]) == (SENTENCE, [0, 4], "Bach")
    across = ask(client, "link", {"text": text, "start": 0, "end": start + 4})
    assert across["surface"] == "Before. Bach"


def test_remembering_moves_what_is_known_and_forgetting_moves_it_back(client: TestClient, memory: Memory) -> None:
    before = ask(client, "person", entity=BACH)
    said = {"entity": f"  {BACH} ", "text": SENTENCE, "start": 0, "end": 4, "source": "test", "date": "2024-02-29"}
    kept = ask(client, "remember", said)
    assert kept["entity"] == BACH
    after = ask(client, "person", entity=BACH)
    assert after["knowledge"] == kept["knowledge"]
    assert shares(after["knowledge"])["occ:COMPOSER"] > shares(before["knowledge"])["occ:COMPOSER"]
    own = {"id": kept["mention"], "text": SENTENCE, "start": 0, "end": 4, "source": "test", "date": "2024-02-29"}
    assert after["mentions"] == [*before["mentions"], own]  # the newest comes last
    left = ask(client, "forget", {"entity": BACH, "mention": kept["mention"]})
    assert left["knowledge"] == before["knowledge"]
    assert ask(client, "person", entity=BACH) == before


def test_whoever_loses_the_last_mention_is_unknown(client: TestClient) -> None:
    kept = ask(client, "remember", {"entity": "Bo", "text": "Bo sang.", "start": 0, "end": 2})
    assert kept["knowledge"]["mentions"] == 1
    assert ask(client, "forget", {"entity": "Bo", "mention": kept["mention"]})["knowledge"] is None
    assert ask(client, "person", entity="Bo") == {"mentions": [], "knowledge": None}


def test_some_mentions_alone_say_what_a_memory_of_them_would(client: TestClient, memory: Memory) -> None:
    before = ask(client, "person", entity=BACH)
    some = before["mentions"][:3]
    alone = ask(client, "heard", {"entity": BACH, "mentions": [one["id"] for one in some]})["knowledge"]
    with filled(()) as other:
        for one in some:
            other.remember(BACH, one["text"], (one["start"], one["end"]), one["source"])
        fresh = TestClient(over(other), base_url="http://page")
        assert shares(alone) == pytest.approx(shares(ask(fresh, "person", entity=BACH)["knowledge"]), abs=1e-3)
    assert alone["mentions"] == 3
    assert ask(client, "person", entity=BACH) == before
    everything = ask(client, "heard", {"entity": BACH, "mentions": [one["id"] for one in before["mentions"]]})
    assert everything["knowledge"] == before["knowledge"]


def test_supports_are_signed_and_of_every_mention(client: TestClient) -> None:
    known = ask(client, "person", entity=BACH)
    composer = known["knowledge"]["facets"][0]["categories"][0]
    assert composer["category"] == "occ:COMPOSER"
    supports = [speaker["support"] for speaker in composer["speakers"]]
    assert {speaker["mention"] for speaker in composer["speakers"]} == {one["id"] for one in known["mentions"]}
    assert supports == sorted(supports, reverse=True)
    assert supports[0] > 0 > supports[-1]


def test_the_nearest_pass_the_filter_and_the_counts_are_true(client: TestClient, memory: Memory) -> None:
    free = ask(client, "near", {"entity": BACH})
    assert BACH not in [one["entity"] for one in free["people"]]
    field = free["facets"]["field"][0]
    filtered = ask(client, "near", {"entity": BACH, "field": field["value"], "limit": 50})
    wanted = {one.entity for one in memory.entities(filter=_filter("ind", field["value"]))}
    assert 0 < len(wanted) == field["count"] < len(PEOPLE)
    assert {one["entity"] for one in filtered["people"]} == wanted - {BACH}
    assert filtered["facets"]["field"] == free["facets"]["field"]
    assert sum(one["count"] for one in filtered["facets"]["era"]) == field["count"]
    assert ask(client, "near", {"entity": BACH, "era": "none"})["people"] == []


def _filter(facet: str, value: str) -> Any:
    from qdrant_client import models

    return models.Filter(must=[is_best(facet, value)])


def test_a_category_is_taught_ranked_and_taken_back(client: TestClient) -> None:
    before = ask(client, "person", entity=BACH)
    examples = ["Serena Williams", "Venus Williams", "Jane Austen"]
    assert ask(client, "teach", {"name": "<b>a: b</b>", "examples": examples})["category"] == "<b>a: b</b>"
    assert ask(client, "overview")["taught"] == ["<b>a: b</b>"]
    ranked = ask(client, "category", name="<b>a: b</b>")["people"]
    assert {one["entity"] for one in ranked[:3]} == set(examples)
    assert [one["entity"] for one in ranked if one["example"]] == [one["entity"] for one in ranked[:3]]
    chances = [one["probability"] or 0.0 for one in ranked]
    assert chances == sorted(chances, reverse=True)
    taught = ask(client, "person", entity="Jane Austen")["knowledge"]["facets"][-1]
    assert (taught["facet"], taught["categories"][0]["name"]) == ("taught", "<b>a: b</b>")
    ask(client, "withdraw", {"name": "<b>a: b</b>"})
    assert ask(client, "overview")["taught"] == []
    assert ask(client, "person", entity=BACH) == before


SAID = {"entity": BACH, "text": SENTENCE, "start": 0, "end": 4}
LONG = "x" * (TEXT_CHARS_MAX + 1)
REFUSED: list[tuple[str, object, int, str]] = [
    ("read", {"text": ""}, 400, "read: Expected `str` of length >= 1 - at `$.text`"),
    ("read", {"text": LONG}, 400, "read: Expected `str` of length <= 20000 - at `$.text`"),
    ("read", {"text": 7}, 400, "read: Expected `str`, got `int` - at `$.text`"),
    ("read", {}, 400, "read: Object missing required field `text`"),
    ("read", {"text": "a", "more": 1}, 400, "read: Object contains unknown field `more`"),
    ("read", [], 400, "body: must be a JSON object, got list"),
    ("link", {"text": SENTENCE, "start": 4, "end": 5}, 400, "span: [4, 5) holds no name; mark the letters of one"),
    ("link", {"text": SENTENCE, "start": 4, "end": 4}, 400, "span: [4, 4) holds no name; mark the letters of one"),
    ("link", {"text": SENTENCE, "start": -1, "end": 4}, 400, "link: Expected `int` >= 0 - at `$.start`"),
    ("link", {"text": SENTENCE, "start": 900, "end": 904}, 400, "span: [900, 904) holds no name"),
    ("remember", SAID | {"entity": " "}, 400, "entity: it is empty; give a name or an id"),
    ("remember", SAID | {"end": 400}, 400, "span: [0, 400) does not lie in the sentence of 49 characters"),
    ("remember", SAID | {"date": "tomorrow"}, 400, "date: 'tomorrow' is none; write it as 2024-12-31"),
    ("remember", SAID | {"text": SENTENCE * 100}, 400, "sentence: 4,900 characters, more than 4,000"),
    ("remember", SAID | {"source": "s" * 501}, 400, "remember: Expected `str` of length <= 500 - at `$.source`"),
    ("remember", SAID | {"entity": "a\u0000b"}, 400, "entity: it contains a control character"),
    ("forget", {"entity": BACH, "mention": "none"}, 404, "mention: there is none with the id 'none'"),
    ("heard", {"entity": BACH, "mentions": []}, 400, "heard: Expected `array` of length >= 1 - at `$.mentions`"),
    ("heard", {"entity": BACH, "mentions": ["a"] * (LISTENED_MAX + 1)}, 400, "heard: Expected `array` of length <= 64"),
    ("heard", {"entity": BACH, "mentions": ["a"]}, 404, "mentions: none of these 1 is remembered of"),
    ("heard", {"entity": "Nemo", "mentions": ["a"]}, 404, "entity: nobody called 'Nemo' is remembered"),
    ("near", {"entity": "Nemo"}, 404, "entity: nobody called 'Nemo' is remembered"),
    ("near", {"entity": BACH, "limit": 51}, 400, "near: Expected `int` <= 50 - at `$.limit`"),
    ("teach", {"name": "a", "examples": [BACH] * 2}, 400, "teach: Expected `array` of length >= 3 - at `$.examples`"),
    ("teach", {"name": "a", "examples": [BACH] * 3}, 400, "examples: 1 people; pick 3 or more"),
    ("teach", {"name": "a", "examples": [BACH] * (EXAMPLES_MAX + 1)}, 400, "teach: Expected `array` of length <= 8"),
    ("teach", {"name": "a", "examples": [BACH, "Jane Austen", "Nemo"]}, 404, "entity: nobody called 'Nemo'"),
    ("teach", {"name": 'a"b', "examples": list(PEOPLE[:3])}, 400, "category: 'taught:a\"b' is none"),
    ("withdraw", {"name": "never"}, 404, "category: 'taught:never' was not taught"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[TestClient]:
    with filled() as memory, TestClient(over(memory), base_url="http://page") as opened:
        yield opened


@pytest.mark.parametrize(("path", "body", "status", "words"), REFUSED)
def test_refusals_say_what_and_change_nothing(
    shared: TestClient, path: str, body: object, status: int, words: str
) -> None:
    before = ask(shared, "overview"), ask(shared, "person", entity=BACH)
    reply = shared.post(f"/api/{path}", json=body)
    assert (reply.status_code, reply.json()["error"][: len(words)]) == (status, words)
    assert (ask(shared, "overview"), ask(shared, "person", entity=BACH)) == before


def test_questions_in_an_address_are_bounded_too(shared: TestClient) -> None:
    for path, query, status in [
        ("people", {"prefix": "x" * 201}, 400),
        ("people", {"prefix": "a\u0000"}, 400),
        ("people", {"suffix": "x"}, 400),
        ("person", {}, 400),
        ("category", {"name": "never"}, 404),
    ]:
        reply = shared.get(f"/api/{path}", params=query)
        assert reply.status_code == status, (path, query, reply.text)
        assert reply.json()["error"]


def test_markup_is_carried_as_text(client: TestClient) -> None:
    name = '<img src=x onerror="alert(1)">'
    kept = ask(client, "remember", {"entity": name, "text": f"{name} sang.", "start": 0, "end": len(name)})
    assert kept["entity"] == name
    reply = client.get("/api/person", params={"entity": name})
    assert reply.json()["mentions"][0]["text"] == f"{name} sang."
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_database_that_is_away_is_said_to_be(
    client: TestClient, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise ResponseHandlingException(ConnectionRefusedError("refused"))

    monkeypatch.setattr(Memory, "size", lambda _: away())
    reply = client.get("/api/overview")
    assert reply.status_code == 503
    assert reply.json()["error"].startswith("The database did not answer")


def test_scripts_put_text_on_the_page_as_text() -> None:
    scripts = {path.name: path.read_text(encoding="utf-8") for path in STATIC.glob("*.js")}
    assert "main.js" in scripts
    for name, script in scripts.items():
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in script, f"{name} uses {way}"
