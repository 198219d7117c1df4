"""Random writes, reads, seals, merges and reopenings; every answer equals that of a dict."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import tamis
from tamis.shard.shard import Shard
from tests.embedded.model import Id, Model, Stored, merged, without
from tests.filter.strategies import filters, payloads

SIZES = {"": 3, "image": 2}
DISTANCES = {"": "Dot", "image": "Euclid"}
IDS: tuple[Id, ...] = (*range(20), 2**64 - 1, UUID(int=1), UUID(int=2**127 + 5))
PATCH_KEYS = (None, "a", "a.b", "new.deep")
DELETED_PATHS = ("city", "n", "tags", "a.b", "a.b.c", "parts", "missing")
INDEXES = (
    ("city", "keyword"),
    ("n", "integer"),
    ("n", "float"),
    ("when", "datetime"),
    ("place", "geo"),
    ("text", "text"),
)
CHANGES: tuple[dict[str, Any], ...] = (
    {"hnsw_config": {"m": 4}},
    {"optimizers_config": {"max_segment_size": 1}},
    {"optimizers_config": {"max_segment_size": 1_000}},
    {"metadata": {"a": 1}},
    {"metadata": {"a": 2}, "hnsw_config": {"m": 8}},
)

ids = st.sampled_from(IDS)
some_ids = st.lists(ids, min_size=1, max_size=3)
maybe_filter = st.one_of(st.none(), st.none(), filters(), filters().map(lambda given: {"must_not": [given]}))
few = st.builds(lambda given, ids: {"must": [given, {"has_id": ids}]}, filters(), st.lists(ids, max_size=8))
select = st.one_of(some_ids, few)
modes = st.sampled_from(["upsert", "upsert", "insert_only", "update_only"])


def vectors(name: str) -> st.SearchStrategy[list[float]]:
    """Small integers: sums of products are exact in every order."""
    return st.lists(st.integers(-3, 3).map(float), min_size=SIZES[name], max_size=SIZES[name])


points = st.fixed_dictionaries(
    {
        "id": ids,
        "vector": st.fixed_dictionaries({"": vectors("")}, optional={"image": vectors("image")}),
        "payload": payloads(),
    }
)


class Machine(RuleBasedStateMachine):
    """In memory; `OnDisk` below adds a directory and reopening."""

    directory: Path | None = None

    @initialize(batch=st.lists(points, min_size=15, max_size=25), seal=st.booleans())
    def begin(self, batch: list[dict[str, Any]], seal: bool) -> None:
        self.model = Model(dict(DISTANCES))
        self.extra_size = 0
        self.position = 0
        self.configured: dict[tuple[str, str], Any] = {}
        self.db = tamis.open(self.directory)
        named = {name: {"size": SIZES[name], "distance": DISTANCES[name]} for name in SIZES}
        self.c = self.db.create_collection("c", vectors=named, optimizers_config={"vacuum_min_vector_number": 100})
        self.upsert_points(batch)
        if seal:
            self.shard.seal()

    @property
    def shard(self) -> Shard:
        return self.c._stored._shard

    def wrote(self, position: int) -> int:
        assert position == self.position + 1
        self.position = position
        return position

    # writes

    @rule(batch=st.lists(points, min_size=1, max_size=8))
    def upsert_points(self, batch: list[dict[str, Any]]) -> None:
        position = self.wrote(self.c.upsert(points=batch))
        for point in batch:
            self.model.points[point["id"]] = Stored(point["vector"], point["payload"], position)

    @rule(batch=st.lists(points, min_size=1, max_size=8), filter=maybe_filter, mode=modes)
    def upsert_some(self, batch: list[dict[str, Any]], filter: Any, mode: str) -> None:
        matching, before = set(self.model.matching(filter)), set(self.model.points)
        position = self.wrote(self.c.upsert(points=batch, update_filter=filter, update_mode=mode))
        for point in batch:
            changes = point["id"] in matching and mode != "insert_only"
            if changes if point["id"] in before else mode != "update_only":
                self.model.points[point["id"]] = Stored(point["vector"], point["payload"], position)

    @rule(data=st.data(), chosen=some_ids)
    def upsert_columns(self, data: st.DataObject, chosen: list[Id]) -> None:
        rows = data.draw(st.lists(vectors(""), min_size=len(chosen), max_size=len(chosen)))
        images = data.draw(st.lists(st.none() | vectors("image"), min_size=len(chosen), max_size=len(chosen)))
        given = data.draw(st.lists(payloads(), min_size=len(chosen), max_size=len(chosen)))
        kind = data.draw(st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.int8]))
        columns = {"": np.array(rows, kind), "image": images}
        position = self.wrote(self.c.upsert(ids=chosen, vectors=columns, payloads=given))
        for point_id, row, image, payload in zip(chosen, rows, images, given, strict=True):
            named = {"": row} if image is None else {"": row, "image": image}
            self.model.points[point_id] = Stored(named, payload, position)

    @rule(chosen=some_ids)
    def delete_ids(self, chosen: list[Id]) -> None:
        self.wrote(self.c.delete(ids=chosen))
        for point_id in chosen:
            self.model.points.pop(point_id, None)

    @rule(filter=few)
    def delete_matching(self, filter: dict[str, Any]) -> None:
        gone = self.model.matching(filter)
        self.wrote(self.c.delete(filter=filter))
        for point_id in gone:
            del self.model.points[point_id]

    def known(self, chosen: list[Id]) -> bool:
        return all(point_id in self.model.points for point_id in chosen)

    def write_selected(self, write: Any, chosen: list[Id] | None, filter: dict[str, Any] | None) -> list[Stored]:
        """A write by ids or by filter; a missing id is refused and changes nothing."""
        if chosen is not None and not self.known(chosen):
            with pytest.raises(tamis.NotFound, match="No point with id"):
                write(ids=chosen)
            return []
        touched = self.model.chosen(chosen, filter)
        position = self.wrote(write(ids=chosen, filter=filter))
        for point in touched:
            point.version = position
        return touched

    @rule(patch=payloads(), key=st.sampled_from(PATCH_KEYS), select=select)
    def set_payload(self, patch: dict[str, Any], key: str | None, select: Any) -> None:
        touched = self.write_selected(lambda **which: self.c.set_payload(patch, key=key, **which), *_which(select))
        for point in touched:
            point.payload = merged(point.payload, patch, key)

    @rule(payload=payloads(), select=select)
    def overwrite_payload(self, payload: dict[str, Any], select: Any) -> None:
        for point in self.write_selected(lambda **which: self.c.overwrite_payload(payload, **which), *_which(select)):
            point.payload = payload

    @rule(keys=st.lists(st.sampled_from(DELETED_PATHS), min_size=1), select=select)
    def delete_payload(self, keys: list[str], select: Any) -> None:
        for point in self.write_selected(lambda **which: self.c.delete_payload(keys, **which), *_which(select)):
            for key in keys:
                point.payload = without(point.payload, key)

    @rule(select=select)
    def clear_payload(self, select: Any) -> None:
        for point in self.write_selected(self.c.clear_payload, *_which(select)):
            point.payload = {}

    @rule(data=st.data(), chosen=some_ids, filter=maybe_filter)
    def update_vectors(self, data: st.DataObject, chosen: list[Id], filter: Any) -> None:
        optional = st.fixed_dictionaries({}, optional={name: vectors(name) for name in SIZES}).filter(bool)
        given = [{"id": point_id, "vector": data.draw(optional)} for point_id in chosen]
        if not self.known(chosen):
            with pytest.raises(tamis.NotFound, match="No point with id"):
                self.c.update_vectors(points=given, update_filter=filter)
            return
        matching = self.model.matching(filter)
        position = self.wrote(self.c.update_vectors(points=given, update_filter=filter))
        for point in [point for point in given if point["id"] in matching]:
            stored = self.model.points[point["id"]]
            stored.vectors, stored.version = {**stored.vectors, **point["vector"]}, position

    @rule(names=st.lists(st.sampled_from(list(SIZES)), min_size=1), select=select)
    def delete_vectors(self, names: list[str], select: Any) -> None:
        for point in self.write_selected(lambda **which: self.c.delete_vectors(names, **which), *_which(select)):
            point.vectors = {name: row for name, row in point.vectors.items() if name not in names}

    @rule(index=st.sampled_from(INDEXES))
    def create_index(self, index: tuple[str, str]) -> None:
        self.wrote(self.c.create_payload_index(*index))
        assert self.c.info()["payload_schema"][index[0]]["type"] == index[1]

    @rule(field=st.sampled_from([field for field, _ in INDEXES]))
    def delete_index(self, field: str) -> None:
        self.wrote(self.c.delete_payload_index(field))
        assert field not in self.c.info()["payload_schema"]

    # a named vector that comes and goes, with another size each time

    @rule(size=st.integers(1, 3), distance=st.sampled_from(["Dot", "Euclid"]))
    def create_vector(self, size: int, distance: str) -> None:
        if "extra" in self.model.distances:
            with pytest.raises(tamis.Conflict, match="exists already"):
                self.c.create_vector("extra", {"size": size, "distance": distance})
            return
        self.wrote(self.c.create_vector("extra", {"size": size, "distance": distance}))
        self.model.distances["extra"], self.extra_size = distance, size

    @rule()
    def drop_vector(self) -> None:
        if "extra" not in self.model.distances:
            with pytest.raises(tamis.NotFound, match="Not existing vector name"):
                self.c.drop_vector("extra")
            return
        self.wrote(self.c.drop_vector("extra"))
        del self.model.distances["extra"]
        for point in self.model.points.values():
            point.vectors.pop("extra", None)

    @precondition(lambda self: "extra" in self.model.distances)
    @rule(point_id=ids, row=st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=3))
    def give_extra(self, point_id: Id, row: list[float]) -> None:
        if point_id in self.model.points:
            row, stored = row[: self.extra_size], self.model.points[point_id]
            position = self.wrote(self.c.update_vectors(ids=[point_id], vectors={"extra": [row]}))
            stored.vectors, stored.version = {**stored.vectors, "extra": row}, position

    @precondition(lambda self: "extra" in self.model.distances)
    @rule(row=st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=3), filter=maybe_filter)
    def search_extra(self, row: list[float], filter: Any) -> None:
        row = row[: self.extra_size]
        hits = self.c.search(row, 20, filter, with_vector=True, using="extra")
        assert [hit.score for hit in hits] == [score for _, score in self.model.best("extra", row, filter)[:20]]
        for hit in hits:
            self.is_stored(hit)

    @rule(change=st.sampled_from(CHANGES))
    def change_configuration(self, change: dict[str, Any]) -> None:
        self.wrote(self.c.update(**change))
        self.configured |= {(section, key): value for section in change for key, value in change[section].items()}

    # background work

    @rule()
    def seal(self) -> None:
        self.shard.seal()

    @rule()
    def merge(self) -> None:
        self.shard.merge()

    @rule()
    def optimize(self) -> None:
        self.c.optimize()

    # reads

    @rule(data=st.data(), name=st.sampled_from(list(SIZES)), filter=maybe_filter, limit=st.integers(1, 20))
    def search(self, data: st.DataObject, name: str, filter: Any, limit: int) -> None:
        query = data.draw(vectors(name))
        offset = data.draw(st.sampled_from([0, 0, 0, 1, 3]))
        threshold = data.draw(st.sampled_from([None, None, None, -5.0, -1.0, 0.0, 2.0, 4.0]))
        exact = data.draw(st.booleans())
        hits = self.c.search(query, limit, filter, {"exact": exact}, offset, threshold, with_vector=True, using=name)
        want = self.model.best(name, query, filter)
        if threshold is not None:
            want = [hit for hit in want if (hit[1] > threshold if name == "" else hit[1] < threshold)]
        want = want[offset : offset + limit]
        assert [hit.score for hit in hits] == [score for _, score in want]
        for hit in hits:
            self.is_stored(hit)
            assert hit.score == self.model.score(hit.id, name, query)
            assert hit.id in self.model.matching(filter)
        assert len({hit.id for hit in hits}) == len(hits)
        ids, scores = self.c.search_batch([query, query], limit, filter, 2, {"exact": exact}, threshold, name)
        if not offset:
            assert scores[0][: len(hits)].tolist() == [hit.score for hit in hits]
            assert np.isnan(scores[:, len(hits) :]).all()
            assert [str(i) for i in ids[1][: len(hits)].tolist()] == [str(hit.id) for hit in hits]

    def is_stored(self, found: Any) -> None:
        stored = self.model.points[found.id]
        assert found.payload == stored.payload
        assert found.version == stored.version
        assert {name: row.tolist() for name, row in found.vector.items()} == stored.vectors

    @rule(filter=maybe_filter)
    def count(self, filter: Any) -> None:
        assert self.c.count(filter) == len(self.model.matching(filter))

    @rule(filter=maybe_filter, limit=st.integers(1, 5))
    def scroll(self, filter: Any, limit: int) -> None:
        found: list[Any] = []
        offset = None
        while True:
            page, offset = self.c.scroll(filter, limit, offset, with_vector=True)
            assert len(page) == limit or offset is None
            found += page
            if offset is None:
                break
        assert [record.id for record in found] == self.model.matching(filter)
        for record in found:
            self.is_stored(record)

    @rule(chosen=some_ids)
    def retrieve(self, chosen: list[Id]) -> None:
        found = self.c.retrieve(chosen, with_vector=True)
        assert [record.id for record in found] == [i for i in chosen if i in self.model.points]
        for record in found:
            self.is_stored(record)

    @rule(filter=maybe_filter, limit=st.integers(1, 20))
    def facet(self, filter: Any, limit: int) -> None:
        counts: Counter[str] = Counter()
        for point_id in self.model.matching(filter):
            value = self.model.points[point_id].payload.get("city")
            counts.update({leaf for leaf in (value if isinstance(value, list) else [value]) if isinstance(leaf, str)})
        hits = self.c.facet("city", filter, limit)
        assert all(counts[str(hit.value)] == hit.count for hit in hits)
        assert [hit.count for hit in hits] == [count for _, count in counts.most_common(limit)]
        assert len({hit.value for hit in hits}) == len(hits)

    @invariant()
    def counts(self) -> None:
        if hasattr(self, "c"):
            info = self.c.info()
            assert info["points_count"] == len(self.c) == len(self.model.points)
            assert all(info["config"][section][key] == value for (section, key), value in self.configured.items())

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()


class OnDisk(Machine):
    """The same in a directory, closed and opened again in between."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="tamis-machine-"))

    @rule()
    def reopen(self) -> None:
        self.db.close()
        self.db = tamis.open(self.directory)
        self.c = self.db.get_collection("c")

    def teardown(self) -> None:
        super().teardown()
        if self.directory is not None:
            shutil.rmtree(self.directory)


def _which(select: Any) -> tuple[list[Id] | None, dict[str, Any] | None]:
    return (select, None) if isinstance(select, list) else (None, select)


# Shrinking a failure takes minutes; take the line with the phases out to get a shorter example.
BOUNDED = settings(
    deadline=None,
    stateful_step_count=30,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    report_multiple_bugs=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("machine", [Machine, OnDisk])
def test_every_answer_equals_the_dict(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=settings(BOUNDED, max_examples=30))
