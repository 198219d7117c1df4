"""`tamis snapshot`: copies of a collection, or of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console

from tamis.cli.options import Key, Name, TargetName
from tamis.cli.table import print_table
from tamis.cli.target import collection_path, is_address, opened

__all__ = ["create", "delete", "list_snapshots", "recover", "snapshot"]

snapshot = typer.Typer(help="Make, list, delete and recover snapshots.", no_args_is_help=True, rich_markup_mode="rich")

_File = Annotated[str, typer.Argument(metavar="SNAPSHOT", help="Its name.", show_default=False)]
_All = Annotated[
    str, typer.Argument(metavar="[COLLECTION]", help="Which; all of them unless given.", show_default=False)
]


@snapshot.command()
def create(target: TargetName, collection: _All = "", api_key: Key = "") -> None:
    """Copy a collection, or all of them, into one file beside the data.

    Example: [cyan]tamis snapshot create ./data docs[/cyan]
    """
    with opened(target, api_key) as api:
        _show([api.ask("POST", _path(collection))])


@snapshot.command("list")
def list_snapshots(target: TargetName, collection: _All = "", api_key: Key = "") -> None:
    """List the snapshots of a collection, or those of all of them.

    Example: [cyan]tamis snapshot list ./data docs[/cyan]
    """
    with opened(target, api_key) as api:
        _show(api.ask("GET", _path(collection)))


@snapshot.command()
def delete(target: TargetName, collection: Name, name: _File, api_key: Key = "") -> None:
    """Delete a snapshot of a collection.

    Example: [cyan]tamis snapshot delete ./data docs docs-2026-11-25.snapshot[/cyan]
    """
    with opened(target, api_key) as api:
        api.ask("DELETE", f"{_path(collection)}/{quote(name, safe='')}")
    Console().print(f"deleted {name}", markup=False)


@snapshot.command()
def recover(
    target: TargetName,
    collection: Name,
    source: Annotated[str, typer.Argument(help="A file, or an address that the server may fetch.", show_default=False)],
    checksum: Annotated[str, typer.Option(help="SHA-256 that the file must have.", show_default=False)] = "",
    api_key: Key = "",
) -> None:
    """Make a collection of a snapshot, in the place of the one of that name if there is one.

    A server takes files from its own snapshots folder and from addresses; a directory takes any file.

    Example: [cyan]tamis snapshot recover ./data docs ./docs.snapshot[/cyan]
    """
    if is_address(target) or is_address(source):
        location = source if "://" in source else Path(source).resolve().as_uri()
        body: dict[str, Any] = {"location": location, **({"checksum": checksum} if checksum else {})}
        with opened(target, api_key, create=True) as api:
            api.ask("PUT", collection_path(collection, "/snapshots/recover"), body)
    else:
        from tamis.embedded.database import open_database

        with open_database(target) as database:
            database.recover_snapshot(collection, Path(source), checksum or None)
    Console().print(f"recovered {collection}", markup=False)


def _path(collection: str) -> str:
    return collection_path(collection, "/snapshots") if collection else "/snapshots"


def _show(infos: list[dict[str, Any]]) -> None:
    rows = [
        (one["name"], one.get("creation_time") or "", f"{one['size']:,}", one.get("checksum") or "") for one in infos
    ]
    print_table(("snapshot", "made", "bytes", "sha256"), rows)
