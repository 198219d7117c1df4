"""Products and distances of codes, with the processor's instruction and without, against integers of numpy."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from tamis.kernels import reference
from tamis.kernels.beam import I8
from tamis.kernels.distance import L2
from tamis.kernels.product import TILE_QUERIES, TILE_ROWS, bit_product, code_product, fill_tile, tile_distances
from tamis.kernels.ranking import EMPTY, offset_of
from tamis.kernels.scan import merge_codes, scan_codes
from tamis.segment.alive import pack_rows

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


def _codes(count: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Plain codes, the extremes among them, and the same as they are stored."""
    plain = np.random.default_rng(seed).integers(-127, 128, (count, width))
    plain[0], plain[-1] = 127, -127
    return plain, (plain + 128).astype(np.uint8)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_product_is_exact(width: int) -> None:
    plain, stored = _codes(6, width)
    asked = plain.astype(np.int8)
    for a in range(6):
        for b in range(6):
            expected = int((plain[a] + 128) @ plain[b])
            assert _product(stored, a, asked, b) == expected
            assert _product(stored, a, stored, b) == expected  # a stored row can ask


@pytest.mark.parametrize("width", WIDTHS)
def test_bits_choose_what_is_summed(width: int) -> None:
    random = np.random.default_rng(width)
    ones = random.random((5, width)) < 0.5
    ones[0], ones[1] = False, True
    stored = np.packbits(ones, axis=1, bitorder="little")
    asked = random.integers(-127, 128, (3, width)).astype(np.int8)
    for row in range(5):
        for at in range(3):
            assert _bits(stored, row, asked, at) == int(asked[at].astype(int)[ones[row]].sum())


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tile_is_sixteen_products_by_four(width: int) -> None:
    plain, stored = _codes(40, width)
    random = np.random.default_rng(1)
    rows = random.permutation(40)[:21]
    asked = random.integers(-127, 128, (9, width)).astype(np.int8)
    norms, turned = random.integers(0, 10**6, TILE_ROWS, np.int32), random.integers(0, 10**6, 9, np.int32)
    tile = np.empty((width // 4, TILE_ROWS), np.uint32)
    distances = np.empty((TILE_QUERIES, TILE_ROWS), np.int32)
    for first in (0, 16):  # 21 rows: the second tile repeats the last one
        fill_tile(stored.view(np.uint32), rows, first, tile)
        held = rows[np.minimum(np.arange(first, first + TILE_ROWS), 20)]
        expected = norms + turned[5:9, None] - 2 * (asked[5:9].astype(int) @ (plain[held] + 128).T)
        bounds = expected[:, 3].astype(np.int32)
        near = int(_tile(tile, norms, asked, turned, 5, bounds, distances))
        assert distances.tolist() == expected.tolist()
        for q in range(TILE_QUERIES):
            for lane in range(TILE_ROWS):
                assert near >> (16 * q + lane) & 1 == (expected[q, lane] <= bounds[q])


@pytest.mark.parametrize("rows", [1, 15, 16, 17, 300, 1_000])
@pytest.mark.parametrize("queries", [4, 9])
def test_many_queries_rank_as_one_does(rows: int, queries: int) -> None:
    plain, stored = _codes(1_000, 64)
    random = np.random.default_rng(rows)
    wanted = np.sort(random.permutation(1_000)[:rows])
    norms = (plain**2).sum(axis=1).astype(np.int32)
    asked = random.integers(-127, 128, (queries, 64))
    turned = ((asked**2).sum(axis=1) + 256 * asked.sum(axis=1)).astype(np.int32)
    rankings = np.full((queries, 12), EMPTY)
    merge_codes(stored.view(np.uint32), norms, asked.astype(np.int8), turned, wanted, rankings)
    offsets, distances = np.empty((queries, 5), np.uint32), np.empty((queries, 5), np.float32)
    full = plain.astype(np.float32)
    mask = pack_rows(wanted, 1_000)
    scan_codes[I8, L2](
        stored, norms, asked.astype(np.int8), turned, full, asked.astype(np.float32), mask, 12, 0, queries, offsets,
        distances,
    )  # fmt: skip
    for q in range(queries):
        expected = reference.nearest(plain, asked[q], L2, np.isin(np.arange(1_000), wanted), 12).tolist()
        ranked = [int(offset_of(key)) for key in rankings[q] if key != EMPTY]
        assert ranked == expected
        assert offsets[q, : min(rows, 5)].tolist() == expected[:5]


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
