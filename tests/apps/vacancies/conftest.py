"""The shipped sample, built once in the same process and once at a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("qdrant_client")
pytest.importorskip("sklearn")

from apps.vacancies.completion import Completer, Question
from apps.vacancies.index import build
from apps.vacancies.place import client_of
from apps.vacancies.sources.sample import read_sample
from tests.apps.browser import hosted
from tests.server.conftest import serving


@dataclass(frozen=True)
class Built:
    """An index of the sample: its folder, and the server's address or ""."""

    folder: Path
    url: str
    completer: Completer

    def texts(self, text: str, language: str = "both", group: int | None = None) -> list[str]:
        return [one.text for one in self.completer.complete(Question(text, language, group)).completions]


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("vacancies")
    with client_of(folder) as client:
        yield Built(folder, "", Completer(client, build(client, read_sample(), folder)))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("vacancies-served")
    with serving(folder / "server") as server, client_of(folder, server.url) as client:
        yield Built(folder, server.url, Completer(client, build(client, read_sample(), folder)))


@pytest.fixture(params=["embedded", "served"])
def built(request: pytest.FixtureRequest) -> Built:
    """The sample, both ways."""
    made: Built = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="session")
def page_url(embedded: Built) -> Iterator[str]:
    """The page over the sample."""
    from apps.vacancies.serving import page_of

    with hosted(page_of(embedded.completer)) as url:
        yield url
