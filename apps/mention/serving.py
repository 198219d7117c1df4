"""Serving the page: a database, the networks, the sample if it is asked for, and then HTTP on this machine.

with opened(path=Path("mentions")) as client:
    memory = Memory(client, encoder, aggregator)
    fill(memory, console)
    serve(memory, console)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from qdrant_client import QdrantClient
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.mention.memory import Found, Memory, MemoryRejected, Mention
from apps.mention.names import NameFinder
from apps.mention.page.application import application
from apps.mention.sample import sample
from apps.page import serving
from tamis.qdrant import TamisClient

__all__ = ["KnowingFinder", "fill", "opened", "serve"]

_KNOWN_MAX: Final = 1_000
_TIMEOUT_S: Final = 60


class KnowingFinder:
    """A finder of names that knows whom the memory knows, the most mentioned thousand, whenever it is asked."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._people = -1
        self._finder = NameFinder()

    def find(self, text: str) -> Sequence[Found]:
        """The names of people in a text, in their order."""
        people = self._memory.size().entities
        if people != self._people:
            known = [similar.entity for similar in self._memory.entities(limit=_KNOWN_MAX)]
            self._finder, self._people = NameFinder(known), people
        return self._finder.find(text)


@contextmanager
def opened(path: Path | None = None, url: str | None = None) -> Iterator[QdrantClient]:
    """A client: of a directory, which is made if it is missing, of a server, or of memory alone without either.

    Raises MemoryRejected for both at once, and what `tamis.qdrant.TamisClient` raises for a directory that is in use.
    """
    if path is not None and url is not None:
        raise MemoryRejected("path, url: give one of them: a directory, or the address of a server")
    if url is not None:
        client = QdrantClient(url=url, timeout=_TIMEOUT_S, check_compatibility=False)
    else:
        client = TamisClient(":memory:") if path is None else TamisClient(path=path)
    try:
        yield client
    finally:
        client.close()


def fill(memory: Memory, console: Console) -> int:
    """Remember the sample in a memory that is empty, with a progress bar; how many mentions, 0 if it was not empty."""
    if memory.size().mentions:
        console.print("The memory is not empty, so the sample was left out.", markup=False)
        return 0
    people = sample()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        for person in progress.track(people, description="Reading of people"):
            memory.remember_many(
                Mention(person.entity, one.text, one.start, one.end, one.source, one.date) for one in person.mentions
            )
    return sum(len(person.mentions) for person in people)


def serve(memory: Memory, console: Console, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve the page until interrupted. port: 0 takes a free one. Raises OSError if the port cannot be had."""
    size = memory.size()
    if not size.entities:
        console.print("Nobody is known yet: fill the memory, or serve with --sample.", markup=False)

    def ready(address: str) -> None:
        known = f"{size.entities:,} people, {size.mentions:,} mentions"
        console.print(f"{known}\n{address}  (stop with Ctrl-C)", markup=False, highlight=False)

    serving.serve(application(memory, KnowingFinder(memory)), host, port, ready)
