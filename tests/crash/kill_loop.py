"""Kill a writing process with SIGKILL again and again; every write it was told is durable must be there afterwards.

    loop:  fork a child that opens the shard and goes on writing, sealing, merging (acknowledged positions -> pipe)
           kill it after a random time or a random number of acknowledgements
           open the shard here: contents == a dict that took the same operations

The operation at a position is a function of seed and position, so both sides know what was written. This process stays
single-threaded and warm, which makes a fork safe and a kill cheap.

    python -m tests.crash.kill_loop --kills 200 --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tamis.log.file_log import FileLog
from tamis.log.memory_log import MemoryLog
from tamis.model.filter import Filter, Match
from tamis.model.ids import IdArray
from tamis.model.operation import Delete, DeleteVectors, Operation, OverwritePayload, SetPayload, Upsert, VectorBlock
from tamis.shard.runtime import Runtime
from tamis.shard.shard import Shard
from tamis.storage.local import LocalStore
from tamis.storage.memory import MemoryStore
from tests.shard.dict_model import GRAPHS, DictModel, check

IDS = 400
KILL_SECONDS_MAX = 0.25
ACKNOWLEDGED = struct.Struct("<Q")


def operation_at(seed: int, position: int) -> Operation:
    """What is written at this position; admitted whatever the shard holds."""
    chance = random.Random(seed << 32 | position)
    kind = chance.random()
    where = Filter(must=(Match("a", chance.randrange(6)),))
    if kind < 0.75:
        ids = chance.sample(range(IDS), chance.randrange(1, 40))
        rows = np.array([[chance.random() for _ in range(4)] for _ in ids], np.float32)
        payloads = [json.dumps({"a": chance.randrange(6), "p": position}).encode() for _ in ids]
        return Upsert(IdArray(np.array(ids, np.uint64)), {"": VectorBlock(rows)}, payloads)
    if kind < 0.85:
        return Delete(ids=IdArray(np.array(chance.sample(range(IDS), 5), np.uint64)))
    if kind < 0.90:
        return SetPayload(json.dumps({"s": position}).encode(), filter=where)
    if kind < 0.94:
        return OverwritePayload(json.dumps({"a": chance.randrange(6)}).encode(), filter=where)
    return DeleteVectors(("",), filter=where) if kind < 0.96 else Delete(filter=where)


def _open(folder: Path, *, background: bool) -> Shard:
    # Small heads, and graphs from 64 rows on: something is always being sealed or merged.
    runtime = Runtime(ThreadPoolExecutor(2), background=background, head_points=150, log_tail_bytes=40_000)
    return Shard.open(LocalStore(folder / "store"), FileLog(folder / "log", segment_bytes=30_000), runtime)


def _write_for_ever(folder: Path, seed: int, pipe: int) -> None:
    """The child: tells every acknowledged position."""
    shard = _open(folder, background=True)
    position = shard.snapshot().position
    while True:
        position += 1
        assert shard.write(operation_at(seed, position)) == position
        os.write(pipe, ACKNOWLEDGED.pack(position))
        if random.Random(position).random() < 0.02:
            shard.optimize()


def _fork_and_kill(folder: Path, seed: int, chance: random.Random) -> int:
    """Let a child write and kill it; the last position it acknowledged, 0 if none."""
    reader, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _write_for_ever(folder, seed, pipe)
        finally:
            os._exit(1)  # only reached when something is wrong
    os.close(pipe)
    end = time.monotonic() + chance.random() * KILL_SECONDS_MAX
    enough = chance.choice([1, 3, 10, 10**6]) * ACKNOWLEDGED.size
    told = b""
    while len(told) < enough and (left := end - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            got = os.read(reader, 4096)
            if not got:
                break
            told += got
    os.kill(child, signal.SIGKILL)
    while got := os.read(reader, 65536):
        told += got
    os.close(reader)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child died of something else; its traceback is above"
    whole = len(told) - len(told) % ACKNOWLEDGED.size
    return int(ACKNOWLEDGED.unpack(told[whole - ACKNOWLEDGED.size : whole])[0]) if whole else 0


def _warm_up(seed: int) -> None:
    """Load every kernel before the first fork, and leave no thread behind."""
    with ThreadPoolExecutor(2) as pool:
        shard = Shard.create(MemoryStore(), MemoryLog(), GRAPHS, Runtime(pool, background=False))
        for position in range(1, 60):
            shard.write(operation_at(seed, position))
        shard.optimize()


def kill_loop(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so often; AssertionError at the first write that is missing or half there. Returns what was seen."""
    _warm_up(seed)
    chance, model = random.Random(seed), DictModel()
    log = FileLog(folder / "log")
    Shard.create(LocalStore(folder / "store"), log, GRAPHS, Runtime(ThreadPoolExecutor(1), background=False)).close()
    seen = {"kills": 0, "acknowledged": 0, "unacknowledged": 0, "seals": 0, "leftovers": 0}
    manifest = 0
    for _ in range(kills):
        acknowledged = _fork_and_kill(folder, seed, chance) or model.position
        files = set(LocalStore(folder / "store").list(""))
        shard = _open(folder, background=False)
        position = shard.snapshot().position
        assert acknowledged <= position <= acknowledged + 1, f"acknowledged {acknowledged}, found {position}"
        while model.position < position:
            model.apply(operation_at(seed, model.position + 1))
        check(shard.snapshot(), model)
        assert shard.info().damage == {}
        newest = shard._upkeep.ledger.history.newest
        assert newest is not None
        left = set(LocalStore(folder / "store").list(""))
        assert left == newest.keys
        shard.close()
        seen["kills"] += 1
        seen["unacknowledged"] += position - acknowledged
        seen["seals"] += newest.number > manifest
        seen["leftovers"] += bool(files - left)
        manifest = newest.number
    seen["acknowledged"] = model.position - seen["unacknowledged"]
    return seen


def main() -> None:
    """Print what was seen as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tamis-crash-"))
    begin = time.monotonic()
    try:
        seen = kill_loop(folder, chosen.kills, chosen.seed)
    except BaseException:
        print(f"seed {chosen.seed}; the directory is kept: {folder}", file=sys.stderr)  # noqa: T201
        raise
    shutil.rmtree(folder)
    print(json.dumps({"seed": chosen.seed, **seen, "seconds": round(time.monotonic() - begin, 1)}))  # noqa: T201


if __name__ == "__main__":
    main()
