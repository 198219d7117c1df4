"""A filter on one view becomes one exact mask.

    clauses → order by estimate → each a mask (`leaf`, `nested`, ids) → and / or / and not on words → alive

    view rows     (columns of the body & ~stale) | targets of matching overlay rows
    unsure rows   read and checked one by one, only those that the clauses before have left over
    nested        the inner filter on the element rows of a child table, projected to the rows that hold them

`Ground` is what a filter is evaluated on: a view, or the elements below it. Everything returned is exact for the rows
asked about (`within`), and the mask of an Evaluation holds alive rows only. Masks are never changed after they are
given out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.kernels.mask import and_count, andnot_count, count_bits, list_rows, set_parents
from tamis.model.filter import Condition, FieldCondition, Filter, HasId, HasVector, MinShould, Nested, Slice
from tamis.model.ids import IdArray, PointId, parse_ids
from tamis.model.payload import decode_payload
from tamis.model.schema import PayloadIndex, TextOptions
from tamis.model.siphash import hash_ids
from tamis.search.filter.describe import describe
from tamis.search.filter.estimate import Estimate, estimate
from tamis.search.filter.leaf import Found, find_rows, join
from tamis.search.filter.route import route_of
from tamis.segment.alive import all_rows, no_rows, pack_rows
from tamis.segment.check_row import matches, text_options
from tamis.segment.column.table import Table
from tamis.segment.view import SegmentView

__all__ = ["Clause", "Evaluation", "evaluate"]

Mask = NDArray[np.uint64]


class Clause(NamedTuple):
    """One top-level clause, for explain. `exact` counts the alive rows that pass all clauses up to this one."""

    text: str
    estimated: int
    exact: int
    how: str
    seconds: float


class Evaluation(msgspec.Struct, frozen=True):
    """Alive rows that pass the filter. `clauses` only when traced, in the order they were evaluated."""

    mask: Mask
    count: int
    clauses: tuple[Clause, ...] = ()


def evaluate(view: SegmentView, filter: Filter | None, *, trace: bool = False) -> Evaluation:
    """The alive rows of `view` that satisfy `filter`; None is every alive row."""
    if filter is None:
        return Evaluation(view.alive, view.alive_count)
    ground = _ViewGround(view)
    noted: list[Clause] | None = [] if trace else None
    mask = _filter(filter, ground, view.alive, noted)
    count = int(and_count(mask, view.alive)) if view.alive_count < view.body.count else int(count_bits(mask))
    return Evaluation(mask, count, tuple(noted or ()))


class _Ground(Protocol):
    """Rows that conditions are asked about."""

    rows: int
    how: str  # of the last leaf

    def leaf(self, condition: Condition, within: Mask) -> Mask:
        """A new mask, right for the rows in `within`."""
        ...

    def estimate(self, condition: Condition) -> Estimate: ...


def _solve(condition: Condition, ground: _Ground, within: Mask) -> Mask:
    if isinstance(condition, Filter):
        return _filter(condition, ground, within, None)
    return ground.leaf(condition, within)


class _Step(NamedTuple):
    """A clause of a filter: one of must and must_not, or all of should, or min_should."""

    estimate: Estimate
    place: int
    negated: bool
    conditions: tuple[Condition, ...]
    least: int


def _filter(filter: Filter, ground: _Ground, within: Mask, noted: list[Clause] | None) -> Mask:
    """All clauses ANDed: a new mask."""
    steps = _steps(filter, ground, ordered=noted is not None)
    mask: Mask | None = None
    left = 1
    for step in steps:
        begin = time.perf_counter() if noted is not None else 0.0
        found = _some(step, ground, within if mask is None else mask)
        if mask is None:
            mask = _but(found, ground.rows) if step.negated else found
            left = int(count_bits(mask)) if len(steps) > 1 else 1
        else:
            left = int((andnot_count if step.negated else and_count)(mask, found))
        if noted is not None:
            noted.append(_noted(step, mask, within, ground, begin))
        if not left:
            break
    return all_rows(ground.rows) if mask is None else mask


def _but(mask: Mask, rows: int) -> Mask:
    """All the other rows."""
    others: Mask = np.bitwise_xor(mask, all_rows(rows), out=mask)
    return others


def _steps(filter: Filter, ground: _Ground, *, ordered: bool) -> list[_Step]:
    """Clauses, cheap and strict ones first."""
    groups: list[tuple[tuple[Condition, ...], bool, int]] = [((one,), False, 1) for one in filter.must]
    groups += [((one,), True, 1) for one in filter.must_not]
    if filter.should:
        groups.append((filter.should, False, 1))
    if filter.min_should is not None:
        groups.append((filter.min_should.conditions, False, filter.min_should.min_count))
    if len(groups) == 1 and not ordered:
        (conditions, negated, least), *_ = groups
        return [_Step(Estimate(0), 0, negated, conditions, least)]
    steps = []
    for place, (conditions, negated, least) in enumerate(groups):
        some = [ground.estimate(one) for one in conditions]
        rows = min(ground.rows, sum(one.rows for one in some))
        guess = Estimate(ground.rows - rows if negated else rows, any(one.reads for one in some))
        steps.append(_Step(guess, place, negated, conditions, least))
    return sorted(steps)


def _some(step: _Step, ground: _Ground, within: Mask) -> Mask:
    """Rows that satisfy at least `least` of the conditions."""
    if len(step.conditions) == 1 and step.least == 1:
        return _solve(step.conditions[0], ground, within)
    if step.least > len(step.conditions):
        return no_rows(ground.rows)
    # at_least[j]: rows that j + 1 of the conditions seen so far hold for
    at_least = [no_rows(ground.rows) for _ in range(step.least)]
    for condition in step.conditions:
        mask = _solve(condition, ground, within)
        for j in range(step.least - 1, 0, -1):
            at_least[j] |= at_least[j - 1] & mask
        at_least[0] |= mask
    return at_least[-1]


def _noted(step: _Step, mask: Mask, within: Mask, ground: _Ground, begin: float) -> Clause:
    least = MinShould(step.conditions, step.least) if step.least > 1 else None
    asked: Condition = (
        step.conditions[0] if len(step.conditions) == 1 else Filter(should=step.conditions, min_should=least)
    )
    if least is not None:
        asked = Filter(min_should=least)
    text = f"not {describe(asked)}" if step.negated else describe(asked)
    seconds = time.perf_counter() - begin
    return Clause(text, step.estimate.rows, int(count_bits(mask & within)), ground.how, seconds)


def _find(condition: FieldCondition | Nested, table: Table, indexes: Mapping[str, PayloadIndex], prefix: str) -> Found:
    """Rows of one table; `prefix` is the path of the array whose elements its rows are."""
    if isinstance(condition, Nested):
        return _nested(condition, table, route_of(condition.path).hops, indexes, prefix)
    return find_rows(
        condition, table, text_options(indexes, f"{prefix}.{condition.path}" if prefix else condition.path)
    )


def _nested(
    condition: Nested, table: Table, hops: tuple[str, ...], indexes: Mapping[str, PayloadIndex], prefix: str
) -> Found:
    route = route_of(condition.path)
    mask = no_rows(table.rows)
    unsure = pack_rows(table.spilled, table.rows) if len(table.spilled) else None
    if not hops and not route.exact:
        field = table.field(route.last)
        unsure = join(unsure, mask)
        if field is not None:
            field.mark("array", unsure)
        return Found(mask, unsure, "path with positions")
    child = table.child(hops[0] if hops else route.last)
    if child is None:
        return Found(mask, unsure, "no elements")
    if hops:
        below = _nested(condition, child.table, hops[1:], indexes, prefix)
    else:
        inner = _ElementGround(child.table, indexes, f"{prefix}.{condition.path}" if prefix else condition.path)
        every = all_rows(child.table.rows)
        below = Found(_filter(condition.filter, inner, every, None), None, "elements")
        below.unsure = inner.unsure
    set_parents(mask, child.parents, below.mask)
    if below.unsure is not None:
        unsure = join(unsure, mask)
        set_parents(unsure, child.parents, below.unsure)
    return Found(mask, unsure, below.how)


class _ElementGround:
    """Elements of an array of objects. What cannot be told for an element is collected: its point will be read."""

    def __init__(self, table: Table, indexes: Mapping[str, PayloadIndex], prefix: str) -> None:
        self.rows = table.rows
        self.how = ""
        self.unsure: Mask | None = None
        self._table = table
        self._indexes = indexes
        self._prefix = prefix

    def leaf(self, condition: Condition, within: Mask) -> Mask:
        assert isinstance(condition, (FieldCondition, Nested)), "the reader refuses point conditions inside nested"
        found = _find(condition, self._table, self._indexes, self._prefix)
        if found.unsure is not None:
            self.unsure = join(self.unsure, found.mask)
            self.unsure |= found.unsure
        return found.mask

    def estimate(self, condition: Condition) -> Estimate:
        return estimate(condition, self._table, lambda path: text_options(self._indexes, f"{self._prefix}.{path}"))


class _ViewGround:
    """The rows of a view, dead ones included; those are never read."""

    def __init__(self, view: SegmentView) -> None:
        self.rows = view.body.count
        self.how = ""
        self._view = view

    def estimate(self, condition: Condition) -> Estimate:
        return estimate(condition, self._view.body.table, self._options)

    def _options(self, path: str) -> TextOptions:
        return text_options(self._view.indexes, path)

    def leaf(self, condition: Condition, within: Mask) -> Mask:
        if isinstance(condition, (FieldCondition, Nested)):
            return self._on_payload(condition, within)
        view = self._view
        if isinstance(condition, HasId):
            self.how = "ids"
            ids = IdArray.concatenate([parse_ids(condition.numbers), parse_ids(condition.uuids)])
            rows = view.body.find(ids)
            return pack_rows(rows[rows >= 0], self.rows)
        if isinstance(condition, HasVector):
            self.how = "vectors"
            dense = view.body.vectors.get(condition.name)
            if dense is None:
                return no_rows(self.rows)
            return all_rows(self.rows) if dense.present is None else dense.present.copy()
        assert isinstance(condition, Slice)
        self.how = "ids"
        hashes = hash_ids(view.body.ids(slice(0, self.rows)))
        return pack_rows(np.flatnonzero(hashes % np.uint64(condition.total) == condition.index), self.rows)

    def _on_payload(self, condition: FieldCondition | Nested, within: Mask) -> Mask:
        view = self._view
        found = _find(condition, view.body.table, view.indexes, "")
        self.how = found.how
        mask, unsure = found.mask, found.unsure
        if view.overlay is not None:
            mask &= ~view.overlay.stale
            changed = _find(condition, view.overlay.table, view.indexes, "")
            set_parents(mask, view.overlay.targets, changed.mask & view.overlay.alive)
            if unsure is not None:
                unsure &= ~view.overlay.stale
            if changed.unsure is not None:
                unsure = join(unsure, mask)
                set_parents(unsure, view.overlay.targets, changed.unsure & view.overlay.alive)
        if unsure is not None:
            self._read(cast(Condition, condition), mask, unsure & within & view.alive)
        return mask

    def _read(self, condition: Condition, mask: Mask, unsure: Mask) -> None:
        """Put the rows in `unsure` right by reading them."""
        rows = np.empty(count_bits(unsure), np.uint32)
        list_rows(unsure, rows)
        np.bitwise_and(mask, ~unsure, out=mask)
        for row in rows.tolist():
            if matches(condition, decode_payload(self._view.payload(row)), _RowFacts(self._view, row)):
                mask[row >> 6] |= np.uint64(1 << (row & 63))
        if len(rows):
            self.how = f"{self.how}; {len(rows)} rows read"


class _RowFacts:
    """What `matches` may ask about a row."""

    def __init__(self, view: SegmentView, row: int) -> None:
        self._view = view
        self._row = row

    @property
    def id(self) -> PointId:
        return self._view.body.ids(np.array([self._row]))[0]

    @property
    def indexes(self) -> Mapping[str, PayloadIndex]:
        return self._view.indexes

    def has_vector(self, name: str) -> bool:
        dense = self._view.body.vectors.get(name)
        if dense is None:
            return False
        return dense.present is None or bool(int(dense.present[self._row >> 6]) >> (self._row & 63) & 1)
