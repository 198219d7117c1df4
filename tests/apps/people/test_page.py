"""The page in a real browser, and the API under it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from apps.people.people import People, build
from apps.people.routes import page
from tamis.qdrant import TamisClient
from tests.apps.browser import hosted

MARKUP = "<b>Ann</b> <img src=x onerror=\"document.title='bad'\">"


@pytest.fixture(scope="module")
def url(people: People) -> Iterator[str]:
    with hosted(page(people)) as address:
        yield address


def cards(shown: Page) -> list[str]:
    return shown.locator(".suggestion h3").all_inner_texts()


def begin(shown: Page, url: str, person: int) -> list[str]:
    shown.goto(f"{url}/#{person}")
    shown.locator(".suggestion").first.wait_for()
    return cards(shown)


def test_suggestions_with_their_reasons(desktop: Page, url: str, people: People) -> None:
    names = begin(desktop, url, 3)
    found = people.suggest(3, 8)
    assert names == [one.person.name for one in found]
    expect(desktop.locator("#me-name")).to_have_text(people.get(3).name)
    first = desktop.locator(".suggestion").first.locator(".reason")
    assert first.all_inner_texts() == [reason.text for reason in found[0].reasons]
    assert desktop.locator("#map .spot").count() == len([one for one in found if one.km is not None])


def test_like_and_pass_change_the_answer_and_can_be_taken_back(desktop: Page, url: str, people: People) -> None:
    before = begin(desktop, url, 3)
    ids = [one.person.id for one in people.suggest(3, 8)]
    desktop.get_by_role("button", name=f"Like {before[1]}").click()
    expect(desktop.locator("#marked .chip")).to_have_count(1)
    expect(desktop.locator(".reason[data-kind=like]").first).to_be_visible()
    assert cards(desktop) == [one.person.name for one in people.suggest(3, 8, like=[ids[1]])]
    passed = cards(desktop)[0]
    desktop.get_by_role("button", name=f"Pass {passed}").click()
    expect(desktop.locator("#marked .chip")).to_have_count(2)
    expect(desktop.locator(".suggestion h3").first).not_to_have_text(passed)
    for _ in range(2):
        desktop.locator("#marked .chip").first.click()
    expect(desktop.locator("#marked .chip")).to_have_count(0)
    expect(desktop.locator(".suggestion h3")).to_have_text(before)


def test_conditions_narrow_the_answer(desktop: Page, url: str, people: People) -> None:
    begin(desktop, url, 3)
    desktop.locator("#distance").fill("5")
    expect(desktop.locator("#distance-says")).to_have_text("500 km")
    near = [one.person.name for one in people.suggest(3, 8, within_km=500)]
    expect(desktop.locator(".suggestion h3")).to_have_text(near)
    chip = desktop.locator("#me-interests .chip").first
    interest = chip.inner_text()
    chip.click()
    expect(desktop.locator("#wanted .chip")).to_have_count(1)
    both = [one.person.name for one in people.suggest(3, 8, within_km=500, interests=[interest])]
    expect(desktop.locator(".suggestion h3")).to_have_text(both)
    desktop.get_by_role("button", name="Begin again").click()
    expect(desktop.locator("#distance-says")).to_have_text("as wished")
    expect(desktop.locator(".suggestion h3")).to_have_text([one.person.name for one in people.suggest(3, 8)])


def test_a_person_is_picked_with_the_keyboard(desktop: Page, url: str, people: People) -> None:
    begin(desktop, url, 3)
    wanted = people.find("ma", 20)[1]
    box = desktop.get_by_role("combobox", name="Person")
    box.fill("ma")
    expect(desktop.get_by_role("option").nth(1)).to_be_visible()
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(desktop.locator("[role=option][aria-selected=true]")).to_contain_text(wanted.name)
    box.press("Enter")
    expect(desktop.locator("#me-name")).to_have_text(wanted.name)
    expect(desktop.locator("#persons")).to_be_hidden()
    assert desktop.url.endswith(f"#{wanted.id}")
    box.fill("zzzz")
    expect(desktop.locator("#persons")).to_have_text("Nobody is called so.")
    box.press("Escape")
    expect(desktop.locator("#persons")).to_be_hidden()


def test_a_phone_shows_it_without_scrolling_sideways(phone: Page, url: str) -> None:
    begin(phone, url, 3)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(phone.locator("#distance")).to_be_hidden()
    phone.get_by_text("Conditions").tap()
    expect(phone.locator("#distance")).to_be_visible()


def test_what_people_write_stays_text_and_who_is_unknown_is_said(desktop: Page) -> None:
    rows = [
        {
            "id": id,
            "name": f"{MARKUP} {id}",
            "interests": [MARKUP.lower(), "chess"],
            "about": MARKUP,
            "schools": [MARKUP],
        }
        for id in (1, 2)
    ]
    with TamisClient(":memory:") as client, hosted(page(build(client, rows))) as address:
        begin(desktop, address, 1)
        expect(desktop.locator("#me-name")).to_have_text(f"{MARKUP} 1")
        expect(desktop.locator(".suggestion h3")).to_have_text(f"{MARKUP} 2")
        assert desktop.locator("main img, main b").count() == 0
        assert desktop.title() == "Who should meet whom"
        desktop.goto(f"{address}/#77")
        desktop.reload()
        expect(desktop.get_by_role("alert")).to_have_text("person: there is no person 77")


@pytest.mark.parametrize(("body", "words"), [
    ({}, "person"), ({"person": 10**9}, "no person"), ({"person": 1, "within_km": -1}, "within_km"),
    ({"person": 1, "bogus": 1}, "bogus"), ({"person": 1, "interests": ["x"] * 65}, "interests: has 65"),
    ({"person": 1, "limit": 10**6}, "limit"), ({"person": "1"}, "int"), ([], "object"),
])  # fmt: skip
def test_bad_questions_are_refused_with_400(url: str, body: object, words: str) -> None:
    reply = httpx.post(f"{url}/api/suggest", json=body, trust_env=False)
    assert reply.status_code == 400
    assert words in reply.json()["error"]


def test_a_name_of_any_kind_is_looked_for(url: str) -> None:
    for name in ("", "\x00", "%", "x" * 5_000, "“”", "((("):
        reply = httpx.get(f"{url}/api/people", params={"name": name}, trust_env=False)
        assert reply.status_code == 200
        assert isinstance(reply.json(), list)
