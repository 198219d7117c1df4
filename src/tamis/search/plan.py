"""EXPLAIN: what a search does, segment by segment, and why; measured while it really runs.

plan      points, hits, microseconds, advice
  leg       one segment: rows, matches, strategy and reason, beam, distances, nodes visited, rows scanned, time
    clause    text, estimated and exact count, how it was answered, time; in the order they were evaluated
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamis.model.query import NearestQuery
from tamis.search.nearest import nearest
from tamis.search.ranked import Leg
from tamis.segment.view import SegmentView

__all__ = ["Plan", "explain", "plan_text"]

_MANY_SEGMENTS = 8
_MANY_ROWS_READ = 1_000
_WORTH_A_GRAPH = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """One search as it was carried out. Counts are exact; `microseconds` include everything but fetching payloads."""

    points: int
    hits: int
    microseconds: float
    legs: tuple[Leg, ...]
    advice: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain dicts and lists, ready for JSON."""
        return {
            "points": self.points,
            "hits": self.hits,
            "microseconds": round(self.microseconds, 1),
            "segments": [_leg_dict(leg) for leg in self.legs],
            "advice": list(self.advice),
        }

    def __str__(self) -> str:
        return plan_text(self.to_dict())


def plan_text(plan: Mapping[str, Any]) -> str:
    """What `Plan.to_dict` gave, for people."""
    lines = [f"{plan['hits']} hits of {plan['points']} points in {plan['microseconds']:.0f} µs"]
    for leg in plan["segments"]:
        lines += _leg_lines(leg)
    lines += [f"advice: {text}" for text in plan["advice"]]
    return "\n".join(lines)


def explain(views: Sequence[SegmentView], query: NearestQuery) -> Plan:
    """Carry the search out for the first vector of `query`, on one thread, and keep account."""
    begin = time.perf_counter()
    ranked = nearest(views, query, trace=True)
    hits = len(ranked.places(0))
    spent = (time.perf_counter() - begin) * 1e6
    legs = tuple(ranked.legs)
    return Plan(sum(view.alive_count for view in views), hits, spent, legs, tuple(_advice(ranked.views, legs, query)))


def _leg_dict(leg: Leg) -> dict[str, Any]:
    return {
        "segment": leg.segment,
        "rows": leg.rows,
        "matches": leg.matches,
        "strategy": leg.strategy,
        "reason": leg.reason,
        "beam": leg.beam,
        "distances": leg.distances,
        "nodes_visited": leg.expansions,
        "rows_scanned": leg.rows_scanned,
        "abandoned": leg.abandoned,
        "microseconds": {step: round(seconds * 1e6, 1) for step, seconds in leg.seconds.items()},
        "clauses": [
            {
                "text": clause.text,
                "estimated": clause.estimated,
                "exact": clause.exact,
                "how": clause.how,
                "microseconds": round(clause.seconds * 1e6, 1),
            }
            for clause in leg.clauses
        ],
    }


def _leg_lines(leg: Mapping[str, Any]) -> list[str]:
    share = 100 * leg["matches"] / max(leg["rows"], 1)
    steps = ", ".join(f"{step} {spent:.0f} µs" for step, spent in leg["microseconds"].items())
    lines = [f"segment {leg['segment']}: {leg['matches']} of {leg['rows']} rows match ({share:.3g} %); {steps}"]
    for number, clause in enumerate(leg["clauses"], 1):
        lines.append(
            f"  {number}. {clause['text']}: estimated {clause['estimated']}, left {clause['exact']};"
            f" {clause['how'] or 'combined'}, {clause['microseconds']:.0f} µs"
        )
    work = f"{leg['distances']} distances, {leg['nodes_visited']} nodes visited, {leg['rows_scanned']} rows scanned"
    beam = f", beam {leg['beam']}" if leg["beam"] else ""
    lines.append(f"  {leg['strategy']}{beam}: {leg['reason']}; {work}")
    if leg["abandoned"]:
        lines.append("  the walk was given up and repeated as a scan")
    return lines


def _advice(views: Sequence[SegmentView], legs: Sequence[Leg], query: NearestQuery) -> list[str]:
    """What would have made this search cheaper."""
    advice = []
    bare = sum(leg.rows for leg in legs if leg.strategy == "scan" and leg.reason.endswith("no graph"))
    if bare >= _WORTH_A_GRAPH:
        advice.append(f"{bare} rows are in segments without a graph and were scanned; optimize() builds one")
    if len(legs) > _MANY_SEGMENTS:
        advice.append(f"{len(legs)} segments were searched; optimize() merges them")
    read = dict.fromkeys(clause.text for leg in legs for clause in leg.clauses if _rows_read(clause.how))
    advice += [f"'{text}' was checked by reading payloads; a payload index on its path avoids that" for text in read]
    changed = sum(view.overlay.alive_count for view in views if view.overlay is not None)
    if changed >= _WORTH_A_GRAPH:
        advice.append(f"{changed} payloads changed since their segments were sealed; optimize() folds them in")
    dead = sum(view.body.count - view.alive_count for view in views)
    if dead > sum(view.alive_count for view in views) // 4:
        advice.append(f"{dead} deleted rows are still stepped over; optimize() removes them")
    if any(leg.abandoned for leg in legs):
        advice.append("the filter cuts the graph apart here, a scan answered instead; params.exact asks for it at once")
    if query.params.exact and sum(leg.rows_scanned for leg in legs) >= _WORTH_A_GRAPH:
        advice.append("exact was asked for; without it the planner would choose")
    return advice


def _rows_read(how: str) -> bool:
    """Whether a clause's account says that many payloads were decoded."""
    counts = [part.removesuffix(" rows read").split()[-1] for part in how.split(";") if part.endswith(" rows read")]
    return sum(int(count) for count in counts) >= _MANY_ROWS_READ
