"""Pictures of the page with the model that ships: python -m tests.apps.mention.showing.pictures

docs/pictures/mention-read.png      a text, the names in it, and who is meant
docs/pictures/mention-person.png    a person, half of the mentions heard, a category and who speaks for it
docs/pictures/mention-phone.png     the same on a phone, in the dark
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from apps.mention.memory import Memory
from apps.mention.page.application import application
from apps.mention.serving import KnowingFinder, fill, opened
from tests.apps.browser import hosted, missing
from tests.apps.browser import opened as browser_opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["BYTES_MAX", "take"]

BYTES_MAX: Final = 150 * 1024
_FOLDER: Final = Path(__file__).parents[4] / "docs" / "pictures"
_PERSON: Final = "Marie Curie"


def take(memory: Memory, browser: Browser, folder: Path) -> list[Path]:
    """The pictures of the page over a memory of the sample, as files of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with hosted(application(memory, KnowingFinder(memory))) as url:
        for name, settings, show in (
            ("mention-read", _DESK, _read),
            ("mention-person", _DESK, _person),
            ("mention-phone", _PHONE, _person),
        ):
            taken.append(_picture(browser, settings, lambda page, show=show: show(page, url), folder / f"{name}.png"))
    return taken


_DESK: Final[dict[str, object]] = {"viewport": {"width": 1120, "height": 720}, "color_scheme": "light"}
_PHONE: Final[dict[str, object]] = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "is_mobile": True,
    "has_touch": True,
}


def _picture(browser: Browser, settings: dict[str, object], show: Callable[[Page], None], path: Path) -> Path:
    context = browser.new_context(reduced_motion="reduce", **settings)  # type: ignore[arg-type]
    page = context.new_page()
    show(page)
    page.screenshot(path=path)
    context.close()
    path.write_bytes(_packed(path.read_bytes()))
    if path.stat().st_size > BYTES_MAX:
        raise SystemExit(f"{path}: {path.stat().st_size:,} bytes, more than {BYTES_MAX:,}; show less in it")
    return path


def _read(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#texts .chip").first.click()
    page.locator(".name").nth(1).click()
    page.locator("#reading").scroll_into_view_if_needed()


def _person(page: Page, url: str) -> None:
    page.goto(f"{url}/#/person/{_PERSON}")
    page.locator("#near a").first.wait_for()
    page.locator(".category").first.click()
    slider = page.get_by_role("slider")
    half = int(slider.get_attribute("max") or "1") // 2
    slider.fill(str(half))
    page.locator("#lately", has_text=f"{half} mentions read in").wait_for()


def _packed(png: bytes) -> bytes:
    """The same picture, with its pixels compressed as far as zlib can."""
    chunks, at, pixels = [], 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        if kind == b"IDAT":
            pixels += body
        else:
            chunks.append((kind, body))
        at += length + 12
    chunks.insert(len(chunks) - 1, (b"IDAT", zlib.compress(zlib.decompress(pixels), 9)))
    written = [struct.pack(">I", len(body)) + kind + body + _checksum(kind + body) for kind, body in chunks]
    return png[:8] + b"".join(written)


def _checksum(told: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(told))


def main() -> None:
    """Take them all, over the sample in memory."""
    from apps.mention.model import load_model

    if (reason := missing()) is not None:
        raise SystemExit(f"no browser: {reason}")
    console = Console()
    encoder, aggregator = load_model()
    with opened() as client, browser_opened() as browser:
        memory = Memory(client, encoder, aggregator)
        fill(memory, console)
        for path in take(memory, browser, _FOLDER):
            console.print(f"{path.name}: {path.stat().st_size:,} bytes", markup=False, highlight=False)


if __name__ == "__main__":
    main()
