"""Random questions: pages, points by id, counts, facets, and every kind of query that is answered here."""

from __future__ import annotations

from typing import Any

from qdrant_client import models

from tests.filter.strategies import DATES
from tests.server.differential.step import Step
from tests.server.differential.world import ALIAS, COLLECTION, OTHER, SIZES, Draw

__all__ = ["read"]

SELECTED = (
    ("city",),
    ("a.b", "n"),
    ("parts[].name", "parts[].sub[].x"),
    ("parts.name", "city.x", "when[].x"),
    ("tags[]", "a.c", "a.c[].x"),
    ("any", "any.x", '"odd key.x"'),
    ("missing", "any[].x", "parts"),
    (),
)
ORDERED = ("n", "n", "when", "parts[].size", "größe", "tags", "any", "missing")
COUNTED = ("city", "n", "tags", "tags[]", "parts[].name", "parts[].tags", "any", "a.b", "missing")
GROUPED = ("city", "größe", "größe", "n", "tags", "tags[]", "größe", "parts[].name", "a.b", "missing")
LIMITS = (1, 2, 3, 5, 10, 100)


def read(draw: Draw) -> Step:
    """Any of them."""
    step = draw.one_of([scroll, ordered, retrieve, count, facet, query, query, query, query_batch, groups])(draw)
    if draw.chance(0.8) or "LookupLocation" in str(step):  # whether an alias is another collection for it is open
        return step
    return Step(step.method, {**step.arguments, "collection_name": draw.one_of([ALIAS, ALIAS, OTHER])})


def selected(draw: Draw) -> dict[str, Any]:
    """with_payload and with_vectors."""
    paths = list(draw.one_of(SELECTED))
    payloads = [True, True, False, paths, models.PayloadSelectorInclude(include=paths)]
    payload = draw.one_of([*payloads, models.PayloadSelectorExclude(exclude=paths)])
    names = list(draw.world.vectors)
    vectors = draw.one_of([False, True, draw.random.sample(names, draw.random.randint(0, len(names)))])
    return {"with_payload": payload, "with_vectors": vectors}


def scroll(draw: Draw) -> Step:
    offset = draw.one_of([None, draw.id()])
    how = {"scroll_filter": draw.maybe_filter(), "limit": draw.one_of(LIMITS), "offset": offset}
    return Step("scroll", {**how, **selected(draw)})


def ordered(draw: Draw) -> Step:
    start = draw.one_of([None, None, 0, 1, 1.5, -3, draw.one_of(DATES[:1])])
    direction = draw.one_of([None, *models.Direction])
    order = models.OrderBy(key=draw.one_of(ORDERED), direction=direction, start_from=start)
    how = {"scroll_filter": draw.maybe_filter(), "limit": draw.one_of(LIMITS), "order_by": order}
    return Step("scroll", {**how, **selected(draw)})


def retrieve(draw: Draw) -> Step:
    return Step("retrieve", {"ids": draw.ids(6), **selected(draw)})


def count(draw: Draw) -> Step:
    return Step("count", {"count_filter": draw.maybe_filter(), "exact": True})


def facet(draw: Draw) -> Step:
    how = {"key": draw.one_of(COUNTED), "facet_filter": draw.maybe_filter(), "limit": draw.one_of(LIMITS)}
    return Step("facet", {**how, "exact": True})


def query(draw: Draw) -> Step:
    """Points by vector, by id, by examples, with hits that differ, or in order."""
    kind = draw.one_of(["vector", "vector", "id", "nearest", "recommend", "mmr", "mmr", "none"])
    offset = draw.one_of([None, None, 0, 1, 3])
    how = {"query_filter": draw.maybe_filter(0.25), "limit": draw.one_of(LIMITS), "offset": offset, **selected(draw)}
    return Step("query_points", {**how, **asked(draw, kind)})


def asked(draw: Draw, kind: str) -> dict[str, Any]:
    """query, using, score_threshold, lookup_from."""
    if kind == "none":
        return {}
    if kind == "mmr" and draw.world.grid:
        kind = "vector"  # which of equal candidates comes first is open
    name = draw.name()
    how: dict[str, Any] = {"using": name or draw.one_of([None, ""])}
    if draw.chance(0.2):
        exact = draw.world.grid and draw.world.vectors[name] is not models.Distance.COSINE
        how["score_threshold"] = float(draw.random.randint(-4, 6)) if exact else draw.random.uniform(-1, 3)
    if kind in ("id", "recommend") and draw.chance(0.3):
        how["lookup_from"] = lookup(draw)
    return {**how, "query": question(draw, kind, name)}


def question(draw: Draw, kind: str, name: str) -> Any:
    if kind == "vector":
        return draw.row(name)
    if kind == "id":
        return draw.id()
    if kind == "nearest":
        return models.NearestQuery(nearest=draw.one_of([draw.row(name), draw.id()]))
    if kind == "mmr":
        return models.NearestQuery(nearest=draw.one_of([draw.row(name), draw.id()]), mmr=diversity(draw, name))
    examples = lambda least: draw.some(lambda: draw.one_of([draw.row(name), draw.id()]), least, 3)  # noqa: E731
    strategy = draw.one_of([None, models.RecommendStrategy.AVERAGE_VECTOR])
    return models.RecommendQuery(
        recommend=models.RecommendInput(positive=examples(1), negative=examples(0), strategy=strategy)
    )


def diversity(draw: Draw, name: str) -> models.Mmr:
    """Not in equal parts under Manhattan: all that lies behind a chosen hit would be worth the same."""
    halves = [] if draw.world.vectors[name] is models.Distance.MANHATTAN else [None, 0.5]
    most = draw.one_of([None, 3, 50])
    return models.Mmr(diversity=draw.one_of([0.0, 0.3, 0.7, 1.0, *halves]), candidates_limit=most)


def lookup(draw: Draw) -> models.LookupLocation:
    """Its vectors have their own sizes, which may be wrong here."""
    vector = draw.one_of([None, *(name for name in SIZES if name)])
    return models.LookupLocation(collection=draw.one_of([OTHER, OTHER, COLLECTION]), vector=vector)


def query_batch(draw: Draw) -> Step:
    return Step("query_batch_points", {"requests": draw.some(lambda: request(draw), 1, 3)})


def request(draw: Draw) -> models.QueryRequest:
    given = query(draw).arguments
    names = {"query_filter": "filter", "with_vectors": "with_vector"}
    return models.QueryRequest(**{names.get(name, name): value for name, value in given.items()})


def groups(draw: Draw) -> Step:
    how: dict[str, Any] = {"group_by": draw.one_of(GROUPED), "query_filter": draw.maybe_filter(0.25), **selected(draw)}
    how |= {"limit": draw.one_of(LIMITS), "group_size": draw.one_of([1, 2, 3, 10])}
    if draw.chance(0.5):
        whole = models.WithLookup(collection=OTHER, with_payload=draw.one_of([None, True, False]), with_vectors=True)
        how["with_lookup"] = draw.one_of([OTHER, whole, models.WithLookup(collection=OTHER)])
    return Step("query_points_groups", {**how, **asked(draw, draw.one_of(["vector", "vector", "id", "recommend"]))})
