"""Masks that are kept with a view are right, and go when the view goes."""

import numpy as np

import tamis
from tamis.model.filter import Filter, Match
from tamis.model.query import NearestQuery
from tamis.search import target
from tamis.search.target import ANSWERS_KEPT, aim
from tamis.segment.view import SegmentView
from tamis.wire.filter_reader import read_filter

RED = {"must": [{"key": "colour", "match": {"value": "red"}}]}


def collection() -> tamis.Collection:
    made = tamis.open().create_collection("c", vectors={"size": 2, "distance": "Euclid"})
    colours = ["red" if n % 3 == 0 else "blue" for n in range(30)]
    made.upsert(ids=range(30), vectors=np.arange(60).reshape(30, 2), payloads=[{"colour": c} for c in colours])
    made.optimize()
    return made


def reds(made: tamis.Collection) -> set[object]:
    return {hit.id for hit in made.search([0, 0], limit=30, filter=RED)}


def test_every_kind_of_write_is_seen_by_the_next_equal_question() -> None:
    made = collection()
    expected = set(range(0, 30, 3))
    assert reds(made) == reds(made) == expected
    made.set_payload({"colour": "red"}, ids=[1])
    assert reds(made) == expected | {1}
    made.delete(ids=[3])
    assert reds(made) == expected - {3} | {1}
    made.upsert(ids=[100], vectors=[[0, 0]], payloads=[{"colour": "red"}])
    assert reds(made) == expected - {3} | {1, 100}
    made.optimize()
    assert reds(made) == expected - {3} | {1, 100}


def view_of(made: tamis.Collection) -> SegmentView:
    (view,) = made._stored._shard.snapshot().views
    return view


def ask(view: SegmentView, filter: Filter | None) -> int:
    return aim(view, NearestQuery(np.zeros((1, 2), np.float32), "", 1, filter), trace=False).matches


def test_an_equal_filter_is_evaluated_once_and_few_masks_are_kept(monkeypatch) -> None:
    evaluated = []
    evaluate = target.evaluate
    monkeypatch.setattr(target, "evaluate", lambda *a, **k: evaluated.append(1) or evaluate(*a, **k))
    view = view_of(collection())
    assert ask(view, read_filter(RED)) == ask(view, read_filter(dict(RED))) == 10
    assert len(evaluated) == 1
    for n in range(3 * ANSWERS_KEPT):
        assert ask(view, Filter(must=(Match("colour", f"none {n}"),))) == 0
    assert len(view.answered) <= ANSWERS_KEPT
    assert ask(view, read_filter(RED)) == 10


def test_filters_that_compare_equal_but_ask_differently_are_told_apart() -> None:
    made = tamis.open().create_collection("c", vectors={"size": 1, "distance": "Dot"})
    made.upsert(ids=[1, 2], vectors=[[1], [1]], payloads=[{"a": True}, {"a": 1}])
    for value, expected in ((True, 1), (1, 2)):
        (hit,) = made.search([1], filter={"must": [{"key": "a", "match": {"value": value}}]})
        assert hit.id == expected


def test_a_beam_too_wide_for_a_walk_is_a_scan_of_the_indexed_segment() -> None:
    made = tamis.open().create_collection(
        "c", vectors={"size": 8, "distance": "Euclid"}, hnsw_config={"full_scan_threshold": 1}
    )
    rows = np.random.default_rng(2).standard_normal((3_000, 8)).astype(np.float32)
    made.upsert(ids=np.arange(3_000), vectors=rows)
    made.optimize()
    params = {"hnsw_ef": 5_000, "indexed_only": True}
    exact = [hit.id for hit in made.search(rows[0], limit=5, params={"exact": True})]
    assert [hit.id for hit in made.search(rows[0], limit=5, params=params)] == exact
    (leg,) = made.explain(rows[0], limit=5, params=params).to_dict()["segments"]
    assert leg["strategy"] == "scan"
    assert "wider than a walk" in leg["reason"]
