"""`tamis collections`, `info`, `create`, `delete`: what there is, and making and dropping it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from tamis.cli.options import Key, Name, TargetName
from tamis.cli.table import print_table
from tamis.cli.target import Refused, Target, collection_path, opened
from tamis.errors import Rejected

__all__ = ["collections", "create", "delete", "info"]


def collections(target: TargetName, api_key: Key = "") -> None:
    """List the collections.

    Example: [cyan]tamis collections ./demo-data[/cyan]
    """
    with opened(target, api_key) as api:
        names = [found["name"] for found in api.ask("GET", "/collections")["collections"]]
        told = [api.ask("GET", collection_path(name)) for name in names]
    rows = [
        (name, f"{one.get('points_count') or 0:,}", str(one["segments_count"]), one["status"])
        for name, one in zip(names, told, strict=True)
    ]
    print_table(("collection", "points", "segments", "status"), rows)


def info(target: TargetName, collection: Name, api_key: Key = "") -> None:
    """Show one collection: status, counts, configuration, bytes.

    Example: [cyan]tamis info ./demo-data python[/cyan]
    """
    with opened(target, api_key) as api:
        told = api.ask("GET", collection_path(collection))
        memory = _memory(api, collection)
    print_table(("what", "value"), _flat({**told, "memory": memory}), header=False)


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
        if not yes and not typer.confirm(f"Delete {collection} with {told.get('points_count') or 0:,} points?"):
            raise Rejected("delete", "nothing was deleted")
        api.ask("DELETE", collection_path(collection))
    Console().print(f"deleted {collection}", markup=False)


def _memory(api: Target, collection: str) -> dict[str, Any]:
    """Bytes by part; nothing where a server does not tell."""
    try:
        told: dict[str, Any] = api.ask("GET", collection_path(collection, "/memory"))
    except Refused as refused:
        if refused.status != 404:
            raise
        return {}
    return told


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            rows += _flat(inner, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, f"{inner:,}" if isinstance(inner, int) else str(inner)))
    return rows
