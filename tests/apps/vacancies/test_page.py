"""The page in a real browser: with a keyboard alone, and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import expect

from apps.vacancies.completion import Completer
from apps.vacancies.index import build
from apps.vacancies.place import client_of
from apps.vacancies.serving import page_of
from apps.vacancies.sources.corpus import Corpus, Phrase
from apps.vacancies.sources.sample import read_sample
from tests.apps.browser import hosted

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


def typed(page: Page, url: str, text: str) -> None:
    page.goto(url)
    expect(page.locator("#phrases")).to_have_text("1,122 phrases")
    page.keyboard.type(text)  # the field has the focus from the start


def test_completing_with_the_keyboard_alone(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "softw dev")
    field = desktop.get_by_role("combobox", name="Your text")
    options = desktop.get_by_role("option")
    expect(field).to_be_focused()
    expect(options.first).to_contain_text("software developer")
    expect(options.first.locator("mark")).to_have_text(["softw", "dev"])
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_attribute("aria-activedescendant", "completion-0")
    expect(options.first).to_have_attribute("aria-selected", "true")
    desktop.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "completion-1")
    second = options.nth(1).locator(".text").inner_text()
    desktop.keyboard.press("ArrowUp")
    desktop.keyboard.press("ArrowUp")
    expect(field).to_have_attribute("aria-activedescendant", f"completion-{options.count() - 1}")
    desktop.keyboard.press("ArrowDown")
    desktop.keyboard.press("ArrowDown")
    desktop.keyboard.press("Enter")
    expect(field).to_have_value(second)
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(desktop.get_by_role("listbox")).to_be_hidden()


def test_tab_accepts_and_then_moves_on(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "We need a nurs")
    field = desktop.get_by_role("combobox")
    expect(desktop.get_by_role("option").first).to_contain_text("nurs")
    desktop.keyboard.press("Tab")
    expect(field).to_have_value("We need a nurse")
    expect(field).to_be_focused()
    desktop.keyboard.press("Tab")
    expect(field).not_to_be_focused()


def test_escape_closes_then_clears(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "bak")
    field, listbox = desktop.get_by_role("combobox"), desktop.get_by_role("listbox")
    expect(listbox).to_be_visible()
    desktop.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(field).not_to_have_attribute("aria-activedescendant", "completion-0")
    expect(field).to_have_value("bak")
    desktop.keyboard.press("ArrowDown")
    expect(listbox).to_be_visible()
    desktop.keyboard.press("Escape")
    desktop.keyboard.press("Escape")
    expect(field).to_have_value("")


def test_what_stands_behind_the_cursor_stays(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "electric, full-time")
    for _ in ", full-time":
        desktop.keyboard.press("ArrowLeft")
    desktop.keyboard.type("ia")
    expect(desktop.get_by_role("option").first).to_contain_text("electrician")
    desktop.keyboard.press("Enter")
    expect(desktop.get_by_role("combobox")).to_have_value("electrician, full-time")


def test_language_and_group_filter(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "manager")
    options = desktop.get_by_role("option")
    expect(options.first).to_be_visible()
    all_groups = int(desktop.locator("[data-group=''] .count").inner_text())
    one_group = int(desktop.locator("[data-group='1'] .count").inner_text())
    assert 0 < one_group <= all_groups
    desktop.get_by_role("radio", name="Nederlands").check()
    expect(desktop.locator(".option .badge", has_text="en")).to_have_count(0)
    expect(options.first).to_contain_text("anager")
    desktop.get_by_role("radio", name="Professionals").first.check()
    expect(desktop.locator(".about", has_text="Managers")).to_have_count(0)
    expect(desktop.locator("#took")).to_contain_text("ms to find")


def test_groups_are_one_tab_stop_with_arrows(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "ma")
    expect(desktop.get_by_role("option").first).to_be_visible()
    desktop.locator("[data-group=''] input").focus()
    desktop.keyboard.press("ArrowDown")
    expect(desktop.locator("[data-group='0'] input")).to_be_checked()
    expect(desktop.locator("[data-group='0'] input")).to_be_focused()


def test_answers_to_older_questions_are_dropped(desktop: Page, page_url: str) -> None:
    held: list[Route] = []

    def late(route: Route) -> None:
        if '"bak"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    desktop.route("**/api/complete", late)
    typed(desktop, page_url, "bak")
    desktop.keyboard.press("Backspace")
    desktop.keyboard.press("Backspace")
    desktop.keyboard.type("utch")
    expect(desktop.get_by_role("option").first).to_contain_text("butcher")
    [older] = held
    older.continue_()
    desktop.evaluate(
        "fetch('/api/complete', { method: 'POST', body: '{\"text\": \"late\"}' }).then(late => late.text())"
    )
    expect(desktop.get_by_role("option").first).to_contain_text("butcher")


def test_a_server_that_is_gone_is_said(desktop: Page, page_url: str) -> None:
    typed(desktop, page_url, "b")
    desktop.route("**/api/complete", lambda route: route.abort())
    desktop.keyboard.type("a")
    expect(desktop.get_by_role("alert")).to_have_text("The server does not answer. Is it still running?")
    desktop.unroute("**/api/complete")
    desktop.keyboard.type("k")
    expect(desktop.get_by_role("alert")).to_be_hidden()
    expect(desktop.get_by_role("option").first).to_contain_text("bak")


def test_markup_is_shown_as_text(desktop: Page, tmp_path: Path) -> None:
    corpus = Corpus(
        read_sample().occupations[:30], [Phrase("<img src=x onerror=alert(1)> zookeeper 🦓 zoo", "en", "vacancy")]
    )
    with client_of(tmp_path) as client, hosted(page_of(Completer(client, build(client, corpus, tmp_path)))) as url:
        desktop.goto(url)
        desktop.locator("#text").press_sequentially("zookeeper zoo")
        option = desktop.get_by_role("option").first
        expect(option.locator(".text")).to_have_text("<img src=x onerror=alert(1)> zookeeper 🦓 zoo")
        expect(option.locator("mark")).to_have_text(["zookeeper", "zoo"])
        assert desktop.locator(".option img").count() == 0


def test_on_a_phone(phone: Page, page_url: str) -> None:
    phone.goto(page_url)
    phone.get_by_role("button", name="softw dev").tap()
    expect(phone.get_by_role("option").first).to_contain_text("software developer")
    phone.get_by_role("option").first.tap()
    expect(phone.get_by_role("combobox")).to_have_value("software developer")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    low = phone.locator("button, .segments label, .option:visible").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 24).length"
    )
    assert low == 0
