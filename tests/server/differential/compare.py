"""Answers of two clients held side by side: equal, but for what answers of equal worth may differ in.

Scores and vectors may be apart by TOLERANCE, values that points are ordered by may not. Where a ranking is cut among
equals, any of them may be there: the other side is asked for the whole ranking, and what was got must be a cut of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qdrant_client import models

__all__ = ["same", "same_cut", "same_groups", "same_page"]

TOLERANCE = 1e-5

Worth = Callable[[Any], float]


def score(hit: models.ScoredPoint) -> float:
    """What hits are ranked by."""
    return hit.score


def same_page(got: tuple[list[models.Record], Any], want: tuple[list[models.Record], Any]) -> None:
    """Records in that order, and the offset of the next page."""
    assert [record.id for record in got[0]] == [record.id for record in want[0]]
    assert got[1] == want[1]
    for one, other in zip(got[0], want[0], strict=True):
        same_record(one, other)


def same(got: Any, want: Any) -> None:
    """Values of JSON, with the types they have there."""
    assert _canonical(got) == _canonical(want)


def same_cut(got: Sequence[Any], whole: Sequence[Any], limit: int, skip: int = 0, worth: Worth = score) -> None:
    """`got` is whole[skip : skip + limit], up to the order of points that are worth the same."""
    expected = [worth(one) for one in whole][skip : skip + limit]
    assert len(got) == len(expected), f"{len(got)} instead of {len(expected)}"
    near = _near if worth is score else lambda one, other: one == other
    for one, value in zip(got, expected, strict=True):
        assert near(worth(one), value), f"point {one.id}: {worth(one)} where {value} is expected"
    assert len({(str(one.id), getattr(one, "order_value", None)) for one in got}) == len(got), "a point twice"
    for one in got:
        twins = [other for other in whole if other.id == one.id and near(worth(one), worth(other))]
        assert twins, f"point {one.id} is not there with {worth(one)}"
        same_record(one, twins[0])


def same_groups(got: list[models.PointGroup], whole: list[models.PointGroup], limit: int, size: int) -> None:
    """Groups by their best hits; each hits that are a cut of the group's."""
    best = [group.hits[0].score for group in whole]
    assert len(got) == min(limit, len(whole))
    for group, score in zip(got, best, strict=False):
        assert _near(group.hits[0].score, score), f"group {group.id!r}: {group.hits[0].score}, expected {score}"
    known = {(type(group.id), group.id): group for group in whole}
    assert len({(type(group.id), group.id) for group in got}) == len(got), "a group twice"
    for group in got:
        other = known[type(group.id), group.id]
        same_cut(group.hits, other.hits, size)
        assert (group.lookup is None) == (other.lookup is None), f"lookup of group {group.id!r}"
        if group.lookup is not None:
            same_record(group.lookup, other.lookup)


def same_record(got: Any, want: Any) -> None:
    """Id, payload, vectors. Versions differ: local mode counts none."""
    assert got.id == want.id
    assert _canonical(got.payload) == _canonical(want.payload), f"payload of {got.id}"
    assert getattr(got, "order_value", None) == getattr(want, "order_value", None), f"order value of {got.id}"
    one, other = _vectors(got.vector), _vectors(want.vector)
    assert (one is None) == (other is None), f"vector of {got.id}: {got.vector} and {want.vector}"
    if one is None or other is None:
        return
    assert one.keys() == other.keys(), f"vectors of {got.id}: {got.vector} and {want.vector}"
    for name, row in one.items():
        np.testing.assert_allclose(row, other[name], TOLERANCE, TOLERANCE, err_msg=f"vector {name!r} of {got.id}")


def _vectors(given: Any) -> dict[str, Any] | None:
    return {"": given} if isinstance(given, list) else given or None


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(1.0, abs(other))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
