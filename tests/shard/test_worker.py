"""The thread that repeats a step: woken, failing, stopped."""

from __future__ import annotations

import threading

import pytest

from tamis.errors import Unavailable
from tamis.shard import worker as worker_module
from tamis.shard.worker import Worker


def test_a_failing_step_is_shown_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "PAUSE_SECONDS", 0.001)
    heard: list[BaseException | None] = []
    recovered, calls = threading.Event(), []

    def step() -> bool:
        calls.append(None)
        if len(calls) <= 3:
            raise Unavailable("the disk is full")
        return len(calls) <= 5  # two more to do, then none

    def settled(error: BaseException | None) -> None:
        heard.append(error)
        if len(calls) == 6:
            recovered.set()

    worker = Worker("test", step, settled)
    worker.start()
    assert recovered.wait(20)
    worker.stop()
    assert [type(error) for error in heard[:3]] == [Unavailable] * 3
    assert heard[3:] == [None, None, None]
    assert worker.error is None
    assert len(calls) == 6


def test_it_works_when_woken_and_ends_when_stopped() -> None:
    done = threading.Semaphore(0)

    def step() -> bool:
        done.release()
        return False

    worker = Worker("test", step)
    worker.start()
    assert done.acquire(timeout=20)
    worker.wake()
    assert done.acquire(timeout=20)
    worker.stop()
    worker.wake()
    assert not done.acquire(blocking=False)


def test_stopping_does_not_wait_for_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "PAUSE_SECONDS", 10_000.0)
    monkeypatch.setattr(worker_module, "PAUSE_SECONDS_MAX", 10_000.0)
    failed = threading.Event()

    def step() -> bool:
        failed.set()
        raise Unavailable("no")

    worker = Worker("test", step)
    worker.start()
    assert failed.wait(20)
    worker.stop()
    assert isinstance(worker.error, Unavailable)
