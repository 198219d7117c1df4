"""Parquet files for imports, what they hold, and a node that answers from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tamis.bulk.filling import Filling, Wanted
from tamis.bulk.plan import Columns
from tamis.bulk.running import in_process
from tamis.cluster.database import ClusterDatabase, Retention
from tamis.cluster.housekeeper import Rhythm
from tamis.cluster.node import NodeSettings, open_node
from tamis.model.role import Role

SIZE = 8
COLUMNS = Columns("id", ("vector",))
Points = dict[Any, tuple[list[float], dict[str, Any]]]


def write_file(path: Path, ids: Sequence[Any], seed: int, group: int = 100) -> Points:
    """A file with these ids; its points as they are when nothing later has their ids."""
    vectors = np.random.default_rng(seed).normal(size=(len(ids), SIZE)).astype(np.float32)
    payloads = [{"file": path.name, "row": row} for row in range(len(ids))]
    columns = {"id": pa.array(list(ids)), "vector": pa.array(list(vectors))}
    columns |= {key: pa.array([payload[key] for payload in payloads]) for key in ("file", "row")}
    parquet.write_table(pa.table(columns), path, row_group_size=group)
    return {id: (vectors[row].tolist(), payloads[row]) for row, id in enumerate(ids)}


def two_files(folder: Path) -> tuple[list[Path], Points]:
    """Two files that share ids, one of them with ids of its own twice."""
    files = [folder / "a.parquet", folder / "b.parquet"]
    first = write_file(files[0], [*range(500), *range(100)], seed=1)
    return files, first | write_file(files[1], range(400, 900), seed=2, group=333)


def filling(store: Path, files: Sequence[Path], name: str = "docs", **wanted: Any) -> Filling:
    """An import with small segments and Euclid unless told otherwise."""
    return Filling(str(store), name, files, COLUMNS, Wanted(**{"distance": "Euclid", "points": 150, **wanted}))


def fill(store: Path, files: Sequence[Path], **wanted: Any) -> int:
    """Do it in this process."""
    return filling(store, files, **wanted).run(in_process, lambda rows: None)


@contextmanager
def node(store: Path, id: str = "one") -> Iterator[ClusterDatabase]:
    """A node of the cluster; nothing in it happens by itself, but for merges."""
    settings = NodeSettings(
        store=str(store),
        url=f"http://127.0.0.1/{id}",
        id=id,
        role=Role.FULL,
        cache=store.parent / f"cache-{id}",
        cache_bytes=2**30,
        version="0",
        rhythm=Rhythm(lease=3_600),
        retention=Retention(),
        seconds=10.0,
    )
    with ThreadPoolExecutor(2) as pool:
        opened = open_node(settings, pool, lambda what, error: None)
        try:
            yield opened.db
        finally:
            opened.db.membership.renew({}, leaving=True)
            opened.db.close()
            opened.store.close()


def everything(db: ClusterDatabase) -> Points:
    """Every point of `docs` in all its shards; each id once, and in the shard where it belongs."""
    found: Points = {}
    _, entry = db.entry("docs")
    for shard in entry.shards:
        collection = db.shard("docs", shard).collection
        records, rest = collection.scroll(limit=100_000, with_vector=True)
        assert rest is None
        assert not found.keys() & {record.id for record in records}
        found |= {record.id: (np.asarray(record.vector).tolist(), record.payload) for record in records}
        assert collection.count() == len(records)
    return found
