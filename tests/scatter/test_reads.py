"""Every read of several shards answers as one collection does that holds all points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.scatter import world
from tests.scatter.sharded import Pair
from tests.scatter.world import P

SEED = 11
EXAMPLES = 60
COLLECTION = "/collections/docs"


@pytest.fixture(scope="module", params=[1, 2, 5], ids="shards={}".format)
def pair(request: pytest.FixtureRequest) -> Pair:
    made = Pair(request.param)
    made.good("PUT", COLLECTION, world.created("Dot", named=False))
    made.good("PUT", f"{P}?wait=true", {"points": world.made_up(SEED, named=False)})
    return made


def test_every_shard_has_points(pair: Pair) -> None:
    counts = [shard.collections() and shard.get_collection("docs").count() for shard in pair.sharded.databases]
    assert sum(counts) == len(world.IDS)
    assert all(counts)


@settings(max_examples=EXAMPLES)
@given(ids=st.lists(world.ids | st.just(99)), options=world.options(with_vector=st.booleans()))
def test_retrieve(pair: Pair, ids: list[Any], options: dict[str, Any]) -> None:
    options.pop("filter", None)
    pair.both("POST", P, {"ids": ids, **options})


@pytest.mark.parametrize("id", [*world.IDS[::7], 99, "f47ac10b-58cc-4372-a567-0e02b2c3d479"])
def test_one_point(pair: Pair, id: Any) -> None:
    pair.both("GET", f"{P}/{id}")


@settings(max_examples=EXAMPLES)
@given(filter=world.filters)
def test_count(pair: Pair, filter: dict[str, Any]) -> None:
    pair.good("POST", f"{P}/count", {"filter": filter, "exact": True})


@settings(max_examples=EXAMPLES)
@given(key=world.paths, options=world.options(limit=st.integers(1, 20)))
def test_facet(pair: Pair, key: str, options: dict[str, Any]) -> None:
    options.pop("with_payload", None)
    pair.good("POST", f"{COLLECTION}/facet", {"key": key, **options})


@settings(max_examples=EXAMPLES)
@given(options=world.options(limit=st.integers(1, 25), offset=world.ids))
def test_pages(pair: Pair, options: dict[str, Any]) -> None:
    """Each page, and all of them one after the other."""
    seen = []
    for _ in range(len(world.IDS) + 1):
        note(options)
        status, page = pair.both("POST", f"{P}/scroll", options)
        if status != 200:
            return
        seen += [point["id"] for point in page["points"]]
        if page["next_page_offset"] is None:
            break
        options = {**options, "offset": page["next_page_offset"]}
    assert len(seen) == len(set(seen))


ordering = st.fixed_dictionaries(
    {"key": world.paths},
    optional={
        "direction": st.sampled_from(("asc", "desc")),
        "start_from": st.sampled_from((1, 5.5, 2**53 + 1, "2024-03-01")),
    },
)


@settings(max_examples=EXAMPLES)
@given(order=ordering, options=world.options(limit=st.integers(1, 70)))
def test_ordered_pages(pair: Pair, order: dict[str, Any], options: dict[str, Any]) -> None:
    pair.both("POST", f"{P}/scroll", {"order_by": order, **options})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"ids": [1, "x"]}),
        ("", {"ids": 1}),
        ("", {}),
        ("", {"ids": [], "with_vector": ["nothing"]}),
        ("", {"ids": [1], "with_payload": 3}),
        ("/count", {"filter": {"must": [{"key": "a"}]}}),
        ("/count", {"unknown": 1}),
        ("/scroll", {"limit": 0}),
        ("/scroll", {"limit": "1"}),
        ("/scroll", {"limit": 10**7}),
        ("/scroll", {"order_by": {"key": "n", "direction": "up"}}),
        ("/scroll", {"order_by": "n", "offset": 1}),
        ("/scroll", {"offset": "x"}),
        ("/scroll", {"shard_key": "a"}),
        ("/../facet", {"key": "city", "limit": 0}),
        ("/../facet", {"key": 3}),
        ("/../facet", {}),
    ],
)
def test_refusals_have_the_same_words(pair: Pair, path: str, body: dict[str, Any]) -> None:
    target = P + path if ".." not in path else COLLECTION + path.removeprefix("/..")
    status, _ = pair.both("POST", target, body)
    assert status in (400, 422)


def test_no_collection(pair: Pair) -> None:
    status, told = pair.both("POST", "/collections/nothing/points/count", {})
    assert status == 404, told
