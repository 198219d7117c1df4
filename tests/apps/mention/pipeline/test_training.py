"""train → pack → run without PyTorch: what is learnt is the same in numpy, repeatable, and right on an easy corpus."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from apps.mention.cli import app
from apps.mention.model import load_model
from apps.mention.pipeline.corpus import read_corpus
from apps.mention.pipeline.steps import Plan, evaluate, prepare, train
from tests.apps.mention.pipeline.corpora import write_sources

pytest.importorskip("torch", reason="PyTorch is not installed (extra train)")
pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra train)")

PLAN = Plan(size=16, features=400, epochs=200, teachers=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, a checkpoint of it and the packed file."""
    folder = tmp_path_factory.mktemp("pipeline")
    prepare(write_sources(folder / "sources"), folder / "corpus", 0.25, 3)
    train(folder / "corpus", folder / "checkpoint", PLAN, lambda _: None)
    done = CliRunner().invoke(app, ["pack", str(folder / "checkpoint"), str(folder / "model.npz")])
    assert done.exit_code == 0, done.output
    assert hashlib.sha256((folder / "model.npz").read_bytes()).hexdigest() in done.output.replace("\n", "")
    return folder


def test_people_held_out_are_described(folder: Path) -> None:
    figures = evaluate(folder / "corpus", folder / "model.npz", 0)
    assert figures["aggregated"]["3"]["facets"]["occ"]["accuracy"] > 0.9
    assert figures["aggregated"]["3"]["facets"]["nat_occ"]["accuracy"] > 0.8
    assert (folder / "checkpoint/curves.png").stat().st_size > 1000


def test_numpy_says_what_pytorch_says(folder: Path) -> None:
    from apps.mention.pipeline.lessons import facets_of, lessons_of
    from apps.mention.pipeline.network import Bag, SetNetwork, Shape
    from apps.mention.pipeline.packing import pack
    from apps.mention.pipeline.training import Learner
    from apps.mention.pipeline.vocabulary import Vocabulary, read_texts

    corpus = read_corpus(folder / "corpus")
    facets = facets_of(corpus, "train")
    lessons = lessons_of(corpus.of("train"), facets)
    vocabulary = Vocabulary.of(lessons.texts, 2, 200)
    rows = np.random.default_rng(1).normal(size=(len(vocabulary.words), 16)).astype(np.float32)
    reader = Bag(vocabulary, read_texts(lessons.texts, vocabulary), rows, Shape())
    learner = Learner(reader, SetNetwork(16, facets, Shape()), facets)
    from apps.mention.pipeline.checkpoint import write_checkpoint

    about = {"encoder": "bag", "categories": facets.categories, "facets": facets.names}
    write_checkpoint(folder / "random", learner, about)
    pack(folder / "random", folder / "random.npz")
    encoder, aggregator = load_model(folder / "random.npz")
    sets = [student.mentions[:3] for student in lessons.students if len(student.mentions) > 2][:20]
    expected = learner.predict(sets)
    found = [aggregator.aggregate(encoder.encode([lessons.texts[text] for text in one])).probabilities for one in sets]
    np.testing.assert_allclose(np.stack(found), expected, atol=0.02)  # bytes and 16-bit floats lie between


def test_the_same_seed_gives_the_same_file(folder: Path) -> None:
    from apps.mention.pipeline.packing import pack

    short = Plan(size=16, features=200, epochs=2, seed=5)
    sums = []
    for name in ("one", "two"):
        train(folder / "corpus", folder / name, short, lambda _: None)
        sums.append(pack(folder / name, folder / f"{name}.npz"))
    assert sums[0] == sums[1]


def test_the_command_line_teaches(folder: Path) -> None:
    run = CliRunner().invoke
    assert run(app, ["evaluate", str(folder / "corpus"), "--model", str(folder / "model.npz")]).exit_code == 0
    wrong = run(app, ["train", str(folder / "corpus"), str(folder / "x"), "--split", "some"])
    assert wrong.exit_code == 2
    assert not (folder / "x").exists()
