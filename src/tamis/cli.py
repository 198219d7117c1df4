"""The command line: parse, call, print.

    tamis demo            search the documentation of the Python that runs it
    tamis collections     what a database directory holds
    tamis info            one collection: status, counts, bytes, configuration
    tamis search          the nearest points to a vector or to a stored point
    tamis explain         how that search is answered
    tamis check           verify every stored byte

Exit codes: 0 done, 1 refused or damaged (the message says why), 2 wrong usage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from tamis.collection.check import check_directory
from tamis.embedded.collection import Collection
from tamis.embedded.database import Database, open_database
from tamis.errors import NotFound, Rejected, TamisError
from tamis.model.ids import PointId, parse_id
from tamis.model.payload import encode_payload
from tamis.wire.where_reader import read_where

__all__ = ["app"]


class _Commands(TyperGroup):
    """Turns an error that tamis raises on purpose into its message and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TamisError as error:
            Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Commands,
    help="Filtered vector search in a directory.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_Directory = Annotated[Path, typer.Argument(help="A database directory.", show_default=False)]
_Name = Annotated[str, typer.Argument(metavar="COLLECTION", help="A collection in it.", show_default=False)]
_Where = Annotated[
    str,
    typer.Option(
        help="Only points where this holds: [cyan]= != < <= > >= IN (..) IS NULL IS EMPTY AND OR NOT[/cyan]; "
        "a trailing * is a prefix.",
        show_default=False,
    ),
]
_Vector = Annotated[str, typer.Option(help="Numbers joined by commas.", show_default=False)]
_Like = Annotated[str, typer.Option(help="The id of a stored point: search with its vector.", show_default=False)]
_Using = Annotated[str, typer.Option(help="Which vector, if they have names.", show_default=False)]
_Limit = Annotated[int, typer.Option(help="How many hits.")]
_Exact = Annotated[bool, typer.Option("--exact", help="Scan instead of walking the graph.")]


@app.command()
def demo(
    directory: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("demo-data"),
    ask: Annotated[str, typer.Option(help="A question of your own.", show_default=False)] = "",
    where: _Where = "",
    limit: _Limit = 5,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read everything again.")] = False,
) -> None:
    """Search the documentation of every installed module, with filters.

    The first run reads the docstrings of the standard library and of what is installed, and learns vectors from them.

    Example: [cyan]tamis demo --ask "run code in a thread" --where "kind=function AND module=asyncio*"[/cyan]
    """
    from tamis.demo.answers import answer, compare
    from tamis.demo.library import opened
    from tamis.demo.questions import QUESTIONS, Question

    console = Console()
    with opened(directory, console, rebuild) as library:
        if ask or where:
            answer(library, Question(ask or "", where), limit, console)
            return
        for question in QUESTIONS:
            answer(library, question, limit, console, plan=question in QUESTIONS[1:3])
        compare(library, QUESTIONS, 10, console)
    console.print(f"\nThe data is in {directory}. Ask something yourself:", markup=False)
    console.print('  tamis demo --ask "open a file" --where "kind=function AND parameter_count<=3"', markup=False)


@app.command()
def collections(directory: _Directory) -> None:
    """List the collections of a database.

    Example: [cyan]tamis collections ./demo-data[/cyan]
    """
    with _existing(directory) as db:
        table = Table("collection", "points", "segments", "status")
        for name in db.collections():
            info = db.get_collection(name).info()
            table.add_row(name, f"{info['points_count']:,}", str(info["segments_count"]), str(info["status"]))
        Console().print(table)


@app.command()
def info(directory: _Directory, collection: _Name) -> None:
    """Show one collection: status, counts, configuration, bytes.

    Example: [cyan]tamis info ./demo-data python[/cyan]
    """
    with _existing(directory) as db:
        chosen = db.get_collection(collection)
        table = Table("what", "value", show_header=False)
        for what, value in _flat({**chosen.info(), "memory": chosen.memory()}):
            table.add_row(what, value)
        Console().print(table)


@app.command()
def search(
    directory: _Directory,
    collection: _Name,
    vector: _Vector = "",
    like: _Like = "",
    where: _Where = "",
    limit: _Limit = 10,
    using: _Using = "",
    exact: _Exact = False,
) -> None:
    """Print the nearest points.

    Example: [cyan]tamis search ./demo-data python --like 17 --where "kind=function AND line_count>=10"[/cyan]
    """
    with _existing(directory) as db:
        chosen = db.get_collection(collection)
        query = _query(chosen, vector, like, using)
        hits = chosen.search(query, limit, _filter(where), {"exact": exact}, using=using or None)
        table = Table("id", "score", "payload")
        for hit in hits:
            table.add_row(str(hit.id), f"{hit.score:.4f}", encode_payload(hit.payload).decode())
        Console().print(table)


@app.command()
def explain(
    directory: _Directory,
    collection: _Name,
    vector: _Vector = "",
    like: _Like = "",
    where: _Where = "",
    limit: _Limit = 10,
    using: _Using = "",
    exact: _Exact = False,
) -> None:
    """Show how a search is answered: clauses, counts, strategy per segment, work, time.

    Example: [cyan]tamis explain ./demo-data python --like 17 --where "package=numpy"[/cyan]
    """
    with _existing(directory) as db:
        chosen = db.get_collection(collection)
        query = _query(chosen, vector, like, using)
        plan = chosen.explain(query, limit, _filter(where), {"exact": exact}, using=using or None)
        Console().print(str(plan), markup=False, highlight=False, soft_wrap=True)


@app.command()
def check(directory: _Directory) -> None:
    """Verify every stored byte of a database that nobody has open.

    Example: [cyan]tamis check ./demo-data[/cyan]
    """
    report = check_directory(directory)
    console = Console(soft_wrap=True)
    for problem in report.problems:
        console.print(f"damaged: {problem}", style="red", markup=False, highlight=False)
    console.print(f"{report.files} files, {report.bytes:,} bytes, {len(report.problems)} problems", highlight=False)
    if report.problems:
        raise typer.Exit(1)


def _existing(directory: Path) -> Database:
    if not (directory / "catalog").is_dir():
        raise NotFound(f"directory: {directory} is not a tamis database")
    return open_database(directory)


def _filter(where: str) -> dict[str, Any] | None:
    return read_where(where) if where else None


def _query(collection: Collection, vector: str, like: str, using: str) -> Any:
    """The vector to search with: the one given, or that of the point `like`."""
    if bool(vector) == bool(like):
        raise Rejected("vector", "give either --vector or --like")
    if vector:
        try:
            return [float(number) for number in vector.strip("[] ").split(",")]
        except ValueError:
            raise Rejected("vector", f"must be numbers joined by commas, got {vector!r}") from None
    point_id: PointId = parse_id(int(like) if like.isdecimal() else like, "like")
    records = collection.retrieve([point_id], with_payload=False, with_vector=True)
    if not records:
        raise NotFound(f"like: no point with id {like} in {collection.name!r}")
    stored = records[0].vector
    if isinstance(stored, dict):
        stored = stored.get(using) if using else next(iter(stored.values()), None)
    if stored is None:
        raise NotFound(f"like: point {like} has no such vector")
    return stored


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            rows += _flat(inner, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, f"{inner:,}" if isinstance(inner, int) else str(inner)))
    return rows
