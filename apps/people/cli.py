"""`people`: build, suggest, introduce, serve, measure, sample."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException
from rich.console import Console
from rich.table import Table

from apps.people.people import People, build
from apps.people.profile import Profile, Refused
from apps.people.sources.pages import historical, read_pages
from apps.people.sources.sample import SAMPLE_PEOPLE, invented

__all__ = ["app"]

app = typer.Typer(
    help="Who should meet whom: suggestions under everybody's conditions, each with its reasons.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
_out, _err = Console(), Console(stderr=True)

Directory = Annotated[Path, typer.Option("--path", help="The directory of a tamis database.")]
Address = Annotated[str, typer.Option("--url", help="A running server instead, for example http://127.0.0.1:6333.")]
Name = Annotated[str, typer.Option("--name", help="The collection.")]
_PATH = Path("people-data")


@app.command("build")
def make(
    path: Directory = _PATH,
    url: Address = "",
    name: Name = "people",
    data: Annotated[Path | None, typer.Option(help="A directory with pages.jsonl.gz: historical people.")] = None,
    file: Annotated[Path | None, typer.Option(help="Profiles of your own, a JSON object a line.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="Otherwise so many invented people.")] = SAMPLE_PEOPLE,
    replace: Annotated[bool, typer.Option("--replace", help="Build again what is there.")] = False,
) -> None:
    """Learn from profiles and store them: the invented sample, historical people, or a file.

    Example: [cyan]people build && people suggest 1 --within-km 300[/cyan]
    """
    with _told(), _client(path, url, create=True) as client:
        if data is not None and file is not None:
            raise Refused("data: give --data or --file, not both")
        profiles = list(historical(read_pages(data))) if data else _lines(file) if file else list(invented(sample))
        people = build(client, profiles, name, replace)
        _out.print(f"{len(people):,} people are in {url or path}.", markup=False)


@app.command()
def suggest(
    person: Annotated[str, typer.Argument(help="An id, or the beginning of a name.")],
    path: Directory = _PATH,
    url: Address = "",
    name: Name = "people",
    limit: Annotated[int, typer.Option(help="How many.")] = 5,
    within_km: Annotated[float | None, typer.Option(help="Not farther away.")] = None,
    school: Annotated[str | None, typer.Option(help="Of this school.")] = None,
    interest: Annotated[list[str] | None, typer.Option(help="With one of these interests.")] = None,
    every: Annotated[bool, typer.Option("--every", help="With all of the interests.")] = False,
    like: Annotated[list[int] | None, typer.Option(help="Ids to be more like.")] = None,
    unlike: Annotated[list[int] | None, typer.Option(help="Ids to be less like.")] = None,
    balance: Annotated[float, typer.Option(help="1: interests only, 0: words only.")] = 0.5,
) -> None:
    """Suggest whom somebody should meet, with reasons: the rarest first.

    Example: [cyan]people suggest "Ada" --within-km 200 --interest chess[/cyan]
    """
    with _told(), _client(path, url) as client:
        people = People(client, name)
        me = _one(people, person)
        found = people.suggest(
            me.id,
            limit,
            within_km=within_km,
            school=school,
            interests=interest or (),
            every=every,
            like=like or (),
            unlike=unlike or (),
            balance=balance,
        )
        _out.print(f"{me.name} ({me.id}): {', '.join(me.interests) or 'no interests'}", markup=False, style="bold")
        for one in found:
            _out.print(f"\n{one.person.name} ({one.person.id})  {one.score:.3f}", markup=False, style="cyan")
            for reason in one.reasons:
                _out.print(f"  {reason.bits:4.1f} bits  {reason.text}", markup=False, highlight=False)
        if not found:
            _out.print("Nobody passes; ask for less.")


@app.command()
def introduce(
    group: Annotated[list[int], typer.Argument(help="The ids of the people in the room.")],
    path: Directory = _PATH,
    url: Address = "",
    name: Name = "people",
) -> None:
    """Pair a whole group so that everybody meets one, and the pairs are best together.

    Example: [cyan]people introduce 1 2 3 4 5 6[/cyan]
    """
    with _told(), _client(path, url) as client:
        found = People(client, name).introduce(group)
        table = Table("score", "", "", box=None)
        for pair in found.pairs:
            table.add_row(f"{pair.score:.3f}", _label(pair.one), _label(pair.other))
        _out.print(table)
        if found.alone:
            _out.print(f"Nobody suits: {', '.join(map(_label, found.alone))}", markup=False)


@app.command()
def serve(
    path: Directory = _PATH,
    url: Address = "",
    name: Name = "people",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65_535)] = 8080,
) -> None:
    """Serve the page. Where nothing was built yet, the invented people are built first."""
    from apps.page import serving
    from apps.people.routes import page

    with _told(), _client(path, url, create=True) as client:
        if not client.collection_exists(name):
            build(client, invented(), name)
        people = People(client, name)

        def ready(address: str) -> None:
            _out.print(f"{len(people):,} people at {address} (stop with Ctrl-C)", markup=False, soft_wrap=True)

        serving.serve(page(people), host, port, ready)


@app.command()
def measure(
    data: Annotated[Path | None, typer.Option(help="A directory with pages.jsonl.gz; else only the times.")] = None,
    counts: Annotated[list[int], typer.Option(help="Invented people to measure times with.")] = [600, 2_115, 100_000],  # noqa: B006
    questions: Annotated[int, typer.Option(help="Questions for each line.", min=1)] = 300,
) -> None:
    """Measure how good suggestions are and how long they take. In memory; nothing is kept.

    Example: [cyan]people measure --data ../shared/data/people[/cyan]
    """
    from apps.people.measure import quality, times

    wide = Console(width=110)
    with _told():
        if data is not None:
            wide.print(quality(read_pages(data)))
        wide.print(times(counts, questions))


@app.command()
def sample(
    count: Annotated[int, typer.Option(min=1, help="How many.")] = SAMPLE_PEOPLE,
    seed: Annotated[int, typer.Option(help="Another seed gives other people.")] = 7,
) -> None:
    """Print invented people, a JSON object a line.

    Example: [cyan]people sample > people.jsonl && people build --file people.jsonl[/cyan]
    """
    for profile in invented(count, seed):
        sys.stdout.write(msgspec.json.encode(profile).decode() + "\n")


@contextmanager
def _client(path: Path, url: str, create: bool = False) -> Iterator[QdrantClient]:
    if url:
        client = QdrantClient(url=url, timeout=60, check_compatibility=False)
    else:
        from tamis.qdrant import TamisClient

        if not (create or path.is_dir()):
            raise Refused(f"path: there is no directory {path}; make it with: people build --path {path}")
        client = TamisClient(path=path)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _told() -> Iterator[None]:
    """What went wrong in one line, and status 1."""
    import tamis

    try:
        yield
    except (Refused, tamis.TamisError, OSError) as error:
        problem = str(error)
    except ResponseHandlingException as error:
        problem = f"url: the server does not answer: {error}"
    except (ApiException, httpx.HTTPError) as error:
        problem = f"the database refused: {error}"
    else:
        return
    _err.print(problem, markup=False, style="red")
    raise typer.Exit(1)


def _one(people: People, person: str) -> Profile:
    if person.isdecimal():
        return people.get(int(person))
    found = people.find(person, 6)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(f"person: nobody is called {person!r}; give the beginning of a name, or an id")
    raise Refused(f"person: {person!r} may be {', '.join(map(_label, found))}; give an id")


def _lines(file: Path) -> list[object]:
    found: list[object] = []
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found.append(msgspec.json.decode(line))
            except msgspec.DecodeError as error:
                raise Refused(f"{file}: line {number} is not JSON: {error}") from None
    return found


def _label(profile: Profile) -> str:
    return f"{profile.name} ({profile.id})"
