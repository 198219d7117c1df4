"""Filling a collection of a cluster from Parquet files, past the log: segments are built elsewhere and listed at once.

    files ─▶ plan ─▶ tasks, on workers ─▶ sealed segments with graphs ─▶ one manifest per shard ─▶ catalog

Nothing of it is seen before every segment is written. Of rows with the same id the last one wins, in the order of the
files and of the rows in them: within a task when it is read, between tasks by the alive bits of the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from tamis.bulk.commit import commit
from tamis.bulk.destination import Destination, there
from tamis.bulk.plan import Columns, Task, points_max, source, stretches, vector_size
from tamis.bulk.running import Perform, Run
from tamis.bulk.sealing import REQUEST_SECONDS, Sealed, perform
from tamis.errors import Rejected
from tamis.model.schema import CollectionSchema
from tamis.storage.object_store import open_store
from tamis.wire.configuration.schema_reader import read_schema

__all__ = ["Filling", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How it is done. distance, shards: of a collection that is made now. points: in a segment. threads: of a task."""

    distance: str = "Cosine"
    shards: int = 1
    points: int = 500_000
    threads: int = 1


class Filling:
    """One import. Made: everything is checked that can be without reading rows; `run` does it.

    Rejected, NotFound: the files or columns are not right. Conflict: the collection holds points.
    """

    def __init__(self, store: str, name: str, files: Sequence[Path], columns: Columns, wanted: Wanted) -> None:
        if not files:
            raise Rejected("file", "name at least one")
        self._url = store if "://" in store else str(Path(store).resolve())
        self._root = open_store(self._url, REQUEST_SECONDS)
        self._columns = columns
        self._wanted = wanted
        self._sources = [source(file, columns) for file in files]
        self.rows = sum(one.rows for one in self._sources)
        self._to = there(self._root, name) or self._new(name)

    def _new(self, name: str) -> Destination:
        named = {name: self._params(name) for name in self._columns.vectors}
        vectors = named if len(named) > 1 else next(iter(named.values()), None)
        schema = read_schema({"vectors": vectors, "shard_number": self._wanted.shards})
        return Destination.reserved(self._root, name, schema, self._digest(name, schema))

    def _params(self, column: str) -> dict[str, object]:
        return {"size": vector_size(self._sources, column), "distance": self._wanted.distance}

    def _digest(self, name: str, schema: CollectionSchema) -> str:
        said = (
            name,
            schema,
            self._columns.id,
            self._columns.vectors,
            [(one.rows, one.digest) for one in self._sources],
        )
        return blake2b(repr((*said, self._wanted.points)).encode(), digest_size=16).hexdigest()

    def tasks(self) -> list[Task]:
        """In the order of their rows. Conflict if the collection holds points."""
        states, entry = self._to.states(self._root), self._to.entry
        points = min(points_max(state.schema, self._wanted.points) for state in states.values())
        shares = [(pieces, *one) for pieces in stretches(self._sources, points * len(states)) for one in states.items()]
        threads = self._wanted.threads
        return [
            Task(number, self._url, entry, shard, state.schema, state.position + 1, self._columns, pieces, threads)
            for number, (pieces, shard, state) in enumerate(shares)
        ]

    def run(self, run: Run, advance: Callable[[int], None], work: Perform = perform) -> int:
        """Do it; returns how many points there are. advance(rows) after every task; work: what does one."""
        done: list[Sealed] = []
        for sealed in run(work, self.tasks()):
            done.append(sealed)
            advance(sealed.rows)
        done.sort(key=lambda sealed: sealed.number)
        points = 0
        for shard in self._to.entry.shards:
            parts = [sealed for sealed in done if sealed.shard == shard]
            points += commit(self._to.store(self._root, shard), self._to.entry.schema, parts)
        self._to.publish(self._root)
        return points
