"""Points page by page: by id, or by the values at a payload path.

    by id       every view: rows in id order from the first id of the page, those in its mask → merged by id
    by value    every source of values: the first pairs of value and row → merged by value, then id

A page by id says where the next one starts. Ordered by value a point with several values appears once for each, numbers
and dates only (dates as microseconds), and the next page is asked for with `start_from`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.kernels.mask import keep_rows
from tamis.model.ids import IdArray, PointId, id_order
from tamis.model.moment import parse_moment
from tamis.model.query import OrderBy, ScrollQuery
from tamis.search.fetch import Make, T
from tamis.search.filter.evaluate import evaluate
from tamis.search.values import Source, leaves_at, sources
from tamis.segment.column.bounds import Bounds
from tamis.segment.view import SegmentView

__all__ = ["scroll"]

Mask = NDArray[np.uint64]
U32 = NDArray[np.uint32]
_Valued = tuple[int | float, PointId, SegmentView, int]

_CHUNK = 1_024  # ids looked at first


def scroll(views: Sequence[SegmentView], query: ScrollQuery, make: Make[T]) -> tuple[list[T], PointId | None]:
    """One page, each point as `make` makes it, and the id that the next one starts at (None at the end, and always when
    ordered by value)."""
    if query.order is not None:
        return _by_value(views, query, query.order, make), None
    pages = []
    for view in views:
        evaluation = evaluate(view, query.filter)
        if evaluation.count:
            rows = _page(view, evaluation.mask, query.start, query.limit + 1)
            pages.append((view, rows, view.body.ids(rows)))
    if not pages:
        return [], None
    ids = IdArray.concatenate([some for _, _, some in pages])
    of_view = np.repeat(np.arange(len(pages)), [len(rows) for _, rows, _ in pages])
    rows = np.concatenate([rows for _, rows, _ in pages])
    order = ids.order()[: query.limit + 1]
    records = [
        make(pages[number][0], row, query.fields, None)
        for number, row in zip(of_view[order[: query.limit]].tolist(), rows[order[: query.limit]].tolist(), strict=True)
    ]
    return records, ids[int(order[query.limit])] if len(order) > query.limit else None


def _page(view: SegmentView, mask: Mask, start: PointId | None, limit: int) -> U32:
    """The first rows of `mask` in id order, from id `start` on."""
    order = view.body.id_order()
    place = 0 if start is None else _place(view, order, start)
    pages: list[U32] = []
    found, chunk = 0, max(_CHUNK, limit)
    while place < len(order) and found < limit:
        part = order[place : place + chunk]
        kept = np.empty(len(part), np.uint32)
        pages.append(kept[: keep_rows(mask, part, kept)])
        found, place, chunk = found + len(pages[-1]), place + chunk, 4 * chunk
    return np.concatenate(pages)[:limit] if pages else np.empty(0, np.uint32)


def _place(view: SegmentView, order: U32, start: PointId) -> int:
    """Place of the first id that is not less than `start`."""
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) >> 1
        if id_order(view.body.ids(order[middle : middle + 1])[0]) < id_order(start):
            low = middle + 1
        else:
            high = middle
    return low


def _by_value(views: Sequence[SegmentView], query: ScrollQuery, order: OrderBy, make: Make[T]) -> list[T]:
    bounds = Bounds(lte=order.start_from) if order.descending else Bounds(gte=order.start_from)
    found: list[_Valued] = []
    for view in views:
        evaluation = evaluate(view, query.filter)
        if not evaluation.count:
            continue
        columns, read = sources(view, order.path, evaluation.mask)
        pairs: set[tuple[int | float, int]] = set()
        for source in columns:
            pairs.update(_first(source, bounds, query.limit, descending=order.descending))
        for row in read:
            values = map(_order_value, leaves_at(view, row, order.path))
            pairs.update((value, row) for value in values if value is not None and _inside(value, bounds))
        ids = view.body.ids(np.array([row for _, row in pairs], np.int64)).tolist()
        found.extend((value, id, view, row) for (value, row), id in zip(pairs, ids, strict=True))
    sign = -1 if order.descending else 1
    found.sort(key=lambda one: (sign * one[0], id_order(one[1])))
    return [make(view, row, query.fields, value) for value, _, view, row in found[: query.limit]]


def _first(source: Source, bounds: Bounds, limit: int, *, descending: bool) -> list[tuple[int | float, int]]:
    """The first pairs of value and row of every kind of value that has an order."""
    field = source.field
    lanes = [field.numbers[name] for name in ("int", "big", "float") if name in field.numbers]
    if field.strings is not None:
        lanes.append(field.strings.moments())
    pairs: list[tuple[Any, int]] = []
    for lane in lanes:
        # a child row or an overlay row is not yet a point: its point may come several times
        values, rows = lane.first(
            bounds, source.mask, limit if source.rows is None else lane.size, descending=descending
        )
        pairs.extend(zip(values.tolist(), source.lift(rows).tolist(), strict=True))
    return pairs


def _order_value(leaf: Any) -> int | float | None:
    if type(leaf) in (int, float):
        return leaf  # type: ignore[no-any-return]
    return parse_moment(leaf) if isinstance(leaf, str) else None


def _inside(value: int | float, bounds: Bounds) -> bool:
    return (bounds.gte is None or value >= bounds.gte) and (bounds.lte is None or value <= bounds.lte)
