"""What every kernel has to agree with: float64 numpy and plain Python, slow and short.

Each function is the twin of the kernel of the same name; the tests in tests/kernels hold them against each other over
metrics, odd sizes, empty and single rows. Nothing in the library calls them.
"""

from __future__ import annotations

import numpy as np

from tamis.kernels.distance import DOT, L2

__all__ = ["distances", "nearest", "prune", "rotation", "walk", "walk_filtered"]


def distances(rows, query, metric):
    """Distance of every row to the query, float64[n]; smaller is nearer."""
    rows, query = np.asarray(rows, np.float64), np.asarray(query, np.float64)
    if metric == DOT:
        return -(rows @ query)
    delta = rows - query
    return (delta**2).sum(axis=1) if metric == L2 else np.abs(delta).sum(axis=1)


def nearest(rows, query, metric, allowed, limit):
    """Offsets of the nearest allowed rows (bool[n]), ties by offset."""
    measured = distances(rows, query, metric)
    wanted = np.flatnonzero(allowed)
    return wanted[np.lexsort((wanted, measured[wanted]))][:limit]


def rotation(signs):
    """The orthogonal matrix R with rotate(x) = x · R, float64[d, d]."""
    rounds, size = signs.shape
    width = 1 << (size.bit_length() - 1)
    hadamard = np.ones((1, 1))
    while len(hadamard) < width:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    matrix = np.eye(size)
    for turn in range(rounds):
        start = 0 if turn % 2 == 0 else size - width
        matrix = matrix * signs[turn]
        matrix[:, start : start + width] = matrix[:, start : start + width] @ hadamard / np.sqrt(width)
    return matrix


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
    """Vamana's pruning of candidates (sorted by measured) with between(a, b); equal distances may be copies."""
    kept, copies, last = [], 0, None
    for candidate, far in zip(candidates, measured, strict=True):
        if far == last and copies < degree // 4:
            copies += 1
            kept.append(candidate)
        elif not any(alpha * between(candidate, other) <= far for other in kept):
            kept.append(candidate)
            last = far
        if len(kept) == degree:
            break
    return kept
