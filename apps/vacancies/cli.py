"""The command line: `vacancies build | complete TEXT | serve | measure`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from qdrant_client.http.exceptions import ApiException
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from apps.vacancies.completion import Completion, Question
from apps.vacancies.errors import BadInput, VacanciesError
from apps.vacancies.groups import GROUPS
from apps.vacancies.index import build as build_index
from apps.vacancies.place import client_of, completer_of
from apps.vacancies.sources.corpus import Corpus
from apps.vacancies.sources.esco import read_folder
from apps.vacancies.sources.sample import read_sample
from tamis import TamisError

__all__ = ["app"]

_HELP = """Autocomplete for vacancy texts in English and Dutch, by prefix and by meaning.

Begin with [cyan]vacancies serve[/cyan]: without data of your own it indexes a small sample, in seconds.

Exit codes: 0 done, 1 refused (the message says why), 2 wrong usage.
"""

PathOption = Annotated[Path, typer.Option("--path", help="Folder of the index.")]
UrlOption = Annotated[
    str, typer.Option("--url", help="A tamis server for the points, such as http://localhost:6333.", show_default=False)
]
KeyOption = Annotated[
    str, typer.Option("--api-key", envvar="TAMIS_API_KEY", help="Key of that server.", show_default=False)
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder with ESCO's occupations; the sample, if not given.", show_default=False),
]
LanguageOption = Annotated[str, typer.Option("--language", help="en, nl or both.")]
_WARMING = "warming up the kernels"
_DEFAULT = Path("vacancies-data")


class _Commands(TyperGroup):
    """Turns an error that is raised on purpose, or that a file or a server gives, into one line and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (VacanciesError, TamisError, ApiException, OSError) as error:
            line = " ".join(str(error).split())
            Console(stderr=True).print(f"error: {line}", style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    name="vacancies",
    cls=_Commands,
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.command()
def build(path: PathOption = _DEFAULT, url: UrlOption = "", data: DataOption = None, api_key: KeyOption = "") -> None:
    """Read the texts, learn the embedding, fill the index. An earlier index is replaced once the new one is complete.

    Example: [cyan]vacancies build --data ./data/jobs --path ./vacancies-data[/cyan]
    """
    _build(_corpus(data), path, url, api_key)


@app.command()
def complete(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was typed so far.", show_default=False)],
    path: PathOption = _DEFAULT,
    url: UrlOption = "",
    language: LanguageOption = "both",
    group: Annotated[int | None, typer.Option(help="ISCO major group, 0 to 9.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="How many completions.")] = 8,
    api_key: KeyOption = "",
) -> None:
    """Print what a text could go on with; what was typed is bold.

    Example: [cyan]vacancies complete "we zoeken een ervaren verp" --language nl[/cyan]
    """
    question = Question(text, language, group, limit)
    with completer_of(path, url, api_key) as completer:
        answer = completer.complete(question)
    table = Table(box=None, pad_edge=False)
    for name in ("completion", "", "group", "found by"):
        table.add_column(name)
    for one in answer.completions:
        table.add_row(_shown(one), one.language, "" if one.group is None else GROUPS[one.group], one.by)
    console = Console()
    console.print(table if answer.completions else "nothing like this is known")


@app.command()
def serve(
    path: PathOption = _DEFAULT,
    url: UrlOption = "",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65_535)] = 8_090,
    api_key: KeyOption = "",
) -> None:
    """Serve the page. Where nothing was built yet, the sample is built first.

    Example: [cyan]vacancies serve --path ./vacancies-data --port 8090[/cyan]
    """
    from apps.page.serving import serve as serve_page
    from apps.vacancies.serving import page_of

    if not path.exists():
        _build(read_sample(), path, url, api_key)
    with completer_of(path, url, api_key) as completer:
        completer.complete(Question(_WARMING))
        serve_page(page_of(completer), host, port, lambda address: _say(f"{address}  (stop with Ctrl+C)"))


@app.command()
def measure(
    data: DataOption = None,
    cases: Annotated[int, typer.Option(help="Titles of each kind.", min=2, max=5_000)] = 100,
    keystrokes: Annotated[int, typer.Option(help="Keystrokes that are timed.", min=10, max=100_000)] = 1_000,
    seed: Annotated[int, typer.Option(help="Which titles are drawn.")] = 0,
) -> None:
    """Measure quality and speed on titles that are typed letter by letter, in an index without what is held out.

    Example: [cyan]vacancies measure --data ./data/jobs --cases 100[/cyan]
    """
    from apps.vacancies.report import report

    report(_corpus(data), cases, keystrokes, seed, Console())


def _corpus(data: Path | None) -> Corpus:
    if data is None:
        return read_sample()
    if not data.is_dir():
        raise BadInput("data", f"{data} is not a folder; give one with ESCO's occupations, or leave it out")
    return read_folder(data)


def _build(corpus: Corpus, path: Path, url: str, api_key: str) -> None:
    path.mkdir(parents=True, exist_ok=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with client_of(path, url, api_key) as client, Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {step: bars.add_task(step, total=None) for step in ("learning", "storing")}
        embedding = build_index(
            client, corpus, path, lambda step, done, total: bars.update(tasks[step], completed=done, total=total)
        )
    _say(f"{embedding.about['phrases']:,} phrases in {embedding.dimensions} dimensions, in {path}")


def _shown(one: Completion) -> Text:
    text = Text(one.text)
    for start, stop in one.marks:
        text.stylize("bold", start, stop)
    return text


def _say(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)
