"""Facets, counts and pages over every shape of columns, against plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.model.ids import id_order
from tamis.model.moment import parse_moment
from tamis.model.path import leaves, parse_path, resolve
from tamis.model.payload import decode_payload, encode_payload
from tamis.model.query import Fields, OrderBy, ScrollQuery
from tamis.search.count import count
from tamis.search.facet import facet
from tamis.search.fetch import record_at
from tamis.search.scroll import scroll
from tests.filter import oracle, strategies
from tests.filter.test_check_row import read
from tests.filter.test_evaluate import INDEXES
from tests.filter.views import Points, every_shape, live_table, view_of

PATHS = ("city", "n", "tags", "tags[]", "when", "any", "any.x", "a.b", "a.c[].x", "parts[].size", "parts[].tags[]")
NO_FIELDS = Fields(payload=False)
TYPES = (bool, int, str)


def values_at(payload: dict[str, Any], path: str) -> list[Any]:
    return leaves(resolve(payload, parse_path(path)))


def order_value(leaf: Any) -> Any:
    if isinstance(leaf, str):
        return parse_moment(leaf)
    return leaf if type(leaf) in (int, float) else None


points = st.lists(
    st.tuples(strategies.point_ids(), strategies.payloads()), max_size=9, unique_by=lambda one: str(one[0])
)


@settings(max_examples=150, deadline=None)
@given(points, st.sampled_from(PATHS), st.integers(1, 5), st.booleans(), st.data())
def test_pages_and_facets(
    given_points: list[tuple[int | UUID, dict[str, Any]]],
    path: str,
    limit: int,
    descending: bool,
    data: st.DataObject,
) -> None:
    ids = [id for id, _ in given_points]
    payloads = [decode_payload(encode_payload(payload)) for _, payload in given_points]
    dead = data.draw(st.sets(st.integers(0, max(0, len(ids) - 1)), max_size=2) if ids else st.just(set()))
    shapes = every_shape(Points(payloads, ids, {}, sorted(dead)), INDEXES if data.draw(st.booleans()) else {})
    kept = [
        (id, payload)
        for row, (id, payload) in enumerate(zip(ids, payloads, strict=True))
        if row not in dead
        and oracle.holds({"must_not": {"key": "city", "match": {"value": "a"}}}, oracle.Point(id, payload))
    ]
    asked = read({"must_not": [{"key": "city", "match": {"value": "a"}}]})
    start = data.draw(st.none() | strategies.point_ids())
    start_from = data.draw(st.none() | st.sampled_from(strategies.INTEGERS + strategies.FLOATS))

    tally = Counter(
        (TYPES.index(type(v)), v)
        for _, p in kept
        for v in {(type(v), v): v for v in values_at(p, path) if type(v) in TYPES}.values()
    )
    hits = sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:limit]
    by_id = sorted((id for id, _ in kept if start is None or id_order(id) >= id_order(start)), key=id_order)
    pairs = {(v, id) for id, p in kept for leaf in values_at(p, path) if (v := order_value(leaf)) is not None}
    sign = -1 if descending else 1
    ordered = sorted(
        (one for one in pairs if start_from is None or sign * one[0] >= sign * start_from),
        key=lambda one: (sign * one[0], id_order(one[1])),
    )[:limit]

    for name, view in shapes.items():
        empty = view_of(live_table([], {}), Points([]))
        views = [empty, view]
        assert count(views, asked) == len(kept), name
        assert [((TYPES.index(type(h.value)), h.value), h.count) for h in facet(views, path, asked, limit)] == hits, (
            name
        )
        records, following = scroll(views, ScrollQuery(asked, limit, start, None, NO_FIELDS), record_at)
        assert [record.id for record in records] == by_id[:limit], name
        assert following == (by_id[limit] if len(by_id) > limit else None), name
        order = OrderBy(path, descending, start_from)
        records, following = scroll(views, ScrollQuery(asked, limit, None, order, NO_FIELDS), record_at)
        assert [(record.order_value, record.id) for record in records] == ordered, name
        assert following is None
