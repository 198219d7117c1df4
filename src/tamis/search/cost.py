"""What a row costs to scan and a node costs to visit on this machine, measured once and kept.

    scan of c rows     c · scan_ns(d), c · code_ns(d) by codes; for q queries at once product_ns(d, q), tile_ns(d, q)
    filtered walk      lists · list_ns + visits · visit_ns(d), lists: of failing neighbours, read for the second hop

`machine_cost` runs a microbenchmark of about a second the first time and keeps the numbers beside the compiled
kernels. Its arrays are larger than the caches, as segments are: in a cache a walk looks three times as cheap. The
numbers steer a choice between two right answers, so being off by half costs time, never correctness.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from tamis.kernels.beam import I8, search_graph
from tamis.kernels.compile import CACHE_DIRECTORY
from tamis.kernels.distance import L2
from tamis.kernels.ranking import EMPTY
from tamis.kernels.scan import merge_block, merge_codes, scan_codes, scan_rows
from tamis.storage.aligned import aligned_empty

__all__ = ["ROOM", "Cost", "lists_read", "machine_cost", "measure_cost"]

_FILE = CACHE_DIRECTORY / "cost.msgpack"
_SIZES = (64, 256)
_ROWS = 131_072
_DEGREE = 24
ROOM = 48  # candidates one expansion of a filtered walk may score


@dataclass(frozen=True, slots=True)
class Cost:
    """Nanoseconds, as lines over the dimension: base + slope · d. list_ns: reading one neighbour's list."""

    scan_base: float
    scan_slope: float
    code_base: float
    code_slope: float
    product_base: float
    product_slope: float
    tile_base: float
    tile_slope: float
    visit_base: float
    visit_slope: float
    list_ns: float

    def scan_ns(self, size: int) -> float:
        """Measuring one row of an exact scan, float32."""
        return self.scan_base + self.scan_slope * size

    def code_ns(self, size: int) -> float:
        """Measuring one int8 code of a scan."""
        return self.code_base + self.code_slope * size

    def product_ns(self, size: int, queries: int) -> float:
        """One query's share of a row in a product for `queries` of them; the row is gathered once."""
        return self.product_base + self.product_slope * size + self.scan_ns(size) / queries

    def tile_ns(self, size: int, queries: int) -> float:
        """As `product_ns`, by codes."""
        return self.tile_base + self.tile_slope * size + self.scan_ns(size) / queries

    def visit_ns(self, size: int) -> float:
        """Measuring and ranking one node of a walk on int8 codes."""
        return self.visit_base + self.visit_slope * size


def lists_read(share: float, degree: float) -> float:
    """Lists that one expansion reads when this share of nodes passes: those of all failing neighbours, or fewer.

    >>> round(lists_read(0.5, 24)), round(lists_read(0.01, 24))
    (4, 24)
    """
    return min(degree * (1 - share), ROOM / (share * degree))


@lru_cache(maxsize=1)
def machine_cost() -> Cost:
    """The kept measurement, or a new one when there is none or it cannot be read."""
    try:
        return msgspec.msgpack.decode(_FILE.read_bytes(), type=Cost)
    except (OSError, msgspec.DecodeError):
        cost = measure_cost()
    try:
        CACHE_DIRECTORY.mkdir(parents=True, exist_ok=True)
        beside = _FILE.with_suffix(f".{os.getpid()}")
        beside.write_bytes(msgspec.msgpack.encode(cost))
        beside.replace(_FILE)
    except OSError:
        pass  # a read-only home: measure again next time
    return cost


def measure_cost() -> Cost:
    """Time everything on random data, at two dimensions each, and draw the line through them."""
    fields = [_Random(size) for size in _SIZES]
    works = (_time_scan, _time_codes, _time_product, _time_tiles)
    scans, codes, products, tiles = ([work(field) for field in fields] for work in works)
    sparse, dense = _time_walk(fields[0], 32), _time_walk(fields[0], 4)
    wide = _time_walk(fields[1], 4)
    # ns = lists · list_ns + visits · visit_ns, for a sparse and a dense mask
    (ns_a, visits_a, lists_a), (ns_b, visits_b, lists_b) = sparse, dense
    one_list = max((ns_a * visits_b - ns_b * visits_a) / (lists_a * visits_b - lists_b * visits_a), 1.0)
    visit = max((ns_b - one_list * lists_b) / visits_b, 1.0)
    visit_wide = max((wide[0] - one_list * wide[2]) / wide[1], visit)
    return Cost(*_line(scans), *_line(codes), *_line(products), *_line(tiles), *_line([visit, visit_wide]), one_list)


class _Random:
    """A segment of noise: rows, codes, a random graph, and a mask for each share."""

    def __init__(self, size: int) -> None:
        random = np.random.default_rng(size)
        self.rows = random.random((_ROWS, size), np.float32)
        self.codes = aligned_empty((_ROWS, size), np.uint8)
        self.codes[:] = random.integers(1, 255, (_ROWS, size), np.uint8)
        self.asked = random.integers(-127, 127, (64, size), np.int8)
        self.numbers = np.zeros(_ROWS, np.int32)
        self.neighbours = random.integers(0, _ROWS, (_ROWS, _DEGREE), np.int32)
        self.drawn = random.integers(0, 32, _ROWS)

    def mask(self, one_in: int) -> NDArray[np.uint64]:
        """One row in `one_in` passes."""
        return np.packbits(self.drawn % one_in == 0, bitorder="little").view(np.uint64)


def _line(values: list[float]) -> tuple[float, float]:
    slope = max((values[1] - values[0]) / (_SIZES[1] - _SIZES[0]), 0.0)
    return max(values[0] - slope * _SIZES[0], 0.1), slope


def _best_ns(work: Callable[[], object]) -> float:
    work()  # compiles or loads, warms
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter_ns()
        work()
        best = min(best, time.perf_counter_ns() - begin)
    return best


def _time_scan(field: _Random) -> float:
    mask = field.mask(32)
    offsets, distances = np.empty((1, 10), np.uint32), np.empty((1, 10), np.float32)
    spent = _best_ns(lambda: scan_rows[L2](field.rows, field.rows, mask, 0, 1, offsets, distances))
    return spent / int(np.bitwise_count(mask).sum())


def _time_codes(field: _Random) -> float:
    mask, rows, codes, asked, zero = field.mask(16), field.rows, field.codes, field.asked, field.numbers
    offsets, distances = np.empty((1, 10), np.uint32), np.empty((1, 10), np.float32)
    kernel = scan_codes[I8, L2]
    spent = _best_ns(lambda: kernel(codes, zero, asked, zero, rows, rows, mask, 32, 0, 1, offsets, distances))
    return spent / int(np.bitwise_count(mask).sum())


def _time_product(field: _Random) -> float:
    queries, rows, wanted = 64, field.rows[:4_096], np.arange(4_096)
    rankings = np.empty((queries, 26), np.int64)

    def multiply() -> None:
        rankings[:] = EMPTY
        merge_block(field.rows[-queries:] @ rows.T, wanted, rankings)

    return _best_ns(multiply) / (queries * len(rows))


def _time_tiles(field: _Random) -> float:
    queries, wanted, numbers = len(field.asked), np.arange(0, _ROWS, 16), field.numbers
    rankings = np.empty((queries, 32), np.int64)
    fours = field.codes.view(np.uint32)

    def merge() -> None:
        rankings[:] = EMPTY
        merge_codes(fours, numbers, field.asked, numbers, wanted, rankings)

    return _best_ns(merge) / (queries * len(wanted))


def _time_walk(field: _Random, one_in: int) -> tuple[float, float, float]:
    """Nanoseconds, visits and lists read of filtered walks on the random graph."""
    queries, mask, rows, codes, numbers = 32, field.mask(one_in), field.rows, field.codes, field.numbers
    offsets, distances = np.empty((queries, 10), np.uint32), np.empty((queries, 10), np.float32)
    counters = np.zeros((queries, 2), np.int64)

    def walk() -> None:
        counters[:] = 0
        search_graph[I8, L2](
            codes, numbers, field.neighbours, field.neighbours[0], field.asked, numbers, rows, rows, mask, True, 64,
            ROOM, 24, 1 << 60, 0, queries, offsets, distances, counters,
        )  # fmt: skip

    spent = _best_ns(walk)
    visits, expansions = counters.sum(axis=0).tolist()
    return spent, visits, expansions * lists_read(1 / one_in, _DEGREE)
