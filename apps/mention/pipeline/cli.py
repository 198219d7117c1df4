"""`mention prepare | train | evaluate | pack | names`: the pipeline on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from apps.mention.pipeline.evaluation import MENTIONS
from apps.mention.pipeline.steps import BAG, Plan, evaluate, prepare, train

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
out, err = Console(), Console(stderr=True)

Corpus = Annotated[Path, typer.Argument(help="The folder of a prepared corpus: people.jsonl.gz and labels.tsv.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


@app.command("prepare")
def prepare_command(
    sources: Annotated[Path, typer.Argument(help="A folder with mentions.jsonl.gz and pages.jsonl.gz.")],
    corpus: Annotated[Path, typer.Argument(help="The folder to write.")],
    share: Annotated[float, typer.Option(min=0.0, max=0.9, help="People held out for tests.")] = 0.2,
    seed: Seed = 0,
) -> None:
    """Write a corpus: people with mentions and labels, separated into train and test by person.

    [bold]people.jsonl.gz[/bold], one person a line: {"entity", "name", "split": "train" or "test", "labels":
    ["facet:NAME"], "mentions": [{"text", "start", "end", "source", "date"}], "about": [sentences that need not name
    the person]}.
    [bold]labels.tsv[/bold]: label, facet, people, parents. A corpus of your own in this format needs no prepare.
    """
    made = prepare(sources, corpus, share, seed)
    for split in ("train", "test"):
        people = made.of(split)
        count = sum(len(person.mentions) for person in people)
        err.print(f"{split}: {len(people):,} people, {count:,} mentions")


@app.command("train")
def train_command(
    corpus: Corpus,
    checkpoint: Annotated[Path, typer.Argument(help="The folder to write: arrays, about.json, curves.png.")],
    split: Annotated[
        str, typer.Option(help="train, or all: test people too, for a model that is to be shipped.")
    ] = "train",
    encoder: Annotated[
        str, typer.Option(help="bag is trained; sentence-transformers:NAME or fastembed:NAME is not.")
    ] = BAG,
    words: Annotated[str, typer.Option(help="An encoder whose meaning of words the bag begins with.")] = "",
    size: Annotated[int, typer.Option(help="Dimensions of the bag's vectors.")] = 112,
    features: Annotated[int, typer.Option(help="Words, pairs and word ends that are learnt.")] = 28_000,
    epochs: int = 60,
    teachers: Annotated[int, typer.Option(help="Train so many first, and let them teach the one that is kept.")] = 0,
    weight: Annotated[list[str] | None, typer.Option(help="What a facet counts in the loss: occ=2.")] = None,
    seed: Seed = 0,
) -> None:
    """Train encoder and aggregator (needs PyTorch: the extra train); some ten minutes on two cores."""
    if split not in ("train", "all"):
        raise typer.BadParameter("train or all", param_hint="--split")
    counting = {name: float(value) for name, _, value in (one.partition("=") for one in weight or ())}
    plan = Plan(split, encoder, words, size, features, epochs, seed, teachers, counting=counting)
    train(corpus, checkpoint, plan, lambda line: err.print(line, markup=False, highlight=False))


@app.command("evaluate")
def evaluate_command(
    corpus: Corpus,
    model: Annotated[str, typer.Option(help="A packed model; the one that ships if none is given.")] = "",
    target: Annotated[str, typer.Option("--json", help="Write all figures to this file.")] = "",
    seed: Seed = 0,
) -> None:
    """Judge a packed model on the test people, beside the mean of single mentions and the nearest neighbours by LSA."""
    figures = evaluate(corpus, Path(model) if model else None, seed)
    out.print(summary(figures))
    out.print(facets(figures["aggregated"]))
    if target:
        Path(target).write_text(json.dumps(figures, indent=1))


@app.command("pack")
def pack_command(
    checkpoint: Annotated[Path, typer.Argument(help="The folder that train wrote.")],
    target: Annotated[Path, typer.Argument(help="The .npz to write.")],
) -> None:
    """Write the file that is run without PyTorch, and print its entry for artefacts.toml."""
    from apps.mention.pipeline.packing import pack

    checksum = pack(checkpoint, target)
    err.print(f"{target}: {target.stat().st_size:,} bytes")
    out.print(f'file = "{target.name}"\nsha256 = "{checksum}"', markup=False, highlight=False)


@app.command("names")
def names_command(
    sources: Annotated[Path, typer.Argument(help="A folder with mentions.jsonl.gz, pages.jsonl.gz, pantheon.tsv.gz.")],
    target: Annotated[Path, typer.Argument(help="The model of names to write (.json.xz).")],
    seed: Seed = 0,
) -> None:
    """Train what finds names in plain text (needs python-crfsuite: the extra train); judge it on people held out."""
    from apps.mention.names import NameFinder
    from apps.mention.names.corpus import read_corpus, read_mentions
    from apps.mention.names.evaluation import evaluate_finder
    from apps.mention.names.training import train_finder

    train_finder(read_corpus(sources), target, seed)
    for name, value in evaluate_finder(NameFinder(model=target), read_mentions(sources)).items():
        out.print(f"{name}: {value:,.3f}", highlight=False)


def summary(figures: dict[str, Any]) -> Table:
    """The three ways beside each other, by number of mentions."""
    table = Table(
        "mentions", "people", "way", "occupation", "macro precision", title=f"{figures['categories']} categories"
    )
    for k in map(str, MENTIONS):
        for way in ("aggregated", "averaged", "neighbours"):
            if k in figures[way]:
                own = figures[way][k]
                accuracy = own["facets"].get("occ", {}).get("accuracy")
                shown = "" if accuracy is None else f"{accuracy:.3f}"
                table.add_row(k, str(own["people"]), way, shown, f"{own['precision']:.3f}")
        table.add_section()
    return table


def facets(figures: dict[str, Any]) -> Table:
    """Accuracy and macro average precision of every facet, by number of mentions."""
    table = Table("facet", "categories", *(f"{k} mentions" for k in figures), title="accuracy / macro precision")
    for name in next(iter(figures.values()))["facets"]:
        own = [figures[k]["facets"][name] for k in figures]
        cells = [
            "" if one["accuracy"] is None else f"{one['accuracy']:.3f} / {one['precision'] or 0:.3f}" for one in own
        ]
        table.add_row(name, str(own[0]["categories"]), *cells)
    return table
