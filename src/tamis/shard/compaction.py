"""Which sealed segments to rewrite next: pure policy, from sizes to a job.

    background   many small segments are merged; segments without a graph are merged with smaller ones that have
                 one as soon as together they deserve a graph; what lost many rows is rewritten; overlays are folded
    full         the same until nothing is left to gain (`optimize`): as few segments as the size limit allows,
                 but a segment ten times larger than all smaller ones together stays as it is;
                 what holds a dropped vector is rewritten

A segment with a graph is built anew only together with at least as many rows as it has itself, so a point takes part in
O(log n) builds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["Job", "JobKind", "Limits", "Piece", "plan"]

_PLAIN_MAX = 4  # so many segments without a graph are merged even if the result gets none
_FOLD_SHARE = 0.1  # of the segment's rows in its overlay
_FOLD_ROWS_MIN = 1_000
_FULL_RATIO = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """What the policy knows of a segment."""

    name: str
    rows: int
    alive: int
    present: Mapping[str, int]  # rows that have the vector, by vector name
    graphs: frozenset[str]  # vector names that have a graph
    overlay_rows: int = 0
    reindexed: bool = False  # its columns were sealed under other index definitions
    holds_dropped: bool = False  # it has a vector that the collection has no more


@dataclass(frozen=True, slots=True)
class Limits:
    """The collection's settings. deserves: vector names that get a graph, given how many rows have each."""

    rows_max: int
    deserves: Callable[[Mapping[str, int]], frozenset[str]]
    deleted_threshold: float = 0.2
    vacuum_rows_min: int = 1_000


class JobKind(Enum):
    """MERGE writes a new segment, FOLD only a payload file."""

    MERGE = "merge"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Job:
    """Names of the segments to rewrite, as one."""

    kind: JobKind
    names: tuple[str, ...]


def plan(pieces: Sequence[Piece], limits: Limits, *, full: bool = False) -> Job | None:
    """The next job, None if all is well.

    >>> few = Limits(rows_max=100, deserves=lambda present: frozenset())
    >>> plan([Piece("a", 5, 5, {}, frozenset()), Piece("b", 5, 5, {}, frozenset())], few, full=True).names
    ('a', 'b')
    """
    ascending = sorted(pieces, key=lambda piece: (piece.alive, piece.name))
    merge = _everything(ascending, limits) if full else _worthwhile(ascending, limits)
    if merge:
        return Job(JobKind.MERGE, tuple(piece.name for piece in merge))
    for piece in pieces:
        if _needs_rewrite(piece, limits) or (full and piece.holds_dropped):
            return Job(JobKind.MERGE, (piece.name,))
    for piece in pieces:
        if piece.reindexed or piece.overlay_rows > (0 if full else max(_FOLD_ROWS_MIN, _FOLD_SHARE * piece.rows)):
            return Job(JobKind.FOLD, (piece.name,))
    return None


def _needs_rewrite(piece: Piece, limits: Limits) -> bool:
    dead = piece.rows - piece.alive
    vacuum = piece.rows >= limits.vacuum_rows_min and dead > limits.deleted_threshold * piece.rows
    return vacuum or bool(limits.deserves(piece.present) - piece.graphs)


def _worthwhile(ascending: Sequence[Piece], limits: Limits) -> list[Piece]:
    """Segments that together deserve a graph, or too many small ones; empty if there are none."""
    chosen: list[Piece] = []
    for piece in ascending:
        if not piece.graphs and _alive(chosen) + piece.alive <= limits.rows_max:
            chosen.append(piece)
    plain = len(chosen)
    for piece in ascending:
        total = _alive(chosen)
        if piece.graphs and piece.alive <= total and total + piece.alive <= limits.rows_max:
            chosen.append(piece)
    if len(chosen) > 1 and limits.deserves(_present(chosen)):
        return chosen
    return _tier(chosen[:plain]) if plain >= _PLAIN_MAX else []


def _tier(ascending: Sequence[Piece]) -> list[Piece]:
    """The smaller ones, as long as each is at most twice what came before it, if that is enough of them."""
    chosen: list[Piece] = []
    for piece in ascending:
        if chosen and piece.alive > 2 * _alive(chosen):
            break
        chosen.append(piece)
    return chosen if len(chosen) >= _PLAIN_MAX else []


def _everything(ascending: Sequence[Piece], limits: Limits) -> list[Piece]:
    """All that fits into one segment, without what is large enough to stay by itself."""
    chosen = list(ascending)
    while len(chosen) > 1:
        smaller = _alive(chosen[:-1])
        largest = chosen[-1].alive
        fits = smaller + largest <= limits.rows_max
        if fits and largest < _FULL_RATIO * smaller:
            return chosen
        if not fits and largest < limits.rows_max // 2:
            return _fill(chosen, limits.rows_max)
        chosen.pop()
    return []


def _fill(ascending: Sequence[Piece], rows_max: int) -> list[Piece]:
    """As many as fit, the larger ones first."""
    chosen: list[Piece] = []
    for piece in reversed(ascending):
        if _alive(chosen) + piece.alive <= rows_max:
            chosen.append(piece)
    return chosen if len(chosen) > 1 else []


def _alive(pieces: Sequence[Piece]) -> int:
    return sum(piece.alive for piece in pieces)


def _present(pieces: Sequence[Piece]) -> dict[str, int]:
    total: dict[str, int] = {}
    for piece in pieces:
        for name, count in piece.present.items():
            total[name] = total.get(name, 0) + count
    return total
