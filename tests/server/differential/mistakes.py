"""Calls that must be refused, and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qdrant_client import models

from tests.server.differential.step import Step
from tests.server.differential.world import COLLECTION, SIZES, Draw

__all__ = ["mistake"]

BAD_PATHS = ("a..b", "a[", "", "a[x]", ".a", 'a."b')
BAD_FILTERS = (
    models.Filter(must=[models.SliceCondition(slice=models.Slice(total=2, index=2))]),
    models.Filter(must=[models.SliceCondition(slice=models.Slice(total=0, index=0))]),
    models.Filter(min_should=models.MinShould(conditions=[models.HasIdCondition(has_id=[1])], min_count=0)),
)
NONE = "none"  # there is no collection and no vector of this name


def mistake(draw: Draw) -> Step:
    """Any of them."""
    method, arguments = draw.one_of([_query, _query, _write, _write, _read, _collection])(draw)
    return Step(method, arguments, wrong=True)


def _query(draw: Draw) -> tuple[str, dict[str, Any]]:
    """A sound query but for one thing."""
    name = draw.name()
    recommend = models.RecommendInput(positive=[], negative=[draw.row(name)])
    sound = {"query": draw.row(name), "using": name or None}
    wrong: dict[str, Any] = draw.one_of(
        [
            {"using": NONE},
            {"query": _too_long(draw, name)},
            {"limit": 0},
            {"offset": -1},
            {"query": None, "score_threshold": 0.5},
            {"query": models.RecommendQuery(recommend=recommend)},
            {"query": _diverse(draw, candidates_limit=16_385)},
            {"query": _diverse(draw, diversity=1.5)},
            {"query_filter": draw.one_of(BAD_FILTERS)},
            {"lookup_from": models.LookupLocation(collection=NONE)},
        ]
    )
    return "query_points", {**sound, **wrong}


def _diverse(draw: Draw, **how: Any) -> models.NearestQuery:
    return models.NearestQuery(nearest=draw.row(draw.name()), mmr=models.Mmr(**how))


def _too_long(draw: Draw, name: str) -> list[float]:
    return [*draw.row(name), 1.0]


def _write(draw: Draw) -> tuple[str, dict[str, Any]]:
    unknown, long = _wrong_vectors(draw)
    points = {"points": [models.PointStruct(id=draw.id(), vector=draw.vector())]}
    wrong = [models.PointStruct(id=draw.id(), vector=vector) for vector in (unknown, long)]
    vectors = [models.PointVectors(id=draw.id(), vector=vector) for vector in (unknown, long)]
    choices: list[tuple[str, dict[str, Any]]] = [
        ("upsert", {"points": [*points["points"], draw.one_of(wrong)]}),
        ("upsert", {"points": [models.PointStruct(id="no uuid", vector=draw.vector())]}),
        ("upsert", {"points": []}),
        ("upsert", {**points, "update_filter": draw.one_of(BAD_FILTERS)}),
        ("update_vectors", {"points": [draw.one_of(vectors)]}),
        ("update_vectors", {"points": []}),
        ("delete_vectors", {"vectors": [NONE], "points": draw.ids()}),
        ("delete_vectors", {"vectors": [], "points": draw.ids()}),
        ("delete", {"points_selector": []}),
        ("delete", {"points_selector": draw.one_of(BAD_FILTERS)}),
        ("set_payload", {"payload": {"a": 1}, "points": []}),
        ("set_payload", {"payload": {"a": 1}, "points": draw.ids(), "key": draw.one_of(BAD_PATHS)}),
        ("delete_payload", {"keys": [draw.one_of(BAD_PATHS)], "points": draw.ids()}),
        ("clear_payload", {"points_selector": []}),
    ]
    return draw.one_of(choices)


def _wrong_vectors(draw: Draw) -> tuple[Any, Any]:
    """Of a name that is not there, and of a wrong size."""
    name = draw.name()
    row = _too_long(draw, name)
    return {NONE: draw.row(name)}, {name: row} if name else row


def _read(draw: Draw) -> tuple[str, dict[str, Any]]:
    name = draw.name()
    query = {"query": draw.row(name), "using": name or None}
    choices: list[tuple[str, dict[str, Any]]] = [
        ("scroll", {"order_by": models.OrderBy(key="n"), "offset": draw.id()}),
        ("scroll", {"scroll_filter": draw.one_of(BAD_FILTERS)}),
        ("scroll", {"with_payload": [draw.one_of(BAD_PATHS)]}),
        ("count", {"count_filter": draw.one_of(BAD_FILTERS)}),
        ("facet", {"key": draw.one_of(BAD_PATHS)}),
        ("query_points_groups", {**query, "group_by": "n", "limit": 0}),
        ("query_points_groups", {**query, "group_by": "n", "group_size": 0}),
        ("query_points_groups", {**query, "group_by": draw.one_of(BAD_PATHS)}),
        ("query_points_groups", {**query, "group_by": "n", "with_lookup": NONE}),
    ]
    return draw.one_of(choices)


def _collection(draw: Draw) -> tuple[str, dict[str, Any]]:
    """One that is not there, or is there already."""
    vectors = models.VectorParams(size=SIZES[""], distance=models.Distance.DOT)
    missing: dict[str, Callable[[], dict[str, Any]]] = {
        "scroll": dict,
        "count": dict,
        "get_collection": dict,
        "retrieve": lambda: {"ids": draw.ids()},
        "facet": lambda: {"key": "n"},
        "query_points": lambda: {"query": draw.row("")},
        "upsert": lambda: {"points": [models.PointStruct(id=1, vector=draw.vector())]},
        "delete": lambda: {"points_selector": draw.ids()},
        "clear_payload": lambda: {"points_selector": draw.ids()},
        "create_payload_index": lambda: {"field_name": "n", "field_schema": models.PayloadSchemaType.INTEGER},
    }
    if draw.chance(0.2):
        return "create_collection", {"collection_name": COLLECTION, "vectors_config": vectors}
    method = draw.one_of(list(missing))
    return method, {"collection_name": NONE, **missing[method]()}
