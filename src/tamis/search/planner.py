"""The ladder: how one segment answers, given how many of its rows match. Pure; `explain` prints its reasons.

    nothing matches                                   empty
    the caller asked for exact                        scan
    the segment has no graph                          scan   (or skipped, under indexed_only)
    the beam is wider than a walk can be              scan
    no filter, nothing deleted                        walk
    matches ≤ max(beam, 4 · limit)                    scan
    matches · degree² / rows < BRANCHING              scan_codes   two hops no longer hold the graph together
    the scan is predicted cheaper, or hardly dearer   scan_codes
    otherwise                                         walk_filtered, with the cost of the scan as its budget

`scan` measures full rows and is exact; for a batch it is one matrix product. `scan_codes` ranks every match by its
code and measures the head of that ranking on full rows; without codes it is a scan. A walk
that passes its budget, or finds fewer hits than there are, is repeated as a scan: nothing costs more than about two.
"""

from __future__ import annotations

from math import ceil, exp

import msgspec

from tamis.search.cost import ROOM, Cost, lists_read

__all__ = ["BRANCHING", "Choice", "Situation", "beam_of", "choose"]

BRANCHING = 20.0  # passing nodes within two hops below which recall falls (the percolation law of filtered graphs)
NOVELTY = 0.6  # of the passing nodes within two hops, those that were not seen before; fits 15 to 41 measured of 48
WIDER = 0.5  # of the calibrated beam, for a filter that nearly nothing passes: matches may lie far from the query
SURE = 1.25  # a scan misses nothing, so it may cost this much of a walk
UNLIMITED = 1 << 62


class Situation(msgspec.Struct, frozen=True):
    """What is known of one segment when it has to choose."""

    rows: int  # rows of the segment that have the vector
    matches: int  # of them, allowed by filter and alive bits: exact
    limit: int
    beam: int
    size: int  # dimensions
    degree: float | None  # mean degree of the graph; None: there is none
    beam_max: int = UNLIMITED  # the widest a walk can be
    coded: bool = False  # a scan may rank by codes
    shared: int = 0  # queries that a scan would answer together
    asked: bool = False  # the beam is what the caller asked for
    exact: bool = False
    indexed_only: bool = False


class Choice(msgspec.Struct, frozen=True):
    """strategy: empty | skipped | scan | scan_codes | walk | walk_filtered. budget: distances until a walk gives up."""

    strategy: str
    reason: str
    beam: int = 0
    budget: int = UNLIMITED


def beam_of(asked: int | None, calibrated: int, limit: int) -> int:
    """The beam of a walk: what the caller asked for, else what was calibrated; there is room for `limit` always."""
    if asked is not None:
        return max(asked, limit)
    return max(calibrated, limit + limit // 2)


def choose(now: Situation, cost: Cost) -> Choice:
    """Pick the strategy for one segment."""
    if now.matches == 0:
        return Choice("empty", "nothing matches")
    if now.exact:
        return Choice("scan", "exact was asked for")
    if now.degree is None:
        if now.indexed_only:
            return Choice("skipped", "indexed_only was asked for and the segment has no graph")
        return Choice("scan", "the segment has no graph")
    if now.beam > now.beam_max:
        return Choice("scan", f"a beam of {now.beam} is wider than a walk can be, {now.beam_max}")
    if now.matches == now.rows:
        return Choice("walk", "everything matches", now.beam)
    few = max(now.beam, 4 * now.limit)
    if now.matches <= few:
        return Choice("scan", f"{now.matches} matches are at most max(beam, 4 · limit) = {few}")
    share = now.matches / now.rows
    branching = share * now.degree**2
    scan = "scan_codes" if now.coded else "scan"
    if branching < BRANCHING:
        return Choice(scan, f"{branching:.1f} passing nodes within two hops are fewer than {BRANCHING:.0f}")
    scan_ns = now.matches * _row_ns(now, cost)
    beam = now.beam if now.asked else min(ceil(now.beam * (1 + WIDER * (1 - share))), now.beam_max)
    visits = beam * ROOM * (1 - exp(-NOVELTY * branching / ROOM))
    walk_ns = beam * lists_read(share, now.degree) * cost.list_ns + visits * cost.visit_ns(now.size)
    if scan_ns <= SURE * walk_ns:
        return Choice(scan, f"scan predicted at {scan_ns / 1e3:.0f} µs, walk at {walk_ns / 1e3:.0f} µs")
    reason = f"walk predicted at {walk_ns / 1e3:.0f} µs, scan at {scan_ns / 1e3:.0f} µs"
    return Choice("walk_filtered", reason, beam, max(int(visits * scan_ns / walk_ns), 1))


def _row_ns(now: Situation, cost: Cost) -> float:
    """What a scan spends on one match, per query."""
    if now.shared:
        return cost.tile_ns(now.size, now.shared) if now.coded else cost.product_ns(now.size, now.shared)
    return cost.code_ns(now.size) if now.coded else cost.scan_ns(now.size)
