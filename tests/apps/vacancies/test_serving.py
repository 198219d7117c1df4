"""The HTTP API of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.apps.vacancies.conftest import Built


@pytest.fixture(scope="module")
def api(page_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=page_url, trust_env=False, verify=False) as client:
        yield client


def test_completions_are_what_the_completer_says(api: httpx.Client, embedded: Built) -> None:
    answer = api.post("/api/complete", json={"text": "softw dev", "language": "en"}).json()
    assert [one["text"] for one in answer["completions"]] == embedded.texts("softw dev", "en")
    first = answer["completions"][0]
    assert first | {"concept": ""} == {
        "text": "software developer",
        "start": 0,
        "marks": [[0, 5], [9, 12]],
        "language": "en",
        "kind": "title",
        "group": 2,
        "concept": "",
        "by": "prefix",
    }
    assert answer["groups"]["2"] >= 1
    assert answer["took_ms"] > 0


def test_about_says_what_there_is(api: httpx.Client) -> None:
    about = api.get("/api/about").json()
    assert about["phrases"] > 1_000
    assert [group["group"] for group in about["groups"]] == list(range(10))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "text: is missing; send what was typed so far"),
        ({"text": None}, "text: must be text, got NoneType"),
        ({"text": "", "language": ["en"]}, "language: must be en, nl or both"),
        ({"text": "", "group": 11}, "group: must be an ISCO major group, 0 to 9, got '11'"),
        ({"text": "", "limit": 10**30}, "limit: must be a number from 1 to 50"),
        ({"text": "", "lang": "en"}, "lang: is not an argument; there are text, language, group, limit, meaning"),
        ({"text": "", "meaning": "no"}, "meaning: must be true or false, got 'no'"),
    ],
)
def test_refusals_name_the_argument(api: httpx.Client, body: dict[str, Any], words: str) -> None:
    reply = api.post("/api/complete", json=body)
    assert reply.status_code == 400
    assert reply.json()["error"].startswith(words)


def test_100_kb_of_text_are_answered_and_more_is_refused(api: httpx.Client) -> None:
    reply = api.post("/api/complete", json={"text": "x. " * 33_000 + "bak", "language": "en"})
    assert reply.json()["completions"][0]["text"] == "baker"
    assert api.post("/api/complete", json={"text": "x" * 300_000}).status_code == 413
