"""The disk fails at every single step of a script: nothing acknowledged is missing, nothing half-applied is seen."""

from __future__ import annotations

import pytest

from tamis.errors import Corrupt, NotFound, Poisoned, TimedOut, Unavailable
from tamis.log.memory_log import MemoryLog
from tamis.shard.shard import Shard
from tamis.storage.faults import Crashed, Fault, FaultSchedule
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import SCHEMA, Chance, DictModel, by_hand, check

SEED = 7
SCRIPT = "wwwwswwwswwmwwswwFswwM"  # write, seal, merge, merge with all, ... ; F: fold what changed


class Run:
    """One execution of the script against a store and a log that fail as scheduled."""

    def __init__(self, faults: FaultSchedule) -> None:
        self.faults = faults
        self.store, self.log = MemoryStore(faults), MemoryLog(faults)
        self.model = DictModel()
        self.models = [self.model.copy()]  # by position
        self.created = False

    def play(self, stop_after: int | None = None) -> None:
        """Until the end, a crash, a poisoned log, or the action in which step `stop_after` happened."""
        chance = Chance(SEED, ids=12)
        shard = Shard.create(self.store, self.log, SCHEMA, by_hand())
        self.created = True
        for action in SCRIPT:
            if action == "w":
                operation = chance.operation(self.model)
                following = self.model.copy()
                following.apply(operation)
                self.models.append(following)
                try:
                    shard.write(operation)
                except Unavailable:
                    shard.write(operation)
                self.model = following
                check(shard.snapshot(), self.model)
            else:
                try:
                    _upkeep(shard, action)
                except (Unavailable, TimedOut):
                    check(shard.snapshot(), self.model)
                    _upkeep(shard, action)
                check(shard.snapshot(), self.model)
            if stop_after is not None and self.faults.steps >= stop_after:
                return

    def reopened(self) -> Shard:
        return Shard.open(self.store.restart(), self.log.restart(), by_hand())


def _upkeep(shard: Shard, action: str) -> None:
    if action == "s":
        shard.seal()
    else:
        shard.merge(full=action in "MF")


def _dry_run() -> int:
    run = Run(FaultSchedule())
    run.play()
    return run.faults.steps


STEPS = _dry_run()


def test_the_script_reaches_everything() -> None:
    run = Run(FaultSchedule())
    run.play()
    keys = " ".join(run.store.list(""))
    assert "manifest" in keys
    assert STEPS > 40
    check(run.reopened().snapshot(), run.model)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.TEAR, Fault.DONE, Fault.DELAY, Fault.FULL, Fault.LOSE])
def test_fault_at_every_step(fault: Fault) -> None:
    first = 2 if fault is Fault.LOSE else 1  # a shard that was never there has nothing to find
    for step in range(first, STEPS + 1):
        run = Run(FaultSchedule({step: fault}))
        try:
            run.play(stop_after=step if fault is Fault.LOSE else None)
        except (Crashed, Poisoned):
            pass
        except (TimedOut, Unavailable):
            assert not run.created, f"{fault} at step {step}"
        if run.log.restart().end < run.log.end:
            continue  # the log itself lost what it had acknowledged: nobody can bring that back
        _check_after(run, f"{fault} at step {step}")


def _check_after(run: Run, where: str) -> None:
    try:
        shard = run.reopened()
    except (NotFound, Corrupt):
        assert not run.created, where
        return
    position = shard.snapshot().position
    assert run.model.position <= position < len(run.models), where
    check(shard.snapshot(), run.models[position])
    assert shard.info().quarantined_points == 0, where
    # It goes on as if nothing had been.
    model, chance = run.models[position].copy(), Chance(SEED + 1, ids=12)
    for _ in range(3):
        operation = chance.operation(model)
        shard.write(operation)
        model.apply(operation)
    shard.optimize()
    check(shard.snapshot(), model)
