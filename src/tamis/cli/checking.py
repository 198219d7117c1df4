"""`tamis check`: every stored byte of a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tamis.cli.target import is_address
from tamis.collection.check import check_directory
from tamis.errors import Rejected

__all__ = ["check"]


def check(
    directory: Annotated[str, typer.Argument(metavar="DIRECTORY", help="A database directory.", show_default=False)],
) -> None:
    """Verify every stored byte of a database that nobody has open.

    Example: [cyan]tamis check ./demo-data[/cyan]
    """
    if is_address(directory):
        raise Rejected(
            "directory", "a server's files are checked where they are; give the directory, with the server stopped"
        )
    report = check_directory(Path(directory))
    console = Console(soft_wrap=True)
    for problem in report.problems:
        console.print(f"damaged: {problem}", style="red", markup=False, highlight=False)
    console.print(f"{report.files} files, {report.bytes:,} bytes, {len(report.problems)} problems", highlight=False)
    if report.problems:
        raise typer.Exit(1)
