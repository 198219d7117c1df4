"""`tamis search` and `tamis explain`: the nearest points, and how they are found."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from tamis.cli.options import Exact, Key, Like, Limit, Name, TargetName, Using, VectorText, Where
from tamis.cli.table import print_table
from tamis.cli.target import collection_path, opened
from tamis.errors import Rejected
from tamis.search.plan import plan_text
from tamis.wire.answers import write
from tamis.wire.where_reader import read_where

__all__ = ["explain", "search"]


def search(
    target: TargetName,
    collection: Name,
    vector: VectorText = "",
    like: Like = "",
    where: Where = "",
    limit: Limit = 10,
    using: Using = "",
    exact: Exact = False,
    api_key: Key = "",
) -> None:
    """Print the nearest points. A point that is searched with is not among them.

    Example: [cyan]tamis search ./demo-data python --like 17 --where "kind=function AND line_count>=10"[/cyan]
    """
    body = _query(vector, like, where, limit, using) | {"params": {"exact": exact}, "with_payload": True}
    with opened(target, api_key) as api:
        hits = api.ask("POST", collection_path(collection, "/points/query"), body)["points"]
    rows = [(str(hit["id"]), f"{hit['score']:.4f}", write(hit.get("payload") or {}).decode()) for hit in hits]
    print_table(("id", "score", "payload"), rows)


def explain(
    target: TargetName,
    collection: Name,
    vector: VectorText = "",
    like: Like = "",
    where: Where = "",
    limit: Limit = 10,
    using: Using = "",
    exact: Exact = False,
    api_key: Key = "",
) -> None:
    """Show how a search is answered: clauses, counts, strategy per segment, work, time.

    Example: [cyan]tamis explain ./demo-data python --like 17 --where "package=numpy"[/cyan]
    """
    body = _query(vector, like, where, limit, using) | {"params": {"exact": exact}}
    with opened(target, api_key) as api:
        answer = api.envelope("POST", collection_path(collection, "/points/query?explain=true"), body)
    if "plan" not in answer:
        raise Rejected("target", "this server does not explain its answers")
    Console().print(plan_text(answer["plan"]), markup=False, highlight=False, soft_wrap=True)


def _query(vector: str, like: str, where: str, limit: int, using: str) -> dict[str, Any]:
    """The body of the search."""
    if bool(vector) == bool(like):
        raise Rejected("vector", "give either --vector or --like")
    query: Any = int(like) if like.isdecimal() else like
    if vector:
        try:
            query = [float(number) for number in vector.strip("[] ").split(",")]
        except ValueError:
            raise Rejected("vector", f"must be numbers joined by commas, got {vector!r}") from None
    body: dict[str, Any] = {"query": query, "limit": limit}
    if where:
        body["filter"] = read_where(where)
    if using:
        body["using"] = using
    return body
