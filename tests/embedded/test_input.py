"""What users may give: any numeric dtype, lists, names, UUIDs, duplicates; and what comes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from qdrant_client import models

import tamis

ROWS = [[1, 2, 3], [4, 5, 6]]


def collection(distance: str = "Dot", size: int = 3) -> tamis.Collection:
    return tamis.open().create_collection("c", vectors={"size": size, "distance": distance})


def stored(c: tamis.Collection, point_id: Any) -> Any:
    return c.retrieve([point_id], with_vector=True)[0].vector


KINDS = [np.float16, np.float32, np.float64, np.int8, np.uint8, np.int64, np.uint64, ">f4", ">i2"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_numeric_dtype(kind: Any) -> None:
    c = collection()
    c.upsert(ids=[1, 2], vectors=np.array(ROWS, kind))
    assert stored(c, 2).dtype == np.float32
    assert stored(c, 2).tolist() == [4, 5, 6]
    assert c.search(np.array([1, 0, 0], kind), limit=1)[0].id == 2


@pytest.mark.parametrize(
    "vectors",
    [
        ROWS,
        tuple(map(tuple, ROWS)),
        [np.array(row) for row in ROWS],
        np.array(ROWS, np.float32, order="F"),
        np.array([[*row, 9] for row in ROWS], np.float32)[:, :3],
        np.array(ROWS, np.float32)[::-1][::-1],
        np.array(ROWS, object),
        {"": ROWS},
    ],
)
def test_every_kind_of_sequence(vectors: Any) -> None:
    c = collection()
    c.upsert(ids=[1, 2], vectors=vectors)
    assert [stored(c, i).tolist() for i in (1, 2)] == ROWS


def test_what_is_stored_is_a_copy() -> None:
    c = collection()
    rows = np.array(ROWS, np.float32)
    payload = {"tags": ["a"]}
    c.upsert(ids=[1, 2], vectors=rows, payloads=[payload, payload])
    rows[:], payload["tags"] = 0, ["b"]
    assert stored(c, 1).tolist() == ROWS[0]
    assert c.retrieve([1])[0].payload == {"tags": ["a"]}
    stored(c, 1)[:] = 7
    assert stored(c, 1).tolist() == ROWS[0]


@pytest.mark.parametrize(
    "ids",
    [
        [7, 8],
        (7, 8),
        range(7, 9),
        np.array([7, 8], np.uint8),
        np.array([7, 8], object),
        iter([7, 8]),
        {7: 0, 8: 0}.keys(),
    ],
)
def test_every_kind_of_ids(ids: Any) -> None:
    c = collection()
    c.upsert(ids=ids, vectors=ROWS)
    assert [record.id for record in c.scroll()[0]] == [7, 8]


def test_uuids_and_numbers_are_different_ids_and_numbers_come_first() -> None:
    c = collection()
    one = UUID(int=1)
    c.upsert(
        ids=[str(one), 1, 2**64 - 1, one.urn.replace("1", "2"), "{00000000-0000-0000-0000-000000000003}"],
        vectors=[[n, 0, 0] for n in range(5)],
    )
    found = [record.id for record in c.scroll()[0]]
    assert found == [1, 2**64 - 1, one, UUID(int=2), UUID(int=3)]
    assert [hit.id for hit in c.search([1, 0, 0], limit=2)] == [UUID(int=3), UUID(int=2)]
    c.delete(ids=[one.hex])
    assert len(c) == 4


def test_the_last_of_duplicates_wins() -> None:
    c = collection()
    c.upsert(ids=[5, 1, 5], vectors=[[1, 0, 0], [2, 0, 0], [3, 0, 0]], payloads=[{"n": 1}, {"n": 2}, {"n": 3}])
    assert [(r.id, r.payload) for r in c.scroll()[0]] == [(1, {"n": 2}), (5, {"n": 3})]
    assert stored(c, 5).tolist() == [3, 0, 0]
    a = UUID(int=9)
    c.upsert(points=[{"id": i, "vector": [n, 0, 0], "payload": {"n": n}} for n, i in enumerate([a, str(a), 1, a.hex])])
    assert c.retrieve([a, 1])[0].payload == {"n": 3}
    c.set_payload({"x": 1}, ids=[1, 1, 5])
    assert c.count({"must": [{"key": "x", "match": {"value": 1}}]}) == 2


def test_named_vectors_may_be_missing_and_are_updated_one_by_one() -> None:
    named = {"a": {"size": 2, "distance": "Dot"}, "b": {"size": 1, "distance": "Euclid"}}
    c = tamis.open().create_collection("c", vectors=named)
    c.upsert(ids=[1, 2, 3], vectors={"a": [[1, 1], None, [3, 3]], "b": [[1], [2], [3]]})
    c.upsert(points=[{"id": 4, "vector": {"b": [4]}}, {"id": 5, "payload": {"bare": True}}])
    assert [hit.id for hit in c.search([1, 1], using="a")] == [3, 1]
    assert c.count({"must": [{"has_vector": "a"}]}) == 2
    assert c.retrieve([5], with_vector=True)[0].vector == {}
    c.update_vectors(
        points=[{"id": 2, "vector": {"a": [9, 9]}}, {"id": 2, "vector": {"b": [0]}}, {"id": 2, "vector": {"a": [5, 5]}}]
    )
    vector = c.retrieve([2], with_vector=["a", "b"])[0].vector
    assert isinstance(vector, dict)
    assert {name: row.tolist() for name, row in vector.items()} == {"a": [5, 5], "b": [0]}
    c.delete_vectors("b", filter={"must": [{"has_id": [2]}]})
    assert list(c.retrieve([2], with_vector=True)[0].vector or ()) == ["a"]


def test_cosine_normalises_once() -> None:
    c = collection("Cosine", 2)
    c.upsert(ids=[1, 2, 3, 4], vectors=np.array([[3, 4], [0, 0], [3e30, 4e30], [3e-30, 4e-30]]))
    for point_id in (1, 3, 4):
        assert stored(c, point_id) == pytest.approx([0.6, 0.8], abs=1e-6)
    assert stored(c, 2).tolist() == [0, 0]
    before = stored(c, 1)
    c.upsert(ids=[1], vectors=[before])
    assert stored(c, 1).tobytes() == before.tobytes()
    for scale in (1e-30, 1e-3, 1, 1e10, 1e30):
        assert c.search([3 * scale, 4 * scale], limit=1)[0].score == pytest.approx(1, abs=1e-6)
    assert c.search([0, 0], limit=1)[0].score == 0


def test_models_of_the_client_are_read_like_dicts() -> None:
    c = tamis.open().create_collection("c", vectors=models.VectorParams(size=3, distance=models.Distance.DOT))
    c.upsert(points=[models.PointStruct(id=1, vector=[1, 2, 3], payload={"a": 1})])
    must = [models.FieldCondition(key="a", match=models.MatchValue(value=1))]
    assert c.search([1, 0, 0], filter=models.Filter(must=must), params=models.SearchParams(exact=True))[0].id == 1
    c.update_vectors(points=[models.PointVectors(id=1, vector=[0, 0, 1])])
    assert stored(c, 1).tolist() == [0, 0, 1]


def test_payloads_become_json() -> None:
    c = collection()
    payload = {
        "n": np.int64(3),
        "f": np.float32(0.5),
        "l": np.arange(2),
        "u": UUID(int=1),
        "t": ("a", "b"),
        "none": None,
    }
    c.upsert(ids=[1], vectors=[ROWS[0]], payloads=[payload])
    assert c.retrieve([1])[0].payload == {
        "n": 3, "f": 0.5, "l": [0, 1], "u": str(UUID(int=1)), "t": ["a", "b"], "none": None,
    }  # fmt: skip


def test_configuration_is_given_back() -> None:
    db = tamis.open()
    given: dict[str, Any] = {
        "vectors": {
            "a": {"size": 3, "distance": "Dot"},
            "b": {"size": 2, "distance": "Cosine", "hnsw_config": {"m": 8}},
        },
        "hnsw_config": {"m": 24, "ef_construct": 80},
        "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99}},
        "optimizers_config": {"deleted_threshold": 0.5},
        "metadata": {"owner": "us", "tags": [1, None]},
    }
    info = db.create_collection("c", **given).info()
    assert info["status"] == "green"
    assert info["config"]["vectors"]["a"] == given["vectors"]["a"]
    assert info["config"]["vectors"]["b"]["hnsw_config"]["m"] == 8
    assert info["config"]["quantization_config"] == given["quantization_config"]
    assert info["config"]["metadata"] == given["metadata"]
    for section in ("hnsw_config", "optimizers_config"):
        assert given[section].items() <= info["config"][section].items()
