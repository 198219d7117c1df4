"""What an operator sees: metrics, logs with the plans of slow queries, telemetry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from qdrant_client.http import models

import tamis
from tamis.limits import SEARCHES_MAX
from tamis.server.backend import Backend
from tamis.server.endpoints import node
from tamis.server.in_process import InProcess
from tamis.server.logs import Logs
from tamis.server.query.reader import read_query
from tamis.server.query.search import Found, run
from tamis.server.request import Request
from tamis.server.route import Route
from tamis.wire.answers import write
from tamis.wire.bodies import QueryBody, read_object


def backend_with_points() -> Backend:
    db = tamis.open()
    docs = db.create_collection("docs", vectors={"size": 2, "distance": "Dot"})
    docs.upsert(ids=range(50), vectors=[[n, 1] for n in range(50)], payloads=[{"n": n} for n in range(50)])
    return Backend(db)


def found(backend: Backend) -> Found:
    filter = {"must": {"key": "n", "range": {"lt": 20}}}
    return run(read_query(backend.collection, "docs", QueryBody(query=[1, 0], filter=filter), None))


def samples(backend: Backend) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(backend.metrics.exposition().decode())
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_metrics_count_requests_searches_refusals_and_collections() -> None:
    backend = backend_with_points()
    one = found(backend)
    backend.metrics.answered("POST /x", 200, 0.003)
    backend.metrics.answered("POST /x", 404, 0.2)
    backend.metrics.searched(one.legs, 3, 0.002)
    backend.metrics.refused("queue")
    backend.metrics.watch(lambda: 7)
    told = samples(backend)
    assert told["tamis_requests_total", "POST /x,200"] == 1
    assert told["tamis_requests_total", "POST /x,404"] == 1
    assert told["tamis_request_seconds_bucket", "POST /x,0.005"] == 1
    assert told["tamis_request_seconds_count", "POST /x"] == 2
    assert told["tamis_search_seconds_count", one.legs[0].strategy] == 1
    assert told["tamis_searches_together_sum", ""] == 3
    assert told["tamis_refused_total", "queue"] == 1
    assert told["tamis_waiting", ""] == 7
    assert told["tamis_collection_points", "docs"] == 50
    assert told["tamis_collection_resident_bytes", "docs"] > 50 * 8
    assert backend.metrics.requests() == {"POST /x": {"200": 1, "404": 1}}


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_slow_query_is_logged_with_its_plan_and_a_fast_one_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    backend = backend_with_points()
    logs, route = Logs("INFO", "json", 0.5), Route("POST", "/q", node.root)
    one = found(backend)
    logs.slow(route, 0.4, one)
    assert lines(capsys) == []
    logs.slow(route, 0.6, one)
    [event] = lines(capsys)
    assert (event["event"], event["level"], event["endpoint"], event["ms"]) == (
        "slow query",
        "warning",
        "POST /q",
        600.0,
    )
    assert event["hits"] == 10
    assert event["plan"][0]["matches"] == 20
    assert event["plan"][0]["strategy"] == one.legs[0].strategy
    assert event["plan"][0]["reason"]


def test_levels_and_internal_errors(capsys: pytest.CaptureFixture[str]) -> None:
    Logs("INFO", "json", 1).request("GET /", 200, 0.1)
    Logs("ERROR", "json", 1).event("ready")
    assert lines(capsys) == []
    Logs("DEBUG", "json", 1).request("GET /", 200, 0.0012)
    assert lines(capsys)[0]["ms"] == 1.2
    try:
        raise ZeroDivisionError("by design")
    except ZeroDivisionError as error:
        Logs("INFO", "json", 1).failed("GET /", error)
    assert "ZeroDivisionError: by design" in lines(capsys)[0]["exception"]
    Logs("INFO", "console", 1).event("ready", seconds=1)
    assert "ready" in capsys.readouterr().err


def test_telemetry_is_what_the_official_client_reads() -> None:
    backend = backend_with_points()
    backend.metrics.answered("POST /x", 200, 0.003)
    told = read_object(node.telemetry(backend, Request()).result)
    read = models.TelemetryData.model_validate(told)
    assert read.collections.number_of_collections == 1
    assert read.app is not None
    assert read.app.name == "tamis"
    assert read.requests is not None
    assert read.requests.rest.responses["POST /x"]["200"].count == 1


def test_an_explained_answer_is_read_by_the_official_model() -> None:
    api = InProcess(backend_with_points().db)
    body = {"query": [1, 0], "limit": 3, "filter": {"must": {"key": "n", "range": {"lt": 20}}}}
    plain = read_object(api.call("POST", "/collections/docs/points/query", write(body)).body)
    told = read_object(api.call("POST", "/collections/docs/points/query?explain=true", write(body)).body)
    read = models.InlineResponse20022.model_validate(told)
    assert read.result is not None
    assert [point.id for point in read.result.points] == [19, 18, 17]
    assert plain["result"] == told["result"]
    assert told["plan"]["hits"] == 3
    assert told["plan"]["segments"][0]["matches"] == 20
    assert "plan" not in plain


def test_the_number_of_queries_in_one_request_is_bounded() -> None:
    api = InProcess(backend_with_points().db)
    many = {"searches": [{"query": [1, 0]}] * (SEARCHES_MAX + 1)}
    reply = api.call("POST", "/collections/docs/points/query/batch", write(many))
    assert reply.status == 400
    assert f"at most {SEARCHES_MAX}" in reply.body.decode()
