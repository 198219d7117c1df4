"""The picture of the page in the documentation: `python -m tests.apps.vacancies.picture FILE.png`.

The sample is built in a temporary folder, the page is opened, and a few letters are typed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from apps.vacancies.completion import Completer, Question
from apps.vacancies.index import build
from apps.vacancies.place import client_of
from apps.vacancies.serving import page_of
from apps.vacancies.sources.sample import read_sample
from tests.apps.browser import hosted, missing, opened

__all__ = ["main"]

TYPED = "We are looking for a nurs"


def main(file: Path) -> None:
    """Write the picture."""
    reason = missing()
    if reason is not None:
        raise SystemExit(f"no browser: {reason}")
    with tempfile.TemporaryDirectory() as folder, client_of(Path(folder)) as client:
        completer = Completer(client, build(client, read_sample(), Path(folder)))
        completer.complete(Question(TYPED))  # compiles what is not compiled yet
        with hosted(page_of(completer)) as url, opened() as browser:
            page = browser.new_page(viewport={"width": 1120, "height": 840}, color_scheme="light")
            page.goto(url)
            page.locator("#text").press_sequentially(TYPED)
            page.locator("[role=option]").first.wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(file))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
