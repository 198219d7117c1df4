"""How a kernel is declared: numba, without the GIL, cached on disk for every later process.

numba notices an edit of the file that declares a function but not of the files whose functions it calls. So the
cache directory is named by a digest of every kernel source and of the versions that produce machine code: after
any edit all kernels compile again, and nothing stale can be loaded.

    TAMIS_CACHE_DIR      where to keep compiled kernels (default: the user's cache directory)
    NUMBA_DISABLE_JIT=1  run every kernel as plain Python, for debugging
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import llvmlite
import numba
import numpy as np

__all__ = ["CACHE_DIRECTORY", "DISTANCE_MATH", "is_cached", "kernel"]

# Reassociation lets LLVM vectorise a sum. Nothing here assumes that NaN or infinity cannot occur.
DISTANCE_MATH = {"reassoc", "contract"}


def _cache_directory() -> Path:
    root = os.environ.get("TAMIS_CACHE_DIR")
    if root is None:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        root = os.path.join(home, "tamis")
    digest = hashlib.sha256()
    for version in (sys.version, numba.__version__, llvmlite.__version__, np.__version__):
        digest.update(version.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return Path(root) / f"kernels-{digest.hexdigest()[:16]}"


CACHE_DIRECTORY = _cache_directory()


def is_cached() -> bool:
    """Whether an earlier process has compiled these very kernels on this machine."""
    return CACHE_DIRECTORY.is_dir()


def kernel(function=None, *, fastmath=False, inline="never"):
    """Compile `function` on first call: `@kernel` or `@kernel(fastmath=DISTANCE_MATH)`.

    The cache directory is numba's global setting only while the function is declared, so a user's own numba code
    keeps its own.
    """
    if function is None:
        return lambda f: kernel(f, fastmath=fastmath, inline=inline)
    identity = _identity(function) if function.__closure__ else None
    if identity is not None:
        # numba names machine code by the function's name, its argument types and a number that every process counts
        # anew. Kernels made by one function share the first two: from a cache that several processes filled, one
        # would be linked with the other's parts.
        function.__qualname__ += f".{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(CACHE_DIRECTORY)
    try:
        compiled = numba.njit(function, nogil=True, cache=True, error_model="numpy", fastmath=fastmath, inline=inline)
    finally:
        numba.config.CACHE_DIR = before
    if identity is not None and hasattr(compiled, "_cache"):
        # numba tells closures apart by their pickled cells, which differ in every process: it would never find them
        compiled._cache._index_key = lambda signature, codegen: (signature, codegen.magic_tuple(), identity)
    return compiled


def _identity(value):
    """What a kernel made by a function was made from: names and plain values, the same in every process."""
    function = getattr(value, "py_func", value)
    if not hasattr(function, "__qualname__"):
        return repr(value)
    cells = [_identity(cell.cell_contents) for cell in function.__closure__ or ()]
    return f"{function.__module__}.{function.__qualname__}({', '.join(cells)})"
