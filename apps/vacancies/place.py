"""Where an index is: a folder with the embedding, and the points beside it or behind a URL.

folder/embedding.npz      always here
folder/points/            a tamis database, unless a URL is given
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qdrant_client import QdrantClient

from apps.vacancies.completion import Completer
from apps.vacancies.errors import NotBuilt
from apps.vacancies.meaning.embedding import load
from tamis.qdrant import TamisClient

__all__ = ["client_of", "completer_of"]

_SECONDS = 120


@contextmanager
def client_of(folder: Path, url: str = "", api_key: str = "") -> Iterator[QdrantClient]:
    """A client of the points: the server's at `url`, or the database in the folder. Closed at the end."""
    if url:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
            client = QdrantClient(url=url, api_key=api_key or None, timeout=_SECONDS, check_compatibility=False)
    else:
        client = TamisClient(path=folder / "points")
    try:
        yield client
    finally:
        client.close()


@contextmanager
def completer_of(folder: Path, url: str = "", api_key: str = "") -> Iterator[Completer]:
    """What `build` left there, ready to be asked; NotBuilt where nothing is."""
    embedding = load(folder)
    if not url and not (folder / "points").is_dir():
        raise NotBuilt(f"{folder} has no points; were they built at a server? Then give its --url")
    with client_of(folder, url, api_key) as client:
        yield Completer(client, embedding)
