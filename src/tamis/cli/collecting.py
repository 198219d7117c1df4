"""`tamis collections`, `info`, `create`, `delete`: what there is, and making and dropping it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tamis.cli.options import Key, Name, TargetName
from tamis.cli.target import collection_path, opened
from tamis.errors import Rejected

__all__ = ["collections", "create", "delete", "info"]


def collections(target: TargetName, api_key: Key = "") -> None:
    """List the collections.

    Example: [cyan]tamis collections ./demo-data[/cyan]
    """
    with opened(target, api_key) as api:
        table = Table("collection", "points", "segments", "status")
        for found in api.ask("GET", "/collections")["collections"]:
            told = api.ask("GET", collection_path(found["name"]))
            table.add_row(found["name"], f"{told['points_count']:,}", str(told["segments_count"]), told["status"])
        Console().print(table)


def info(target: TargetName, collection: Name, api_key: Key = "") -> None:
    """Show one collection: status, counts, configuration, bytes.

    Example: [cyan]tamis info ./demo-data python[/cyan]
    """
    with opened(target, api_key) as api:
        told = api.ask("GET", collection_path(collection))
        memory = api.ask("GET", collection_path(collection, "/memory"))
        table = Table("what", "value", show_header=False)
        for what, value in _flat({**told, "memory": memory}):
            table.add_row(what, value)
        Console().print(table)


def create(
    target: TargetName,
    collection: Name,
    size: Annotated[int, typer.Option(help="Dimensions of its vectors.", show_default=False)],
    distance: Annotated[str, typer.Option(help="Cosine, Dot, Euclid or Manhattan.")] = "Cosine",
    vector: Annotated[str, typer.Option(help="A name for the vector; none unless given.", show_default=False)] = "",
    api_key: Key = "",
) -> None:
    """Make an empty collection; a directory that does not exist is made too.

    Example: [cyan]tamis create ./data docs --size 384[/cyan]
    """
    params: dict[str, Any] = {"size": size, "distance": distance}
    with opened(target, api_key, create=True) as api:
        api.ask("PUT", collection_path(collection), {"vectors": {vector: params} if vector else params})
    Console().print(f"created {collection}", markup=False)


def delete(
    target: TargetName,
    collection: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    api_key: Key = "",
) -> None:
    """Delete a collection and all of its points.

    Example: [cyan]tamis delete ./data docs --yes[/cyan]
    """
    with opened(target, api_key) as api:
        told = api.ask("GET", collection_path(collection))
        if not yes and not typer.confirm(f"Delete {collection} with {told['points_count']:,} points?"):
            raise Rejected("delete", "nothing was deleted")
        api.ask("DELETE", collection_path(collection))
    Console().print(f"deleted {collection}", markup=False)


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            rows += _flat(inner, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, f"{inner:,}" if isinstance(inner, int) else str(inner)))
    return rows
