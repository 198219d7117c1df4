"""Strict mode: each limit refuses what is above it, allows what is not, and is off unless enabled."""

from __future__ import annotations

from typing import Any

import pytest

import tamis
from tamis.errors import Rejected
from tamis.model.schema import StrictMode
from tamis.server.error_map import RateLimited
from tamis.server.in_process import InProcess
from tamis.server.strict_mode import Rates
from tamis.wire.answers import write
from tamis.wire.bodies import read_object

KIND = {"must": {"key": "kind", "match": {"value": "a"}}}
PRICE = {"must": {"key": "price", "range": {"gt": 1}}}


class Api:
    """A database with one collection under strict mode, asked as a client asks."""

    def __init__(self, enabled: bool = True, **limits: Any) -> None:
        self.api = InProcess(tamis.open())
        strict = {"enabled": enabled, **limits}
        body = {"vectors": {"size": 2, "distance": "Dot"}, "strict_mode_config": strict}
        assert self.ask("PUT", "", body)[0] == 200
        points = [{"id": n, "vector": [n, 1], "payload": {"kind": "ab"[n % 2], "price": n}} for n in range(4)]
        for point in points:
            assert self.ask("PUT", "/points?wait=true", {"points": [point]})[0] == 200

    def ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        reply = self.api.call(method, f"/collections/docs{path}", write(body))
        return reply.status, read_object(reply.body)

    def query(self, **more: Any) -> tuple[int, str]:
        status, told = self.ask("POST", "/points/query", {"query": [1, 0], **more})
        return status, "" if status == 200 else told["status"]["error"]


@pytest.mark.parametrize(
    ("limits", "path", "allowed", "refused"),
    [
        ({"max_query_limit": 2}, "/points/query", {"query": [1, 0], "limit": 2}, {"query": [1, 0], "limit": 3}),
        ({"max_query_limit": 2}, "/points/scroll", {"limit": 2}, {"limit": 3}),
        ({"max_query_limit": 2}, "/points/query", {"limit": 2}, {"limit": 3}),
        ({"max_query_limit": 2}, "/facet", {"key": "kind", "limit": 2}, {"key": "kind", "limit": 3}),
        (
            {"search_max_hnsw_ef": 9},
            "/points/query",
            {"query": [1, 0], "params": {"hnsw_ef": 9}},
            {"query": [1, 0], "params": {"hnsw_ef": 10}},
        ),
        (
            {"search_allow_exact": False},
            "/points/query",
            {"query": [1, 0], "params": {"exact": False}},
            {"query": [1, 0], "params": {"exact": True}},
        ),
        (
            {"search_max_oversampling": 2},
            "/points/query",
            {"query": [1, 0], "params": {"quantization": {"oversampling": 2}}},
            {"query": [1, 0], "params": {"quantization": {"oversampling": 3}}},
        ),
        (
            {"search_max_batchsize": 1},
            "/points/query/batch",
            {"searches": [{"query": [1, 0]}]},
            {"searches": [{"query": [1, 0]}] * 2},
        ),
        (
            {"filter_max_conditions": 1},
            "/points/count",
            {"filter": KIND},
            {"filter": {"must": [KIND, PRICE]}},
        ),
        (
            {"condition_max_size": 2},
            "/points/count",
            {"filter": {"must": {"key": "kind", "match": {"any": ["a", "b"]}}}},
            {"filter": {"must": {"key": "kind", "match": {"any": ["a", "b", "c"]}}}},
        ),
        ({"unindexed_filtering_retrieve": False}, "/points/count", {}, {"filter": KIND}),
        ({"unindexed_filtering_update": False}, "/points/delete", {"points": [1]}, {"filter": KIND}),
    ],
)
def test_what_is_above_a_limit_is_refused(limits: dict[str, Any], path: str, allowed: Any, refused: Any) -> None:
    api = Api(**limits)
    assert api.ask("POST", path, allowed)[0] == 200
    status, told = api.ask("POST", path, refused)
    assert status == 400
    assert "Help: " in told["status"]["error"]
    assert Api(enabled=False, **limits).ask("POST", path, refused)[0] == 200


def test_an_index_that_answers_makes_a_filter_welcome() -> None:
    api = Api(unindexed_filtering_retrieve=False)
    for kind, allowed in (("text", 400), ("keyword", 200)):
        api.ask("PUT", "/index", {"field_name": "kind", "field_schema": kind})
        assert api.query(filter=KIND)[0] == allowed
    api.ask("PUT", "/index", {"field_name": "price", "field_schema": {"type": "integer", "range": False}})
    assert "Index required but not found for 'price'" in api.query(filter=PRICE)[1]
    api.ask("PUT", "/index", {"field_name": "price", "field_schema": "integer"})
    assert api.query(filter=PRICE)[0] == 200


def test_totals() -> None:
    point = {"points": [{"id": 9, "vector": [1, 1]}]}
    two = {"points": [{"id": 9, "vector": [1, 1]}, {"id": 10, "vector": [1, 1]}]}
    api = Api(max_points_count=5, upsert_max_batchsize=1, max_payload_index_count=1)
    assert api.ask("PUT", "/points", two)[0] == 400
    assert api.ask("PUT", "/points", point)[0] == 200
    assert "points count" in api.ask("PUT", "/points", point)[1]["status"]["error"]
    assert api.ask("PUT", "/index", {"field_name": "a", "field_schema": "keyword"})[0] == 200
    assert api.ask("PUT", "/index", {"field_name": "a", "field_schema": "integer"})[0] == 200
    assert api.ask("PUT", "/index", {"field_name": "b", "field_schema": "keyword"})[0] == 400
    assert api.ask("POST", "/points/query?timeout=9", {"query": [1, 0]})[0] == 200
    assert Api(max_timeout=8).ask("POST", "/points/query?timeout=9", {"query": [1, 0]})[0] == 400


def test_a_read_rate_says_when_to_come_back() -> None:
    api = Api(read_rate_limit=3)
    assert [api.query()[0] for _ in range(4)] == [200, 200, 200, 429]
    reply = api.api.call("POST", "/collections/docs/points/query", write({"query": [1, 0]}))
    assert ("retry-after", "20") in reply.headers or ("retry-after", "21") in reply.headers
    assert api.ask("PUT", "/points", {"points": [{"id": 1, "vector": [1, 1]}]})[0] == 200, "writes have their own"


def test_a_bucket_fills_evenly() -> None:
    now = [0.0]
    rates = Rates(lambda: now[0])
    with tamis.open() as db:
        made = db.create_collection(
            "docs", vectors={"size": 2, "distance": "Dot"}, strict_mode_config={"enabled": True, "write_rate_limit": 60}
        )
        stored = made.stored
        assert stored.schema.strict_mode == StrictMode(enabled=True, write_rate_limit=60)
        for _ in range(60):
            rates.spend(stored, writes=True)
        with pytest.raises(RateLimited) as refusal:
            rates.spend(stored, writes=True)
        assert refusal.value.seconds <= 2
        now[0] += 1.001
        rates.spend(stored, writes=True)
        with pytest.raises(RateLimited):
            rates.spend(stored, writes=True)
        with pytest.raises(RateLimited):
            rates.spend(stored, writes=True, cost=61)
    with pytest.raises(Rejected):
        tamis.open().create_collection("x", vectors={"size": 2, "distance": "Dot"}, strict_mode_config={"enabled": 3})
