"""The pictures of docs/people.md: python -m tests.apps.people.picture docs/pictures"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from apps.people.people import People, build
from apps.people.routes import page
from apps.people.sources.sample import invented
from tamis.qdrant import TamisClient
from tests.apps.browser import hosted, missing, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["take"]

_WHO = 268
_SIZES = {"people": (1280, 900), "people-phone": (390, 844)}


def take(folder: Path, scheme: str = "light") -> list[Path]:
    """The page at both widths, after one like."""
    folder.mkdir(parents=True, exist_ok=True)
    with TamisClient(":memory:") as client, opened() as browser:
        people = build(client, invented())
        for _ in range(3):  # kernels are loaded by the first questions
            people.suggest(_WHO, like=[found.person.id for found in people.suggest(_WHO, 2)])
        return [_taken(browser, people, folder / f"{name}.png", scheme, size) for name, size in _SIZES.items()]


def _taken(browser: Browser, people: People, file: Path, scheme: str, size: tuple[int, int]) -> Path:
    with hosted(page(people)) as url:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(color_scheme=scheme, viewport=viewport)  # type: ignore[arg-type]
        shown = context.new_page()
        shown.goto(f"{url}/#{_WHO}")
        shown.locator(".suggestion").first.wait_for()
        shown.get_by_role("button", name="Like").nth(1).click()
        shown.locator(".reason[data-kind=like]").first.wait_for()
        shown.evaluate("scrollTo(0, 0)")
        shown.mouse.move(0, 0)
        shown.screenshot(path=file)
        context.close()
    return file


if __name__ == "__main__":
    if reason := missing():
        sys.exit(f"no browser: {reason}")
    take(Path(sys.argv[1]), *sys.argv[2:3])
