"""How tasks run: one after the other in this process, or on the workers of Ray.

Both yield what tasks return, in any order. On Ray a task whose worker died, or whose store gave no answer, is done
again by another worker, a few times; the first error that is not of that kind ends the import. RAY_ADDRESS names a
cluster; without it Ray is started on this machine, for loopback only, and stopped afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tamis.bulk.plan import Task
from tamis.bulk.sealing import Sealed
from tamis.errors import Rejected, Retryable, TamisError, Unavailable

__all__ = ["Perform", "Run", "in_process", "on_ray"]

Perform = Callable[[Task], Sealed]
Run = Callable[[Perform, Sequence[Task]], Iterator[Sealed]]
_RETRIES = 4


def in_process(perform: Perform, tasks: Sequence[Task]) -> Iterator[Sealed]:
    """One after the other."""
    yield from map(perform, tasks)


def on_ray(perform: Perform, tasks: Sequence[Task]) -> Iterator[Sealed]:
    """On as many workers as have room for a task's threads. Rejected without Ray, Unavailable if workers keep dying."""
    if not tasks:
        return
    with _started() as ray:
        again = {"max_retries": _RETRIES, "retry_exceptions": [Retryable]}
        remote = ray.remote(num_cpus=tasks[0].threads, **again)(perform)
        waiting = [remote.remote(task) for task in tasks]
        try:
            while waiting:
                ready, waiting = ray.wait(waiting, num_returns=1)
                yield _result(ray, ready[0])
        finally:
            for one in waiting:
                ray.cancel(one, force=True)


def _result(ray: Any, one: Any) -> Sealed:
    try:
        sealed: Sealed = ray.get(one)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, TamisError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unavailable(
            f"a worker failed {_RETRIES + 1} times ({line}); the same command goes on from here"
        ) from None
    return sealed


@contextmanager
def _started() -> Iterator[Any]:
    ray = _ray()
    if ray.is_initialized():
        yield ray
        return
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False, logging_level="error")
    else:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told
        here = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        ray.init("local", log_to_driver=False, logging_level="error", **here)
    try:
        yield ray
    finally:
        ray.shutdown()


def _ray() -> Any:
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # workers see the devices that this process sees
    try:
        import ray
    except ImportError:
        raise Rejected("ray", "is not installed; install it with: pip install 'tamis[ray]'") from None
    return ray
