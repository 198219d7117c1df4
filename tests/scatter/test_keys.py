"""Collections that are sharded by key: a point is under the key it was written with, and found without naming it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scatter.sharded import Sharded

P = "/collections/docs/points"


@pytest.fixture
def sharded() -> Sharded:
    made = Sharded(5, {"a": [0, 1], "b": [2, 3], "c": [4]})
    call(made, "PUT", "/collections/docs", {"vectors": {"size": 1, "distance": "Dot"}})
    for key, first in (("a", 0), ("b", 100)):
        points = [{"id": first + n, "vector": [n], "payload": {"of": key, "n": n}} for n in range(1, 11)]
        call(made, "PUT", f"{P}?wait=true", {"points": points, "shard_key": key})
    return made


def call(sharded: Sharded, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    reply = sharded.call(method, path, b"" if body is None else json.dumps(body).encode())
    answer = json.loads(reply.body)
    assert reply.status == status, answer
    return answer["result"] if status == 200 else answer["status"]["error"]


def count(sharded: Sharded, **body: Any) -> int:
    return int(call(sharded, "POST", f"{P}/count", body)["count"])


def test_points_stay_with_their_key(sharded: Sharded) -> None:
    counts = [database.get_collection("docs").count() for database in sharded.databases]
    assert (counts[0] + counts[1], counts[2] + counts[3], counts[4]) == (10, 10, 0)
    assert min(counts[:4]) > 0
    assert (count(sharded), count(sharded, shard_key="a"), count(sharded, shard_key=["a", "c"])) == (20, 10, 10)


def test_without_a_key_all_are_asked(sharded: Sharded) -> None:
    found = call(sharded, "POST", P, {"ids": [101, 1, 2, 999]})
    assert [one["id"] for one in found] == [101, 1, 2]
    assert call(sharded, "GET", f"{P}/107")["payload"] == {"of": "b", "n": 7}
    call(sharded, "GET", f"{P}/999", status=404)
    hits = call(sharded, "POST", f"{P}/query", {"query": 1, "limit": 3})["points"]
    assert [one["id"] for one in hits] == [10, 110, 9]
    hits = call(sharded, "POST", f"{P}/query", {"query": 1, "limit": 3, "shard_key": "a"})["points"]
    assert [one["id"] for one in hits] == [10, 9, 8]


def test_new_points_need_a_key(sharded: Sharded) -> None:
    told = call(sharded, "PUT", P, {"points": [{"id": 1, "vector": [1]}]}, status=400)
    assert "shard_key" in told
    told = call(sharded, "PUT", f"{P}/vectors", {"points": [{"id": 1, "vector": [1]}]}, status=400)
    assert "shard_key" in told
    assert count(sharded) == 20


def test_changes_by_id_find_points_under_any_key(sharded: Sharded) -> None:
    call(sharded, "POST", f"{P}/payload?wait=true", {"payload": {"seen": 1}, "points": [1, 107]})
    seen = {"must": [{"key": "seen", "match": {"value": 1}}]}
    assert count(sharded, filter=seen) == 2
    call(sharded, "POST", f"{P}/delete?wait=true", {"points": [1, 107]})
    assert (count(sharded, filter=seen), count(sharded)) == (0, 18)


def test_every_part_of_a_batch_has_its_own_key(sharded: Sharded) -> None:
    new = [{"id": 50 + n, "vector": [n]} for n in range(6)]
    steps = [
        {"upsert": {"points": new, "shard_key": "c"}},
        {"delete": {"filter": {}, "shard_key": "b"}},
        {"set_payload": {"payload": {"seen": 1}, "filter": {}}},
    ]
    done = call(sharded, "POST", f"{P}/batch?wait=true", {"operations": steps})
    assert [one["status"] for one in done] == ["completed"] * 3
    assert [count(sharded, shard_key=key) for key in "abc"] == [10, 0, 6]
    assert count(sharded, filter={"must": [{"key": "seen", "match": {"value": 1}}]}) == 16
    searches = [{"query": [1.0], "limit": 1, "shard_key": key} for key in ("a", "c")]
    found = call(sharded, "POST", f"{P}/query/batch", {"searches": [*searches, {"query": 55, "limit": 1}]})
    assert [one["points"][0]["id"] for one in found] == [10, 55, 10]


def test_no_shards_yet() -> None:
    sharded = Sharded(1, {})
    call(sharded, "PUT", "/collections/docs", {"vectors": {"size": 1, "distance": "Dot"}})
    assert call(sharded, "POST", P, {"ids": [1]}) == []
    assert call(sharded, "POST", f"{P}/scroll", {}) == {"points": [], "next_page_offset": None}
    assert count(sharded) == 0
    assert call(sharded, "POST", f"{P}/query", {"query": [1.0]}) == {"points": []}
    assert call(sharded, "POST", f"{P}/query/batch", {"searches": [{"query": [1.0]}]}) == [{"points": []}]
    assert call(sharded, "POST", f"{P}/search/groups", {"vector": [1.0], "group_by": "of"}) == {"groups": []}
    assert call(sharded, "POST", "/collections/docs/facet", {"key": "of"}) == {"hits": []}
    told = call(sharded, "PUT", P, {"points": [{"id": 1, "vector": [1]}]}, status=400)
    assert "create one first" in told
    call(sharded, "PUT", "/collections/docs/index", {"field_name": "of", "field_schema": "keyword"}, status=400)
