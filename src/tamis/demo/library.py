"""The demo's data directory: built once from what is installed, then only opened.

demo-data/catalog, collections/…           a tamis database with one collection, `python`
demo-data/vocabulary.txt, embedding.npz    for embedding later questions; written last: they say "complete"
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tamis.demo.docstrings import Entry, documented
from tamis.demo.embed import Embedding, fit, is_saved, load
from tamis.embedded.collection import Collection
from tamis.embedded.database import open_database
from tamis.errors import Rejected

__all__ = ["COLLECTION", "Library", "opened"]

COLLECTION = "python"
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Library:
    """The open demo: its collection, and how to embed a question."""

    collection: Collection
    embedding: Embedding


@contextmanager
def opened(directory: Path, console: Console, rebuild: bool = False) -> Iterator[Library]:
    """The demo in `directory`; built first if it is not there or not complete."""
    if rebuild or not is_saved(directory):
        _clear(directory)
        _build(directory, console)
    with open_database(directory) as db:
        yield Library(db.get_collection(COLLECTION), load(directory))


def _clear(directory: Path) -> None:
    """Take away an earlier, perhaps unfinished build; a directory that holds something else is refused."""
    if not directory.exists():
        return
    ours = {"catalog", "collections", "lock", "embedding.npz", "vocabulary.txt"}
    for path in directory.iterdir():
        if path.name not in ours and not path.name.startswith("."):
            raise Rejected("directory", f"{directory} holds {path.name}, which the demo did not put there")
    shutil.rmtree(directory)


def _build(directory: Path, console: Console) -> None:
    with _bars(console) as bars:
        reading = bars.add_task("reading source files", total=None)
        entries = documented(lambda done, total: bars.update(reading, completed=done, total=total))
        learning = bars.add_task("learning 256 numbers per text", total=1)
        embedding, vectors = fit([entry.text for entry in entries])
        bars.update(learning, completed=1)
    with open_database(directory) as db:
        collection = db.create_collection(COLLECTION, vectors={"size": vectors.shape[1], "distance": "Cosine"})
        with _bars(console) as bars:
            storing = bars.add_task("storing points", total=len(entries))
            for start in range(0, len(entries), _BATCH):
                _store(collection, entries, vectors, slice(start, start + _BATCH))
                bars.update(storing, completed=min(start + _BATCH, len(entries)))
        collection.optimize()
    embedding.save(directory)


def _bars(console: Console) -> Progress:
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _store(collection: Collection, entries: list[Entry], vectors: NDArray[np.float32], part: slice) -> None:
    payloads = [entry.payload for entry in entries[part]]
    collection.upsert(ids=np.arange(part.start, part.start + len(payloads)), vectors=vectors[part], payloads=payloads)
