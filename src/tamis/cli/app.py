"""The program: its commands in the order that its help lists them, and its exit codes."""

from __future__ import annotations

import errno
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from tamis.cli import asking, checking, clustering, collecting, demonstrating, measuring, moving, serving, snapshotting
from tamis.cli.target import Unreachable
from tamis.errors import TamisError

__all__ = ["app"]

_HELP = """Filtered vector search: in a directory, or served.

TARGET is a database directory, or the address of a server such as [cyan]http://localhost:6333[/cyan].

Exit codes: 0 done, 1 refused or damaged (the message says why), 2 wrong usage, 3 no answer from the server.
"""


class _Commands(TyperGroup):
    """Turns an error that tamis raises on purpose, or that a file gives, into one message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (TamisError, OSError) as error:
            if isinstance(error, OSError) and error.errno in (None, errno.EPIPE):
                raise
            Console(stderr=True).print(_line(error), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(3 if isinstance(error, Unreachable) else 1) from None


def _line(error: TamisError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"error: {error.filename}: {error.strerror}" if error.filename else f"error: {error.strerror}"
    return f"error: {error}"


app = typer.Typer(
    cls=_Commands, help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
)
app.command("demo")(demonstrating.demo)
app.command("serve")(serving.serve)
app.command("collections")(collecting.collections)
app.command("info")(collecting.info)
app.command("create")(collecting.create)
app.command("delete")(collecting.delete)
app.command("import", cls=moving.Import)(moving.import_points)
app.command("export")(moving.export_points)
app.command("search")(asking.search)
app.command("explain")(asking.explain)
app.command("bench")(measuring.bench)
app.add_typer(snapshotting.snapshot, name="snapshot")
app.add_typer(clustering.cluster, name="cluster")
app.command("check")(checking.check)
