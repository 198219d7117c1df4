"""Products and distances of codes, with the processor's instruction and without, against their twins."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import B1, I8
from tamis.kernels.distance import DOT, L2
from tamis.kernels.product import TILE_QUERIES, TILE_ROWS, bit_product, code_product, fill_tile, tile_distances
from tamis.kernels.ranking import EMPTY, offset_of
from tamis.kernels.scan import merge_codes, scan_codes

WIDTHS = (64, 128, 192, 832)


@numba.njit
def _product(stored, row, asked, at):
    return code_product(stored, row, asked, at)


@numba.njit
def _bits(stored, row, asked, at):
    return bit_product(stored, row, asked, at)


@numba.njit
def _tile(tile, norms, asked, turned, first, bounds, distances):
    return tile_distances(tile, norms, asked, turned, first, bounds, distances)


def _codes(count: int, width: int) -> np.ndarray:
    """Codes as they are stored, the extremes among them."""
    stored = np.random.default_rng(0).integers(1, 256, (count, width), np.uint8)
    stored[0], stored[-1] = 255, 1
    return stored


@pytest.mark.parametrize("width", WIDTHS)
def test_a_product_is_exact(width: int) -> None:
    stored = _codes(6, width)
    asked = (stored.astype(int) - 128).astype(np.int8)
    for a in range(6):
        for b in range(6):
            expected = reference.code_product(stored, a, asked, b)
            assert _product(stored, a, asked, b) == expected
            assert _product(stored, a, stored, b) == expected  # a stored row can ask
            assert reference.code_product(stored, a, stored, b) == expected


@pytest.mark.parametrize("width", WIDTHS)
def test_bits_choose_what_is_summed(width: int) -> None:
    random = np.random.default_rng(width)
    stored = random.integers(0, 256, (5, width // 8), np.uint8)
    stored[0], stored[1] = 0, 255
    asked = random.integers(-127, 128, (3, width)).astype(np.int8)
    for row in range(5):
        for at in range(3):
            assert _bits(stored, row, asked, at) == reference.bit_product(stored, row, asked, at)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 16, 21])
def test_a_tile_is_sixteen_products_by_four(width: int, count: int) -> None:
    codes = _codes(40, width).view(np.uint32)
    random = np.random.default_rng(1)
    rows = random.permutation(40)[:count]
    asked = random.integers(-127, 128, (9, width)).astype(np.int8)
    norms, turned = random.integers(0, 10**6, TILE_ROWS, np.int32), random.integers(0, 10**6, 9, np.int32)
    tile = np.empty((width // 4, TILE_ROWS), np.uint32)
    distances = np.empty((TILE_QUERIES, TILE_ROWS), np.int32)
    for first in range(0, count, TILE_ROWS):  # where the rows end within a tile, the last is repeated
        fill_tile(codes, rows, first, tile)
        assert tile.tolist() == reference.fill_tile(codes, rows, first).tolist()
        everything = np.full(TILE_QUERIES, 2**31 - 1, np.int32)
        bounds = np.array([far[3] for far in reference.tile_distances(tile, norms, asked, turned, 5, everything)[0]])
        expected, near = reference.tile_distances(tile, norms, asked, turned, 5, bounds)
        assert int(_tile(tile, norms, asked, turned, 5, bounds.astype(np.int32), distances)) == near
        assert distances.tolist() == expected


@pytest.mark.parametrize("rows", [0, 1, 15, 16, 17, 300, 1_000])
@pytest.mark.parametrize("queries", [4, 9])
def test_many_queries_rank_as_one_does(rows: int, queries: int) -> None:
    stored = _codes(1_000, 64)
    plain = stored.astype(int) - 128
    random = np.random.default_rng(rows)
    wanted = np.sort(random.permutation(1_000)[:rows])
    norms = reference.code_norms(plain, False)[0].astype(np.int32)
    asked = random.integers(-127, 128, (queries, 64)).astype(np.int8)
    turned = reference.code_norms(asked, False)[1].astype(np.int32)
    rankings = np.full((queries, 12), EMPTY)
    merge_codes(stored.view(np.uint32), norms, asked, turned, wanted, rankings)
    ranked = [[(key >> 32, int(offset_of(key))) for key in line if key != EMPTY] for line in rankings.tolist()]
    assert ranked == reference.merge_codes(stored.view(np.uint32), norms, asked, turned, wanted, 12)

    offsets, distances = np.empty((queries, 5), np.uint32), np.empty((queries, 5), np.float32)
    mask = reference.mask_of(wanted, 16)
    scan_codes[I8, L2](
        stored, norms, asked, turned, plain.astype(np.float32), asked.astype(np.float32), mask, 12, 0, queries, offsets,
        distances,
    )  # fmt: skip
    for q in range(queries):
        measured = reference.distances(plain, asked[q], L2)
        expected = reference.scan_codes(measured, measured, mask, 12, 5)
        found = [(measured[row], row) for row in expected.tolist()]
        assert (offsets[q].tolist(), distances[q].tolist()) == reference.write_ranking(found, 5)


@pytest.mark.parametrize("codec", [I8, B1])
@pytest.mark.parametrize("metric", [L2, DOT])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_scan_of_codes_measures_their_nearest_again(codec: int, metric: int, share: float) -> None:
    """Rows that have nothing to do with their codes, so that it shows which of the two has chosen; small integers."""
    random = np.random.default_rng(codec)
    kind, per_byte = (np.int32, 1) if codec == I8 else (np.float32, 8)
    codes = random.integers(0, 256, (300, 128 // per_byte), np.uint8)
    encoded = random.integers(-127, 128, (3, 128)).astype(np.int8)
    norms, turned = random.integers(0, 9, (300, 2)).astype(kind), random.integers(0, 9, (3, 2)).astype(kind)
    if codec == I8:
        norms, turned = norms[:, 0].copy(), turned[:, 0].copy()
    rows = random.integers(-3, 4, (300, 4)).astype(np.float32)
    queries = random.integers(-3, 4, (3, 4)).astype(np.float32)
    mask = reference.mask_of(np.flatnonzero(random.random(300) < share), 5)
    offsets, distances = np.empty((3, 6), np.uint32), np.empty((3, 6), np.float32)
    scan_codes[codec, metric](codes, norms, encoded, turned, rows, queries, mask, 20, 0, 3, offsets, distances)
    for q in range(3):
        coded = np.array([reference.measures(codec, codes, norms, row, encoded, turned, q) for row in range(300)])
        measured = reference.distances(rows, queries[q], metric)
        expected = reference.scan_codes(coded, measured, mask, 20, 6)
        found = [(measured[row], row) for row in expected.tolist()]
        assert (offsets[q].tolist(), distances[q].tolist()) == reference.write_ranking(found, 6)


@pytest.mark.skipif("TAMIS_WITHOUT_INSTRUCTION" in os.environ, reason="this is the process that it starts")
def test_all_of_it_without_the_instruction(tmp_path: Path) -> None:
    """For a processor of the plainest kind, code is generated that does not use it."""
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "TAMIS_WITHOUT_INSTRUCTION": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", __file__],
        env=os.environ | plain | {"TAMIS_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
