"""A finder is trained from any corpus of the documented format; the same corpus and seed give the same file."""

import gzip
import json
import random
from pathlib import Path

import pytest

from apps.mention.names import NameFinder
from apps.mention.names.corpus import Corpus, NamedSentence, is_held_out, read_corpus
from apps.mention.names.evaluation import evaluate_finder
from apps.mention.names.tagger import Tagger
from apps.mention.names.training import train_finder

pytest.importorskip("pycrfsuite", reason="python-crfsuite is absent: training needs it")
SEED = 7
GIVEN = ["Mirela", "Tobin", "Anneke", "Dagoberto", "Ilse", "Ruslan"]
SURNAMES = [
    "Vostok",
    "Hallerman",
    "Quispel",
    "Tarnower",
    "Oduya",
    "Pellinen",
    "Marchetti",
    "Szabo",
    "Lindgard",
    "Abrego",
]
PLACES = ["Norrvik", "Castelmare", "Ostwald"]
FRAMES = [
    "The prize went to {name}, who lives in {place}.",
    "{name} was born in {place} in 1901.",
    "In {place} the engineer {name} built a bridge.",
    "They met {name} at the University of {place}.",
]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    chance = random.Random(SEED)
    people = [f"{given} {surname}" for given in GIVEN for surname in SURNAMES]
    mentions = [
        NamedSentence(name, f"document {i}", frame.format(name=name, place=chance.choice(PLACES)))
        for i, name in enumerate(people)
        for frame in FRAMES
    ]
    return Corpus(mentions, [], people, PLACES)


@pytest.fixture(scope="module")
def model(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_finder(corpus, tmp_path_factory.mktemp("names") / "model", seed=SEED)


def test_held_out_names_are_found(corpus: Corpus, model: Path) -> None:
    measured = evaluate_finder(NameFinder(model=model), corpus.mentions)
    assert measured["people"] >= 3, f"seed {SEED}: {measured}"
    assert measured["exact"] >= 0.9, f"seed {SEED}: {measured}"


def test_the_same_corpus_and_seed_give_the_same_bytes(corpus: Corpus, model: Path, tmp_path: Path) -> None:
    again = train_finder(corpus, tmp_path / "model", seed=SEED)
    assert again.read_bytes() == model.read_bytes()


def test_held_out_people_are_in_no_lexicon(corpus: Corpus, model: Path, tmp_path: Path) -> None:
    held = next(name for name in corpus.people if is_held_out(name))
    other_name = next(name for name in corpus.people if not is_held_out(name))
    text = "a zibbledy sentence " * 9 + f"names {other_name} and {held}."
    strange = NamedSentence(other_name, "another document", text)
    other = Corpus([*corpus.mentions, strange], [], corpus.people, corpus.places)
    trained = Tagger.read(train_finder(other, tmp_path / "model", seed=SEED))
    assert trained.lexicon == Tagger.read(model).lexicon
    assert "zibbledy" not in trained.lexicon.small


def test_a_corpus_is_read_from_its_three_files(tmp_path: Path) -> None:
    mention = {"name": "Mirela Vostok", "mentions": [{"doc": "Norrvik", "text": "Mirela Vostok left Norrvik."}]}
    page = {"name": "Mirela Vostok", "text": "Mirela Vostok sings. Vostok also paints."}
    for name, content in (("mentions", mention), ("pages", page)):
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(json.dumps(content).encode() + b"\n"))
    table = "name\tbirthcity\tbirthstate\tcountryName\nMirela Vostok\tNorrvik\t\tNORRLAND\n"
    (tmp_path / "pantheon.tsv.gz").write_bytes(gzip.compress(table.encode()))
    corpus = read_corpus(tmp_path)
    assert corpus.mentions == [NamedSentence("Mirela Vostok", "Norrvik", "Mirela Vostok left Norrvik.")]
    assert [one.text for one in corpus.articles] == ["Mirela Vostok sings. ", "Vostok also paints."]
    assert (corpus.people, corpus.places) == (["Mirela Vostok"], ["Norrland", "Norrvik"])
