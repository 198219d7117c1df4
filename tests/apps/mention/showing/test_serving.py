"""What stands between the command line and the page: the client, the sample, a finder that learns whom one knows."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from qdrant_client import QdrantClient
from rich.console import Console
from starlette.applications import Starlette
from starlette.testclient import TestClient

from apps.mention import serving
from apps.mention.memory import Memory, MemoryRejected, Size
from apps.mention.sample import sample, texts
from apps.page import serving as pages
from tests.apps.mention.fakes import HashedWords, WordCategories
from tests.apps.mention.showing.page import filled
from tests.server.conftest import Served

PEOPLE = sample()
MENTIONS = sum(len(person.mentions) for person in PEOPLE)
SAMPLE_BYTES_MAX = 150_000


def over(client: QdrantClient, prefix: str = "") -> Memory:
    return Memory(client, HashedWords(), WordCategories(), prefix)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_sample_is_what_it_says() -> None:
    folder = Path(serving.__file__).parent / "sample"
    assert sum(file.stat().st_size for file in folder.glob("*.json*")) < SAMPLE_BYTES_MAX
    assert len({person.entity for person in PEOPLE}) == len(PEOPLE) >= 40
    for person in PEOPLE:
        assert len({one.text for one in person.mentions}) == len(person.mentions) >= 6, person.entity
        for one in person.mentions:
            surface = one.text[one.start : one.end]
            assert surface == surface.strip()
            assert surface[0].isupper(), one.text
    surnames = [person.entity.split()[-1] for person in PEOPLE]
    assert {"Bach", "Curie", "Adams", "Huxley", "Darwin", "Williams"} <= {
        name for name in surnames if surnames.count(name) > 1
    }
    assert 5 <= len(texts()) <= 6


def test_an_empty_memory_is_filled_once_and_kept(tmp_path: Path, console: Console) -> None:
    whole = Size(MENTIONS, len(PEOPLE), 0)
    with serving.opened(path=tmp_path / "kept") as client:
        memory = over(client)
        assert serving.fill(memory, console) == MENTIONS
        assert memory.size() == whole
        assert [one.text for one in memory.mentions("Pelé")]
    with serving.opened(path=tmp_path / "kept") as client:
        memory = over(client)
        memory.forget(entity="Pelé")
        assert serving.fill(memory, console) == 0
        assert memory.size().entities == len(PEOPLE) - 1
    assert "The memory is not empty, so the sample was left out." in said(console)


def test_a_server_and_memory_alone(running: Served, prefix: str) -> None:
    with serving.opened(url=running.url) as client:
        over(client, prefix).remember("Bo", "Bo sang.", (0, 2))
    with serving.opened(url=running.url) as client:
        assert over(client, prefix).size() == Size(1, 1, 0)
    with serving.opened() as client:
        assert over(client).size() == Size(0, 0, 0)
    with pytest.raises(MemoryRejected, match="path, url: give one of them"), serving.opened(Path("a"), "http://b"):
        pass


def test_the_finder_knows_who_was_remembered_a_moment_ago() -> None:
    with filled(()) as memory:
        finder = serving.KnowingFinder(memory)
        text = "A lecture by bell hooks was announced."
        assert list(finder.find(text)) == []
        memory.remember("bell hooks", text, (13, 23))
        assert [one.text[one.start : one.end] for one in finder.find(text)] == ["bell hooks"]
        memory.forget(entity="bell hooks")
        assert list(finder.find(text)) == []


def test_the_page_is_served_and_its_address_told(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Starlette] = []

    def listening(app: Starlette, host: str, port: int, ready: object) -> None:
        assert (host, port) == ("127.0.0.1", 0)
        assert callable(ready)
        served.append(app)
        ready("http://127.0.0.1:1")

    monkeypatch.setattr(pages, "serve", listening)
    with filled(()) as memory:
        serving.serve(memory, console)
        assert "Nobody is known yet: fill the memory, or serve with --sample." in said(console)
        memory.remember("Ada Lovelace", "Ada Lovelace wrote notes.", (0, 12))
        serving.serve(memory, console)
        assert "1 people, 1 mentions\nhttp://127.0.0.1:1  (stop with Ctrl-C)" in said(console)
        found = TestClient(served[1], base_url="http://page").post("/api/read", json={"text": "Lovelace slept."}).json()
        assert found["names"][0]["surface"] == "Lovelace"
