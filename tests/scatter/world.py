"""Made-up points, filters and searches for the comparison of shards with one collection."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from hypothesis import strategies as st

CITIES = ("Berlin", "Lyon", "Oslo", "Rome", "Turin")
METRICS = ("Cosine", "Dot", "Euclid", "Manhattan")
NUMBERS, UUIDS = 40, 20
IDS: list[int | str] = [*range(1, NUMBERS + 1), *(str(uuid.UUID(int=n << 70 | n)) for n in range(1, UUIDS + 1))]
P = "/collections/docs/points"


def created(metric: str, *, named: bool) -> dict[str, Any]:
    """The body that makes the collection."""
    params = {"size": 3, "distance": metric}
    return {"vectors": {"a": params, "b": {"size": 2, "distance": "Euclid"}} if named else params}


def made_up(seed: int, *, named: bool) -> list[dict[str, Any]]:
    """All points, in the order of their ids. Vectors are different; some points lack vector b, and some payload."""
    random = np.random.default_rng(seed)
    return [_point(random, id, named=named) for id in IDS]


def _point(random: np.random.Generator, id: int | str, *, named: bool) -> dict[str, Any]:
    a, b = random.normal(size=3).round(3).tolist(), random.normal(size=2).round(3).tolist()
    vector: Any = a
    if named:
        vector = {"a": a, "b": b} if random.random() < 0.8 else {"a": a}
    payload: dict[str, Any] = {}
    if random.random() < 0.9:
        payload["city"] = CITIES[int(random.integers(len(CITIES)))]
    if random.random() < 0.9:
        payload["n"] = int(random.integers(12))
    if random.random() < 0.5:
        payload["price"] = [2**53 + int(random.integers(3)), 1.5, -3][int(random.integers(3))]
    if random.random() < 0.7:
        tags = [CITIES[int(n)] for n in random.integers(len(CITIES), size=int(random.integers(4)))]
        payload["tags"] = [*tags, *([7] if random.random() < 0.3 else []), *([True] if random.random() < 0.2 else [])]
    if random.random() < 0.5:
        payload["when"] = f"2024-0{1 + int(random.integers(9))}-01T00:00:00Z"
    if random.random() < 0.5:
        payload["other"] = IDS[int(random.integers(len(IDS)))]
    return {"id": id, "vector": vector, "payload": payload}


numbers = st.floats(-3, 3, width=16)
ids = st.sampled_from(IDS)
conditions = st.one_of(
    st.builds(lambda v: {"key": "city", "match": {"value": v}}, st.sampled_from(CITIES)),
    st.builds(lambda v: {"key": "n", "range": {"gte": v}}, st.integers(0, 12)),
    st.builds(lambda v: {"has_id": v}, st.lists(ids, max_size=30)),
    st.builds(lambda v: {"key": "tags", "match": {"any": v}}, st.lists(st.sampled_from(CITIES), min_size=1)),
    st.just({"is_empty": {"key": "price"}}),
)
filters = st.builds(
    lambda kind, some: {kind: some}, st.sampled_from(("must", "should", "must_not")), st.lists(conditions)
)
paths = st.sampled_from(("city", "n", "tags", "price", "when", "other", "nothing", "tags[]"))
payloads = st.sampled_from((True, False, ["city"], {"exclude": ["tags"]}, None))


def options(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of what every read takes, and what is given."""
    return st.fixed_dictionaries({}, optional={"filter": filters, "with_payload": payloads, **more})


def vector(size: int = 3) -> st.SearchStrategy[list[float]]:
    """A vector to search with."""
    return st.lists(numbers, min_size=size, max_size=size)


def searching(*, named: bool) -> st.SearchStrategy[dict[str, Any]]:
    """What every search takes."""
    vectors = st.sampled_from((True, False, ["a"] if named else False))
    return options(
        with_vector=vectors,
        params=st.just({"exact": True}),
        score_threshold=st.floats(-2, 4, width=16),
    )


windows = st.fixed_dictionaries({"limit": st.integers(1, 70)}, optional={"offset": st.integers(0, 20)})
examples = st.one_of(ids, vector())
several = st.fixed_dictionaries(
    {"positive": st.lists(examples, min_size=1, max_size=3)}, optional={"negative": st.lists(examples, max_size=2)}
)
mmr = st.fixed_dictionaries(
    {}, optional={"diversity": st.floats(0, 1, width=16), "candidates_limit": st.integers(1, 80)}
)
