"""Everybody of a group meets one: the pairs that are best together.

A group is one set, not two, so pairing it is a matching in a general graph: Edmonds' blossoms (networkx), which first
makes as many pairs as there can be and then the best sum of scores. An assignment (rows to columns) would give circles:
ann meets bo, bo meets cy, cy meets ann. Those who met, refused or do not suit each other's wishes have no edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx  # type: ignore[import-untyped]
from qdrant_client import QdrantClient, models

from apps.people.conditions import asked_for, possible
from apps.people.points import VECTORS, Known
from apps.people.profile import Profile, Refused
from apps.people.ranking import Examples, scored

__all__ = ["GROUP_MAX", "Introduction", "Pair", "paired"]

GROUP_MAX = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """Two who should meet, and how alike they are."""

    one: Profile
    other: Profile
    score: float


@dataclass(frozen=True, slots=True)
class Introduction:
    """The pairs, best first; and who is left alone, because the number is odd or nobody suits."""

    pairs: list[Pair]
    alone: list[Profile]


def paired(client: QdrantClient, name: str, group: Sequence[Known], balance: float) -> Introduction:
    """The best pairing of a group. Refused if it is empty or too large."""
    if not 0 < len(group) <= GROUP_MAX:
        raise Refused(f"group: has {len(group)} people; 1 to {GROUP_MAX} can be paired")
    profiles = {person.profile.id: person.profile for person in group}
    graph = nx.Graph()
    graph.add_nodes_from(sorted(profiles))
    weights = dict(zip(VECTORS, (balance, 1 - balance), strict=True))
    for place, person in enumerate(group):
        graph.add_weighted_edges_from(_edges(client, name, person, group[place + 1 :], weights))
    matched = nx.max_weight_matching(graph, maxcardinality=True)
    pairs = [Pair(profiles[min(edge)], profiles[max(edge)], float(graph.edges[edge]["weight"])) for edge in matched]
    met = {id for edge in matched for id in edge}
    alone = [profile for id, profile in sorted(profiles.items()) if id not in met]
    return Introduction(sorted(pairs, key=lambda pair: (-pair.score, pair.one.id)), alone)


def _edges(
    client: QdrantClient, name: str, me: Known, others: Sequence[Known], weights: dict[str, float]
) -> list[tuple[int, int, float]]:
    """Whom of the others a person may meet, and how well."""
    if not others or not any(weights[vector] > 0 for vector in me.compared):
        return []
    suited = possible(me, asked_for(me.profile.wish))
    group = models.HasIdCondition(has_id=[other.profile.id for other in others])
    examples = Examples({vector: [me.profile.id] for vector in me.compared}, {}, weights)
    filter = models.Filter(must=[suited, group])
    return [(me.profile.id, found.id, found.score) for found in scored(client, name, examples, filter, len(others))]
