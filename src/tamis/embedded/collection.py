"""`tamis.Collection`: reads, writes, and what an operator asks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tamis.collection.collection import StoredCollection
from tamis.embedded.names import vector_params
from tamis.embedded.one_node import check_change_of_one_node
from tamis.embedded.progress import shown
from tamis.embedded.reading import Reading
from tamis.embedded.writing import Writing
from tamis.wire.configuration.change_reader import read_change
from tamis.wire.configuration.index_reader import write_index
from tamis.wire.configuration.schema_reader import write_schema

__all__ = ["Collection"]


class Collection(Reading, Writing):
    """Points under one name. Threads may read and write it at the same time.

    Made by `Database.create_collection` and `Database.get_collection`.
    """

    def __init__(self, stored: StoredCollection) -> None:
        self._stored = stored

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._stored.name

    @property
    def stored(self) -> StoredCollection:
        """What is underneath, for programs that read and write their arguments themselves."""
        return self._stored

    def update(self, /, **options: Any) -> int:
        """Change the configuration; what is not named stays. Returns the position in the log.

        vectors: {name: {hnsw_config, quantization_config, on_disk, memory}}, "" being the unnamed one. hnsw_config,
        optimizers_config, strict_mode_config: the fields to change. quantization_config: as in `create_collection`, or
        "Disabled". params: {"on_disk_payload": bool, ...}. metadata: merged, None removes a key. Graphs that exist
        stay as they are until their segments are merged.

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"size": 2, "distance": "Dot"}, metadata={"a": 1})
        >>> c.update(hnsw_config={"m": 32}, metadata={"a": None, "b": 2})
        1
        >>> c.info()["config"]["hnsw_config"]["m"], c.info()["config"]["metadata"]
        (32, {'b': 2})
        """
        change = read_change(options)
        if not self._stored.shared:
            check_change_of_one_node(change.params)
        for name in change.vectors:
            vector_params(self._stored.schema, name, "vectors")
        return self._stored.write(change)

    def optimize(self) -> None:
        """Return when everything is sealed, merged and has its graph; a terminal sees the progress."""
        with shown() as report:
            self._stored.optimize(report)

    def info(self) -> dict[str, Any]:
        """Status, counts, segments, configuration and payload indexes.

        status: "green"; "yellow" while background work is waiting or failing; "red" when a damaged segment is left
        out or writes are refused: then "damage" names file and byte, and "errors" says why.
        """
        schema, info = self._stored.schema, self._stored.info()
        return {
            "name": self.name,
            **asdict(info),
            "segments_count": len(info.segments),
            "config": write_schema(schema),
            "payload_schema": {path: write_index(index) for path, index in sorted(schema.indexes.items())},
        }

    def memory(self) -> dict[str, Any]:
        """Bytes per component: "resident" (held or mapped and read while searching) and "disk", and their totals."""
        report = asdict(self._stored.memory())
        totals = {f"{where}_total": sum(parts.values()) for where, parts in report.items()}
        return {**report, **totals}

    def __len__(self) -> int:
        return self._stored.count(None)

    def __repr__(self) -> str:
        return f"<tamis.Collection {self.name!r}>"
