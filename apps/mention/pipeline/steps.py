"""The four steps of the pipeline as functions: what `mention prepare | train | evaluate | pack` do.

prepare    sources → corpus folder
train      corpus → checkpoint folder, with curves
pack       checkpoint → one file, its entry for artefacts.toml, and its model card
evaluate   corpus + packed file → figures (evaluation.json) and a table
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from apps.mention.model import Aggregator, Encoder, load_model
from apps.mention.model.encoders import open_encoder
from apps.mention.model.facets import Facets
from apps.mention.pipeline.corpus import Corpus, read_corpus, separate, write_corpus
from apps.mention.pipeline.evaluation import MENTIONS, Predict, averaged, judge, neighbours
from apps.mention.pipeline.lessons import facets_of, lessons_of
from apps.mention.pipeline.pantheon import parents_of, read_people

if TYPE_CHECKING:
    from apps.mention.pipeline.network import Bag, Frozen, Shape

__all__ = ["BAG", "Plan", "evaluate", "predicting", "prepare", "train"]

BAG = "bag"
"""The encoder that is trained here; any other name is one of `apps.mention.model.encoders`."""
LEAST = 2
"""Texts that a feature must occur in."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained: on which split, with which encoder, how large, for how long.

    teachers: so many are trained first, each from another seed, and their mean opinion teaches the one that is kept.
    main: the facet whose accuracy is watched. counting: weights of facets in the loss, one where none is given.
    """

    split: str = "train"
    encoder: str = BAG
    words: str = ""
    size: int = 112
    features: int = 28_000
    epochs: int = 60
    seed: int = 0
    teachers: int = 0
    main: str = "occ"
    counting: dict[str, float] = field(default_factory=dict)


def prepare(sources: Path, corpus: Path, share: float, seed: int) -> Corpus:
    """Read, separate by person, write; the corpus as it was written."""
    people = separate(read_people(sources), share, seed)
    write_corpus(corpus, people, parents_of({label for person in people for label in person.labels}))
    return read_corpus(corpus)


def train(folder: Path, checkpoint: Path, plan: Plan, say: Say) -> None:
    """Train on a corpus; the checkpoint holds arrays, what they mean, and the curves."""
    import torch

    from apps.mention.pipeline.checkpoint import write_checkpoint
    from apps.mention.pipeline.curves import Curves
    from apps.mention.pipeline.network import SetNetwork, Shape
    from apps.mention.pipeline.training import Learner, Settings
    from apps.mention.pipeline.training import train as learn

    corpus = read_corpus(folder)
    people = corpus.of(plan.split)
    watched = [person for person in corpus.of("test") if person.mentions]
    facets = facets_of(corpus, plan.split)
    lessons = lessons_of([*people, *watched], facets)
    say(f"{len(people):,} people, {len(lessons.texts):,} texts, {len(facets.categories)} categories")
    read = _reading(lessons_of(people, facets).texts, lessons.texts, plan, Shape())
    students = lessons.students[: len(people)]
    own = [student.mentions for student in lessons.students[len(people) :]]
    curves = Curves(checkpoint, facets, list(zip(watched, own, strict=True)), say, plan.main)
    began = time.perf_counter()
    learners: list[Learner] = []
    for number in range(plan.teachers + 1):
        if plan.teachers:
            say(f"teacher {number + 1} of {plan.teachers}" if number < plan.teachers else "their student")
        torch.manual_seed(plan.seed + number)
        reader = read()
        learner = Learner(reader, SetNetwork(reader.size, facets, Shape()), facets)
        settings = Settings(epochs=plan.epochs, seed=plan.seed + number, counting=plan.counting)
        last = number == plan.teachers
        watch = curves.watch if last else lambda epoch, loss, _: say(f"epoch {epoch + 1}: loss {loss:.3f}")
        learners.append(learn(learner, students, settings, watch, learners if last else ()))
    curves.draw()
    about: dict[str, Any] = {
        "encoder": plan.encoder,
        "categories": facets.categories,
        "facets": facets.names,
        "plan": asdict(plan),
    }
    about |= {"seconds": round(time.perf_counter() - began), "people": len(people), "texts": len(lessons.texts)}
    write_checkpoint(checkpoint, learners[-1], about)


def _reading(learnt: Sequence[str], texts: Sequence[str], plan: Plan, shape: Shape) -> Callable[[], Bag | Frozen]:
    """What makes a fresh reader of these texts: a bag of what was `learnt`, or the rows of another encoder."""
    from apps.mention.pipeline.beginnings import beginnings
    from apps.mention.pipeline.network import Bag, Frozen
    from apps.mention.pipeline.vocabulary import Vocabulary, read_texts

    if plan.encoder != BAG:
        said = open_encoder(plan.encoder).encode(texts)
        return lambda: Frozen(said, shape)
    vocabulary = Vocabulary.of(learnt, LEAST, plan.features)
    words = open_encoder(plan.words) if plan.words else None
    rows = beginnings(read_texts(learnt, vocabulary), vocabulary, plan.size, plan.seed, words)
    numbered = read_texts(texts, vocabulary)
    return lambda: Bag(vocabulary, numbered, rows, shape)


def evaluate(folder: Path, model: Path | None, seed: int) -> dict[str, Any]:
    """The figures of a packed model (None: the one that ships) on the test people of a corpus, beside the baselines."""
    corpus = read_corpus(folder)
    encoder, aggregator = load_model(model)
    facets = _facets_of(aggregator, corpus)
    people = [person for person in corpus.of("test") if person.mentions]
    predict = predicting(encoder, aggregator)
    return {
        "categories": len(facets.categories),
        "aggregated": judge(people, facets, predict, MENTIONS),
        "averaged": judge(people, facets, averaged(predict), MENTIONS),
        "neighbours": judge(people, facets, neighbours(corpus.of("train"), facets, seed), MENTIONS),
    }


def predicting(encoder: Encoder, aggregator: Aggregator) -> Predict:
    """A packed model as what `evaluation` judges."""

    def predict(sets: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        return np.stack([aggregator.aggregate(encoder.encode(texts)).probabilities for texts in sets])

    return predict


def _facets_of(aggregator: Aggregator, corpus: Corpus) -> Facets:
    """The model's categories in their order."""
    known = {label.name for label in corpus.labels}
    facet_names = tuple(dict.fromkeys(name.partition(":")[0] for name in aggregator.categories))
    numbers = [facet_names.index(name.partition(":")[0]) for name in aggregator.categories]
    if not known.intersection(aggregator.categories):
        raise ValueError("model and corpus have no label in common; give the corpus that the model was trained for")
    none = np.full((len(numbers), 0), -1, np.int64)
    return Facets(aggregator.categories, facet_names, np.array(numbers, np.int64), none, np.zeros(0, np.float32))
