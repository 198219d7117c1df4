"""Where local mode itself departs from the reference, or we from both, and why. Nothing else may differ.

Score 0 of a query without a query: the reference says so; local mode says 1. `_hits` in `pair` knows it.
No vectors asked for, or none there: None and {} are the same to `compare`; the reference does not say which.

Not drawn at all, because we mean to differ:
- with_payload=["a[1]"]: that element here; a place in an array is never found there

Not drawn at all, because the reference leaves it open:
- a list of operations of which one is unsound: here what comes before it stays, there all is refused
- whether an alias in place of a name makes lookup_from look into another collection, whose ids are not excluded
- an id twice in one upsert that depends on what is there before (update_mode, update_filter)
- several operators in one condition; vectors of zeros; the order of equal scores where hits must differ (mmr)
- a write by ids of which some are missing: here it changes nothing, there it changes the others first
"""

from __future__ import annotations

from typing import Any

from tests.server.differential.step import Step

__all__ = ["departs"]


def departs(step: Step, got: Any, want: Any) -> bool:
    """Whether only one of the two refuses, and may."""
    return any(departure(step, got, want) for departure in _DEPARTURES)


def _lookup_of_another_size(step: Step, got: Any, want: Any) -> bool:
    """The vectors that lookup_from names have another size than those that are searched: wrong dim 400. Local mode
    notices only if an id has to be looked up."""
    return "lookup_from" in str(got)


def _vectors_that_are_not_there(step: Step, got: Any, want: Any) -> bool:
    """with_vectors names one that the collection does not have: refused here, left out there."""
    return "with_vector: " in str(got)


def _paths_that_are_none(step: Step, got: Any, want: Any) -> bool:
    """What cannot be read as a path is refused here; there only once a point is looked at."""
    return step.method in ("facet", "query_points_groups") and ": path " in str(got)


_DEPARTURES = (_lookup_of_another_size, _vectors_that_are_not_there, _paths_that_are_none)
