"""`mention`: the pipeline, the memory (remember, link, describe, read), the page (serve), and its figures (measure)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException
from rich.console import Console
from rich.table import Table

from apps.mention import serving
from apps.mention.memory import Memory, MemoryRejected
from apps.mention.model import BadArtefact, load_model
from apps.mention.model.encoders import UnknownEncoder
from apps.mention.names import TextTooLong
from apps.mention.pipeline.cli import app as pipeline
from apps.mention.sentence import SentenceRejected
from tamis import TamisError

__all__ = ["app"]

app = typer.Typer(
    help="Few-shot knowledge of people: who is meant, and what they are, from the sentences that mention them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(pipeline)
out, err = Console(), Console(stderr=True)

Directory = Annotated[Path, typer.Option("--path", help="The directory of the memory, made when missing.")]
Address = Annotated[str, typer.Option("--url", help="A running server instead, for example http://127.0.0.1:6333.")]
Model = Annotated[str, typer.Option("--model", help="A packed model (.npz), or a name of artefacts.toml.")]
Text = Annotated[str, typer.Argument(help="A sentence with the name in square brackets: 'As [Ada Lovelace] wrote.'")]
PATH = Path("mention-data")
TAUGHT = ("occ:PHYSICIST", "occ:CHESS MASTER", "country:Poland", "era:18th century", "nat_occ:France painter")


@app.command()
def remember(
    entity: Annotated[str, typer.Argument(help="Who is meant: any name you go by.")],
    text: Text,
    source: Annotated[str, typer.Option(help="Where the sentence stands.")] = "",
    date: Annotated[str, typer.Option(help="Its date, as 1843-09-01.")] = "",
    path: Directory = PATH,
    url: Address = "",
    model: Model = "",
) -> None:
    """Keep one sentence about somebody, and say what is known of them now."""
    sentence, span = marked(text)
    with opened(path, url, model) as memory:
        memory.remember(entity, sentence, span, source, date or None)
        out.print(described(memory, entity))


@app.command()
def link(text: Text, limit: int = 5, path: Directory = PATH, url: Address = "", model: Model = "") -> None:
    """Say who is meant by the name in a sentence."""
    sentence, span = marked(text)
    with opened(path, url, model) as memory:
        candidates = memory.link(sentence, span, limit)
    if not candidates:
        out.print("Nobody we know.")
    for one in candidates:
        out.print(f"{one.score:6.1%}  {one.entity}", markup=False, highlight=False)


@app.command()
def describe(entity: str, path: Directory = PATH, url: Address = "", model: Model = "") -> None:
    """Say what somebody is, and which sentences speak for it."""
    with opened(path, url, model) as memory:
        out.print(described(memory, entity))


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="A text file; - for standard input.")],
    keep: Annotated[bool, typer.Option(help="Remember what is linked with certainty.")] = False,
    path: Directory = PATH,
    url: Address = "",
    model: Model = "",
) -> None:
    """Find the names of people in a plain text, and say who is meant."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    with opened(path, url, model) as memory:
        for one in memory.read(text, serving.KnowingFinder(memory), keep):
            who = ", ".join(f"{other.entity} {other.score:.0%}" for other in one.candidates[:3]) or "nobody we know"
            out.print(f"{one.sentence.surface}: {who}", markup=False, highlight=False)


@app.command()
def serve(
    sample: Annotated[bool, typer.Option(help="Fill an empty memory with the people that ship.")] = False,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8020,
    path: Directory = PATH,
    url: Address = "",
    model: Model = "",
) -> None:
    """Serve the page on this machine: paste a text, and watch what is known of people."""
    with opened(path, url, model) as memory:
        if sample:
            serving.fill(memory, err)
        serving.serve(memory, err, port=port)


@app.command()
def measure(
    mentions: Annotated[int, typer.Option(help="Synthetic mentions for the times.")] = 80_000,
    questions: Annotated[int, typer.Option(help="Calls of each kind, and names to link.")] = 200,
    corpus: Annotated[
        str, typer.Option(help="A prepared corpus: linking and teaching are measured on its people.")
    ] = "",
    model: Model = "",
    url: Address = "",
) -> None:
    """Print what a memory costs; with a corpus, how well it links and learns categories. In memory, or behind --url."""
    from apps.mention.measure import linking, teaching, times
    from apps.mention.pipeline.corpus import read_corpus
    from apps.mention.pipeline.known import as_mentions

    with failing(), serving.opened(None, url or None) as client:
        out.print(times(client, mentions, questions))
        if corpus:
            read = read_corpus(Path(corpus))
            memory = Memory(client, *load_model(model or None), prefix="linking-")
            kept_out = {mention.entity for mention in as_mentions(read.of("test"))}
            out.print(linking(memory, as_mentions(read.people), max(questions, 2_000), kept_out))
            known = {person.name: person.labels for person in read.people}
            labels = {name: own for name, own in known.items() if is_remembered(memory, name)}
            chosen = [name for name in TAUGHT if any(name in own for own in labels.values())]
            out.print(teaching(memory, labels, chosen))


def marked(text: str) -> tuple[str, tuple[int, int]]:
    """The sentence without its brackets, and the span that stood in them."""
    start, end = text.find("["), text.find("]")
    if not 0 <= start < end:
        err.print("Put the name in square brackets: 'As [Ada Lovelace] wrote.'", markup=False)
        raise typer.Exit(2)
    return text[:start] + text[start + 1 : end] + text[end + 1 :], (start, end - 1)


def described(memory: Memory, entity: str) -> Table:
    """What is known of somebody, as a table."""
    description = memory.describe(entity)
    table = Table("", "probability", "the sentence that says most", title=f"{entity}, {description.mentions} mentions")
    for one in description.categories:
        best = max(one.speakers, key=lambda speaker: speaker[1], default=None)
        table.add_row(f"{one.facet}: {one.name}", f"{one.probability:.0%}", best[0].text if best else "")
    return table


def is_remembered(memory: Memory, name: str) -> bool:
    """Has somebody of exactly this name a mention?"""
    try:
        return bool(memory.mentions(name, 1))
    except LookupError:
        return False


@contextmanager
def opened(path: Path, url: str, model: str) -> Iterator[Memory]:
    """The memory of a directory or of a server."""
    with failing(), serving.opened(None if url else path, url or None) as client:
        yield Memory(client, *load_model(model or None))


@contextmanager
def failing() -> Iterator[None]:
    """What a person can mend is told in a line."""
    try:
        yield
    except (
        MemoryRejected,
        SentenceRejected,
        BadArtefact,
        UnknownEncoder,
        TextTooLong,
        TamisError,
        LookupError,
    ) as error:
        err.print(str(error.args[0] if error.args else error), markup=False, style="red")
        raise typer.Exit(1) from error
    except (ApiException, ResponseHandlingException, httpx.HTTPError, OSError) as error:
        err.print(f"The server or the disk did not answer well: {error}", markup=False, style="red")
        raise typer.Exit(1) from error
