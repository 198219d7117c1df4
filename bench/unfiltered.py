"""How fast is search without a filter, at equal recall, and how long does the build take?

    python bench/unfiltered.py

Same data, same run: hnswlib, faiss, usearch, tamis; two threads build, one searches, everything warm. For every
engine the beam is raised until recall@10 passes .95 and .99; queries per second are the best of five rounds at that
beam, engines taking turns. `build` is everything from a float32 array to the finished index; for tamis that is
upsert and optimize().
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.data import DataSet, available, nearest, recall
from bench.engines import Engine, Faiss, Hnswlib, Tamis, Usearch
from bench.report import publish

K = 10
BEAMS = (
    10,
    11,
    12,
    13,
    14,
    16,
    18,
    20,
    23,
    26,
    30,
    35,
    40,
    48,
    56,
    64,
    80,
    100,
    128,
    160,
    200,
    256,
    320,
    400,
    512,
    640,
    800,
)
TARGETS = (0.95, 0.99)
ROUNDS = 5
SINGLES = 500


def beam_for(engine: Engine, data: DataSet, exact: Any, target: float) -> tuple[int, float] | None:
    """The smallest beam that reaches the target, and the recall it gives."""
    for beam in BEAMS:
        found = float(recall(engine.batch(data.queries, K, beam), exact).mean())
        if found >= target:
            return beam, found
    return None


def seconds(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(data: DataSet, engines: list[Engine]) -> list[list[Any]]:
    """One row per engine and target."""
    exact = nearest(data.base, data.queries, data.distance, K)
    built = {}
    for engine in engines:
        built[engine.name] = seconds(lambda e=engine: e.build(data))
        print(f"  {engine.name} built in {built[engine.name]:.1f} s", flush=True)
    rows = []
    for target in TARGETS:
        beams = {engine.name: beam_for(engine, data, exact, target) for engine in engines}
        batch = {engine.name: float("inf") for engine in engines}
        single = dict(batch)
        for _ in range(ROUNDS):
            for engine in engines:
                if (chosen := beams[engine.name]) is None:
                    continue
                beam = chosen[0]
                spent = seconds(lambda e=engine, b=beam: e.batch(data.queries, K, b))
                batch[engine.name] = min(batch[engine.name], spent)
                queries = data.queries[:SINGLES]
                spent = seconds(lambda e=engine, b=beam, q=queries: [e.one(query, K, b) for query in q])
                single[engine.name] = min(single[engine.name], spent)
        for engine in engines:
            chosen = beams[engine.name]
            reached = (
                [*chosen, len(data.queries) / batch[engine.name], SINGLES / single[engine.name]]
                if chosen
                else ["—"] * 4
            )
            rows.append([data.name, engine.name, built[engine.name], target, *reached])
    return rows


def verdicts(rows: list[list[Any]]) -> list[str]:
    """tamis against the best of the others, per data set and target."""
    lines = []
    for name, target in dict.fromkeys((row[0], row[3]) for row in rows):
        here = {row[1]: row for row in rows if row[0] == name and row[3] == target}
        mine = here.pop("tamis")
        build = mine[2] / min(row[2] for row in here.values())
        if mine[6] == "—":
            lines.append(f"{name} at {target}: tamis does not reach it")
            continue
        qps = mine[6] / max(row[6] for row in here.values() if row[6] != "—")
        single = mine[7] / here["hnswlib"][7]
        lines.append(
            f"{name} at {target}: {qps:.2f}× the best QPS, {single:.2f}× hnswlib's single calls,"
            f" {build:.2f}× the best build"
        )
    return lines


def main() -> None:
    rows = []
    for data in available():
        print(data.name, flush=True)
        warm_up = DataSet("warm", data.base[:5_000], data.queries[:20], data.distance)
        for engine in (Hnswlib(), Faiss(), Usearch(), Tamis()):
            engine.build(warm_up)
            engine.batch(warm_up.queries, K, 20)
            engine.one(warm_up.queries[0], K, 20)
        rows += measure(data, [Hnswlib(), Faiss(), Usearch(), Tamis()])
    columns = ["data", "engine", "build s", "target", "beam", "recall@10", "batch QPS", "single QPS"]
    lines = verdicts(rows)
    publish("unfiltered", columns, rows, ["hnswlib", "faiss-cpu", "usearch", "numba", "numpy"], verdicts=lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
