"""The conditions of a filter, one by one, with the payload paths they are about.

{must: [a, nested(cars[], b)], should: c}  ─▶  (a, "…"), (b, "cars[].…"), (c, "…")
"""

from __future__ import annotations

from collections.abc import Iterator

from tamis.model.filter import Condition, FieldCondition, Filter, Nested

__all__ = ["walk_conditions"]


def walk_conditions(filter: Filter, prefix: str = "") -> Iterator[tuple[Condition, str | None]]:
    """Every leaf with its path from the payload's root; None where it is not about the payload.

    >>> from tamis.wire.filter_reader import read_filter
    >>> newer = {"must": {"key": "year", "range": {"gt": 2020}}}
    >>> read = read_filter({"must": {"nested": {"key": "cars", "filter": newer}}})
    >>> [path for _, path in walk_conditions(read)]
    ['cars[].year']
    """
    some = () if filter.min_should is None else filter.min_should.conditions
    for condition in (*filter.must, *filter.should, *filter.must_not, *some):
        if isinstance(condition, Filter):
            yield from walk_conditions(condition, prefix)
        elif isinstance(condition, Nested):
            yield from walk_conditions(condition.filter, f"{prefix}{condition.path}.")
        else:
            yield condition, prefix + condition.path if isinstance(condition, FieldCondition) else None
