"""The grid of filters on 12,000 points at default settings: recall, wrong ids, number of hits.

One threshold for all cells. Single searches and the batch are both asked, before and after a tenth of the points is
deleted and inserted again and a region is deleted. `bench/filtered.py` measures the same grid on more points. The cost
model is fixed here, so that every machine takes the same plans.
"""

from collections.abc import Iterator

import numpy as np
import pytest

import tamis
from bench.data import clustered, nearest, recall
from bench.grid import Cell, Grid
from tamis.kernels.beam import B1
from tamis.search.cost import Cost

RECALL = 0.95
K = 10
POINTS, ASKED = 12_000, 20
BITS = {"binary": {}}


class Prepared:
    """A collection that holds the grid. stored: what is walked and scanned, codes, full rows, or bits."""

    def __init__(self, stored: str = "codes") -> None:
        size = 64 if stored == "bits" else 32
        data = clustered(POINTS, size)
        self.params = {"quantization": {"ignore": stored == "rows"}}
        self.grid = Grid.make(data.base, data.queries)
        self.living = np.ones(POINTS, bool)
        self.collection = tamis.open().create_collection(
            "grid", vectors={"size": size, "distance": "Euclid"}, quantization_config=BITS if stored == "bits" else None
        )
        self.insert(np.arange(POINTS))
        self.collection.create_payload_index("place", "geo")
        self.collection.optimize()

    def insert(self, rows: np.ndarray) -> None:
        payloads = [self.grid.payload(row) for row in rows.tolist()]
        self.collection.upsert(ids=rows, vectors=self.grid.base[rows], payloads=payloads)

    def check(self, cell: Cell) -> None:
        allowed = cell.allowed & self.living
        queries = self.grid.queries[cell.queries[:ASKED]]
        wanted = min(K, int(allowed.sum()))
        ids, _ = self.collection.search_batch(queries, limit=K, filter=cell.filter, params=self.params)
        hits = [self.collection.search(q, limit=K, filter=cell.filter, params=self.params) for q in queries]
        single = [[hit.id for hit in found] for found in hits]
        for found in (ids[:, :wanted], np.array(single, np.int64).reshape(len(queries), -1)):
            assert found.shape[1] == wanted, f"{cell.name}: {found.shape[1]} hits instead of {wanted}"
            assert allowed[found.astype(np.int64)].all(), f"{cell.name}: an id that the filter does not allow"
            if wanted:
                exact = nearest(self.grid.base, queries, "Euclid", wanted, allowed)
                assert recall(found, exact).mean() >= RECALL, cell.name
        assert (ids[:, wanted:] == 2**64 - 1).all()


COST = Cost(
    scan_base=10, scan_slope=0.1, code_base=5, code_slope=0.03, product_base=2, product_slope=0.01,
    tile_base=1, tile_slope=0.005,
    visit_base=10, visit_slope=0.04, list_ns=15,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _same_plans_everywhere() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tamis.search.nearest.machine_cost", lambda: COST)
        yield


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return Prepared()


def test_every_cell(prepared: Prepared) -> None:
    for cell in prepared.grid.cells():
        prepared.check(cell)


@pytest.mark.parametrize("stored", ["rows", "bits"])
def test_every_cell_on_what_else_is_stored(stored: str) -> None:
    prepared = Prepared(stored)
    (view,) = prepared.collection._stored._shard.snapshot().views
    graph = view.body.vectors[""].graph
    assert graph is not None
    assert (graph.codec == B1) == (stored == "bits")
    for cell in prepared.grid.cells():
        prepared.check(cell)


def test_walks_and_scans_are_both_in_the_grid(prepared: Prepared) -> None:
    query = prepared.grid.queries[0]
    plans = [prepared.collection.explain(query, filter=cell.filter).to_dict() for cell in prepared.grid.cells()]
    assert {leg["strategy"] for plan in plans for leg in plan["segments"]} >= {
        "scan",
        "scan_codes",
        "walk",
        "walk_filtered",
    }


def test_every_cell_after_changes_and_the_loss_of_a_region() -> None:
    prepared = Prepared()
    rows = np.random.default_rng(4).choice(POINTS, POINTS // 10, replace=False)
    prepared.collection.delete(ids=rows)
    prepared.insert(rows)
    gone = prepared.grid.along >= POINTS * 7 // 10
    prepared.collection.delete(ids=np.flatnonzero(gone))
    prepared.living &= ~gone
    for cell in prepared.grid.cells():
        prepared.check(cell)
