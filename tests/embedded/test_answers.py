"""The shape of answers: batches and their padding, parts of payloads, pages, thresholds, plans."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

import tamis


@pytest.fixture(scope="module")
def c() -> tamis.Collection:
    collection = tamis.open().create_collection("c", vectors={"size": 2, "distance": "Euclid"})
    payloads = [{"n": n, "kind": "ab"[n % 2], "in": {"x": n, "y": [{"z": 1, "w": 2}, {"w": 3}]}} for n in range(10)]
    collection.upsert(ids=range(10), vectors=[[n, 0] for n in range(10)], payloads=payloads)
    return collection


def test_a_batch_is_padded(c: tamis.Collection) -> None:
    odd = {"must": [{"key": "kind", "match": {"value": "b"}}]}
    ids, scores = c.search_batch([[0, 0], [9, 0]], limit=7, filter=odd)
    assert ids.dtype == np.uint64
    assert scores.dtype == np.float32
    assert ids.tolist() == [[1, 3, 5, 7, 9] + [2**64 - 1] * 2, [9, 7, 5, 3, 1] + [2**64 - 1] * 2]
    assert scores[:, :5].tolist() == [[1, 3, 5, 7, 9], [0, 2, 4, 6, 8]]
    assert np.isnan(scores[:, 5:]).all()


def test_a_batch_with_uuids_is_an_object_array() -> None:
    collection = tamis.open().create_collection("c", vectors={"size": 1, "distance": "Manhattan"})
    collection.upsert(ids=[UUID(int=5), 3], vectors=[[1], [2]])
    ids, scores = collection.search_batch([[0]], limit=3)
    assert ids.tolist() == [[UUID(int=5), 3, None]]
    assert scores[0, :2].tolist() == [1, 2]
    assert collection.search_batch([[0]], limit=2, filter={"must": [{"has_id": [3]}]})[0].tolist() == [[3, 2**64 - 1]]


def test_a_batch_of_nothing_and_a_batch_on_nothing(c: tamis.Collection) -> None:
    ids, scores = c.search_batch(np.empty((0, 2)), limit=3)
    assert ids.shape == scores.shape == (0, 3)
    empty = tamis.open().create_collection("c", vectors={"size": 2, "distance": "Dot"})
    assert np.isnan(empty.search_batch([[1, 2]], limit=3)[1]).all()
    assert empty.search([1, 2]) == []
    assert empty.explain([1, 2]).to_dict()["hits"] == 0
    assert empty.scroll() == ([], None)
    assert empty.facet("kind") == []
    assert empty.retrieve([]) == []


def test_equal_scores_come_in_order_of_id() -> None:
    collection = tamis.open().create_collection("c", vectors={"size": 1, "distance": "Dot"})
    collection.upsert(ids=[5, UUID(int=1), 4, 9, 2], vectors=[[1], [1], [1], [2], [1]])
    want = [9, 2, 4, 5, UUID(int=1)]
    assert [hit.id for hit in collection.search([1])] == want
    assert collection.search_batch([[1]], limit=5)[0].tolist() == [want]


def test_offset_threshold_and_more_than_there_are(c: tamis.Collection) -> None:
    assert [hit.id for hit in c.search([0, 0], limit=3, offset=2)] == [2, 3, 4]
    assert [hit.id for hit in c.search([0, 0], limit=3, offset=9)] == [9]
    assert c.search([0, 0], offset=10) == []
    assert [hit.id for hit in c.search([0, 0], score_threshold=2)] == [0, 1]
    assert len(c.search([0, 0], limit=1_000)) == 10
    ids, scores = c.search_batch([[0, 0]], limit=4, score_threshold=2)
    assert ids[0, :2].tolist() == [0, 1]
    assert np.isnan(scores[0, 2:]).all()


def test_parts_of_payloads(c: tamis.Collection) -> None:
    def payload(**options: object) -> object:
        return c.search([3, 0], limit=1, **options)[0].payload  # type: ignore[arg-type]

    whole = {"n": 3, "kind": "b", "in": {"x": 3, "y": [{"z": 1, "w": 2}, {"w": 3}]}}
    assert payload() == whole
    assert payload(with_payload=False) is None
    assert payload(with_payload=["n", "missing"]) == {"n": 3}
    assert payload(with_payload={"include": ["in.x", "in.y[].w"]}) == {"in": {"x": 3, "y": [{"w": 2}, {"w": 3}]}}
    assert payload(with_payload=["in.y[].z"]) == {"in": {"y": [{"z": 1}, {}]}}
    assert payload(with_payload=["in.y[1]"]) == {"in": {"y": [{"w": 3}]}}
    assert payload(with_payload=["in.z", "n.x"]) == {"n": 3, "in": {}}
    assert payload(with_payload=["in"]) == {"in": whole["in"]}
    assert payload(with_payload=[]) == {}
    assert payload(with_payload={"exclude": ["in", "kind"]}) == {"n": 3}
    assert payload(with_payload={"exclude": ["in.y[].w"]}) == {"n": 3, "kind": "b", "in": {"x": 3, "y": [{"z": 1}, {}]}}
    assert c.scroll(limit=1, with_payload=["n"])[0][0].payload == {"n": 0}
    assert c.retrieve([4], with_payload=["n"])[0].payload == {"n": 4}


def test_vectors_only_when_asked_for(c: tamis.Collection) -> None:
    assert c.search([3, 0], limit=1)[0].vector is None
    vector = c.search([3, 0], limit=1, with_vector=True)[0].vector
    assert isinstance(vector, np.ndarray)
    assert vector.tolist() == [3, 0]


def test_pages_by_value_go_on_with_start_from(c: tamis.Collection) -> None:
    page, following = c.scroll(limit=3, order_by={"key": "n", "direction": "desc"})
    assert [(record.id, record.order_value) for record in page] == [(9, 9), (8, 8), (7, 7)]
    assert following is None
    page, _ = c.scroll(limit=2, order_by={"key": "n", "direction": "desc", "start_from": 6})
    assert [record.id for record in page] == [6, 5]


def test_retrieve_keeps_the_order_and_drops_what_is_missing(c: tamis.Collection) -> None:
    assert [record.id for record in c.retrieve([7, 99, 2, 7])] == [7, 2, 7]


def test_versions_are_positions(c: tamis.Collection) -> None:
    position = c.set_payload({"seen": True}, ids=[4])
    assert c.retrieve([4])[0].version == position
    assert c.search([4, 0], limit=1)[0].version == position
    assert c.retrieve([3])[0].version < position
    c.delete_payload(["seen"], ids=[4])


def test_the_plan_tells_and_is_plain(c: tamis.Collection) -> None:
    plan = c.explain([0, 0], limit=2, filter={"must": [{"key": "kind", "match": {"value": "a"}}]})
    told = plan.to_dict()
    assert told["points"] == 10
    assert told["hits"] == 2
    assert told["segments"][0]["matches"] == 5
    assert "kind = 'a'" in str(plan)


def test_memory_adds_up(c: tamis.Collection) -> None:
    memory = c.memory()
    for where in ("resident", "disk"):
        assert memory[f"{where}_total"] == sum(memory[where].values())
    assert memory["resident_total"] >= 10 * 2 * 4
