"""The page in a real browser: read, remember, watch, leave out, compare, teach; by mouse, by keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from apps.mention.memory import Memory
from tests.apps.browser import hosted
from tests.apps.mention.showing.page import PEOPLE, filled, over
from tests.apps.mention.showing.pictures import BYTES_MAX, take

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

BACH = "Johann Sebastian Bach"
TEXT = "🎻 Bach composed a cantata for the organ in Leipzig. Lise Meitner did not hear it."
MARKUP = "<img src=x onerror=\"document.title='bad'\">"
LOOKING = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")
NARROW = 390


@pytest.fixture
def memory() -> Iterator[Memory]:
    with filled() as made:
        yield made


@pytest.fixture
def url(memory: Memory) -> Iterator[str]:
    with hosted(over(memory)) as address:
        yield address


def read(page: Page, url: str, text: str) -> None:
    page.goto(url)
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Find the names").click()
    page.locator("#reading").wait_for()


def person(page: Page, url: str, entity: str = BACH) -> None:
    page.goto(f"{url}/#/person/{entity}")
    page.locator("#near a").first.wait_for()


def share(page: Page, category: str) -> float:
    row = page.locator(".category", has=page.get_by_text(category, exact=True))
    return float(row.locator(".bar").evaluate("bar => bar.style.getPropertyValue('--share')"))


def switches(page: Page) -> Locator:
    return page.locator("#mentions [role=switch]")


def test_paste_link_remember_and_watch_the_bars(desktop: Page, url: str, memory: Memory) -> None:
    person(desktop, url)
    before = share(desktop, "composer")
    read(desktop, url, TEXT)
    names = desktop.locator(".name")
    expect(names).to_have_text([re.compile(rf"^Bach{BACH} 0\.\d\d$"), "Lise Meitnernobody we know"])
    assert desktop.locator("#passage").evaluate(_SURFACES) == TEXT
    names.first.click()
    expect(desktop.locator("#panel-title")).to_have_text("Bach")
    desktop.get_by_role("button", name=f"Remember as {BACH}").click()
    expect(names.first).to_contain_text(f"remembered: {BACH}")
    expect(desktop.locator("#panel .notice")).to_contain_text(re.compile(r"Remembered in \d+(\.\d)? ms"))
    expect(desktop.locator("#known")).to_have_text(f"{len(PEOPLE)} people, {memory.size().mentions} mentions")
    desktop.get_by_role("link", name=f"see {BACH}").click()
    desktop.locator("#near a").first.wait_for()
    assert share(desktop, "composer") > before
    expect(desktop.locator("#mentions mark").last).to_have_text("Bach")


_SURFACES = """passage =>
    [...passage.childNodes].map(one => (one.querySelector?.('.surface') ?? one).textContent).join('')"""


def test_a_new_person_is_remembered_under_the_name_in_the_text(desktop: Page, url: str, memory: Memory) -> None:
    read(desktop, url, TEXT)
    desktop.locator(".name.unknown").click()
    expect(desktop.get_by_label("Somebody else, or somebody new")).to_have_value("Lise Meitner")
    desktop.get_by_role("button", name="Remember under this name").click()
    expect(desktop.locator(".name").last).to_contain_text("remembered: Lise Meitner")
    assert [one.text for one in memory.mentions("Lise Meitner")] == ["Lise Meitner did not hear it."]


def test_leave_out_count_again_and_remove(desktop: Page, url: str, memory: Memory) -> None:
    person(desktop, url)
    count = switches(desktop).count()
    before = share(desktop, "composer")
    desktop.locator(".category", has_text="composer").click()
    expect(desktop.locator("#mentions .for")).not_to_have_count(0)
    expect(desktop.locator("#mentions .against")).not_to_have_count(0)
    speaker = desktop.locator("#mentions .for").first
    text = speaker.locator("p").inner_text()
    toggle = desktop.get_by_label(f"Count: {text}")
    toggle.press("Space")
    expect(desktop.locator("#lately")).to_contain_text(re.compile(r"forgotten and read again in [\d.]+ ms"))
    assert share(desktop, "composer") < before
    assert len(memory.mentions(BACH)) == count - 1
    desktop.reload()
    desktop.locator("#near a").first.wait_for()
    expect(switches(desktop)).to_have_count(count)  # the page kept the text
    toggle.press("Space")
    expect(desktop.locator("#lately")).to_contain_text(re.compile(r"remembered and read again in [\d.]+ ms"))
    assert share(desktop, "composer") == pytest.approx(before, abs=1e-4)
    assert len(memory.mentions(BACH)) == count
    desktop.get_by_label(f"Remove: {text}").click()
    expect(switches(desktop)).to_have_count(count - 1)
    assert text not in [one.text for one in memory.mentions(BACH)]


def test_the_last_mention_leaves_nothing_known_and_comes_back(desktop: Page, url: str, memory: Memory) -> None:
    memory.remember("Bo Alone", "Bo Alone wrote a novel.", (0, 8))
    person(desktop, url, "Bo Alone")
    switches(desktop).press("Space")
    expect(desktop.locator("#facets")).to_have_text("Nothing is known without a mention.")
    expect(desktop.locator("#near")).to_have_text("Without a mention there is nobody to compare.")
    assert not [one for one in memory.entities() if one.entity == "Bo Alone"]
    switches(desktop).press("Space")
    expect(desktop.locator(".category").first).to_be_visible()
    assert len(memory.mentions("Bo Alone")) == 1


def test_mentions_are_heard_one_after_another_and_nothing_is_forgotten(desktop: Page, url: str, memory: Memory) -> None:
    person(desktop, url)
    count = switches(desktop).count()
    whole = share(desktop, "composer")
    slider = desktop.get_by_role("slider", name="Mentions heard")
    slider.press("Home")
    expect(desktop.locator("#lately")).to_contain_text(re.compile(r"one mention read in [\d.]+ ms"))
    expect(desktop.locator("#mentions .later")).to_have_count(count - 1)
    assert share(desktop, "composer") != whole
    slider.press("ArrowRight")
    expect(desktop.locator("#knowledge-title")).to_have_text("What 2 mentions say")
    desktop.clock.install()
    desktop.get_by_role("button", name="Play", exact=True).click()
    for heard in range(3, count + 1):
        expect(desktop.locator("#heard-count")).to_have_text(f"{heard} of {count}")
        expect(desktop.locator("#lately")).to_contain_text(f"{heard} mentions read in")
        desktop.clock.run_for(1_000)
    expect(desktop.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert share(desktop, "composer") == pytest.approx(whole, abs=1e-4)
    assert len(memory.mentions(BACH)) == count


def test_nearest_with_a_filter_open_one_and_back(desktop: Page, url: str, memory: Memory) -> None:
    person(desktop, url)
    names = desktop.locator("#near b")
    assert names.all_inner_texts() == [one.entity for one in memory.like(BACH)]
    field = desktop.locator("select[name=field]")
    wanted = field.locator("option").last  # the rarest
    label = wanted.inner_text()
    value = wanted.get_attribute("value") or ""
    field.select_option(value)
    count = int(re.findall(r"\((\d+)\)", label)[0])
    expect(names).to_have_count(count - (value in _best(memory, BACH)))
    assert count < len(PEOPLE)
    first = names.first.inner_text()
    names.first.click()
    expect(desktop.locator("#person-title")).to_have_text(first)
    expect(desktop.locator("#person-title")).to_be_focused()
    desktop.go_back()
    expect(desktop.locator("#person-title")).to_have_text(BACH)


def _best(memory: Memory, entity: str) -> list[str]:
    [known] = [one for one in memory.entities(entity) if one.entity == entity]
    return [category.key.partition(":")[2] for category in known.categories if category.facet == "ind"][:1]


def test_keyboard_only(desktop: Page, url: str, memory: Memory) -> None:
    desktop.goto(url)
    desktop.locator("#texts .chip").first.wait_for()
    desktop.keyboard.press("Tab")
    expect(desktop.get_by_role("link", name="Skip to the content")).to_be_focused()
    _tab_to(desktop, "#text")
    desktop.keyboard.insert_text("Nemo Nobody wrote a novel about Bach.")
    desktop.keyboard.press("Home")
    for _ in "Nemo Nobody":
        desktop.keyboard.press("Shift+ArrowRight")
    _tab_to(desktop, "#mark")
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".name.unknown .surface")).to_have_text("Nemo Nobody")
    expect(desktop.locator("#panel")).to_be_focused()
    _tab_to(desktop, "#panel form button")
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".name.remembered")).to_contain_text("Nemo Nobody")
    _tab_to(desktop, "#panel .notice a")
    desktop.keyboard.press("Enter")
    expect(desktop.locator("#person-title")).to_have_text("Nemo Nobody")
    desktop.locator("#near a").first.wait_for()
    _tab_to(desktop, ".category")
    assert desktop.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".category").first).to_have_attribute("aria-pressed", "true")
    _tab_to(desktop, "#mentions .foot button")
    desktop.keyboard.press("Enter")
    expect(desktop.locator("#facets")).to_have_text("Nothing is known without a mention.")
    assert memory.size().entities == len(PEOPLE)


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the Tab key does not reach {selector}")


def test_a_category_is_taught_and_taken_back(desktop: Page, url: str, memory: Memory) -> None:
    desktop.goto(f"{url}/#/teach")
    desktop.get_by_role("textbox", name="Category").fill("sisters & co")
    desktop.get_by_role("button", name="Teach it").click()
    expect(desktop.get_by_role("alert")).to_contain_text("Examples: 0 of at least 3.")
    for beginning, entity in (("ser", "Serena Williams"), ("ven", "Venus Williams"), ("aust", "Jane Austen")):
        desktop.get_by_role("combobox", name="People who have it").press_sequentially(beginning)
        expect(desktop.get_by_role("option", name=entity)).to_be_visible()
        desktop.keyboard.press("Enter")
        expect(desktop.locator("#examples")).to_contain_text(entity)
    desktop.get_by_role("button", name="Teach it").click()
    expect(desktop.locator("#ranking-title")).to_have_text("Who has “sisters & co”")
    expect(desktop.get_by_role("alert")).to_be_empty()
    ranked = desktop.locator("#ranked b").all_inner_texts()
    assert set(ranked[:3]) == {"Serena Williams", "Venus Williams", "Jane Austen"}
    assert sorted(ranked) == sorted(PEOPLE)
    desktop.get_by_role("button", name="Take it back").click()
    expect(desktop.locator("#taught")).to_have_text("Nothing yet.")
    expect(desktop.locator("#ranking")).to_be_hidden()
    assert memory.lessons() == []


def test_markup_in_names_and_texts_runs_nothing(desktop: Page, url: str, memory: Memory) -> None:
    memory.remember(MARKUP, f"{MARKUP} Bach sang.", (0, len(MARKUP)), source="<b>here</b>")
    memory.teach(f"taught:{MARKUP.replace(chr(34), chr(39))}", list(PEOPLE[:3]))
    read(desktop, url, f"{MARKUP} and Bach.")
    desktop.locator(".name").first.click()
    desktop.goto(f"{url}/#/person/{MARKUP}")
    expect(desktop.locator("#person-title")).to_have_text(MARKUP)
    expect(desktop.locator("#mentions p").first).to_have_text(f"{MARKUP} Bach sang.")
    desktop.locator("#near a").first.wait_for()
    desktop.goto(f"{url}/#/people")
    expect(desktop.locator("#people-list b", has_text="<img")).to_have_count(1)
    desktop.goto(f"{url}/#/teach")
    expect(desktop.locator("#taught a")).to_contain_text("<img")
    assert desktop.locator("main img").count() == 0
    assert "bad" not in desktop.title()


def test_what_goes_wrong_is_said_aloud(desktop: Page, url: str, memory: Memory) -> None:
    desktop.goto(f"{url}/#/teach/never")
    alert = desktop.get_by_role("alert")
    expect(alert).to_contain_text("category: 'never' is not taught; it may have been taken back")
    person(desktop, url)
    expect(alert).to_be_empty()
    memory.forget(entity=BACH)
    switches(desktop).first.press("Space")
    expect(alert).to_contain_text("mention: there is none with the id")
    expect(switches(desktop).first).to_be_checked()


def test_a_phone(phone: Page, url: str) -> None:
    read(phone, url, TEXT)
    phone.locator(".name").first.tap()
    expect(phone.get_by_role("button", name=f"Remember as {BACH}")).to_be_in_viewport()
    _fits(phone)
    for view, there in (("people", "#people-list a"), ("teach", "#taught li"), (f"person/{BACH}", "#near a")):
        phone.goto(f"{url}/#/{view}")
        phone.locator(there).first.wait_for()
        _fits(phone)
    switches(phone).first.scroll_into_view_if_needed()
    pulse = phone.locator("#pulse")
    expect(pulse).to_be_in_viewport()
    before = pulse.inner_text()
    phone.locator("#mentions .switch").first.tap()
    expect(switches(phone).first).not_to_be_checked()
    expect(pulse).not_to_have_text(before)


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW
    small = page.evaluate(
        "[...document.querySelectorAll('main a, main button, main input, main select, nav a')]"
        ".filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 24).map(one => one.outerHTML)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_calm(desktop: Page, url: str, memory: Memory, scheme: str) -> None:
    memory.teach("sisters", list(PEOPLE[:3]))
    desktop.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    desktop.add_init_script(LOOKING)
    read(desktop, url, TEXT)
    desktop.locator(".name").first.click()
    assert desktop.evaluate("looking.faint()") == []
    for view, there in (("people", "#people-list a"), ("teach/sisters", "#ranked a"), (f"person/{BACH}", "#near a")):
        desktop.goto(f"{url}/#/{view}")
        desktop.locator(there).first.wait_for()
        assert desktop.evaluate("looking.faint()") == []
    desktop.locator(".category").first.click()
    desktop.get_by_role("slider").press("ArrowLeft")
    expect(desktop.locator("#lately")).to_contain_text("mentions read in")
    assert desktop.evaluate("looking.faint()") == []
    assert desktop.evaluate("looking.jumped()") < 0.02


def test_an_answer_that_comes_late_draws_nothing_over_somebody_else(desktop: Page, url: str) -> None:
    held: list[Route] = []
    desktop.route(re.compile("/api/person.*Bach"), lambda route: held.append(route))
    with desktop.expect_request(re.compile("/api/person.*Bach")):
        desktop.goto(f"{url}/#/person/{BACH}")
    desktop.goto(f"{url}/#/person/Jane Austen")
    desktop.locator("#near a").first.wait_for()
    with desktop.expect_response(re.compile("/api/person.*Bach")):
        held[0].continue_()
    desktop.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(desktop.locator("#person-title")).to_have_text("Jane Austen")
    expect(desktop.locator("#mentions")).not_to_contain_text("Bach")


def test_pictures_are_taken_and_small(memory: Memory, browser: Browser, tmp_path: Path) -> None:
    pictures = take(memory, browser, tmp_path)
    assert [picture.name for picture in pictures] == ["mention-read.png", "mention-person.png", "mention-phone.png"]
    assert all(2_000 < picture.stat().st_size <= BYTES_MAX for picture in pictures)
