"""How many points satisfy a filter: always exact, a popcount per segment."""

from __future__ import annotations

from collections.abc import Sequence

from tamis.model.filter import Filter
from tamis.search.filter.evaluate import evaluate
from tamis.segment.view import SegmentView

__all__ = ["count"]


def count(views: Sequence[SegmentView], filter: Filter | None) -> int:
    """Points that match; None counts all."""
    return sum(evaluate(view, filter).count for view in views if view.alive_count)
