"""`tamis bench`: how fast a collection answers, and how well, asked with vectors of its own points.

Each of some stored points is asked for its neighbours twice: as the planner likes, and exactly. Recall is the share of
the exact neighbours that the first answer had.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from tamis.cli.options import Key, Limit, Name, TargetName, Using, Where
from tamis.cli.table import print_table
from tamis.cli.target import Target, collection_path, opened
from tamis.errors import NotFound
from tamis.wire.where_reader import read_where

__all__ = ["bench"]


def bench(
    target: TargetName,
    collection: Name,
    queries: Annotated[int, typer.Option(help="How many points to ask with.", min=1, max=10_000)] = 200,
    limit: Limit = 10,
    where: Where = "",
    using: Using = "",
    api_key: Key = "",
) -> None:
    """Measure a collection: queries per second, latency, and recall against exact search.

    One query at a time from this process, so the server's or the library's latency, not its throughput.

    Example: [cyan]tamis bench ./demo-data python --where "kind=function"[/cyan]
    """
    body: dict[str, Any] = {"limit": limit}
    if where:
        body["filter"] = read_where(where)
    if using:
        body["using"] = using
    with opened(target, api_key) as api:
        ids = _sample(api, collection, queries, using)
        planned, seconds = _answers(api, collection, body, ids, "as planned")
        exact, scanned = _answers(api, collection, body | {"params": {"exact": True}}, ids, "exactly")
    found = sum(len(a & b) for a, b in zip(planned, exact, strict=True))
    wanted = sum(map(len, exact))
    rows = [_row("as planned", seconds), _row("exact", scanned)]
    print_table(("", "queries/s", "median", "99 %"), rows)
    Console().print(f"recall@{limit} {found / wanted:.4f}, over {len(ids)} queries" if wanted else "nothing matches")


def _row(what: str, seconds: list[float]) -> tuple[str, str, str, str]:
    spent = sorted(seconds)
    middle, late = spent[len(spent) // 2], spent[int(0.99 * (len(spent) - 1))]
    return what, f"{len(spent) / sum(spent):,.0f}", f"{middle * 1e6:,.0f} µs", f"{late * 1e6:,.0f} µs"


def _sample(api: Target, collection: str, count: int, using: str) -> list[Any]:
    """Ids of points that have the vector, from all over the collection: a slice of it by the hash of the id."""
    has: list[Any] = [{"has_vector": using}]
    points = api.ask("POST", collection_path(collection, "/points/count"), {"filter": {"must": has}})["count"]
    parts = points // (2 * count)
    if parts > 1:
        has.append({"slice": {"total": parts, "index": 0}})
    asked = {"limit": 4 * count, "with_payload": False, "filter": {"must": has}}
    page = api.ask("POST", collection_path(collection, "/points/scroll"), asked)["points"]
    if not page:
        raise NotFound(f"{collection} has no points to ask with")
    return [point["id"] for point in page[:: max(1, len(page) // count)]][:count]


def _answers(
    api: Target, collection: str, body: dict[str, Any], ids: list[Any], what: str
) -> tuple[list[set[Any]], list[float]]:
    path = collection_path(collection, "/points/query")
    for id in ids[:20]:  # warm
        api.ask("POST", path, {**body, "query": id})
    answers, seconds = [], []
    console = Console(stderr=True)
    for id in track(ids, what, console=console, transient=True, disable=not console.is_terminal):
        begin = time.perf_counter()
        points = api.ask("POST", path, {**body, "query": id})["points"]
        seconds.append(time.perf_counter() - begin)
        answers.append({point["id"] for point in points})
    return answers, seconds
