"""Ask, compare with the exact answer, print: hits, plan, recall, time."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tamis.demo.library import Library
from tamis.demo.questions import Question
from tamis.model.result import Hit
from tamis.wire.where_reader import read_where

__all__ = ["answer", "compare"]

_REPEATS = 20  # of one search, for its time
_SAMPLE = 200  # documents asked as questions, for recall
_SLACK = 1e-6  # between scores that two ways of summing give


def answer(library: Library, question: Question, limit: int, console: Console, plan: bool = True) -> None:
    """One question: its hits, and the plan if asked for."""
    vector = library.embedding.embed(question.text)
    filter = _filter(question)
    hits = library.collection.search(vector, limit=limit, filter=filter)
    started = perf_counter()
    for _ in range(_REPEATS):
        library.collection.search(vector, limit=limit, filter=filter)
    microseconds = (perf_counter() - started) / _REPEATS * 1e6
    exact = library.collection.search(vector, limit=limit, filter=filter, params={"exact": True})
    recall = _recall([hit.score for hit in hits], [hit.score for hit in exact])
    where = f"  [dim]where[/dim] {escape(question.where)}" if question.where else ""
    console.print(f"\n[bold]{escape(question.text)}[/bold]{where}")
    console.print(_table(hits))
    console.print(f"[dim]{len(hits)} hits · recall {recall:.2f} against the exact scan · {microseconds:,.0f} µs[/dim]")
    if plan:
        explained = library.collection.explain(vector, limit=limit, filter=filter)
        console.print(str(explained), highlight=False, markup=False)


def compare(library: Library, questions: Sequence[Question], limit: int, console: Console) -> None:
    """Recall and time of every filter, over documents asked as questions, on one thread."""
    collection = library.collection
    total = collection.count()
    ids = np.random.default_rng(0).choice(total, min(_SAMPLE, total), replace=False)
    sample = np.array([record.vector for record in collection.retrieve(ids, with_payload=False, with_vector=True)])
    title = f"{len(sample)} documents asked as questions, {total:,} points, one thread"
    table = Table(title=title, title_justify="left")
    table.add_column("where", overflow="fold")
    for heading in ("match", f"recall@{limit}", "µs per search", "exact"):
        table.add_column(heading, justify="right")
    for question in questions:
        filter = _filter(question)
        scores, seconds = _timed(collection, sample, limit, filter, None)
        truth, exact_seconds = _timed(collection, sample, limit, filter, {"exact": True})
        recall = float(np.mean([_recall(a[~np.isnan(a)], b[~np.isnan(b)]) for a, b in zip(scores, truth, strict=True)]))
        times = [f"{s / len(sample) * 1e6:,.0f}" for s in (seconds, exact_seconds)]
        table.add_row(escape(question.where) or "(no filter)", f"{collection.count(filter):,}", f"{recall:.3f}", *times)
    console.print()
    console.print(table)


def _timed(collection: Any, sample: Any, limit: int, filter: Any, params: Any) -> tuple[Any, float]:
    for _ in range(2):  # the first one wakes what sleeps
        started = perf_counter()
        _, scores = collection.search_batch(sample, limit=limit, filter=filter, params=params, threads=1)
    return scores, perf_counter() - started


def _filter(question: Question) -> dict[str, Any] | None:
    return read_where(question.where) if question.where else None


def _recall(scores: Sequence[float], exact: Sequence[float]) -> float:
    """The share of the exact answer's size that is at least as near as its last hit; ties count whoever they are."""
    if len(exact) == 0:
        return 1.0
    return sum(score >= exact[-1] - _SLACK for score in scores) / len(exact)


def _table(hits: Sequence[Hit]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim", expand=True)
    for heading, width, ratio in (("score", 5, None), ("kind", 8, None), ("name", None, 2), ("summary", None, 3)):
        table.add_column(heading, width=width, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for hit in hits:
        payload = hit.payload or {}
        name = ".".join(part for part in (payload["module"], payload["qualname"]) if part)
        table.add_row(f"{hit.score:.3f}", payload["kind"], escape(name), escape(payload["summary"]))
    return table
