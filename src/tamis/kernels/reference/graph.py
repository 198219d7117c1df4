"""The walks and the graph's construction, one node at a time.

between[a, b]   number[n, n], the distance of two nodes, as the codec measures it
neighbours      int[n, degree], -1 ends a list
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.link import CANDIDATES_MAX
from tamis.kernels.reference.distance import nearest_of

__all__ = ["group", "link_back", "link_out", "prune", "reach", "trim", "walk", "walk_filtered"]


def walk(measured, neighbours, entries, beam):
    """Beam search over measured: number[n]. Returns the ranking's nodes, distances computed, nodes expanded."""
    return walk_filtered(measured, neighbours, entries, beam, np.ones(len(measured), bool), 0)


def walk_filtered(measured, neighbours, entries, beam, allowed, room):
    """The two-hop walk over allowed: bool[n]; `room` candidates per expansion, direct ones always."""
    seen = {int(entry) for entry in entries}
    ranking = sorted((measured[e], e) for e in seen)[:beam]
    expanded, computed = set(), len(seen)
    while True:
        waiting = [(d, node) for d, node in ranking if node not in expanded]
        if not waiting:
            return [node for _, node in ranking], computed, len(expanded)
        node = waiting[0][1]
        expanded.add(node)
        around = [int(v) for v in neighbours[node] if v >= 0]
        fresh = [v for v in around if v not in seen and allowed[v]]
        seen.update(fresh)
        for bridge in around:
            if len(fresh) >= room:
                break
            if bridge in seen:
                continue
            seen.add(bridge)
            beyond = [int(v) for v in neighbours[bridge] if v >= 0]
            beyond = [v for v in beyond if allowed[v] and v not in seen][: room - len(fresh)]
            seen.update(beyond)
            fresh += beyond
        computed += len(fresh)
        ranking = sorted(ranking + [(measured[v], v) for v in fresh])[:beam]


def prune(between, candidates, measured, alpha, degree):
    """Vamana's pruning of candidates (sorted by measured); equal distances may be copies."""
    kept, copies, last = [], 0, None
    for candidate, far in zip(candidates, measured, strict=True):
        if far == last and copies < degree // 4:
            copies += 1
            kept.append(candidate)
        elif not any(alpha * between[candidate, other] <= far for other in kept):
            kept.append(candidate)
            last = far
        if len(kept) == degree:
            break
    return kept


def link_out(between, neighbours, entries, node, beam, alpha, degree):
    """The edges of one new node."""
    met, _, _ = walk(between[node], neighbours, entries, beam)
    return prune(between, met, between[node, met], alpha, degree)


def link_back(between, node, held, sources, room, alpha, degree):
    """The list of one node that held `held` and takes in-edges: all if there is room, else pruned to `degree`."""
    both = [*held, *sources]
    if len(both) <= room:
        return both
    nearer = nearest_of(between[node], both, CANDIDATES_MAX)
    return prune(between, nearer.tolist(), between[node, nearer], alpha, degree)


def trim(between, node, held, alpha, degree):
    """The list of one node, nearest first, pruned if it is longer than `degree`."""
    nearer = nearest_of(between[node], held, len(held))
    return (
        prune(between, nearer.tolist(), between[node, nearer], alpha, degree) if len(held) > degree else nearer.tolist()
    )


def group(edges, counts, order, base, rows):
    """For every target, who has an edge to it: a round's edges, counts[x] of the node order[base + x]."""
    sources = [[] for _ in range(rows)]
    for node, targets, count in zip(order[base:], edges, counts, strict=False):
        for target in targets[:count]:
            sources[target].append(int(node))
    return sources


def reach(neighbours, frontier, reached):
    """The nodes reached, bool[n], once everything is that edges lead to from the frontier's."""
    reached, edge = reached.copy(), set(frontier.tolist())
    while edge:
        edge = {int(v) for node in edge for v in neighbours[node] if v >= 0 and not reached[v]}
        reached[list(edge)] = True
    return reached
