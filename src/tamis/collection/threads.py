"""Thread pools, one of each size and purpose per process: kernels run outside the GIL, so threads are all they need."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

__all__ = ["build_pool", "prompt_pool", "search_pool"]


def build_pool() -> ThreadPoolExecutor:
    """All cores, for graphs; apart from searches, which must not wait behind a build."""
    return _pool("build", _cores())


def search_pool(threads: int | None) -> ThreadPoolExecutor | None:
    """A pool of that many threads; None (no pool) for one, all cores this process may use for None.

    >>> search_pool(1) is None, search_pool(2) is search_pool(2)
    (True, True)
    """
    threads = _cores() if threads is None else threads
    return None if threads == 1 else _pool("search", threads)


def prompt_pool() -> ThreadPoolExecutor | None:
    """All cores, for searches that an event loop waits for, apart from all others. None if there is one core."""
    threads = _cores()
    return None if threads == 1 else _pool("prompt", threads)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(purpose: str, threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix=f"tamis-{purpose}")
