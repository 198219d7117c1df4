"""Every search of several shards answers as one collection does that holds all points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scatter import world
from tests.scatter.sharded import Pair
from tests.scatter.world import P

SEED = 23
EXAMPLES = 60
OTHER = "/collections/other"


@pytest.fixture(scope="module", params=world.METRICS)
def pair(request: pytest.FixtureRequest) -> Pair:
    """Named vectors, three shards; a second collection to look up in."""
    made = Pair(3)
    made.good("PUT", "/collections/docs", world.created(request.param, named=True))
    made.good("PUT", f"{P}?wait=true", {"points": world.made_up(SEED, named=True)})
    made.good("PUT", OTHER, {"vectors": {"a": {"size": 3, "distance": "Dot"}, "c": {"size": 3, "distance": "Dot"}}})
    points = world.made_up(SEED + 1, named=True)[::2]
    for point in points:
        point["vector"] = {"a": point["vector"]["a"], "c": point["vector"]["a"][::-1]}
    made.good("PUT", f"{OTHER}/points?wait=true", {"points": points})
    return made


searching = world.searching(named=True)
sources = st.sampled_from(
    ({}, {"lookup_from": {"collection": "other"}}, {"lookup_from": {"collection": "other", "vector": "c"}})
)
queries = st.one_of(
    world.vector(),
    world.ids,
    st.just(99),
    st.builds(lambda nearest: {"nearest": nearest}, world.examples),
    st.builds(lambda some: {"recommend": some}, world.several),
    st.builds(lambda nearest, how: {"nearest": nearest, "mmr": how}, world.examples, world.mmr),
)
asked = st.builds(
    lambda query, options, window, source: {"query": query, "using": "a", **options, **window, **source},
    queries,
    searching,
    world.windows,
    sources,
)
in_order = st.builds(lambda options, window: {**options, **window}, world.options(), world.windows)
older = st.builds(
    lambda vector, options, window: {"vector": {"name": "a", "vector": vector}, **options, **window},
    world.vector(),
    searching,
    world.windows,
)
recommended = st.builds(
    lambda some, options, window, source: {"using": "a", **some, **options, **window, **source},
    world.several,
    searching,
    world.windows,
    sources,
)
grouping = st.fixed_dictionaries(
    {"group_by": st.sampled_from(("city", "n", "tags", "other", "nothing", "tags[]"))},
    optional={
        "group_size": st.integers(1, 8),
        "limit": st.integers(1, 8),
        "with_lookup": st.sampled_from(("other", "docs", {"collection": "other", "with_vectors": True})),
    },
)


@settings(max_examples=2 * EXAMPLES)
@given(body=asked | in_order)
def test_query(pair: Pair, body: dict[str, Any]) -> None:
    pair.both("POST", f"{P}/query", body)


@settings(max_examples=EXAMPLES)
@given(bodies=st.lists(asked | in_order, max_size=4))
def test_query_batch(pair: Pair, bodies: list[dict[str, Any]]) -> None:
    pair.both("POST", f"{P}/query/batch", {"searches": bodies})


@settings(max_examples=EXAMPLES)
@given(bodies=st.lists(older, min_size=1, max_size=3))
def test_search(pair: Pair, bodies: list[dict[str, Any]]) -> None:
    pair.both("POST", f"{P}/search", bodies[0])
    pair.both("POST", f"{P}/search/batch", {"searches": bodies})


@settings(max_examples=EXAMPLES)
@given(bodies=st.lists(recommended, min_size=1, max_size=3))
def test_recommend(pair: Pair, bodies: list[dict[str, Any]]) -> None:
    pair.both("POST", f"{P}/recommend", bodies[0])
    pair.both("POST", f"{P}/recommend/batch", {"searches": bodies})


@settings(max_examples=2 * EXAMPLES)
@given(kind=st.sampled_from(("query", "search", "recommend")), data=st.data(), grouping=grouping)
def test_groups(pair: Pair, kind: str, data: st.DataObject, grouping: dict[str, Any]) -> None:
    body = data.draw({"query": asked, "search": older, "recommend": recommended}[kind])
    body = {key: value for key, value in body.items() if key not in ("limit", "offset")}
    pair.both("POST", f"{P}/{kind}/groups", {**body, **grouping})


REFUSED = [
    ("query", {"query": [1, 2]}),
    ("query", {"query": {"nearest": {"a": 1}}}),
    ("query", {"query": {"fusion": "rrf"}, "prefetch": []}),
    ("query", {"query": {"recommend": {"positive": [1, [1, 2]]}}}),
    ("query", {"query": {"recommend": {"positive": [], "negative": [1]}}}),
    ("query", {"query": {"recommend": {"positive": [1], "strategy": "best_score"}}}),
    ("query", {"query": {"nearest": 1, "mmr": {"diversity": 3}}}),
    ("query", {"query": {"nearest": [1, 2, 3], "mmr": {"candidates_limit": 0}}}),
    ("query", {"query": True}),
    ("query", {"query": "x"}),
    ("query", {"query": -1}),
    ("query", {"query": [1, 2, 3], "prefetch": {"query": [1, 2, 3]}}),
    ("query", {"query": [1, 2, 3], "using": "nothing"}),
    ("query", {"query": 1, "using": "nothing"}),
    ("query", {"query": 1, "using": None}),
    ("query", {"query": [1, 2, 3], "limit": 0}),
    ("query", {"query": [1, 2, 3], "limit": -1}),
    ("query", {"query": [1, 2, 3], "limit": "1"}),
    ("query", {"query": [1, 2, 3], "limit": 10**6, "offset": 1}),
    ("query", {"query": [1, 2, 3], "offset": -1}),
    ("query", {"query": [1, 2, 3], "with_vector": ["nothing"]}),
    ("query", {"query": [1, 2, 3], "params": {"exact": 1}}),
    ("query", {"query": [1, 2, 3], "filter": {"must": 1}}),
    ("query", {"query": [1, 2, 3], "shard_key": "a"}),
    ("query", {"query": 1, "lookup_from": {"collection": "nothing"}}),
    ("query", {"query": 1, "lookup_from": {"collection": "other", "vector": "b"}}),
    ("query", {"query": 1, "lookup_from": {"collection": "docs", "vector": "b"}}),
    ("query", {"query": 1, "lookup_from": {"collection": "other", "shard_key": "a"}}),
    ("query", {"limit": 0}),
    ("query", {"offset": -1}),
    ("query", {"score_threshold": 1}),
    ("query", {"lookup_from": {"collection": "other"}}),
    ("search", {"limit": 3}),
    ("search", {"vector": {"name": "a", "vector": [1, 2, 3]}}),
    ("search", {"vector": {"name": "a"}, "limit": 3}),
    ("search", {"vector": {"name": 3, "vector": [1, 2, 3]}, "limit": 3}),
    ("search", {"vector": [1, 2, 3], "limit": 3}),
    ("search", {"vector": {"name": "a", "vector": [1, 2, 3]}, "limit": 3, "lookup_from": {"collection": "other"}}),
    ("recommend", {"using": "a", "positive": [1]}),
    ("recommend", {"using": "a", "positive": [], "limit": 3}),
    ("recommend", {"using": "a", "positive": [1], "strategy": "best_score", "limit": 3}),
    ("recommend", {"using": "a", "positive": [{"x": 1}], "limit": 3}),
]


@pytest.mark.parametrize(("kind", "body"), REFUSED)
def test_refusals_have_the_same_words(pair: Pair, kind: str, body: dict[str, Any]) -> None:
    body = {"using": "a", **body} if kind == "query" else body
    status, told = pair.both("POST", f"{P}/{kind}", body)
    assert status != 200, told
    pair.both("POST", f"{P}/{kind}/batch", {"searches": [body]})
    pair.both("POST", f"{P}/{kind}/batch", {"searches": [body, body]})
    body = {key: value for key, value in body.items() if key != "offset"}
    pair.both("POST", f"{P}/{kind}/groups", {**body, "group_by": "city"})


@pytest.mark.parametrize(
    "grouping",
    [
        {},
        {"group_by": 3},
        {"group_by": "a..b"},
        {"group_by": "city", "limit": 0},
        {"group_by": "city", "group_size": 0},
        {"group_by": "city", "with_lookup": 3},
        {"group_by": "city", "with_lookup": "nothing"},
        {"group_by": "nothing", "with_lookup": {"collection": "other", "with_vectors": ["nothing"]}},
        {"group_by": "city", "with_lookup": {"collection": "other", "unknown": 1}},
    ],
)
def test_groups_are_refused_with_the_same_words(pair: Pair, grouping: dict[str, Any]) -> None:
    status, told = pair.both("POST", f"{P}/query/groups", {"query": [1, 2, 3], "using": "a", **grouping})
    assert status != 200, told


@pytest.mark.parametrize(
    ("path", "body", "rounds"),
    [
        ("query", {"query": [1, 2, 3], "using": "a"}, 1),
        ("query", {"query": 1, "using": "a"}, 2),
        ("query", {"query": {"recommend": {"positive": [1, 2], "negative": [3]}}, "using": "a"}, 2),
        ("query", {"query": {"nearest": [1, 2, 3], "mmr": {}}, "using": "a"}, 2),
        ("query/batch", {"searches": [{"query": n, "using": "a"} for n in range(1, 30)]}, 2),
        ("query/batch", {"searches": [{"query": [n, 2, 3], "using": "a"} for n in range(1, 30)]}, 1),
        ("search/groups", {"vector": {"name": "a", "vector": [1, 2, 3]}, "group_by": "city"}, 1),
    ],
)
def test_shards_are_asked_no_more_often_than_needed(pair: Pair, path: str, body: dict[str, Any], rounds: int) -> None:
    pair.sharded.asked.clear()
    pair.good("POST", f"{P}/{path}", body)
    assert len(pair.sharded.asked) == rounds


@pytest.mark.parametrize("metric", world.METRICS)
@pytest.mark.parametrize("limit", [1, 7, 25])
def test_equal_scores_are_ordered_by_id(metric: str, limit: int) -> None:
    pair = Pair(3)
    pair.good("PUT", "/collections/docs", world.created(metric, named=False))
    points = [{"id": id, "vector": [1, n % 3, 2], "payload": {"n": n % 4}} for n, id in enumerate(world.IDS)]
    pair.good("PUT", f"{P}?wait=true", {"points": points})
    for query in ([1, 1, 1], 5, {"nearest": 7, "mmr": {"candidates_limit": 40}}):
        pair.good("POST", f"{P}/query", {"query": query, "limit": limit, "with_payload": True})
    pair.good("POST", f"{P}/query/groups", {"query": [1, 1, 1], "limit": min(limit, 3), "group_by": "n"})


def test_scores_beyond_all_numbers_come_last() -> None:
    pair = Pair(3)
    pair.good("PUT", "/collections/docs", world.created("Euclid", named=False))
    points = [{"id": n, "vector": [3e38 if n % 3 else n, 0, 0]} for n in range(1, 30)]
    pair.good("PUT", f"{P}?wait=true", {"points": points})
    hits = pair.good("POST", f"{P}/query", {"query": [1, 0, 0], "limit": 20})["points"]
    assert hits[0]["score"] == 2.0
    assert hits[-1]["score"] is None
