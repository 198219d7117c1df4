"""The disk cache of kernels, and kernels as plain Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import tamis

WALK = """
import numpy as np
from tamis.kernels.beam import F32_L2, search_graph
from tamis.kernels.distance import L2

rows = np.eye(4, dtype=np.float32)
neighbours = np.array([[1], [2], [3], [0]], np.int32)
offsets, distances, counters = np.empty((1, 2), np.uint32), np.empty((1, 2), np.float32), np.zeros((1, 2), np.int64)
walk = search_graph[F32_L2, L2]
query, entries, everything = rows[2:3], np.zeros(1, np.int32), np.empty(0, np.uint64)
nothing = np.empty(0, np.int32)
walk(rows, nothing, neighbours, entries, query, nothing, rows, query, everything, False, 4, 4, 2, 1 << 60, 0, 1,
     offsets, distances, counters)
assert offsets[0, 0] == 2
print(sum(walk.stats.cache_hits.values()), sum(walk.stats.cache_misses.values()))
"""


MIXED = """
import sys
import numpy as np
from tamis.kernels import beam, distance, reference

random = np.random.default_rng(1)
rows = random.standard_normal((60, 3)).astype(np.float32)
neighbours = np.argsort(random.random((60, 60)), axis=1)[:, :8].astype(np.int32)
entries, everything, nothing = np.zeros(1, np.int32), np.empty(0, np.uint64), np.empty(0, np.int32)
offsets, distances, counters = np.empty((1, 4), np.uint32), np.empty((1, 4), np.float32), np.zeros((1, 2), np.int64)
for name in sys.argv[1:]:
    codec, metric = getattr(beam, f"F32_{name}"), getattr(distance, name)
    query, counters[:] = random.standard_normal((1, 3)).astype(np.float32), 0
    beam.search_graph[codec, metric](
        rows, nothing, neighbours, entries, query, nothing, rows, query, everything, False, 4, 4, 4, 1 << 60, 0, 1,
        offsets, distances, counters)
    ranking, computed, expanded = reference.walk(reference.distances(rows, query[0], metric), neighbours, entries, 4)
    assert sorted(offsets[0].tolist()) == sorted(ranking), name
    assert counters[0].tolist() == [computed, expanded], name
"""


def run(program: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    """Also for kernels that a function makes, whose cache keys numba would make different in every process."""
    cache = {"TAMIS_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    assert run(WALK, **cache).split() == ["0", "1"]
    assert run(WALK, **cache).split() == ["1", "0"]


def test_kernels_cached_by_several_processes_are_not_mixed_up(tmp_path: Path) -> None:
    """Those that one function makes have the same parts by name, and every process numbers them anew."""
    cache = {"TAMIS_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    for name in ("L2", "L1", "DOT"):
        run(MIXED, name, **cache)
    run(MIXED, "L2", "L1", "DOT", **cache)
    run(MIXED, "DOT", "L1", "L2", **cache)


def test_any_edit_of_a_kernel_changes_the_directory(tmp_path: Path) -> None:
    """numba would go on using callers that it compiled with the old callee."""
    package = tmp_path / "tamis"
    shutil.copytree(
        Path(tamis.__file__).parent / "kernels", package / "kernels", ignore=shutil.ignore_patterns("__py*")
    )
    (package / "__init__.py").write_text("")
    program = "from tamis.kernels.compile import CACHE_DIRECTORY; print(CACHE_DIRECTORY)"
    before = run(program, PYTHONPATH=str(tmp_path))
    assert run(program, PYTHONPATH=str(tmp_path)) == before
    with (package / "kernels" / "ranking.py").open("a") as source:
        source.write("# edited\n")
    assert run(program, PYTHONPATH=str(tmp_path)) != before


def test_a_users_own_numba_cache_is_left_alone() -> None:
    show = "print(repr(numba.config.CACHE_DIR))"
    program = f"import numba; {show}; import tamis.kernels.beam; {show}"
    before, after = run(program).splitlines()
    assert before == after


def test_kernels_run_as_plain_python() -> None:
    here = Path(__file__).parent
    program = "import sys, pytest; sys.exit(pytest.main(['-q', '-x', '-p', 'no:cacheprovider', *sys.argv[1:]]))"
    files = [str(file) for file in sorted(here.glob("test_*.py")) if file != Path(__file__)]
    run(program, *files, NUMBA_DISABLE_JIT="1", TAMIS_WITHOUT_INSTRUCTION="1")
