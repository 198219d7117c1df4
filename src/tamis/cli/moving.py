"""`tamis import` and `tamis export`: points from files, and into them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from typer.core import TyperCommand

from tamis.cli.files.progress_file import ProgressFile
from tamis.cli.files.sinks import KINDS, writer
from tamis.cli.files.sources import Columns, count_rows, read_points
from tamis.cli.options import Key, Name, TargetName, Where
from tamis.cli.target import Target, collection_path, opened
from tamis.errors import NotFound, Rejected
from tamis.limits import SEGMENT_POINTS_MAX, SHARDS_MAX, THREADS_MAX
from tamis.wire.answers import write
from tamis.wire.where_reader import read_where

__all__ = ["Import", "export_points", "import_points"]

_PAGE = 1_000
_REQUEST_BYTES = 8 << 20  # a quarter of what a server takes unless told otherwise
_Batch = Annotated[int, typer.Option(help="Points in one write.", min=1, max=100_000)]


class Import(TyperCommand):
    """`tamis import`, which with --ray takes other arguments: then it is `_fill`."""

    def make_context(self, info_name: str | None, args: list[str], *given: Any, **extra: Any) -> Any:
        """Read the arguments, of the one or the other."""
        if "--ray" not in args:
            return super().make_context(info_name, args, *given, **extra)
        alone = typer.Typer(rich_markup_mode="rich", add_completion=False)
        alone.command()(_fill)
        rest = [word for word in args if word != "--ray"]
        return typer.main.get_command(alone).make_context(f"{info_name} --ray", rest, *given, **extra)


def import_points(
    target: TargetName,
    collection: Name,
    file: Annotated[Path, typer.Argument(help=".parquet .arrow .feather .jsonl .npy", show_default=False)],
    id_column: Annotated[str, typer.Option(help="The column of ids; without it, row numbers.")] = "id",
    vector_column: Annotated[str, typer.Option(help="The column of vectors; several by comma.")] = "vector",
    payloads: Annotated[Path | None, typer.Option(help="A .jsonl beside a .npy.", show_default=False)] = None,
    distance: Annotated[str, typer.Option(help="For a collection that is made now.")] = "Cosine",
    batch: _Batch = 1_000,
    restart: Annotated[
        bool, typer.Option("--restart", help="From the beginning, whatever an earlier run did.")
    ] = False,
    api_key: Key = "",
    ray: Annotated[
        bool,
        typer.Option("--ray", help="Into the store of a cluster, by many workers: [cyan]import --ray --help[/cyan]."),
    ] = False,
) -> None:
    """Write the points of a file; other columns become their payload. Goes on where an interrupted import stopped.

    A collection that is not there is made, with the size of the first vector.

    Example: [cyan]tamis import ./data docs ./docs.parquet --vector-column embedding[/cyan]
    """
    columns = Columns(id_column, tuple(vector_column.split(",")), payloads)
    for needed in (file, payloads):
        if needed is not None and not needed.is_file():
            raise Rejected("file", f"there is no file {needed}")
    progress = ProgressFile(file, columns, target, collection)
    done, last = (0, None) if restart else progress.read()
    with opened(target, api_key, create=True) as api, _bar(f"import {file.name}", count_rows(file)) as advance:
        there = api.ask("GET", collection_path(collection, "/exists"))["exists"]
        if done and not (there and _has(api, collection, last)):
            done = 0
        advance(done)
        for points in read_points(file, columns, batch, done):
            if not there:
                api.ask("PUT", collection_path(collection), {"vectors": _params(points[0], distance)})
                there = True
            for part in _requests(points):
                api.ask("PUT", collection_path(collection, "/points?wait=true"), {"points": part})
                done += len(part)
                progress.save(done, part[-1]["id"])
                advance(len(part))
    progress.remove()
    Console().print(f"{done:,} points in {collection}", markup=False, highlight=False)


def _fill(
    collection: Name,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help=".parquet; every worker must see them.", show_default=False)
    ],
    store: Annotated[
        str, typer.Option(help="The cluster's: s3://bucket/prefix, gs://, az://, a directory.", show_default=False)
    ],
    id: Annotated[str, typer.Option(help="The column of ids.")] = "id",
    vector: Annotated[str, typer.Option(help="The column of vectors; several by comma.")] = "vector",
    distance: Annotated[str, typer.Option(help="For a collection that is made now.")] = "Cosine",
    shards: Annotated[int, typer.Option(help="For a collection that is made now.", min=1, max=SHARDS_MAX)] = 1,
    points: Annotated[int, typer.Option(help="Points in one segment.", min=1, max=SEGMENT_POINTS_MAX)] = 500_000,
    threads: Annotated[int, typer.Option(help="Threads of a task.", min=1, max=THREADS_MAX)] = 1,
) -> None:
    """Fill an empty collection of a cluster from Parquet files: workers of Ray build segments and graphs in its store.

    A collection that is not there is made, and is seen when all is done. Of rows with the same id the last one wins, in
    the order of the files. RAY_ADDRESS names a cluster of Ray; without it one is started on this machine. The same
    command goes on where an interrupted one stopped.

    Example: [cyan]tamis import --ray --store s3://bucket/tamis docs a.parquet b.parquet[/cyan]
    """
    from tamis.bulk import plan
    from tamis.bulk.filling import Filling, Wanted
    from tamis.bulk.running import on_ray

    columns = plan.Columns(id, tuple(vector.split(",")))
    filling = Filling(store, collection, files, columns, Wanted(distance, shards, points, threads))
    with _bar(f"import {collection}", filling.rows) as advance:
        count = filling.run(on_ray, advance)
    Console().print(f"{count:,} points in {collection}", markup=False, highlight=False)


def export_points(
    target: TargetName,
    collection: Name,
    file: Annotated[Path, typer.Argument(help=".jsonl or .parquet", show_default=False)],
    where: Where = "",
    vectors: Annotated[bool, typer.Option("--vectors/--no-vectors", help="With their vectors.")] = True,
    api_key: Key = "",
) -> None:
    """Write the points of a collection into a file, in order of their ids. `tamis import` reads it.

    Example: [cyan]tamis export ./data docs ./docs.jsonl --where "kind=function"[/cyan]
    """
    if file.suffix.lower() not in KINDS:
        raise Rejected("file", f"must end in {' or '.join(KINDS)}, got {file.name}")
    asked: dict[str, Any] = {"limit": _PAGE, "with_payload": True, "with_vector": vectors}
    if where:
        asked["filter"] = read_where(where)
    part = file.with_name(file.name + ".part")
    count = 0
    with opened(target, api_key) as api, _bar(f"export {collection}", _count(api, collection, asked)) as advance:
        try:
            with part.open("wb") as output:
                with writer(file, output) as add:
                    for points in _pages(api, collection, asked):
                        add(points)
                        count += len(points)
                        advance(len(points))
                output.flush()
                os.fsync(output.fileno())
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
    Console().print(f"{count:,} points in {file}", markup=False, highlight=False)


def _has(api: Target, collection: str, id: Any) -> bool:
    return bool(api.ask("POST", collection_path(collection, "/points"), {"ids": [id], "with_payload": False}))


def _requests(points: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The points in parts that a server takes, judged by the size of the first."""
    step = max(1, _REQUEST_BYTES // len(write(points[0])))
    for first in range(0, len(points), step):
        yield points[first : first + step]


def _params(point: dict[str, Any], distance: str) -> dict[str, Any]:
    vector = point["vector"]
    if not vector:
        raise NotFound("the first point has no vector to tell the size by; make the collection first: tamis create")
    if isinstance(vector, dict):
        return {name: _size(values, distance) for name, values in vector.items()}
    return _size(vector, distance)


def _size(values: Any, distance: str) -> dict[str, Any]:
    if not isinstance(values, list):
        raise Rejected("vector", f"must be a list of numbers, the first point has {values!r}")
    return {"size": len(values), "distance": distance}


def _count(api: Target, collection: str, asked: dict[str, Any]) -> int:
    body = {"filter": asked["filter"]} if "filter" in asked else {}
    count: int = api.ask("POST", collection_path(collection, "/points/count"), body)["count"]
    return count


def _pages(api: Target, collection: str, asked: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    offset = None
    while True:
        body = asked if offset is None else {**asked, "offset": offset}
        page = api.ask("POST", collection_path(collection, "/points/scroll"), body)
        if page["points"]:
            yield page["points"]
        offset = page["next_page_offset"]
        if offset is None:
            return


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Any]:
    """A progress bar with counts and a rate, on standard error if that is a terminal; gone when it is done."""
    rate = TextColumn("{task.fields[rate]}")
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), MofNCompleteColumn(), rate, TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(what, total=total, rate="")

        def advance(count: int) -> None:
            bars.advance(task, count)
            speed = bars.tasks[0].speed
            bars.update(task, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance
