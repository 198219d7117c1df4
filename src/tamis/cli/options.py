"""Arguments and options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Exact", "Key", "Like", "Limit", "Name", "TargetName", "Using", "VectorText", "Where"]

TargetName = Annotated[
    str, typer.Argument(metavar="TARGET", help="A database directory, or a server's address.", show_default=False)
]
Name = Annotated[str, typer.Argument(metavar="COLLECTION", help="A collection in it.", show_default=False)]
Key = Annotated[str, typer.Option("--api-key", envvar="TAMIS_API_KEY", help="The server's key.", show_default=False)]
Where = Annotated[
    str,
    typer.Option(
        help="Only points where this holds: [cyan]= != < <= > >= IN (..) IS NULL IS EMPTY AND OR NOT[/cyan]; "
        "a trailing * is a prefix.",
        show_default=False,
    ),
]
VectorText = Annotated[str, typer.Option("--vector", help="Numbers joined by commas.", show_default=False)]
Like = Annotated[str, typer.Option(help="The id of a stored point: search with its vector.", show_default=False)]
Using = Annotated[str, typer.Option(help="Which vector, if they have names.", show_default=False)]
Limit = Annotated[int, typer.Option(help="How many hits.")]
Exact = Annotated[bool, typer.Option("--exact", help="Scan instead of walking the graph.")]
